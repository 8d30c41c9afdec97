#include "origin/target.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/num.h"
#include "url/escape.h"

#define HOST_MAX   255
#define BUCKET_MIN 3
#define BUCKET_MAX 63
#define AWS_REGION "us-east-1"

static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789.-_";
static const char bucket_bytes[] = "abcdefghijklmnopqrstuvwxyz"
                                   "0123456789.-";
/* RFC 3986 §3.3, and % for what is coded already. */
static const char path_bytes[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-._~!$&'()*+,;=:@/%";

/* The pieces of a URL, as views. */
struct pieces {
	const char *host, *port, *path;
	size_t host_len, port_len, path_len;
	bool tls, bracket;
};

/*
 * A "." or ".." between slashes, also behind a backslash or percent-coded:
 * whoever reads the URL next may take these for the same.
 */
static bool
climbs(const char *path)
{
	struct buf plain;
	const char *s;
	bool found = false;

	buf_init(&plain, TARGET_URL_MAX);
	if (!escape_undo(&plain, path, strlen(path))) {
		buf_free(&plain);
		return true;
	}
	for (s = buf_cstr(&plain); *s != '\0' && !found;) {
		size_t n;

		s += strspn(s, "/\\");
		n = strcspn(s, "/\\");
		found = (n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.');
		s += n;
	}
	found = found || !buf_ok(&plain);
	buf_free(&plain);
	return found;
}

/* What is wrong with the host and what follows it; NULL for nothing. */
static const char *
split_host(const char *s, struct pieces *p)
{
	p->bracket = s[0] == '[';
	p->host = s + p->bracket;
	p->host_len =
	    p->bracket ? strcspn(p->host, "]") : strspn(p->host, host_bytes);
	if (p->host_len == 0 || p->host_len > HOST_MAX)
		return "no host's name";
	s = p->host + p->host_len;
	if (p->bracket && *s++ != ']')
		return "no ] after the address";
	p->port = s;
	p->port_len = 0;
	if (*s == ':') {
		int64_t port;

		p->port = ++s;
		p->port_len = strspn(s, "0123456789");
		if (!num_parse(s, p->port_len, 1, 65535, &port))
			return "no port from 1 to 65535 after the colon";
		s += p->port_len;
	}
	p->path = s;
	p->path_len = strlen(s);
	if (*s != '\0' && *s != '/')
		return "neither port nor path after the host's name";
	return NULL;
}

static const char *
split_url(const char *url, struct pieces *p)
{
	const char *wrong;

	p->tls = strncmp(url, "https://", 8) == 0;
	if (!p->tls && strncmp(url, "http://", 7) != 0)
		return "neither https:// nor http:// nor s3://";
	wrong = split_host(url + (p->tls ? 8 : 7), p);
	if (wrong != NULL)
		return wrong;
	if (strspn(p->path, path_bytes) != p->path_len)
		return "the path has a byte that must be percent-coded";
	if (climbs(p->path))
		return "the path is not percent-coded well, or climbs";
	while (p->path_len > 0 && p->path[p->path_len - 1] == '/')
		p->path_len--;
	return NULL;
}

static bool
is_literal(const struct pieces *p)
{
	char host[HOST_MAX + 1];
	unsigned char address[16];

	memcpy(host, p->host, p->host_len);
	host[p->host_len] = '\0';
	return inet_pton(p->bracket ? AF_INET6 : AF_INET, host, address) == 1;
}

/* Scheme, host and port, small letters; bucket may come before the host. */
static void
put_authority(struct buf *out, const struct pieces *p, const char *bucket,
    size_t bucket_len)
{
	buf_str(out, p->tls ? "https://" : "http://");
	if (bucket_len > 0) {
		buf_add(out, bucket, bucket_len);
		buf_char(out, '.');
	}
	if (p->bracket)
		buf_char(out, '[');
	for (size_t i = 0; i < p->host_len; i++)
		buf_char(out, (char)tolower((unsigned char)p->host[i]));
	if (p->bracket)
		buf_char(out, ']');
	if (p->port_len > 0) {
		buf_char(out, ':');
		buf_add(out, p->port, p->port_len);
	}
}

/* NULL, or what is wrong. */
static const char *
read_http(struct target *t, const char *origin, struct buf *base)
{
	struct pieces p;
	const char *wrong = split_url(origin, &p);

	if (wrong != NULL)
		return wrong;
	t->literal = is_literal(&p);
	if (p.bracket && !t->literal)
		return "no IPv6 address in the brackets";
	put_authority(base, &p, NULL, 0);
	buf_add(base, p.path, p.path_len);
	return NULL;
}

/* Bucket before host, as AWS wants it, unless something speaks against it. */
static bool
host_style(const struct target_words *w, const struct pieces *p,
    const char *bucket, size_t len)
{
	if (w->style != TARGET_AUTO)
		return w->style == TARGET_HOST;
	/* A certificate's star stands for one label: no dots. */
	return w->endpoint[0] == '\0' && memchr(bucket, '.', len) == NULL &&
	    !is_literal(p);
}

static const char *
read_endpoint(const struct target *t, const struct target_words *w, char *aws,
    size_t size, struct pieces *p)
{
	const char *endpoint = w->endpoint, *wrong;

	if (*endpoint == '\0') {
		int n = snprintf(aws, size, "https://s3.%s.amazonaws.com%s",
		    t->region, strncmp(t->region, "cn-", 3) == 0 ? ".cn" : "");

		if (n < 0 || (size_t)n >= size)
			return "s3-region is too long";
		endpoint = aws;
	}
	wrong = split_url(endpoint, p);
	if (wrong != NULL)
		return wrong;
	if (p->bracket && !is_literal(p))
		return "no IPv6 address in the brackets";
	return p->path_len > 0 ? "s3-endpoint has a path" : NULL;
}

static const char *
read_s3(struct target *t, const struct target_words *w, struct buf *base)
{
	const char *bucket = w->origin + 5;
	size_t len = strspn(bucket, bucket_bytes);
	const char *prefix = bucket + len;
	size_t prefix_len = strlen(prefix);
	char aws[TARGET_REGION_MAX + 64];
	struct pieces p;
	const char *wrong;
	bool before;

	if (len < BUCKET_MIN || len > BUCKET_MAX ||
	    (*prefix != '\0' && *prefix != '/'))
		return "no bucket's name (3 to 63 of a-z, 0-9, . and -) after "
		       "s3://";
	while (prefix_len > 0 && prefix[prefix_len - 1] == '/')
		prefix_len--;
	wrong = read_endpoint(t, w, aws, sizeof aws, &p);
	if (wrong != NULL)
		return wrong;
	t->literal = is_literal(&p);
	before = host_style(w, &p, bucket, len);
	if (before && t->literal)
		return "s3-style = host needs an endpoint with a name";
	put_authority(base, &p, bucket, before ? len : 0);
	if (!before) {
		buf_char(base, '/');
		buf_add(base, bucket, len);
	}
	escape_add(base, prefix, prefix_len, ESCAPE_PATH);
	return climbs(buf_cstr(base) + strcspn(buf_cstr(base), ":") + 3)
	    ? "the prefix climbs"
	    : NULL;
}

bool
target_read(struct target *t, const struct target_words *w, struct why *why)
{
	const char *region = *w->region != '\0' ? w->region : AWS_REGION;
	const char *wrong = NULL;
	struct buf base;

	memset(t, 0, sizeof *t);
	buf_init(&base, sizeof t->base - 1);
	t->s3 = strncmp(w->origin, "s3://", 5) == 0;
	if (strspn(region, host_bytes) != strlen(region) ||
	    strlen(region) >= sizeof t->region)
		wrong = "no region's name in s3-region";
	else {
		memcpy(t->region, region, strlen(region) + 1);
		wrong = t->s3 ? read_s3(t, w, &base)
		              : read_http(t, w->origin, &base);
	}
	if (wrong == NULL && !buf_ok(&base))
		wrong = "too long";
	if (wrong == NULL)
		memcpy(t->base, buf_cstr(&base), base.len + 1);
	else
		why_set(why, "origin = %.80s: %s", w->origin, wrong);
	buf_free(&base);
	return wrong == NULL;
}

enum status
target_url(const struct target *t, const char *path, struct buf *url,
    struct why *why)
{
	buf_str(url, t->base);
	/* Everything but slashes: what is signed must have one spelling. */
	escape_add(url, path, strlen(path), ESCAPE_PATH);
	if (!buf_ok(url)) {
		why_set(why, "a URL of more than %d bytes", TARGET_URL_MAX);
		return STATUS_NOT_FOUND;
	}
	if (path[0] != '/' || climbs(url->data + strlen(t->base))) {
		why_set(why, "a path that climbs: %s", path);
		return STATUS_FORBIDDEN;
	}
	if (path[strlen(path) - 1] == '/') {
		why_set(why, "a folder: %s", path);
		return STATUS_NOT_REGULAR;
	}
	return STATUS_OK;
}

bool
target_holds(const struct target *t, const char *url)
{
	size_t len = strlen(t->base);

	return strncmp(url, t->base, len) == 0 && url[len] == '/' &&
	    strspn(url + len, path_bytes) == strcspn(url + len, "?#") &&
	    !climbs(url + len);
}
