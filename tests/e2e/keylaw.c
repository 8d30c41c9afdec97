/*
 * The key law, through a real nginx: equal key, equal input to the daemon.
 *
 *	keylaw PORT COUNT SEED
 *
 * The nginx there answers every request with what the shipped files make of
 * it: the key of the cache, a line "====", and the daemon's parameters as
 * "NAME=VALUE" lines.  Three phases:
 *
 *	table	every parameter times a list of awkward values: nginx lets
 *		through what the parameter table takes, and nothing else
 *	fuzz	COUNT raw queries of every spelling that we could think of:
 *		the law itself, and the alphabet that makes the key unambiguous
 *	junk	values that nobody takes: however many, the keys stay few
 */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>

#include "tests/e2e/link.h"
#include "tests/unit/test.h"
#include "url/params.h"

#define BATCH        64
#define REQUEST_MAX  12000
#define SLOTS        (1u << 20)
#define SEPARATOR    "\n====\n"
#define FAILURES_MAX 20

/* As the query is rebuilt. */
static const enum param order[] = { PARAM_W, PARAM_H, PARAM_Q, PARAM_F,
	PARAM_FIT, PARAM_G, PARAM_CROP, PARAM_EXP, PARAM_HASH };
#define ORDERED (sizeof order / sizeof order[0])

/* 60 characters: as long as a token, with all of its alphabet's kinds. */
#define TOKEN "AQEbbbbbbbb-bbbbbbbbb_bbbbbbbbbbbbbbbbbb0123456789bbbbbbbbbZ"

static const char *const values[] = { "1", "2", "9", "10", "75", "99", "100",
	"101", "320", "640", "65535", "65536", "99999", "100000", "4294967936",
	"18446744073709552256", "0", "00", "01", "0640", "+640", "-1", "640.0",
	"6e2", "0x280", "640px", "%36%34%30", "640%00", "640%0a", "640%26h=1",
	"\xd9\xa6\xd9\xa4\xd9\xa0", "jpg", "jpeg", "JPG", "jpegs", "jpgg",
	"png", "webp", "WebP", "avif", "gif", "jxl", "tiff", "tif", "tifff",
	"heic", "heif", "svg", "auto", "auto2", "bmp", "", "inside", "cover",
	"contain", "fill", "outside", "Cover", "covers", "xcover", "center",
	"north", "ne", "east", "se", "south", "sw", "west", "nw", "nnw", "n",
	"NE", "1x1+0+0", "800x600+10+20", "65535x65535+0+0", "0x1+0+0",
	"1x0+0+0", "01x1+0+0", "1x1+00+0", "1x1+0", "1x1", "1x1+0+0+0",
	"1x1-1+0", "1X1+0+0", "1x1%2B0%2B0", "refused", "1700000000", TOKEN,
	"a.b", "*", "[1]", "undefined", "null", "NaN", "|", "&", "=", "==1",
	"1=1", "\"1\"", "'1'", "1;h=2", "1|avif", "$w", "${w}", "~1", "\\1",
	"%", "%zz", "%u0031" };
#define VALUES (sizeof values / sizeof values[0])

/* Few good values a name, so that many queries meet under one key. */
static const struct {
	const char *name;
	const char *good[4];
} names[] = {
	{ "w", { "150", "640", "1920", "641" } },
	{ "h", { "150", "480", "1", "640" } },
	{ "q", { "75", "80", "100", "7" } },
	{ "f", { "webp", "auto", "jpeg", "jpg" } },
	{ "fit", { "cover", "inside", "contain", "fill" } },
	{ "g", { "center", "north", "se", "nw" } },
	{ "crop", { "1x1+0+0", "800x600+10+20", "8x6+1+2", "9x9+0+0" } },
	{ "exp", { "1", "1700000000", "9999999999", "2" } },
	{ "hash", { TOKEN, TOKEN "A", TOKEN "-", TOKEN "_" } },
	{ "v", { "1", "2", "abc", "1.2-3_4" } },
	{ "timestamp", { "1", "2", "abc", "1700000000" } },
};
#define NAMES (sizeof names / sizeof names[0])

/* Paths that look like pieces of a key or of a query. */
static const char *const paths[] = { "/photo.jpg", "/PHOTO.JPG", "/a/b.jpg",
	"/a//b.jpg", "/a/./b.jpg", "/a/../photo.jpg", "/%70hoto.jpg",
	"/%7C/photo.jpg", "/||w=640|/photo.jpg", "/w=640|/photo.jpg",
	"/photo.jpg%3Fw=640", "/photo.jpg&w=640", "/photo.jpg%26w=640",
	"/%0Aphoto.jpg", "/%2570hoto.jpg", "/\xc3\xa9t\xc3\xa9.jpg",
	"/%C3%A9t%C3%A9.jpg", "/photo.jpg%7Cavif" };
#define PATHS (sizeof paths / sizeof paths[0])

static const char *const accepts[] = { "", "*/*", "image/avif,image/webp,*/*",
	"image/webp,*/*", "image/avif;q=0,image/webp", "IMAGE/AVIF", "avif",
	"image/webp|w=640", "text/html;x=\"image/avif\"" };
#define ACCEPTS (sizeof accepts / sizeof accepts[0])

static const char *const sites[] = { "", "", "a", "avif", "my.site_1-x" };
#define SITES (sizeof sites / sizeof sites[0])

struct request {
	char query[REQUEST_MAX];
	const char *path, *accept, *site;
};

struct entry {
	char *key, *input;
};

static struct request batch[BATCH];
static size_t batched;
static struct entry table[SLOTS];
static size_t entries, answers;
static uint64_t state;
static void (*judge)(const struct request *, const char *query);

static uint32_t
draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

static void
complain(const struct request *rq, const char *fmt, ...)
{
	va_list ap;

	if (test_failed++ > FAILURES_MAX)
		errx(1, "keylaw: too many failures");
	printf("keylaw: %s?%.300s (accept '%s', site '%s'): ", rq->path,
	    rq->query, rq->accept, rq->site);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

/*
 * The law.
 */

static uint64_t
hash_text(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

static char *
copy_text(const char *s)
{
	char *copy = strdup(s);

	if (copy == NULL)
		err(1, "strdup");
	return copy;
}

static void
judge_law(const struct request *rq, const char *key, const char *input)
{
	size_t i = hash_text(key) & (SLOTS - 1);

	while (table[i].key != NULL && strcmp(table[i].key, key) != 0)
		i = (i + 1) & (SLOTS - 1);
	if (table[i].key == NULL) {
		if (++entries > SLOTS / 2)
			errx(1, "keylaw: table is full");
		table[i].key = copy_text(key);
		table[i].input = copy_text(input);
		return;
	}
	if (strcmp(table[i].input, input) != 0)
		complain(rq, "one key, two inputs: %s\n-- %s\n-- %s", key,
		    table[i].input, input);
}

static bool
has_only(const char *s, size_t len, const char *more)
{
	for (size_t i = 0; i < len; i++) {
		bool alnum = (s[i] >= '0' && s[i] <= '9') ||
		    (s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z');

		if (!alnum && strchr(more, s[i]) == NULL)
			return false;
	}
	return true;
}

/* site|token|query|/path, and the first three hold no "|". */
static void
judge_alphabet(const struct request *rq, const char *key, const char *query)
{
	const char *token = strchr(key, '|');
	const char *text = token != NULL ? strchr(token + 1, '|') : NULL;
	const char *path = text != NULL ? strchr(text + 1, '|') : NULL;
	size_t len;

	if (path == NULL || path[1] != '/') {
		complain(rq, "key has no site|token|query|/path: %s", key);
		return;
	}
	token++;
	text++;
	len = (size_t)(text - token) - 1;
	if (!has_only(key, (size_t)(token - key) - 1, "._-"))
		complain(rq, "site in the key: %s", key);
	if (len != 0 &&
	    (len != 4 ||
	        (memcmp(token, "avif", 4) != 0 &&
	            memcmp(token, "webp", 4) != 0)))
		complain(rq, "token in the key: %s", key);
	len = (size_t)(path - text);
	if (!has_only(text, len, "=&+._-"))
		complain(rq, "query in the key: %s", key);
	if (strlen(query) != len || memcmp(query, text, len) != 0)
		complain(rq, "key %s, but QUERY_STRING %s", key, query);
}

/* Known names, each once, in the one order, with values of the table. */
static void
judge_query(const struct request *rq, const char *query)
{
	const char *s = query;
	struct query taken;
	struct why why;
	size_t next = 0;

	while (*s != '\0') {
		size_t len = strcspn(s, "=");

		while (next < ORDERED && param_find(s, len) != order[next])
			next++;
		if (next++ == ORDERED) {
			complain(rq, "name or order: %s", query);
			return;
		}
		s += strcspn(s, "&");
		s += *s == '&';
	}
	if (strstr(query, "=refused") != NULL)
		return;
	if (params_parse(&taken, query, strlen(query), PARAMS_STRICT, &why) !=
	    STATUS_OK)
		complain(rq, "the table refuses what nginx passes: %s", query);
}

static void
judge_answer(const struct request *rq)
{
	static char body[LINK_BODY_MAX], query[LINK_BODY_MAX];
	char *input, *text;
	int status = link_read(body);

	answers++;
	if (status != 200) {
		complain(rq, "answered %d", status);
		errx(1, "keylaw: that ends the connection");
	}
	input = strstr(body, SEPARATOR);
	text = input != NULL ? strstr(input, "\nQUERY_STRING=") : NULL;
	if (text == NULL) {
		complain(rq, "no QUERY_STRING in: %s", body);
		return;
	}
	*input = '\0';
	input += strlen(SEPARATOR);
	text += strlen("\nQUERY_STRING=");
	snprintf(query, sizeof query, "%.*s", (int)strcspn(text, "\n"), text);
	judge_law(rq, body, input);
	judge_alphabet(rq, body, query);
	judge_query(rq, query);
	if (judge != NULL)
		judge(rq, query);
}

/* All requests of the batch at once, then all answers. */
static void
batch_flush(void)
{
	static char text[REQUEST_MAX + 512];

	for (size_t i = 0; i < batched; i++) {
		const struct request *rq = &batch[i];
		int n = snprintf(text, sizeof text,
		    "GET %s?%s HTTP/1.1\r\nHost: keylaw\r\n"
		    "Accept: %s\r\nX-Site: %s\r\n\r\n",
		    rq->path, rq->query, rq->accept, rq->site);

		link_send(text, (size_t)n);
	}
	for (size_t i = 0; i < batched; i++)
		judge_answer(&batch[i]);
	batched = 0;
}

static struct request *
batch_add(void)
{
	struct request *rq;

	if (batched == BATCH)
		batch_flush();
	rq = &batch[batched++];
	rq->query[0] = '\0';
	rq->path = paths[0];
	rq->accept = accepts[0];
	rq->site = sites[0];
	return rq;
}

static void
add(struct request *rq, const char *fmt, ...)
{
	size_t used = strlen(rq->query);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rq->query + used, sizeof rq->query - used, fmt, ap);
	va_end(ap);
}

/*
 * Phase one: nginx and the table agree.
 */

static bool
table_takes(enum param p, const char *value)
{
	size_t len = strlen(value);
	struct params params = { 0 };

	if (p == PARAM_HASH)
		return len >= 56 && has_only(value, len, "_-");
	/* No picture has a side of five digits; in a token it may be said. */
	if ((p == PARAM_W || p == PARAM_H) && len > 4)
		return false;
	return p != PARAM_EXP && param_set(&params, p, value, len) == STATUS_OK;
}

/* The query is NAME=VALUE&…: its first pair is on trial. */
static void
judge_table(const struct request *rq, const char *query)
{
	size_t n = strcspn(rq->query, "=");
	enum param p = param_find(rq->query, n);
	const char *value = rq->query + n + 1;
	char refused[32], text[256];
	bool taken;

	snprintf(text, sizeof text, "%.*s", (int)strcspn(value, "&"), value);
	snprintf(refused, sizeof refused, "%s=refused", param_def(p)->name);
	taken = strstr(query, refused) == NULL;
	if (taken != (*text == '\0' || table_takes(p, text)))
		complain(rq, "%s by nginx", taken ? "taken" : "refused");
	test_passed++;
}

static void
run_table(void)
{
	judge = judge_table;
	for (size_t i = 0; i < ORDERED; i++) {
		for (size_t k = 0; k < VALUES; k++) {
			struct request *rq = batch_add();
			bool sides =
			    order[i] == PARAM_FIT || order[i] == PARAM_G;

			add(rq, "%s=%s%s", param_def(order[i])->name, values[k],
			    sides ? "&w=640&h=480" : "");
		}
	}
	batch_flush();
}

/*
 * Phase two: anything.
 */

static void
add_bytes(struct request *rq, size_t len)
{
	char text[4096];
	size_t i;

	/* Control characters, blank and # end a request line or its query. */
	for (i = 0; i < len && i < sizeof text - 1; i++) {
		do
			text[i] = (char)(33 + draw(223));
		while (text[i] == '#' || text[i] == 127);
	}
	text[i] = '\0';
	add(rq, "%s", text);
}

static void
add_name(struct request *rq, const char *name)
{
	static const char *const frames[] = { "%s[]", "%s[0]", "x%s", "%sx",
		"%%%02x", "_%s", "amp;%s", "%s%%00", "%s%%3D", "+%s", ".%s",
		"%s.", "-%s", "%s%%20", "%%20%s" };
	const size_t count = sizeof frames / sizeof frames[0];
	uint32_t dice = draw(20);
	size_t frame = draw((uint32_t)count);

	if (dice < 13)
		add(rq, "%s", name);
	else if (dice < 15) {
		for (; *name != '\0'; name++)
			add(rq, "%c",
			    draw(2) ? *name : (char)(*name - 'a' + 'A'));
	} else if (dice < 19 && frame == 4)
		add(rq, "%%%02x%s", (unsigned int)*name, name + 1);
	else if (dice < 19) {
		char text[64];

		/* The frames are ours; what they hold is a plain name. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof text, frames[frame], name);
#pragma GCC diagnostic pop
		add(rq, "%s", text);
	} else
		add_bytes(rq, draw(8));
}

static void
add_value(struct request *rq, size_t name)
{
	uint32_t dice = draw(20);

	if (dice < 11)
		add(rq, "%s", names[name].good[draw(4)]);
	else if (dice < 13)
		add(rq, "%s", names[draw(NAMES)].good[draw(4)]);
	else if (dice < 16)
		add(rq, "%s", values[draw(VALUES)]);
	else if (dice < 17)
		add(rq, "%s%s", names[name].good[draw(4)],
		    values[draw(VALUES)]);
	else if (dice < 18)
		add(rq, "%%%02x%s", '0' + draw(80), names[name].good[draw(4)]);
	else if (dice < 19 && draw(50) == 0)
		add_bytes(rq, 3000);
	else if (dice < 19)
		add_bytes(rq, draw(24));
}

static void
add_query(struct request *rq)
{
	static const char *const ands[] = { "&", "&", "&", "&", "&", "&", "&",
		";", "&&", "?", "%26", "&amp;", "|" };
	const uint32_t count = sizeof ands / sizeof ands[0];

	for (uint32_t pairs = draw(8); pairs > 0; pairs--) {
		size_t name = draw(NAMES);

		add_name(rq, names[name].name);
		if (draw(20) > 0)
			add(rq, "=");
		add_value(rq, name);
		if (pairs > 1 || draw(10) == 0)
			add(rq, "%s", ands[draw(count)]);
	}
}

static void
run_fuzz(long count)
{
	judge = NULL;
	for (long i = 0; i < count; i++) {
		struct request *rq = batch_add();

		add_query(rq);
		if (draw(3) == 0)
			rq->path = paths[draw(PATHS)];
		rq->accept = accepts[draw(ACCEPTS)];
		rq->site = sites[draw(SITES)];
	}
	batch_flush();
	test_passed++;
}

/*
 * Phase three: values that no parameter takes, without end.
 */
static void
run_junk(long count)
{
	static const char first[] = "!$%()*,./:;<>@\\^`{|}~";
	const size_t before = entries;

	for (long i = 0; i < count; i++) {
		struct request *rq = batch_add();

		rq->path = "/junk.jpg";
		rq->accept = accepts[draw(ACCEPTS)];
		for (uint32_t pairs = draw(10); pairs > 0; pairs--) {
			add(rq, "%s%s=%c", *rq->query != '\0' ? "&" : "",
			    names[draw(NAMES)].name,
			    first[draw(sizeof first - 1)]);
			add_bytes(rq, draw(12));
			add(rq, "&utm_%u=%u", draw(1000000), draw(1000000));
		}
	}
	batch_flush();
	/* Each name there or not. */
	printf("keylaw: %ld junk queries made %zu keys\n", count,
	    entries - before);
	CHECK(entries - before <= 1u << ORDERED);
}

int
main(int argc, char **argv)
{
	long count;

	if (argc != 4)
		errx(2, "usage: keylaw PORT COUNT SEED");
	count = atol(argv[2]);
	state = UINT64_C(0x9e3779b97f4a7c15) ^ strtoull(argv[3], NULL, 10);
	link_open(atoi(argv[1]));
	run_table();
	run_fuzz(count);
	run_junk(count / 4);
	printf("keylaw: %zu requests, %zu keys\n", answers, entries);
	CHECK(answers >= (size_t)count);
	/* A law over keys that never meet says nothing. */
	CHECK(entries < answers - answers / 8);
	return test_end("keylaw");
}
