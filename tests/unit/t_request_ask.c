/* Query, token and policy together: what is asked for, or why not. */
#include "url/request.h"

#include <sodium.h>

#include "test.h"

#define L   __LINE__
#define NOW INT64_C(1800000000)

static struct seal_ring ring;
static struct policy policy;

#define OK      STATUS_OK
#define BAD     STATUS_BAD_PARAM
#define NO      STATUS_NOT_ALLOWED
#define RED     STATUS_REDIRECT
#define TOKEN   STATUS_BAD_TOKEN
#define EXPIRED STATUS_EXPIRED

static void
set_up(void)
{
	ring.count = 1;
	ring.key[0].id = 7;
	memset(ring.key[0].cipher, 0x11, SEAL_KEY_BYTES);
	memset(ring.key[0].nonce, 0x22, SEAL_KEY_BYTES);
	policy_list_parse(&policy.widths, "150 320 640", NULL);
	policy_list_parse(&policy.heights, "150 320", NULL);
	policy_list_parse(&policy.qualities, "75 80", NULL);
	policy.formats = FORMAT_BIT(FORMAT_JPEG) | FORMAT_BIT(FORMAT_PNG) |
	    FORMAT_BIT(FORMAT_WEBP) | FORMAT_BIT(FORMAT_AVIF) |
	    FORMAT_BIT(FORMAT_GIF) | FORMAT_BIT(FORMAT_AUTO);
	for (int p = 0; p < PARAM_MAX; p++) {
		if (param_def((enum param)p)->flags & PARAM_OPEN)
			policy.open |= PARAM_BIT(p);
	}
}

#define PATH "/photos/a b.jpg"

/* The query of a row: its clear text, with @ as the token of sealed. */
static void
write_query(char query[REQUEST_QUERY_MAX], const char *clear,
    const char *sealed)
{
	struct buf b, token;

	buf_init(&token, SEAL_TOKEN_MAX);
	if (sealed != NULL)
		CHECK(seal_mint(&ring, "", PATH, sealed, strlen(sealed),
		          &token) == OK);
	buf_init(&b, REQUEST_QUERY_MAX - 1);
	for (; *clear != '\0'; clear++) {
		if (*clear == '@')
			buf_str(&b, buf_cstr(&token));
		else
			buf_char(&b, *clear);
	}
	snprintf(query, REQUEST_QUERY_MAX, "%s", buf_cstr(&b));
	buf_free(&b);
	buf_free(&token);
}

static enum status
ask_query(const char *query, struct ask *ask, struct why *why)
{
	const struct request rq = { .method = "GET",
		.path = PATH,
		.query = query,
		.site = "",
		.accept = "",
		.if_none_match = "",
		.if_modified_since = "",
		.id = "" };

	return request_ask(&rq, &policy, &ring, NOW, ask, why);
}

struct row {
	int line;
	const char *clear;  /* @ stands for the token */
	const char *sealed; /* its text; NULL: there is none */
	enum status want;
	const char *text; /* canonical, or the query to go to (with @) */
};

static void
check_row(const struct row *row)
{
	char query[REQUEST_QUERY_MAX], want[REQUEST_QUERY_MAX];
	struct why why = { "" };
	struct ask ask;
	struct buf b;

	write_query(query, row->clear, row->sealed);
	EQ_INT_AT(row->line, ask_query(query, &ask, &why), row->want);
	CHECK_AT(row->line, row->want == OK || why.text[0] != '\0');
	CHECK_AT(row->line, row->want == RED || ask.nearest[0] == '\0');
	if (row->want == RED) {
		write_query(want, row->text, row->sealed);
		EQ_STR_AT(row->line, ask.nearest, want);
		/* Once sent on, nobody is sent on again. */
		CHECK_AT(row->line, ask_query(want, &ask, &why) != RED);
	}
	if (row->want != OK || row->text == NULL)
		return;
	CHECK_AT(row->line, ask.sealed == (row->sealed != NULL));
	buf_init(&b, PARAMS_TEXT_MAX);
	params_format(&ask.params, &b);
	EQ_STR_AT(row->line, buf_cstr(&b), row->text);
	buf_free(&b);
}

static void
asking(void)
{
	static const struct row rows[] = {
		/* In the clear. */
		{ L, "w=640&q=80&f=webp", NULL, OK, "f=webp&q=80&w=640" },
		{ L, "f=jpeg&w=640", NULL, OK, "f=jpg&w=640" },
		{ L, "w=641", NULL, NO, NULL },
		{ L, "w=0", NULL, BAD, NULL },
		{ L, "w=640&w=640", NULL, BAD, NULL },
		{ L, "crop=1x1+0+0", NULL, NO, NULL },
		{ L, "exp=4000000000&w=640", NULL, NO, NULL },
		{ L, "f=tiff", NULL, NO, NULL },
		{ L, "fit=cover&g=nw&w=320&h=150", NULL, OK,
		    "fit=cover&g=nw&h=150&w=320" },
		{ L, "fit=cover&g=nw&w=320", NULL, OK, "w=320" },
		{ L, "utm_source=x&w=640", NULL, OK, "w=640" },
		{ L, "w=640&hash=", NULL, OK, "w=640" },
		/* v is dropped there, whatever it says. */
		{ L, "w=640&v=5", NULL, OK, "w=640" },
		{ L, "w=640&timestamp=5", NULL, OK, "w=640" },
		/* None of our parameters is an original: nginx's business. */
		{ L, "", NULL, STATUS_BAD_REQUEST, NULL },
		{ L, "utm_source=x", NULL, STATUS_BAD_REQUEST, NULL },
		{ L, "w=&q=", NULL, STATUS_BAD_REQUEST, NULL },
		{ L, "v=5", NULL, STATUS_BAD_REQUEST, NULL },
		/* Sealed: the lists do not bind, the table does. */
		{ L, "hash=@", "w=641", OK, "w=641" },
		{ L, "hash=@", "w=65535&h=1&q=1", OK, "h=1&q=1&w=65535" },
		{ L, "hash=@", "f=tiff", OK, "f=tiff" },
		{ L, "hash=@", "q=1&crop=9x8+7+6", OK, "crop=9x8+7+6&q=1" },
		{ L, "hash=@", "v=abc", OK, "v=abc" },
		{ L, "hash=@", "timestamp=abc", OK, "v=abc" },
		{ L, "hash=@", "", OK, "" },
		{ L, "hash=@", "w=65536", BAD, NULL },
		{ L, "hash=@", "w=007", BAD, NULL },
		{ L, "hash=@", "x=1", BAD, NULL },
		{ L, "hash=@", "w=1&w=1", BAD, NULL },
		{ L, "hash=@", "v=1&timestamp=1", BAD, NULL },
		{ L, "hash=@", "hash=abc", BAD, NULL },
		{ L, "hash=@", "hash=", BAD, NULL },
		{ L, "hash=@", "w=1%30", BAD, NULL },
		/* exp: refused from then on. */
		{ L, "hash=@", "exp=1800000001&w=5", OK, "exp=1800000001&w=5" },
		{ L, "hash=@", "exp=1800000000&w=5", EXPIRED, NULL },
		{ L, "hash=@", "exp=1799999999", EXPIRED, NULL },
		{ L, "hash=@", "exp=1", EXPIRED, NULL },
		{ L, "hash=@", "exp=0", BAD, NULL },
		{ L, "hash=@", "exp=253402300799", OK, "exp=253402300799" },
		{ L, "hash=@", "exp=253402300800", BAD, NULL },
		/* Both: the clear ones are still bound by the lists. */
		{ L, "w=640&hash=@", "crop=9x8+7+6", OK, "crop=9x8+7+6&w=640" },
		{ L, "hash=@&w=640", "crop=9x8+7+6", OK, "crop=9x8+7+6&w=640" },
		{ L, "w=641&hash=@", "crop=9x8+7+6", NO, NULL },
		{ L, "w=640&crop=1x1+0+0&hash=@", "q=5", NO, NULL },
		{ L, "w=640&v=5&hash=@", "q=5", OK, "q=5&w=640" },
		{ L, "w=640&hash=@", "fit=cover&h=9", OK,
		    "fit=cover&h=9&w=640" },
		/* A clear duplicate of a sealed name is refused. */
		{ L, "w=640&hash=@", "w=640", BAD, NULL },
		{ L, "w=320&hash=@", "w=640", BAD, NULL },
		{ L, "v=5&hash=@", "v=5", BAD, NULL },
		{ L, "timestamp=5&hash=@", "v=6", BAD, NULL },
		{ L, "exp=4000000000&hash=@", "exp=1", BAD, NULL },
		{ L, "w=&hash=@", "w=641", OK, "w=641" },
		{ L, "hash=@&hash=@", "w=641", BAD, NULL },
		{ L, "hash=@&hash=", "w=641", BAD, NULL },
		/* Tokens that are none. */
		{ L, "w=640&hash=abc", NULL, TOKEN, NULL },
		{ L, "hash=@x", "w=5", TOKEN, NULL },
		{ L, "hash=@=", "w=5", TOKEN, NULL },
		{ L, "hash=x@", "w=5", TOKEN, NULL },
		{ L, "hash=@%20", "w=5", TOKEN, NULL },
		{ L, "hash=@@", "w=5", TOKEN, NULL },
		/* The token is judged even where a value is not allowed. */
		{ L, "w=641&hash=abc", NULL, TOKEN, NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i]);
}

static void
asking_nearest(void)
{
	static const struct row rows[] = {
		{ L, "w=640", NULL, OK, "w=640" },
		{ L, "w=641", NULL, RED, "w=640" },
		{ L, "w=151&q=1&f=jpeg", NULL, RED, "f=jpg&q=75&w=320" },
		{ L, "w=1&v=5&utm_source=x", NULL, RED, "w=150" },
		{ L, "fit=cover&g=nw&h=1&w=1", NULL, RED,
		    "fit=cover&g=nw&h=150&w=150" },
		{ L, "w=0", NULL, BAD, NULL },
		{ L, "w=1&f=tiff", NULL, NO, NULL },
		{ L, "w=1&crop=1x1+0+0", NULL, NO, NULL },
		/* The token goes along as it stands. */
		{ L, "w=1&hash=@", "crop=9x8+7+6", RED, "w=150&hash=@" },
		{ L, "hash=@&w=1", "exp=1", RED, "w=150&hash=@" },
		{ L, "w=1&hash=@", "w=5", BAD, NULL },
		{ L, "w=1&hash=abc", NULL, TOKEN, NULL },
		/* Sealed values are never moved. */
		{ L, "hash=@", "w=641", OK, "w=641" },
	};

	policy.mode = POLICY_NEAREST;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i]);
	policy.mode = POLICY_REJECT;
}

/* A site that closes everything but hash, one that closes that, too. */
static void
asking_closed(void)
{
	static const struct row only_sealed[] = {
		{ L, "w=640", NULL, NO, NULL },
		{ L, "f=webp", NULL, NO, NULL },
		{ L, "w=640&hash=@", "q=5", NO, NULL },
		{ L, "hash=@", "w=640", OK, "w=640" },
		{ L, "hash=@&v=5", "w=640", OK, "w=640" },
	};
	static const struct row nothing[] = {
		{ L, "hash=@", "w=640", NO, NULL },
		{ L, "hash=abc", NULL, NO, NULL },
	};
	static const struct row with_v[] = {
		{ L, "w=640&v=5", NULL, OK, "v=5&w=640" },
		{ L, "v=5", NULL, OK, "v=5" },
	};
	uint32_t open = policy.open;

	policy.open = PARAM_BIT(PARAM_HASH);
	for (size_t i = 0; i < sizeof only_sealed / sizeof only_sealed[0]; i++)
		check_row(&only_sealed[i]);
	policy.open = 0;
	for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
		check_row(&nothing[i]);
	policy.open = open | PARAM_BIT(PARAM_V);
	for (size_t i = 0; i < sizeof with_v / sizeof with_v[0]; i++)
		check_row(&with_v[i]);
	policy.open = open;
}

static void
asking_strict(void)
{
	static const struct row rows[] = {
		{ L, "w=640", NULL, OK, "w=640" },
		{ L, "w=640&v=5", NULL, OK, "w=640" },
		{ L, "w=640&utm_source=x", NULL, BAD, NULL },
		{ L, "w=640&W=640", NULL, BAD, NULL },
		{ L, "hash=@&x", "w=5", BAD, NULL },
	};

	policy.strict = true;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i]);
	policy.strict = false;
}

/* A token works on one image of one site, and on no other. */
static void
asking_elsewhere(void)
{
	static const struct {
		int line;
		const char *site, *path;
		enum status want;
	} rows[] = {
		{ L, "", PATH, OK },
		{ L, "shop", PATH, TOKEN },
		{ L, "", "/photos/b.jpg", TOKEN },
		{ L, "", "/photos/a b.jp", TOKEN },
		{ L, "", "/photos/a b.jpg/", TOKEN },
		{ L, "", "/photos/a%20b.jpg", TOKEN },
		{ L, "", "/Photos/a b.jpg", TOKEN },
		{ L, "", "/", TOKEN },
		{ L, "a/b", PATH, TOKEN },
	};
	char query[REQUEST_QUERY_MAX];
	struct seal_ring none = { 0 };

	write_query(query, "hash=@", "w=641");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct request rq = { .path = rows[i].path,
			.site = rows[i].site,
			.query = query };
		struct ask ask;

		EQ_INT_AT(rows[i].line,
		    request_ask(&rq, &policy, &ring, NOW, &ask, NULL),
		    rows[i].want);
		EQ_INT_AT(rows[i].line,
		    request_ask(&rq, &policy, &none, NOW, &ask, NULL), TOKEN);
	}
}

/* Any one character of a token changed: it opens nothing. */
static void
asking_forged(void)
{
	char query[REQUEST_QUERY_MAX], good[REQUEST_QUERY_MAX];
	struct ask ask;

	write_query(good, "hash=@", "w=641&crop=9x8+7+6");
	EQ_INT(ask_query(good, &ask, NULL), OK);
	for (size_t i = strlen("hash="); good[i] != '\0'; i++) {
		memcpy(query, good, sizeof query);
		query[i] = query[i] == 'A' ? 'B' : 'A';
		EQ_INT(ask_query(query, &ask, NULL), TOKEN);
		CHECK(ask.params.set == 0 && !ask.sealed);
		memcpy(query, good, sizeof query);
		query[i] = '\0';
		if (i > strlen("hash="))
			EQ_INT(ask_query(query, &ask, NULL), TOKEN);
	}
}

int
main(void)
{
	if (sodium_init() < 0) {
		test_skip("no libsodium");
		return test_end("t_request_ask");
	}
	set_up();
	asking();
	asking_nearest();
	asking_closed();
	asking_strict();
	asking_elsewhere();
	asking_forged();
	return test_end("t_request_ask");
}
