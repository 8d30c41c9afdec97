/*
 * A whole request.  Input: one byte of switches, then parts between NULs:
 * query (a byte \x01 in it stands for a good token), text inside the token,
 * path, site, format token, one more variable of the environment.
 */
#include "url/request.h"

#include <sodium.h>

#include "fuzz.h"

#define NOW INT64_C(1800000000)

static const struct seal_ring ring = { 1, { { .id = 1 } } };

static struct policy
make_policy(unsigned int switches)
{
	struct policy policy = { .mode = switches & 1 ? POLICY_NEAREST
		                                      : POLICY_REJECT,
		.strict = switches & 2,
		.open = switches & 4 ? (UINT32_C(1) << PARAM_MAX) - 1
		                     : PARAM_BIT(PARAM_HASH),
		.formats = FORMAT_BIT(FORMAT_JPEG) | FORMAT_BIT(FORMAT_AUTO) |
		    FORMAT_BIT(FORMAT_WEBP) };

	MUST(policy_list_parse(&policy.widths, "tcl", NULL));
	MUST(policy_list_parse(&policy.qualities, "75 80", NULL));
	if (switches & 8)
		MUST(policy_list_parse(&policy.heights, "100", NULL));
	return policy;
}

/* The query with every \x01 replaced by the token; NULL: it gets too long. */
static char *
put_token(const char *query, const char *token)
{
	struct buf b;
	char *text = NULL;

	buf_init(&b, REQUEST_QUERY_MAX + 64);
	for (; *query != '\0'; query++) {
		if (*query == '\x01')
			buf_str(&b, token);
		else
			buf_char(&b, *query);
	}
	if (buf_ok(&b)) {
		text = malloc(b.len + 1);
		MUST(text != NULL);
		memcpy(text, buf_cstr(&b), b.len + 1);
	}
	buf_free(&b);
	return text;
}

static void
check_format(const struct ask *ask, const struct request *rq,
    const struct policy *policy)
{
	for (int source = FORMAT_JPEG; source < FORMAT_AUTO; source++) {
		bool varies;
		enum format f = request_format(ask, rq->accept, policy,
		    (enum format)source, source & 1, &varies);

		MUST(f != FORMAT_NONE && f < FORMAT_AUTO);
		MUST(f != FORMAT_HEIC && f != FORMAT_SVG);
		MUST(varies == (ask->params.format == FORMAT_AUTO));
	}
}

static void
check_ask(const struct request *rq, const struct policy *policy)
{
	struct request next = *rq;
	struct why why = { "" };
	struct params normal;
	struct ask ask, again;
	enum status st;

	st = request_ask(rq, policy, &ring, NOW, &ask, &why);
	MUST(st == STATUS_OK || why.text[0] != '\0');
	switch (st) {
	case STATUS_OK:
		normal = ask.params;
		params_normalise(&normal);
		MUST(memcmp(&normal, &ask.params, sizeof normal) == 0);
		MUST(ask.params.exp == 0 || ask.params.exp > NOW);
		/* Without a token nothing passes that a token needs. */
		MUST(ask.sealed ||
		    ((ask.params.set & ~policy->open) == 0 &&
		        ask.params.exp == 0));
		check_format(&ask, rq, policy);
		break;
	case STATUS_REDIRECT:
		MUST(policy->mode == POLICY_NEAREST);
		MUST(strlen(ask.nearest) < REQUEST_QUERY_MAX);
		next.query = ask.nearest;
		st = request_ask(&next, policy, &ring, NOW, &again, NULL);
		MUST(st == STATUS_OK || st == STATUS_EXPIRED);
		break;
	default:
		/* What a query can be refused for, and nothing of ours. */
		MUST(st == STATUS_BAD_REQUEST || st == STATUS_BAD_PARAM ||
		    st == STATUS_NOT_ALLOWED || st == STATUS_BAD_TOKEN ||
		    st == STATUS_EXPIRED);
	}
}

static char *
variable(const char *name, const char *value)
{
	size_t n = strlen(name) + strlen(value) + 2;
	char *entry = malloc(n);

	MUST(entry != NULL);
	snprintf(entry, n, "%s=%s", name, value);
	return entry;
}

enum {
	QUERY,
	SEALED,
	URI,
	SITE,
	ACCEPT,
	EXTRA,
	PARTS
};

static void
run(unsigned int switches, char *const parts[PARTS], const char *query)
{
	struct policy policy = make_policy(switches);
	char *envp[] = { parts[EXTRA], variable("DOCUMENT_URI", parts[URI]),
		variable("QUERY_STRING", query),
		variable("IMGFCGI_SITE", parts[SITE]),
		variable("IMGFCGI_ACCEPT", parts[ACCEPT]), NULL };
	struct why why = { "" };
	struct request rq;

	if (request_read(&rq, envp, &why) == STATUS_OK) {
		MUST(rq.path[0] == '/' && strlen(rq.path) <= REQUEST_PATH_MAX);
		MUST(strlen(rq.query) <= REQUEST_QUERY_MAX);
		request_revalidates(&rq);
		check_ask(&rq, &policy);
	} else
		MUST(why.text[0] != '\0');
	for (int i = 1; envp[i] != NULL; i++)
		free(envp[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned int switches;
	char *parts[PARTS], *query;
	struct buf token;

	if (len == 0 || sodium_init() < 0)
		return 0;
	switches = *data++;
	len--;
	for (int i = 0; i < PARTS; i++)
		parts[i] = fuzz_part(&data, &len);
	buf_init(&token, SEAL_TOKEN_MAX);
	seal_mint(&ring, parts[SITE], parts[URI], parts[SEALED],
	    strlen(parts[SEALED]), &token);
	query = put_token(parts[QUERY], buf_cstr(&token));
	if (query != NULL)
		run(switches, parts, query);
	free(query);
	buf_free(&token);
	for (int i = 0; i < PARTS; i++)
		free(parts[i]);
	return 0;
}
