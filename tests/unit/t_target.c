#include "origin/target.h"

#include "test.h"

#define L __LINE__

/* base NULL: refused. */
static const struct row {
	int line;
	struct target_words words;
	const char *base;
	bool literal;
} rows[] = {
	{ L, { "https://h.example", "", "", 0 }, "https://h.example", false },
	{ L, { "https://h.example/", "", "", 0 }, "https://h.example", false },
	{ L, { "http://H.Example:80/A/b//", "", "", 0 },
	    "http://h.example:80/A/b", false },
	{ L, { "https://h/a%20b", "", "", 0 }, "https://h/a%20b", false },
	{ L, { "https://127.0.0.1:8443/x", "", "", 0 },
	    "https://127.0.0.1:8443/x", true },
	{ L, { "https://[::1]:9/x", "", "", 0 }, "https://[::1]:9/x", true },
	/* Spellings that only some readers take for an address. */
	{ L, { "http://2130706433/", "", "", 0 }, "http://2130706433", false },
	{ L, { "http://0x7f.1/", "", "", 0 }, "http://0x7f.1", false },
	{ L, { "http://localhost/", "", "", 0 }, "http://localhost", false },
	{ L, { "", "", "", 0 }, NULL, false },
	{ L, { "h.example", "", "", 0 }, NULL, false },
	{ L, { "ftp://h/", "", "", 0 }, NULL, false },
	{ L, { "file:///etc", "", "", 0 }, NULL, false },
	{ L, { "HTTPS://h/", "", "", 0 }, NULL, false },
	{ L, { "https://", "", "", 0 }, NULL, false },
	{ L, { "https:///a", "", "", 0 }, NULL, false },
	{ L, { "https://u:p@h/", "", "", 0 }, NULL, false },
	{ L, { "https://h@evil/", "", "", 0 }, NULL, false },
	{ L, { "https://h/?q", "", "", 0 }, NULL, false },
	{ L, { "https://h/#f", "", "", 0 }, NULL, false },
	{ L, { "https://h:0/", "", "", 0 }, NULL, false },
	{ L, { "https://h:65536/", "", "", 0 }, NULL, false },
	{ L, { "https://h:/", "", "", 0 }, NULL, false },
	{ L, { "https://h:80x/", "", "", 0 }, NULL, false },
	{ L, { "https://h\\x/", "", "", 0 }, NULL, false },
	{ L, { "https://h/a b", "", "", 0 }, NULL, false },
	{ L, { "https://h/\xc3\xa4", "", "", 0 }, NULL, false },
	{ L, { "https://h/a/../b", "", "", 0 }, NULL, false },
	{ L, { "https://h/%2e%2e/b", "", "", 0 }, NULL, false },
	{ L, { "https://h/a%2f..%2Fb", "", "", 0 }, NULL, false },
	{ L, { "https://h/a%5c..", "", "", 0 }, NULL, false },
	{ L, { "https://h/%zz", "", "", 0 }, NULL, false },
	{ L, { "https://h/%00", "", "", 0 }, NULL, false },
	{ L, { "https://[::1/", "", "", 0 }, NULL, false },
	{ L, { "https://[zz]/", "", "", 0 }, NULL, false },
	{ L, { "https://[1.2.3.4]/", "", "", 0 }, NULL, false },

	{ L, { "s3://photos", "", "", 0 },
	    "https://photos.s3.us-east-1.amazonaws.com", false },
	{ L, { "s3://photos/", "", "eu-west-1", 0 },
	    "https://photos.s3.eu-west-1.amazonaws.com", false },
	{ L, { "s3://photos/a b/ü", "", "", 0 },
	    "https://photos.s3.us-east-1.amazonaws.com/a%20b/%C3%BC", false },
	{ L, { "s3://photos/a+b=c%d", "", "", 0 },
	    "https://photos.s3.us-east-1.amazonaws.com/a%2Bb%3Dc%25d", false },
	{ L, { "s3://my.photos", "", "", 0 },
	    "https://s3.us-east-1.amazonaws.com/my.photos", false },
	{ L, { "s3://photos", "", "cn-north-1", 0 },
	    "https://photos.s3.cn-north-1.amazonaws.com.cn", false },
	{ L, { "s3://photos", "", "", TARGET_PATH },
	    "https://s3.us-east-1.amazonaws.com/photos", false },
	{ L, { "s3://photos/x", "http://127.0.0.1:9000", "garage", 0 },
	    "http://127.0.0.1:9000/photos/x", true },
	{ L, { "s3://photos/x", "https://Store.example/", "", 0 },
	    "https://store.example/photos/x", false },
	{ L, { "s3://photos/x", "https://store.example", "", TARGET_HOST },
	    "https://photos.store.example/x", false },
	{ L, { "s3://photos", "http://127.0.0.1", "", TARGET_HOST }, NULL,
	    false },
	{ L, { "s3://photos", "https://store.example/sub", "", 0 }, NULL,
	    false },
	{ L, { "s3://photos", "s3://x", "", 0 }, NULL, false },
	{ L, { "s3://ab", "", "", 0 }, NULL, false },
	{ L, { "s3://Photos", "", "", 0 }, NULL, false },
	{ L, { "s3://photos?x", "", "", 0 }, NULL, false },
	{ L, { "s3://photos/../x", "", "", 0 }, NULL, false },
	{ L, { "s3://photos/.", "", "", 0 }, NULL, false },
	{ L, { "s3://photos", "", "us east", 0 }, NULL, false },
	{ L, { "s3://photos", "", "a:b", 0 }, NULL, false },
};

static void
origins(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct why why = { "" };
		struct target t;
		bool good = target_read(&t, &r->words, &why);

		EQ_STR_AT(r->line, good ? t.base : "refused",
		    r->base != NULL ? r->base : "refused");
		CHECK_AT(r->line, good == (why.text[0] == '\0'));
		if (good)
			EQ_INT_AT(r->line, t.literal, r->literal);
	}
}

static const struct path_row {
	int line;
	const char *path, *url; /* after the base */
	enum status status;
} paths[] = {
	{ L, "/a.jpg", "/a.jpg", STATUS_OK },
	{ L, "/a b+c=d%e.jpg", "/a%20b%2Bc%3Dd%25e.jpg", STATUS_OK },
	{ L, "/\xc3\xbc?x#y&z", "/%C3%BC%3Fx%23y%26z", STATUS_OK },
	{ L, "/%2e%2e/x", "/%252e%252e/x", STATUS_OK },
	{ L, "/...", "/...", STATUS_OK },
	{ L, "/a\r\nHost: x", "/a%0D%0AHost%3A%20x", STATUS_OK },
	{ L, "//evil.example/x", "//evil.example/x", STATUS_OK },
	{ L, "/@evil/x", "/%40evil/x", STATUS_OK },
	{ L, "/../x", NULL, STATUS_FORBIDDEN },
	{ L, "/a/..", NULL, STATUS_FORBIDDEN },
	{ L, "/a/./b", NULL, STATUS_FORBIDDEN },
	{ L, "/a\\..\\b", NULL, STATUS_FORBIDDEN },
	{ L, "a", NULL, STATUS_FORBIDDEN },
	{ L, "", NULL, STATUS_FORBIDDEN },
	{ L, "/a/", NULL, STATUS_NOT_REGULAR },
	{ L, "/", NULL, STATUS_NOT_REGULAR },
};

static void
urls(void)
{
	const struct target_words words = { "https://h:8/pre", "", "", 0 };
	struct target t;

	CHECK(target_read(&t, &words, NULL));
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		const struct path_row *r = &paths[i];
		struct why why = { "" };
		struct buf url;

		buf_init(&url, TARGET_URL_MAX);
		EQ_INT_AT(r->line, target_url(&t, r->path, &url, &why),
		    r->status);
		if (r->status == STATUS_OK) {
			CHECK_AT(r->line,
			    strncmp(buf_cstr(&url), t.base, 15) == 0);
			EQ_STR_AT(r->line, buf_cstr(&url) + 15, r->url);
			CHECK_AT(r->line, target_holds(&t, buf_cstr(&url)));
		} else
			CHECK_AT(r->line, why.text[0] != '\0');
		buf_free(&url);
	}
}

static const struct hold_row {
	int line;
	const char *url;
	bool holds;
} holds[] = {
	{ L, "https://h:8/pre/x", true },
	{ L, "https://h:8/pre/a/b?c=d", true },
	{ L, "https://h:8/pre", false },
	{ L, "https://h:8/prefix", false },
	{ L, "https://h:8/other", false },
	{ L, "https://h:8/pre/../other", false },
	{ L, "https://h:8/pre/%2e%2e/other", false },
	{ L, "https://h:8/pre/..%2fother", false },
	{ L, "https://h:8/pre/%5c..%5cother", false },
	{ L, "http://h:8/pre/x", false },
	{ L, "https://h:80/pre/x", false },
	{ L, "https://h/pre/x", false },
	{ L, "https://h:8@evil/pre/x", false },
	{ L, "https://evil/https://h:8/pre/x", false },
	{ L, "http://169.254.169.254/latest", false },
	{ L, "//h:8/pre/x", false },
	{ L, "", false },
};

static void
redirects(void)
{
	const struct target_words words = { "https://h:8/pre", "", "", 0 };
	struct target t;

	CHECK(target_read(&t, &words, NULL));
	for (size_t i = 0; i < sizeof holds / sizeof holds[0]; i++)
		EQ_INT_AT(holds[i].line, target_holds(&t, holds[i].url),
		    holds[i].holds);
}

static void
long_paths(void)
{
	const struct target_words words = { "https://h", "", "", 0 };
	static char path[TARGET_URL_MAX];
	struct target t;
	struct buf url;

	CHECK(target_read(&t, &words, NULL));
	memset(path, '+', sizeof path - 1);
	path[0] = '/';
	buf_init(&url, TARGET_URL_MAX);
	EQ_INT(target_url(&t, path, &url, NULL), STATUS_NOT_FOUND);
	buf_free(&url);
}

int
main(void)
{
	origins();
	urls();
	redirects();
	long_paths();
	return test_end("t_target");
}
