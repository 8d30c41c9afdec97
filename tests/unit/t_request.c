/* Reading a request, and choosing its format; t_request_ask.c asks. */
#include "url/request.h"

#include "test.h"

#define L  __LINE__
#define OK STATUS_OK

/* What a front reads out of the environment. */

static void
reading(void)
{
	char *const full[] = { "REQUEST_METHOD=GET", "DOCUMENT_URI=/a b.jpg",
		"QUERY_STRING=w=1&q=2", "IMGFCGI_SITE=shop",
		"IMGFCGI_ACCEPT=webp", "IMGFCGI_ROLE=ping",
		"HTTP_IF_NONE_MATCH=\"x\"", "HTTP_IF_MODIFIED_SINCE=y",
		"REQUEST_ID=z", "CONTENT_LENGTH=", "SCRIPT_NAME=/other",
		"REQUEST_URI=/another?w=9", NULL };
	char *const bare[] = { "DOCUMENT_URI=/", NULL };
	/* Names are whole names, and the first one counts. */
	char *const twice[] = { "XQUERY_STRING=w=9", "QUERY_STRINGS=w=8",
		"query_string=w=7", "QUERY_STRING", "", "=",
		"DOCUMENT_URI=/one", "QUERY_STRING=w=1", "QUERY_STRING=w=2",
		"DOCUMENT_URI=/two", NULL };
	struct request rq;
	struct why why;

	EQ_INT(request_read(&rq, full, &why), OK);
	EQ_STR(rq.method, "GET");
	EQ_STR(rq.path, "/a b.jpg");
	EQ_STR(rq.query, "w=1&q=2");
	EQ_STR(rq.site, "shop");
	EQ_STR(rq.accept, "webp");
	EQ_STR(rq.role, "ping");
	EQ_STR(rq.if_none_match, "\"x\"");
	EQ_STR(rq.if_modified_since, "y");
	EQ_STR(rq.id, "z");
	CHECK(!rq.body);

	memset(&rq, 0xff, sizeof rq);
	EQ_INT(request_read(&rq, bare, &why), OK);
	EQ_STR(rq.method, "");
	EQ_STR(rq.path, "/");
	EQ_STR(rq.query, "");
	EQ_STR(rq.site, "");
	EQ_STR(rq.role, "");
	EQ_STR(rq.accept, "");
	EQ_STR(rq.if_none_match, "");
	EQ_STR(rq.if_modified_since, "");
	EQ_STR(rq.id, "");
	CHECK(!rq.body);

	EQ_INT(request_read(&rq, twice, &why), OK);
	EQ_STR(rq.query, "w=1");
	EQ_STR(rq.path, "/one");
}

static void
reading_refused(void)
{
	static const struct {
		int line;
		const char *path;
		enum status want;
	} rows[] = {
		{ L, "DOCUMENT_URI=/a.jpg", OK },
		{ L, "DOCUMENT_URI=", STATUS_BAD_REQUEST },
		{ L, "DOCUMENT_URI=a.jpg", STATUS_BAD_REQUEST },
		{ L, "DOCUMENT_URI=../a.jpg", STATUS_BAD_REQUEST },
		{ L, "DOCUMENT_URI= /a.jpg", STATUS_BAD_REQUEST },
		{ L, "document_uri=/a.jpg", STATUS_BAD_REQUEST },
		{ L, "REQUEST_URI=/a.jpg", STATUS_BAD_REQUEST },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char entry[64], *envp[] = { entry, NULL };
		struct why why = { "" };
		struct request rq;

		snprintf(entry, sizeof entry, "%s", rows[i].path);
		EQ_INT_AT(rows[i].line, request_read(&rq, envp, &why),
		    rows[i].want);
		CHECK_AT(rows[i].line,
		    (rows[i].want != OK) == (why.text[0] != '\0'));
	}
}

/* The longest that is read, and one byte more. */
static void
reading_lengths(void)
{
	for (int over = 0; over < 2; over++) {
		char path[REQUEST_PATH_MAX + 32], query[REQUEST_QUERY_MAX + 32];
		char *long_path[] = { path, NULL };
		char *long_query[] = { "DOCUMENT_URI=/", query, NULL };
		enum status want = over ? STATUS_BAD_REQUEST : OK;
		size_t n;
		struct request rq;
		struct why why;

		n = (size_t)snprintf(path, sizeof path, "DOCUMENT_URI=/");
		memset(path + n, 'a', sizeof path - n);
		path[n - 1 + REQUEST_PATH_MAX + (size_t)over] = '\0';
		EQ_INT(request_read(&rq, long_path, &why), want);
		n = (size_t)snprintf(query, sizeof query, "QUERY_STRING=");
		memset(query + n, 'a', sizeof query - n);
		query[n + REQUEST_QUERY_MAX + (size_t)over] = '\0';
		EQ_INT(request_read(&rq, long_query, &why), want);
	}
}

static void
bodies(void)
{
	static const struct {
		int line;
		char length[32];
		bool body;
	} rows[] = {
		{ L, "CONTENT_LENGTH=", false },
		{ L, "CONTENT_LENGTH=0", false },
		{ L, "CONTENT_LENGTH=1", true },
		{ L, "CONTENT_LENGTH=-1", true },
		{ L, "CONTENT_LENGTH=x", true },
		{ L, "CONTENT_LENGTHS=5", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char entry[32];
		char *envp[] = { "DOCUMENT_URI=/", entry, NULL };
		struct request rq;

		memcpy(entry, rows[i].length, sizeof entry);
		EQ_INT_AT(rows[i].line, request_read(&rq, envp, NULL), OK);
		CHECK_AT(rows[i].line, rq.body == rows[i].body);
	}
}

static void
revalidating(void)
{
	struct request rq = { .if_none_match = "", .if_modified_since = "" };

	CHECK(!request_revalidates(&rq));
	rq.if_none_match = "*";
	CHECK(request_revalidates(&rq));
	rq.if_none_match = "";
	rq.if_modified_since = "x";
	CHECK(request_revalidates(&rq));
}

/* The format to write. */

#define NONE FORMAT_NONE
#define AUTO FORMAT_AUTO
#define JPEG FORMAT_JPEG
#define PNG  FORMAT_PNG
#define WEBP FORMAT_WEBP
#define AVIF FORMAT_AVIF
#define GIF  FORMAT_GIF

/* Formats that a site may be asked for. */
static const struct policy policy = {
	.formats = FORMAT_BIT(FORMAT_JPEG) | FORMAT_BIT(FORMAT_PNG) |
	    FORMAT_BIT(FORMAT_WEBP) | FORMAT_BIT(FORMAT_AVIF) |
	    FORMAT_BIT(FORMAT_GIF) | FORMAT_BIT(FORMAT_AUTO),
};

static void
formats(void)
{
	static const struct {
		int line;
		enum format asked;
		const char *accept;
		enum format source;
		bool alpha;
		enum format want;
		bool varies;
	} rows[] = {
		/* Asked for by name: neither source nor token has a say. */
		{ L, WEBP, "", JPEG, false, WEBP, false },
		{ L, JPEG, "avif", PNG, true, JPEG, false },
		{ L, AVIF, "", GIF, false, AVIF, false },
		{ L, FORMAT_TIFF, "", JPEG, false, FORMAT_TIFF, false },
		/* Not asked for: the source's own. */
		{ L, NONE, "", JPEG, false, JPEG, false },
		{ L, NONE, "avif", PNG, true, PNG, false },
		{ L, NONE, "webp", JPEG, false, JPEG, false },
		{ L, NONE, "", WEBP, true, WEBP, false },
		{ L, NONE, "", AVIF, false, AVIF, false },
		{ L, NONE, "", GIF, true, GIF, false },
		/* … unless no browser shows it. */
		{ L, NONE, "", FORMAT_TIFF, false, JPEG, false },
		{ L, NONE, "", FORMAT_TIFF, true, PNG, false },
		{ L, NONE, "", FORMAT_HEIC, false, JPEG, false },
		{ L, NONE, "", FORMAT_SVG, true, PNG, false },
		{ L, NONE, "avif", FORMAT_JXL, false, JPEG, false },
		/* auto: what the token grants. */
		{ L, AUTO, "avif", JPEG, false, AVIF, true },
		{ L, AUTO, "webp", JPEG, false, WEBP, true },
		{ L, AUTO, "avif", PNG, true, AVIF, true },
		{ L, AUTO, "webp", FORMAT_SVG, true, WEBP, true },
		/* Our AVIF holds one frame. */
		{ L, AUTO, "avif", GIF, false, WEBP, true },
		{ L, AUTO, "webp", GIF, false, WEBP, true },
		/* No token, or none that we know: what every browser shows. */
		{ L, AUTO, "", JPEG, false, JPEG, true },
		{ L, AUTO, "", PNG, true, PNG, true },
		{ L, AUTO, "", GIF, true, GIF, true },
		{ L, AUTO, "", FORMAT_TIFF, true, PNG, true },
		{ L, AUTO, "", FORMAT_HEIC, false, JPEG, true },
		{ L, AUTO, "AVIF", JPEG, false, JPEG, true },
		{ L, AUTO, "image/webp", JPEG, false, JPEG, true },
		{ L, AUTO, "webp,avif", JPEG, false, JPEG, true },
		{ L, AUTO, "*/*", PNG, false, PNG, true },
		{ L, AUTO, "auto", JPEG, false, JPEG, true },
		{ L, AUTO, "tiff", JPEG, false, JPEG, true },
		{ L, AUTO, "svg", PNG, true, PNG, true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ask ask = { .params.format = (int32_t)rows[i].asked };
		bool varies = !rows[i].varies;

		EQ_INT_AT(rows[i].line,
		    request_format(&ask, rows[i].accept, &policy,
		        rows[i].source, rows[i].alpha, &varies),
		    rows[i].want);
		CHECK_AT(rows[i].line, varies == rows[i].varies);
	}
}

/* Whatever comes in, what auto gives is a format that is really written. */
static void
law_auto(void)
{
	static const char *const tokens[] = { "", "avif", "webp", "jxl", "heic",
		"png", "auto", "x" };
	struct ask ask = { .params.format = AUTO };
	struct policy none = { 0 };

	for (size_t t = 0; t < sizeof tokens / sizeof tokens[0]; t++) {
		for (int s = FORMAT_JPEG; s < FORMAT_AUTO; s++) {
			for (int alpha = 0; alpha < 2; alpha++) {
				enum format f;
				bool v;

				f = request_format(&ask, tokens[t], &policy,
				    (enum format)s, alpha, &v);
				CHECK(format_def(f)->flags & FORMAT_WEB);
				/* A format that is switched off is not made. */
				f = request_format(&ask, tokens[t], &none,
				    (enum format)s, alpha, &v);
				CHECK(f == JPEG || f == PNG || f == GIF);
				CHECK(f != JPEG || s == JPEG || !alpha);
			}
		}
	}
}

int
main(void)
{
	reading();
	reading_refused();
	reading_lengths();
	bodies();
	revalidating();
	formats();
	law_auto();
	return test_end("t_request");
}
