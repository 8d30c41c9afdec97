#include "http/response.h"

#include <stdlib.h>

#include "test.h"
#include "url/escape.h"

#define DISPOSITION "Content-Disposition: inline; filename="

static const struct response_facts facts = { .etag = "\"e\"",
	.mtime = 784111777,
	.fresh = 600,
	.max_age = 2592000,
	.varies = true,
	.format = FORMAT_WEBP,
	.path = "/a/photo.jpg" };

static char *
copy(const char *text)
{
	char *s = strdup(text);

	if (s == NULL)
		abort();
	return s;
}

static void
test_picture(void)
{
	struct response r;
	struct response_facts late = facts;

	response_init(&r);
	response_picture(&r, &facts, copy("bytes"), 5);
	EQ_INT(r.status, STATUS_OK);
	EQ_INT(r.http, 200);
	EQ_INT((int64_t)r.body_len, 5);
	CHECK(memcmp(r.body, "bytes", 5) == 0 && r.owned == r.body);
	EQ_STR(buf_cstr(&r.head),
	    "Status: 200 OK\r\nContent-Type: image/webp\r\nETag: \"e\"\r\n"
	    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Cache-Control: public, max-age=2592000\r\n"
	    "X-Accel-Expires: 600\r\nVary: Accept\r\n"
	    "X-Content-Type-Options: nosniff\r\n" DISPOSITION
	    "\"photo.webp\"\r\n\r\n");
	/* The same value used again gives the old bytes back. */
	response_not_modified(&r, &facts);
	EQ_INT(r.status, STATUS_NOT_MODIFIED);
	EQ_INT(r.http, 304);
	CHECK(r.body == NULL && r.body_len == 0 && r.owned == NULL);
	EQ_STR(buf_cstr(&r.head),
	    "Status: 304 Not Modified\r\nETag: \"e\"\r\n"
	    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Cache-Control: public, max-age=2592000\r\n"
	    "X-Accel-Expires: 600\r\nVary: Accept\r\n"
	    "X-Content-Type-Options: nosniff\r\n\r\n");
	late.varies = false;
	late.fresh = late.max_age = -5;
	response_not_modified(&r, &late);
	CHECK(strstr(buf_cstr(&r.head), "Vary") == NULL);
	CHECK(strstr(buf_cstr(&r.head), "max-age=0\r\n") != NULL);
	CHECK(strstr(buf_cstr(&r.head), "Expires: 0\r\n") != NULL);
	CHECK(strstr(buf_cstr(&r.head), "X-Imgfcgi") == NULL);
	late.fallback = "not-found";
	late.mtime = 0;
	response_picture(&r, &late, copy("bytes"), 5);
	CHECK(strstr(buf_cstr(&r.head),
	    "X-Imgfcgi-Fallback: yes\r\nX-Imgfcgi-Error: not-found\r\n"));
	CHECK(strstr(buf_cstr(&r.head), "Last-Modified") == NULL);
	response_free(&r);
	response_free(&r);
}

#define U(s) "; filename*=UTF-8''" s

static void
test_names(void)
{
	static const struct {
		int at;
		const char *path, *want;
	} rows[] = {
		{ __LINE__, "/photo.jpg", "\"photo.webp\"" },
		{ __LINE__, "/a/b.c/photo", "\"photo.webp\"" },
		{ __LINE__, "/photo.JPEG", "\"photo.webp\"" },
		{ __LINE__, "/a.tar.gz", "\"a.tar.webp\"" },
		{ __LINE__, "/a.longer", "\"a.longer.webp\"" },
		{ __LINE__, "/a.", "\"a..webp\"" },
		{ __LINE__, "/.jpg", "\"image.webp\"" },
		{ __LINE__, "/", "\"image.webp\"" },
		{ __LINE__, "", "\"image.webp\"" },
		{ __LINE__, "/..", "\"...webp\"" },
		{ __LINE__, "/a b.jpg", "\"a b.webp\"" },
		{ __LINE__, "/a'b.jpg", "\"a'b.webp\"" },
		{ __LINE__, "/a\"b.jpg", "\"a_b.webp\"" U("a%22b.webp") },
		{ __LINE__, "/a\\b.jpg", "\"a_b.webp\"" U("a%5Cb.webp") },
		{ __LINE__, "/a;b.jpg", "\"a_b.webp\"" U("a%3Bb.webp") },
		{ __LINE__, "/50%41.jpg", "\"50_41.webp\"" U("50%2541.webp") },
		{ __LINE__, "/a.\"x.jpg", "\"a._x.webp\"" U("a.%22x.webp") },
		{ __LINE__, "/\xc3\xbc.jpg", "\"_.webp\"" U("%C3%BC.webp") },
		{ __LINE__, "/'\xc3\xbc.jpg",
		    "\"'_.webp\"" U("%27%C3%BC.webp") },
		{ __LINE__, "/\xf0\x9f\x99\x82.jpg",
		    "\"_.webp\"" U("%F0%9F%99%82.webp") },
		/* Header injection. */
		{ __LINE__, "/a\r\nSet-Cookie: b.jpg",
		    "\"a__Set-Cookie: b.webp\"" },
		{ __LINE__, "/a\n\"\t.jpg", "\"a___.webp\"" U("a_%22_.webp") },
		{ __LINE__, "/a\x7f\x01.jpg", "\"a__.webp\"" },
		{ __LINE__, "/a.b\r\n", "\"a.webp\"" },
		/* No UTF-8: stray, cut, overlong, surrogate, too large, C1. */
		{ __LINE__, "/a\xff.jpg", "\"a_.webp\"" },
		{ __LINE__, "/a\x80.jpg", "\"a_.webp\"" },
		{ __LINE__, "/a\xc3", "\"a_.webp\"" },
		{ __LINE__, "/a\xf0\x9f\x99", "\"a___.webp\"" },
		{ __LINE__, "/a\xe2\x82.jpg", "\"a__.webp\"" },
		{ __LINE__, "/a\xc0\xaf.jpg", "\"a__.webp\"" },
		{ __LINE__, "/a\xe0\x80\xaf.jpg", "\"a___.webp\"" },
		{ __LINE__, "/a\xed\xa0\x80.jpg", "\"a___.webp\"" },
		{ __LINE__, "/a\xf4\x90\x80\x80.jpg", "\"a____.webp\"" },
		{ __LINE__, "/a\xc2\x85z.jpg", "\"a_z.webp\"" },
		{ __LINE__, "/\xff\xc3\xbc.jpg",
		    "\"__.webp\"" U("_%C3%BC.webp") },
	};
	struct response r;
	struct response_facts f = facts;
	char want[256];

	response_init(&r);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		f.path = rows[i].path;
		response_picture(&r, &f, copy(""), 0);
		snprintf(want, sizeof want, DISPOSITION "%s\r\n\r\n",
		    rows[i].want);
		EQ_STR_AT(rows[i].at,
		    strstr(buf_cstr(&r.head), "Content-Disposition"), want);
	}
	for (int format = FORMAT_JPEG; format < FORMAT_AUTO; format++) {
		f = facts;
		f.format = (enum format)format;
		response_picture(&r, &f, copy(""), 0);
		snprintf(want, sizeof want, "\"photo.%s\"\r\n",
		    format_def(f.format)->name);
		CHECK(strstr(buf_cstr(&r.head), want) != NULL);
		CHECK(strstr(buf_cstr(&r.head), format_def(f.format)->mime));
	}
	response_free(&r);
}

/* Names of every length, of characters of every length: cut between two. */
static void
test_long_names(void)
{
	static const char *const glyphs[] = { "x", "\xc3\xbc", "\xe2\x82\xac",
		"\xf0\x9f\x99\x82", "\xff", "\"", "%" };
	char path[5000];
	struct response_facts f = facts;
	struct response r;

	response_init(&r);
	f.path = path;
	for (size_t g = 0; g < sizeof glyphs / sizeof glyphs[0]; g++) {
		size_t n = strlen(glyphs[g]);

		for (size_t offset = 0; offset < 4; offset++) {
			char *p = path + 1 + offset;
			const char *name, *end;

			memset(path, 'a', sizeof path);
			path[0] = '/';
			for (; p + n < path + 4000; p += n)
				memcpy(p, glyphs[g], n);
			memcpy(p, ".jpg", sizeof ".jpg");
			response_picture(&r, &f, copy(""), 0);
			CHECK(r.http == 200);
			name = strstr(buf_cstr(&r.head), "filename=\"");
			end = strstr(buf_cstr(&r.head), ".webp\"");
			if (!CHECK(name != NULL && end != NULL))
				continue;
			name += strlen("filename=\"");
			CHECK((size_t)(end - name) ==
			    offset + (180 - offset) / n);
			name = strstr(end, "filename*=UTF-8''");
			if (name == NULL || g == 6)
				continue;
			name += strlen("filename*=UTF-8''");
			EQ_INT((int64_t)strcspn(name, "."),
			    (int64_t)(offset + (180 - offset) / n * n * 3));
		}
	}
	response_free(&r);
}

/* Whatever bytes a path has: header lines as many as without, plain bytes. */
static void
test_any_bytes(void)
{
	struct response_facts f = facts;
	struct response r;
	char path[40];
	uint32_t seed = 1;

	response_init(&r);
	f.path = path;
	for (int i = 0; i < 20000; i++) {
		int lines = 0, quotes = 0;

		for (size_t k = 0; k < sizeof path - 1; k++) {
			seed = seed * 1664525 + 1013904223;
			path[k] = (char)(seed >> 24 ? seed >> 24 : 1);
		}
		path[sizeof path - 1] = '\0';
		if (i % 2 == 0)
			response_picture(&r, &f, copy(""), 0);
		else
			response_redirect(&r, path, path);
		for (const char *s = buf_cstr(&r.head); *s != '\0'; s++) {
			if (s[0] == '\r' && s[1] == '\n')
				s++;
			lines += *s == '\n';
			quotes += *s == '"';
			if (*s != '\n' && (*s < 0x20 || *s > 0x7e))
				lines = 100;
		}
		EQ_INT(lines, i % 2 == 0 ? 10 : 6);
		EQ_INT(quotes, i % 2 == 0 ? 4 : 0);
	}
	response_free(&r);
}

static void
test_redirects(void)
{
	static const struct {
		int at;
		const char *path, *query, *want;
	} rows[] = {
		{ __LINE__, "/a.jpg", "w=640", "/a.jpg?w=640" },
		{ __LINE__, "/a.jpg", "crop=1x1+0+0&hash=A-_b",
		    "/a.jpg?crop=1x1+0+0&hash=A-_b" },
		{ __LINE__, "/a b/\xc3\xbc%?#&.jpg", "w=1",
		    "/a%20b/%C3%BC%25%3F%23%26.jpg?w=1" },
		{ __LINE__, "/\r\nX: y", "w=1\r\nX: y",
		    "/%0D%0AX%3A%20y?w=1%0D%0AX:%20y" },
		/* No other host, whatever the browser takes for a slash. */
		{ __LINE__, "//evil.example/a", "w=1", "/evil.example/a?w=1" },
		{ __LINE__, "////evil", "", "/evil?" },
		{ __LINE__, "/\\evil", "", "/%5Cevil?" },
		{ __LINE__, "evil.example", "", "/evil.example?" },
		{ __LINE__, "http://evil/", "", "/http%3A//evil/?" },
		{ __LINE__, "/\t/evil", "", "/%09/evil?" },
		{ __LINE__, "", "", "/?" },
	};
	static char path[4097], query[2049];
	struct response r;
	char want[512];

	response_init(&r);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		response_redirect(&r, rows[i].path, rows[i].query);
		snprintf(want, sizeof want,
		    "Status: 302 Found\r\nLocation: %s\r\n"
		    "Cache-Control: no-cache\r\nX-Accel-Expires: 0\r\n"
		    "X-Content-Type-Options: nosniff\r\n\r\n",
		    rows[i].want);
		EQ_STR_AT(rows[i].at, buf_cstr(&r.head), want);
		EQ_INT_AT(rows[i].at, r.http, 302);
		EQ_INT_AT(rows[i].at, (int64_t)r.body_len, 0);
	}
	memset(path, ' ', sizeof path - 1);
	memset(query, 'q', sizeof query - 1);
	response_redirect(&r, path, query);
	EQ_INT(r.http, 302);
	/* What does not fit is refused, not cut. */
	memset(query, ' ', sizeof query - 1);
	response_redirect(&r, path, query);
	EQ_INT(r.http, 503);
	CHECK(strstr(buf_cstr(&r.head), "Location") == NULL);
	CHECK(strstr(buf_cstr(&r.head), "\r\n\r\n") != NULL);
	CHECK(buf_ok(&r.head) && r.body_len > 0);
	response_free(&r);
}

/* The head without what nginx hides. */
static void
strip_private(const char *head, char *out)
{
	while (*head != '\0') {
		size_t n = strcspn(head, "\n") + 1;

		if (strncmp(head, "X-Accel-", 8) != 0 &&
		    strncmp(head, "X-Imgfcgi-", 10) != 0) {
			memcpy(out, head, n);
			out += n;
		}
		head += n;
	}
	*out = '\0';
}

/* Laws over the whole status table. */
static void
test_refusals(void)
{
	struct response r;
	char first[2][512] = { "", "" }, head[512], want[64];

	response_init(&r);
	for (int s = STATUS_BAD_REQUEST; s < STATUS_MAX; s++) {
		const struct status_def *def = status_def((enum status)s);
		bool ours = def->flags & STATUS_TRANSIENT;
		struct response_refusal refusal = { .status = (enum status)s,
			.cause = def->word,
			.retry_after = 7 };

		response_refusal(&r, &refusal);
		EQ_INT(r.http, ours ? 503 : 404);
		EQ_INT(r.status, s);
		CHECK(r.owned == NULL);
		strip_private(buf_cstr(&r.head), head);
		if (first[ours][0] == '\0')
			memcpy(first[ours], head, sizeof head);
		EQ_STR(head, first[ours]);
		CHECK(strlen(ours ? "Service Unavailable" : "Not Found") ==
		    r.body_len);
		CHECK(memcmp(r.body, ours ? "Ser" : "Not", 3) == 0);
		snprintf(want, sizeof want, "X-Imgfcgi-Error: %s\r\n",
		    def->word);
		CHECK(strstr(buf_cstr(&r.head), want) != NULL);
		CHECK(!strstr(head, "Retry-After: 7\r\n") == !ours);
		CHECK(strstr(head, "Allow") == NULL);
		CHECK(strstr(head, "ETag") == NULL);
		CHECK(strstr(head, "Cache-Control: no-cache\r\n") != NULL);
		refusal.precise = true;
		response_refusal(&r, &refusal);
		EQ_INT(r.http, def->http);
		CHECK(strcmp(r.body, "Error") != 0);
		CHECK(!strstr(buf_cstr(&r.head), "Allow: GET, HEAD\r\n") ==
		    (s != STATUS_METHOD));
	}
	response_free(&r);
}

static void
test_expires(void)
{
	static const struct {
		int at;
		enum status status;
		bool revalidation, settled, costly;
		const char *want;
	} rows[] = {
		{ __LINE__, STATUS_NOT_FOUND, false, false, false, "0" },
		{ __LINE__, STATUS_NOT_FOUND, false, true, false, "0" },
		{ __LINE__, STATUS_NOT_FOUND, true, false, false, "1" },
		{ __LINE__, STATUS_NOT_FOUND, true, true, false, "1" },
		{ __LINE__, STATUS_BAD_TOKEN, false, true, false, "0" },
		{ __LINE__, STATUS_EXPIRED, true, false, false, "1" },
		{ __LINE__, STATUS_BROKEN, false, false, false, "0" },
		{ __LINE__, STATUS_BROKEN, false, true, false, "60" },
		{ __LINE__, STATUS_BROKEN, true, false, false, "1" },
		{ __LINE__, STATUS_BROKEN, true, true, false, "60" },
		{ __LINE__, STATUS_LIMIT, false, true, false, "60" },
		/* Another host was asked. */
		{ __LINE__, STATUS_NOT_FOUND, false, false, true, "10" },
		{ __LINE__, STATUS_FORBIDDEN, true, false, true, "10" },
		{ __LINE__, STATUS_BROKEN, false, true, true, "60" },
		{ __LINE__, STATUS_ORIGIN, false, false, true, "0" },
		{ __LINE__, STATUS_ORIGIN_TIMEOUT, true, true, true, "0" },
		/* A stale picture is better than our fault. */
		{ __LINE__, STATUS_BUSY, true, true, false, "0" },
		{ __LINE__, STATUS_CRASHED, true, true, false, "0" },
	};
	struct response r;
	char want[64];

	response_init(&r);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct response_refusal refusal = { .status =
			                                      rows[i].status,
			.cause = "x\r\nY: z",
			.revalidation = rows[i].revalidation,
			.settled = rows[i].settled,
			.costly = rows[i].costly };

		response_refusal(&r, &refusal);
		snprintf(want, sizeof want, "X-Accel-Expires: %s\r\n",
		    rows[i].want);
		CHECK_AT(rows[i].at, strstr(buf_cstr(&r.head), want) != NULL);
		CHECK_AT(rows[i].at, strstr(buf_cstr(&r.head), "\nY") == NULL);
	}
	response_free(&r);
}

static void
test_escapes(void)
{
	static const struct {
		int at;
		const char *text, *want; /* NULL: refused */
	} rows[] = {
		{ __LINE__, "", "" },
		{ __LINE__, "/a%20b", "/a b" },
		{ __LINE__, "%c3%BC", "\xc3\xbc" },
		{ __LINE__, "%2520", "%20" },
		{ __LINE__, "a+b", "a+b" },
		{ __LINE__, "%", NULL },
		{ __LINE__, "%4", NULL },
		{ __LINE__, "%4g", NULL },
		{ __LINE__, "%g4", NULL },
		{ __LINE__, "%00", NULL },
		{ __LINE__, "%%41", NULL },
		{ __LINE__, "% 1", NULL },
	};
	struct buf coded, plain;
	char all[256];

	buf_init(&coded, 1024);
	buf_init(&plain, 1024);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool ok;

		buf_clear(&plain);
		ok = escape_undo(&plain, rows[i].text, strlen(rows[i].text));
		CHECK_AT(rows[i].at, ok == (rows[i].want != NULL));
		if (ok && rows[i].want != NULL)
			EQ_STR_AT(rows[i].at, buf_cstr(&plain), rows[i].want);
	}
	CHECK(!escape_undo(&plain, "a\0b", 3));
	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	buf_clear(&plain);
	escape_add(&coded, all, 255, ESCAPE_PATH);
	CHECK(escape_undo(&plain, buf_cstr(&coded), coded.len));
	CHECK(plain.len == 255 && memcmp(plain.data, all, 255) == 0);
	buf_clear(&coded);
	escape_add(&coded, "\0", 1, ESCAPE_QUERY);
	EQ_STR(buf_cstr(&coded), "%00");
	buf_free(&coded);
	buf_free(&plain);
}

/* The administrator's page, and the id that every answer may have. */
static void
test_text(void)
{
	struct response r;
	struct buf text;

	response_init(&r);
	buf_init(&text, 100);
	buf_str(&text, "all is well\n");
	r.id = "a-1\r\nX: y";
	response_text(&r, "text/plain", &text);
	EQ_STR(buf_cstr(&r.head),
	    "Status: 200 OK\r\nX-Imgfcgi-Id: a-1%0D%0AX%3A%20y\r\n"
	    "Content-Type: text/plain\r\nX-Accel-Expires: 0\r\n"
	    "Cache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n\r\n");
	EQ_INT((int64_t)r.body_len, 12);
	CHECK(r.body == buf_cstr(&text) && r.owned == NULL);
	r.id = "b";
	response_redirect(&r, "/a", "w=1");
	CHECK(strstr(buf_cstr(&r.head), "\r\nX-Imgfcgi-Id: b\r\n") != NULL);
	response_free(&r);
	CHECK(r.id == NULL);
	buf_free(&text);
}

int
main(void)
{
	test_picture();
	test_text();
	test_names();
	test_long_names();
	test_any_bytes();
	test_redirects();
	test_refusals();
	test_expires();
	test_escapes();
	return test_end("t_response");
}
