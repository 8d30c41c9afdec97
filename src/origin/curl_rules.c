#include "origin/curl_rules.h"

#include <stdio.h>

#define BUFFER_SIZE   131072
#define REGION_PREFIX "aws:amz:"

/* No other protocol, no encoding, no signal, nothing unverified. */
static const struct {
	CURLoption option;
	long value;
} rules[] = {
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
	{ CURLOPT_HTTP_CONTENT_DECODING, 0 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_NOSIGNAL, 1 },
	/* Dots stay where they are, so that what is signed is sent. */
	{ CURLOPT_PATH_AS_IS, 1 },
	{ CURLOPT_NOPROGRESS, 0 },
	{ CURLOPT_MAXCONNECTS, 1 },
	{ CURLOPT_BUFFERSIZE, BUFFER_SIZE },
};

/* … and no word of the environment. */
static const struct {
	CURLoption option;
	const char *value;
} words[] = {
	{ CURLOPT_PROXY, "" },
	{ CURLOPT_PROTOCOLS_STR, "http,https" },
	{ CURLOPT_ACCEPT_ENCODING, NULL },
	{ CURLOPT_USERAGENT, "imgfcgi" },
};

static bool
set_rules(CURL *c)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (curl_easy_setopt(c, rules[i].option, rules[i].value) !=
		    CURLE_OK)
			return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (curl_easy_setopt(c, words[i].option, words[i].value) !=
		    CURLE_OK)
			return false;
	return true;
}

/* Our own authorities alone: the system's are not asked as well. */
static bool
set_ca(CURL *c, const struct fetch_setup *s)
{
	return s->ca[0] == '\0' ||
	    (curl_easy_setopt(c, CURLOPT_CAINFO, s->ca) == CURLE_OK &&
	        curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK);
}

static bool
set_signing(CURL *c, const struct fetch_setup *s)
{
	char provider[sizeof REGION_PREFIX + TARGET_REGION_MAX + 4];

	if (!s->target->s3)
		return true;
	snprintf(provider, sizeof provider, REGION_PREFIX "%s:s3",
	    s->target->region);
	return curl_easy_setopt(c, CURLOPT_AWS_SIGV4, provider) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_USERNAME, s->keys->id) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_PASSWORD, s->keys->secret) == CURLE_OK;
}

bool
curl_rules(CURL *c, const struct fetch_setup *s)
{
	return set_rules(c) && set_ca(c, s) && set_signing(c, s);
}
