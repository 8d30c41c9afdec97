#include "http/response.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "url/escape.h"

#define STEM_MAX       180 /* bytes; with extension well below NAME_MAX */
#define EXTENSION_MAX  5
#define EXPENSIVE_SECS 60
#define COSTLY_SECS    10

#define NOSNIFF "X-Content-Type-Options: nosniff\r\n"

/* nginx sends the line as we write it: without words it would be malformed. */
static const struct {
	int http;
	const char *words;
} phrases[] = {
	{ 200, "OK" },
	{ 302, "Found" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 410, "Gone" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 499, "Client Closed Request" },
	{ 503, "Service Unavailable" },
	{ 0, "Error" },
};

static const char *
find_phrase(int http)
{
	size_t i = 0;

	while (phrases[i].http != http && phrases[i].http != 0)
		i++;
	return phrases[i].words;
}

void
response_init(struct response *r)
{
	memset(r, 0, sizeof *r);
	buf_init(&r->head, RESPONSE_HEAD_MAX);
}

void
response_free(struct response *r)
{
	free(r->owned);
	buf_free(&r->head);
	response_init(r);
}

static void
begin_head(struct response *r, enum status status, int http)
{
	free(r->owned);
	r->owned = NULL;
	r->body = NULL;
	r->body_len = 0;
	r->status = status;
	r->http = http;
	buf_clear(&r->head);
	buf_printf(&r->head, "Status: %d %s\r\n", http, find_phrase(http));
	if (r->id != NULL) {
		buf_str(&r->head, "X-Imgfcgi-Id: ");
		escape_add(&r->head, r->id, strlen(r->id), "");
		buf_str(&r->head, "\r\n");
	}
}

/* A head that did not fit or found no memory must not go out in part. */
static void
end_head(struct response *r)
{
	const struct response_refusal refusal = { .status = STATUS_NO_MEMORY,
		.retry_after = 1 };

	buf_str(&r->head, "\r\n");
	if (!buf_ok(&r->head) && r->status != STATUS_NO_MEMORY)
		response_refusal(r, &refusal);
}

/*
 * Bytes of the well-formed UTF-8 sequence (Unicode, table 3-7) that s begins
 * with; 0 if it begins with none.
 */
static size_t
utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	/* Left to right: a closing NUL is out of every range and stops it. */
	for (size_t i = 1; i < n; i++) {
		if (s[i] < low || s[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

/* The last component of path without its extension. */
static const char *
find_stem(const char *path, size_t *len)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	size_t extension = dot != NULL ? strlen(dot + 1) : 0;

	*len = strlen(name);
	if (extension > 0 && extension <= EXTENSION_MAX)
		*len = (size_t)(dot - name);
	if (*len > 0)
		return name;
	*len = strlen("image");
	return "image";
}

/* One character of a name. */
struct glyph {
	size_t len;
	bool safe; /* stands in a quoted ASCII filename as it is */
	bool utf8; /* stands in filename* */
};

static struct glyph
read_glyph(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	struct glyph g = { utf8_length(u), false, true };

	if (g.len == 0)
		return (struct glyph){ 1, false, false };
	/* Controls, those of Latin-1 among them, are no part of a name. */
	if (u[0] < 0x20 || u[0] == 0x7f || (u[0] == 0xc2 && u[1] < 0xa0))
		g.utf8 = false;
	/* Some browsers decode %XX in a quoted name, too. */
	g.safe = g.len == 1 && g.utf8 && strchr("\"\\%;", s[0]) == NULL;
	return g;
}

/*
 * RFC 6266: filename for all, filename* (RFC 8187) where that had to bend
 * the name.  Whatever bytes the path has, only harmless ones get here.
 */
static void
put_disposition(struct buf *head, const char *path, const char *extension)
{
	struct glyph g;
	bool bent = false;
	size_t len, used;
	const char *stem = find_stem(path, &len);

	buf_str(head, "Content-Disposition: inline; filename=\"");
	for (used = 0; used < len; used += g.len) {
		g = read_glyph(stem + used);
		if (used + g.len > STEM_MAX)
			break;
		buf_char(head, g.safe ? stem[used] : '_');
		bent |= g.utf8 && !g.safe;
	}
	buf_printf(head, ".%s\"", extension);
	len = used;
	if (bent)
		buf_str(head, "; filename*=UTF-8''");
	for (used = 0; bent && used < len; used += g.len) {
		g = read_glyph(stem + used);
		if (g.utf8)
			escape_add(head, stem + used, g.len, ESCAPE_VALUE);
		else
			buf_char(head, '_');
	}
	buf_printf(head, "%s%s\r\n", bent ? "." : "", bent ? extension : "");
}

/* What 200 and 304 say alike. */
static void
put_validators(struct buf *head, const struct response_facts *facts)
{
	int64_t fresh = facts->fresh > 0 ? facts->fresh : 0;
	int64_t max_age = facts->max_age > 0 ? facts->max_age : 0;
	char date[CLOCK_DATE_MAX];

	clock_date(date, facts->mtime);
	buf_printf(head, "ETag: %s\r\n", facts->etag);
	if (facts->mtime != 0)
		buf_printf(head, "Last-Modified: %s\r\n", date);
	buf_printf(head,
	    "Cache-Control: public, max-age=%" PRId64 "\r\n"
	    "X-Accel-Expires: %" PRId64 "\r\n",
	    max_age, fresh);
	if (facts->varies)
		buf_str(head, "Vary: Accept\r\n");
	if (facts->fallback != NULL) {
		buf_str(head, "X-Imgfcgi-Fallback: yes\r\nX-Imgfcgi-Error: ");
		escape_add(head, facts->fallback, strlen(facts->fallback), "");
		buf_str(head, "\r\n");
	}
	buf_str(head, NOSNIFF);
}

void
response_picture(struct response *r, const struct response_facts *facts,
    void *bytes, size_t len)
{
	const struct format_def *format = format_def(facts->format);

	begin_head(r, STATUS_OK, 200);
	r->owned = bytes;
	r->body = bytes;
	r->body_len = len;
	buf_printf(&r->head, "Content-Type: %s\r\n", format->mime);
	put_validators(&r->head, facts);
	put_disposition(&r->head, facts->path, format->name);
	end_head(r);
}

void
response_not_modified(struct response *r, const struct response_facts *facts)
{
	begin_head(r, STATUS_NOT_MODIFIED, 304);
	put_validators(&r->head, facts);
	end_head(r);
}

void
response_text(struct response *r, const char *mime, const struct buf *text)
{
	begin_head(r, STATUS_OK, 200);
	r->body = buf_cstr(text);
	r->body_len = text->len;
	buf_printf(&r->head,
	    "Content-Type: %s\r\n"
	    "X-Accel-Expires: 0\r\nCache-Control: no-store\r\n" NOSNIFF,
	    mime);
	end_head(r);
}

void
response_redirect(struct response *r, const char *path, const char *query)
{
	begin_head(r, STATUS_REDIRECT, 302);
	/* Two slashes at the start would name another host. */
	path += strspn(path, "/");
	buf_str(&r->head, "Location: /");
	escape_add(&r->head, path, strlen(path), ESCAPE_PATH);
	buf_char(&r->head, '?');
	escape_add(&r->head, query, strlen(query), ESCAPE_QUERY);
	buf_str(&r->head,
	    "\r\nCache-Control: no-cache\r\nX-Accel-Expires: 0\r\n" NOSNIFF);
	end_head(r);
}

/*
 * How long nginx may keep a refusal.  One that cost a decode is worth a
 * minute, one that cost a question to another host some seconds, which also
 * displaces the copy that a revalidation was about.  Any
 * other final refusal of a revalidation must be kept for a second, or nginx
 * goes on serving that copy.  Our own faults are never kept: there the stale
 * copy is what the visitor should see.
 */
static int
refusal_expires(const struct response_refusal *refusal, unsigned int flags)
{
	if (flags & STATUS_TRANSIENT)
		return 0;
	if ((flags & STATUS_EXPENSIVE) && refusal->settled)
		return EXPENSIVE_SECS;
	if (refusal->costly)
		return COSTLY_SECS;
	return refusal->revalidation ? 1 : 0;
}

void
response_refusal(struct response *r, const struct response_refusal *refusal)
{
	const struct status_def *def = status_def(refusal->status);
	const char *cause = refusal->cause != NULL ? refusal->cause : def->word;
	int http = status_http(refusal->status, refusal->precise);
	int64_t wait = refusal->retry_after > 0 ? refusal->retry_after : 1;

	begin_head(r, refusal->status, http);
	/* In this order: nginx before 1.23 takes no-cache for the last word. */
	buf_printf(&r->head,
	    "Content-Type: text/plain\r\n"
	    "X-Accel-Expires: %d\r\nCache-Control: no-cache\r\n" NOSNIFF,
	    refusal_expires(refusal, def->flags));
	if (http == 405)
		buf_str(&r->head, "Allow: GET, HEAD\r\n");
	if (http == 503)
		buf_printf(&r->head, "Retry-After: %" PRId64 "\r\n", wait);
	buf_str(&r->head, "X-Imgfcgi-Error: ");
	escape_add(&r->head, cause, strlen(cause), "");
	buf_str(&r->head, "\r\n");
	r->body = find_phrase(http);
	r->body_len = strlen(r->body);
	end_head(r);
}
