#include "origin/reply.h"

#include "test.h"

#define L __LINE__

static const struct row {
	int line;
	const char *head; /* lines, parted by newlines */
	int http;
	int64_t length;
	const char *etag, *modified;
	int64_t mtime;
	bool encoded;
} rows[] = {
	{ L,
	    "HTTP/1.1 200 OK\r\nETag: \"a\"\r\n"
	    "last-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Content-Length: 12\r\n\r\n",
	    200, 12, "\"a\"", "Sun, 06 Nov 1994 08:49:37 GMT", 784111777,
	    false },
	{ L, "HTTP/2 304 \r\netag:W/\"x y\"  \r\n", 304, -1, "W/\"x y\"", "", 0,
	    false },
	/* The interim answer's words are not the answer's. */
	{ L,
	    "HTTP/1.1 103 Early\r\nETag: \"old\"\r\nContent-Length: 9\r\n\r\n"
	    "HTTP/1.1 200 OK\r\n\r\n",
	    200, -1, "", "", 0, false },
	{ L, "HTTP/1.1 200 OK\nContent-Encoding: gzip\n", 200, -1, "", "", 0,
	    true },
	{ L, "HTTP/1.1 200 OK\nContent-Encoding: identity\n", 200, -1, "", "",
	    0, false },
	{ L,
	    "HTTP/1.1 200 OK\nContent-Encoding: br\n"
	    "Content-Encoding: identity\n",
	    200, -1, "", "", 0, true },
	{ L, "HTTP/1.1 200 OK\nContent-Length: 1x\n", 200, -1, "", "", 0,
	    false },
	{ L, "HTTP/1.1 200 OK\nContent-Length: 99999999999999999999\n", 200, -1,
	    "", "", 0, false },
	{ L, "HTTP/1.1 200 OK\nLast-Modified: yesterday\n", 200, -1, "", "", 0,
	    false },
	{ L, "HTTP/1.1 200 OK\nETag: \"a\x01\"\n", 200, -1, "", "", 0, false },
	{ L, "HTTP/1.1 200 OK\nXETag: \"a\"\nETagX: \"b\"\n", 200, -1, "", "",
	    0, false },
	{ L, "HTTP/1.1\n", 0, -1, "", "", 0, false },
	{ L, "HTTP/1.1 20\n", 0, -1, "", "", 0, false },
	{ L, "HTTP/1.1 abc\n", 0, -1, "", "", 0, false },
	{ L, "", 0, -1, "", "", 0, false },
};

static bool
feed(struct reply *r, const char *head)
{
	reply_init(r);
	while (*head != '\0') {
		size_t n = strcspn(head, "\n");

		n += head[n] == '\n';
		if (!reply_line(r, head, n))
			return false;
		head += n;
	}
	return true;
}

static void
heads(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *w = &rows[i];
		struct reply r;

		CHECK_AT(w->line, feed(&r, w->head));
		EQ_INT_AT(w->line, r.http, w->http);
		EQ_INT_AT(w->line, r.length, w->length);
		EQ_STR_AT(w->line, r.etag, w->etag);
		EQ_STR_AT(w->line, r.modified, w->modified);
		EQ_INT_AT(w->line, r.mtime, w->mtime);
		EQ_INT_AT(w->line, r.encoded, w->encoded);
	}
}

static void
bounds(void)
{
	static char text[4096];
	struct reply r;
	int lines = 0;

	/* A validator that is too long counts as none. */
	for (size_t n = MEMORY_ETAG_MAX - 2; n <= MEMORY_ETAG_MAX; n++) {
		snprintf(text, sizeof text, "HTTP/1.1 200 OK\nETag: %0*d\n",
		    (int)n, 0);
		CHECK(feed(&r, text));
		EQ_INT((int64_t)strlen(r.etag),
		    n < MEMORY_ETAG_MAX ? (int64_t)n : 0);
	}
	memset(text, 'x', 1000);
	reply_init(&r);
	while (lines < 1000 && reply_line(&r, text, 1000))
		lines++;
	EQ_INT(lines, 65);
	/* Interim answers are counted together. */
	reply_init(&r);
	for (lines = 0;
	     lines < 100000 && reply_line(&r, "HTTP/1.1 100 Continue\r\n", 23);)
		lines++;
	EQ_INT(lines, 2849);
}

static const struct judged {
	int line;
	const char *head;
	bool conditional;
	const char *body;
	enum status status;
	const char *why;
} judged[] = {
	{ L, "HTTP/1.1 200 OK\n", false, "", STATUS_OK, "" },
	{ L, "HTTP/1.1 304 Not\n", true, "", STATUS_OK, "" },
	{ L, "HTTP/1.1 304 Not\n", false, "", STATUS_ORIGIN,
	    "the origin answers 304" },
	{ L, "HTTP/1.1 200 OK\nContent-Encoding: gzip\n", false, "",
	    STATUS_ORIGIN, "the origin sends an encoded body unasked" },
	{ L, "HTTP/1.1 206 Partial\n", false, "", STATUS_ORIGIN,
	    "the origin answers 206" },
	{ L, "HTTP/1.1 301 Moved\n", false, "", STATUS_ORIGIN,
	    "the origin answers 301" },
	{ L, "HTTP/1.1 404 Not\n", false, "<Error><Code>NoSuchKey</Code>",
	    STATUS_NOT_FOUND, "the origin has none: 404 NoSuchKey" },
	{ L, "HTTP/1.1 410 Gone\n", false, "", STATUS_NOT_FOUND,
	    "the origin has none: 410" },
	{ L, "HTTP/1.1 403 No\n", false,
	    "<Error><Code>SignatureDoesNotMatch</Code>", STATUS_FORBIDDEN,
	    "the origin refuses us: 403 SignatureDoesNotMatch" },
	{ L, "HTTP/1.1 401 No\n", false, "<Code>a<b>c</Code>", STATUS_FORBIDDEN,
	    "the origin refuses us: 401" },
	{ L, "HTTP/1.1 500 Oh\n", false, "<Code>", STATUS_ORIGIN,
	    "the origin answers 500" },
	{ L, "HTTP/1.1 503 Oh\n", false, "<Code>SlowDown</Code>", STATUS_ORIGIN,
	    "the origin answers 503 SlowDown" },
	{ L, "rubbish\n", false, "", STATUS_ORIGIN, "the origin answers 0" },
};

static void
codes(void)
{
	for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++) {
		const struct judged *j = &judged[i];
		struct why why = { "" };
		struct reply r;

		CHECK_AT(j->line, feed(&r, j->head));
		EQ_INT_AT(j->line,
		    reply_judge(&r, j->conditional, j->body, &why), j->status);
		EQ_STR_AT(j->line, why.text, j->why);
	}
}

int
main(void)
{
	heads();
	bounds();
	codes();
	return test_end("t_reply");
}
