#include "origin/reply.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/num.h"

#define HEAD_MAX 65536
#define CODE_MAX 64

void
reply_init(struct reply *r)
{
	memset(r, 0, sizeof *r);
	r->length = -1;
}

/* The value if the line is that header; NULL otherwise. */
static const char *
value_of(const char *line, size_t len, const char *name, size_t *value_len)
{
	size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return NULL;
	line += n + 1;
	len -= n + 1;
	while (len > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	*value_len = len;
	return line;
}

/*
 * A validator goes back to the origin as it is: one that has a strange byte
 * or is too long counts as none.
 */
static void
keep_text(char *to, size_t size, const char *s, size_t len)
{
	to[0] = '\0';
	if (len >= size)
		return;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < ' ' || s[i] == 0x7f)
			return;
	}
	memcpy(to, s, len);
	to[len] = '\0';
}

static bool
is_identity(const char *s, size_t len)
{
	return len == 0 || (len == 8 && strncasecmp(s, "identity", 8) == 0);
}

static void
read_header(struct reply *r, const char *line, size_t len)
{
	const char *s;
	size_t n;

	if ((s = value_of(line, len, "ETag", &n)) != NULL)
		keep_text(r->etag, sizeof r->etag, s, n);
	else if ((s = value_of(line, len, "Last-Modified", &n)) != NULL) {
		keep_text(r->modified, sizeof r->modified, s, n);
		if (!clock_parse_date(r->modified, &r->mtime)) {
			r->modified[0] = '\0';
			r->mtime = 0;
		}
	} else if ((s = value_of(line, len, "Content-Length", &n)) != NULL) {
		if (!num_parse(s, n, 0, INT64_MAX, &r->length))
			r->length = -1;
	} else if ((s = value_of(line, len, "Content-Encoding", &n)) != NULL)
		r->encoded = r->encoded || !is_identity(s, n);
}

static void
read_status(struct reply *r, const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);
	size_t bytes = r->bytes;
	int64_t http;

	reply_init(r);
	r->bytes = bytes;
	if (space != NULL && len - (size_t)(space - line) >= 4 &&
	    num_parse(space + 1, 3, 100, 999, &http))
		r->http = (int)http;
}

bool
reply_line(struct reply *r, const char *line, size_t len)
{
	r->bytes += len;
	while (len > 0 && strchr("\r\n \t", line[len - 1]) != NULL)
		len--;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		read_status(r, line, len);
	else
		read_header(r, line, len);
	return r->bytes <= HEAD_MAX;
}

/* The word between <Code> and </Code>; "" where there is none. */
static void
find_code(const char *body, char code[CODE_MAX])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789.";
	const char *s = strstr(body, "<Code>");
	size_t n;

	code[0] = '\0';
	if (s == NULL)
		return;
	s += strlen("<Code>");
	n = strspn(s, letters);
	if (n >= CODE_MAX || strncmp(s + n, "</Code>", 7) != 0)
		return;
	memcpy(code, s, n);
	code[n] = '\0';
}

enum status
reply_judge(const struct reply *r, bool conditional, const char *body,
    struct why *why)
{
	char code[CODE_MAX];
	const char *space;

	if (r->http == 200 && r->encoded) {
		why_set(why, "the origin sends an encoded body unasked");
		return STATUS_ORIGIN;
	}
	if (r->http == 200 || (r->http == 304 && conditional))
		return STATUS_OK;
	find_code(body, code);
	space = code[0] != '\0' ? " " : "";
	switch (r->http) {
	case 404:
	case 410:
		why_set(why, "the origin has none: %d%s%s", r->http, space,
		    code);
		return STATUS_NOT_FOUND;
	case 401:
	case 403:
		why_set(why, "the origin refuses us: %d%s%s", r->http, space,
		    code);
		return STATUS_FORBIDDEN;
	default:
		why_set(why, "the origin answers %d%s%s", r->http, space, code);
		return STATUS_ORIGIN;
	}
}
