/* Queries one row a case; the laws of the table are t_params_laws.c's. */
#include "url/params.h"

#include <stdlib.h>

#include "test.h"

#define L __LINE__

static void
format_text(const struct params *params, char text[PARAMS_TEXT_MAX + 1])
{
	struct buf b;

	buf_init(&b, PARAMS_TEXT_MAX);
	params_format(params, &b);
	CHECK(buf_ok(&b));
	snprintf(text, PARAMS_TEXT_MAX + 1, "%s", buf_cstr(&b));
	buf_free(&b);
}

static enum status
parse(struct query *q, const char *text, unsigned int flags)
{
	return params_parse(q, text, strlen(text), flags, NULL);
}

/* A second value replaces the first one whole. */
static void
set_twice(void)
{
	char text[PARAMS_TEXT_MAX + 1];
	struct params params = { 0 };

	EQ_INT(param_set(&params, PARAM_V, "longer", 6), STATUS_OK);
	EQ_INT(param_set(&params, PARAM_V, "b", 1), STATUS_OK);
	EQ_INT(param_set(&params, PARAM_W, "640", 3), STATUS_OK);
	EQ_INT(param_set(&params, PARAM_W, "7", 1), STATUS_OK);
	EQ_INT(param_set(&params, PARAM_W, "x", 1), STATUS_BAD_PARAM);
	format_text(&params, text);
	EQ_STR(text, "v=b&w=7");
}

static void
merge_precedence(void)
{
	char text[PARAMS_TEXT_MAX + 1];
	struct query one, two;

	EQ_INT(parse(&one, "w=320&q=80&v=longer-than-the-other", 0), 0);
	EQ_INT(parse(&two, "w=640&v=b&crop=1x2+3+4", 0), 0);
	params_merge(&one.params, &two.params);
	format_text(&one.params, text);
	EQ_STR(text, "crop=1x2+3+4&q=80&v=b&w=640");
}

#define SEALED PARAMS_SEALED_TEXT
#define STRICT PARAMS_STRICT
#define BAD    STATUS_BAD_PARAM

static void
parsing(void)
{
	static const struct {
		int line;
		const char *text;
		unsigned int flags;
		const char *want; /* as parsed, not normalised; NULL: refused */
		const char *token;
	} rows[] = {
		{ L, "", 0, "", NULL },
		{ L, "w=640", 0, "w=640", NULL },
		{ L, "w=640&q=85&f=webp", 0, "f=webp&q=85&w=640", NULL },
		{ L, "f=jpeg", 0, "f=jpg", NULL },
		{ L, "f=tif", 0, "f=tiff", NULL },
		{ L, "timestamp=1700000000&w=1", 0, "v=1700000000&w=1", NULL },
		{ L, "v=1&timestamp=1", 0, NULL, NULL },
		/* An empty value counts as absent. */
		{ L, "w=", 0, "", NULL },
		{ L, "w", 0, "", NULL },
		{ L, "w=&q=80", 0, "q=80", NULL },
		{ L, "hash=", 0, "", NULL },
		{ L, "hash=&w=5", 0, "w=5", NULL },
		{ L, "w=", SEALED, "", NULL },
		{ L, "hash=", SEALED, NULL, NULL },
		/* Empty pairs say nothing. */
		{ L, "&", 0, "", NULL },
		{ L, "&&w=1&&", 0, "w=1", NULL },
		{ L, "=", 0, "", NULL },
		{ L, "=5", 0, "", NULL },
		{ L, "=5", STRICT, NULL, NULL },
		{ L, "=5", SEALED, NULL, NULL },
		/* Unknown names. */
		{ L, "utm_source=x", 0, "", NULL },
		{ L, "utm_source=x&w=1&W=9", 0, "w=1", NULL },
		{ L, "x=1&x=2", 0, "", NULL },
		{ L, "utm_source=x", STRICT, NULL, NULL },
		{ L, "w=1&W=1", STRICT, NULL, NULL },
		{ L, "utm_source=x", SEALED, NULL, NULL },
		{ L, "w=1&x", SEALED, NULL, NULL },
		/* No percent-decoding, no plus for a blank. */
		{ L, "w=%36%34%30", 0, NULL, NULL },
		{ L, "%77=640", 0, "", NULL },
		{ L, "crop=10x10+1+1", 0, "crop=10x10+1+1", NULL },
		{ L, "crop=10x10%2B1%2B1", 0, NULL, NULL },
		{ L, "w=640;q=80", 0, NULL, NULL },
		{ L, "w=6=40", 0, NULL, NULL },
		{ L, "w==640", 0, NULL, NULL },
		{ L, "w =640", 0, "", NULL },
		{ L, "w= 640", 0, NULL, NULL },
		{ L, "?w=640", 0, "", NULL },
		{ L, "w[]=640", 0, "", NULL },
		{ L, "w=640#x", 0, NULL, NULL },
		/* Everything at once, defaults spelt out. */
		{ L, "fit=inside&g=center&exp=1&crop=1x1+0+0&h=2&w=1&v=a",
		    SEALED,
		    "crop=1x1+0+0&exp=1&fit=inside&g=center&h=2&v=a&w=1",
		    NULL },
		/* The token is handed out as it stands. */
		{ L, "hash=abc", 0, "", "abc" },
		{ L, "w=1&hash=a=b&q=2", 0, "q=2&w=1", "a=b" },
		{ L, "hash=%41", STRICT, "", "%41" },
		{ L, "hash=abc", SEALED, NULL, NULL },
		{ L, "w=1&hash=abc", SEALED, NULL, NULL },
		{ L, "hash=abc", SEALED | STRICT, NULL, NULL },
		{ L, "hash=a&hash=b", 0, NULL, NULL },
		{ L, "hash=&hash=b", 0, NULL, NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[PARAMS_TEXT_MAX + 1], token[64] = "";
		struct why why = { "" };
		struct query q;
		enum status st = params_parse(&q, rows[i].text,
		    strlen(rows[i].text), rows[i].flags, &why);

		EQ_INT_AT(rows[i].line, st,
		    rows[i].want != NULL ? STATUS_OK : BAD);
		CHECK_AT(rows[i].line, (why.text[0] != '\0') == (st != 0));
		if (st != STATUS_OK || rows[i].want == NULL)
			continue;
		format_text(&q.params, text);
		EQ_STR_AT(rows[i].line, text, rows[i].want);
		CHECK_AT(rows[i].line,
		    (q.token != NULL) == (rows[i].token != NULL));
		if (q.token == NULL || rows[i].token == NULL)
			continue;
		snprintf(token, sizeof token, "%.*s", (int)q.token_len,
		    q.token);
		EQ_STR_AT(rows[i].line, token, rows[i].token);
	}
}

/* The length bounds the text, not a NUL; one inside is an ordinary byte. */
static void
parsing_lengths(void)
{
	char text[PARAMS_TEXT_MAX + 1];
	struct why why;
	struct query q;
	char *huge;

	EQ_INT(params_parse(&q, "w=640&q=80", 5, 0, NULL), STATUS_OK);
	format_text(&q.params, text);
	EQ_STR(text, "w=640");
	EQ_INT(params_parse(&q, "w=64", 3, 0, NULL), STATUS_OK);
	EQ_INT(q.params.width, 6);
	EQ_INT(params_parse(&q, "w=5\0", 4, 0, NULL), BAD);
	EQ_INT(params_parse(&q, "w\0=5", 4, 0, NULL), STATUS_OK);
	EQ_INT(q.params.set, 0);
	EQ_INT(params_parse(&q, "\0", 1, SEALED, NULL), BAD);
	EQ_INT(params_parse(&q, "w=7&\0", 5, SEALED, NULL), BAD);

	huge = malloc(100000);
	if (!CHECK(huge != NULL))
		return;
	memset(huge, '7', 100000);
	memcpy(huge, "w=", 2);
	EQ_INT(params_parse(&q, huge, 100000, 0, &why), BAD);
	memcpy(huge, "v=", 2);
	EQ_INT(params_parse(&q, huge, 100000, 0, &why), BAD);
	memset(huge, 'n', 100000);
	EQ_INT(params_parse(&q, huge, 100000, SEALED, &why), BAD);
	memset(huge, '&', 100000);
	EQ_INT(params_parse(&q, huge, 100000, SEALED, &why), STATUS_OK);
	free(huge);
}

static void
normalising(void)
{
	static const struct {
		int line;
		const char *text, *want;
	} rows[] = {
		{ L, "", "" },
		{ L, "w=1", "w=1" },
		{ L, "w=1&h=2", "h=2&w=1" },
		/* fit and g need a box to fit into. */
		{ L, "fit=cover&w=1", "w=1" },
		{ L, "fit=cover&h=1", "h=1" },
		{ L, "fit=cover&g=north", "" },
		{ L, "g=north&w=1", "w=1" },
		{ L, "g=north&w=1&h=2", "h=2&w=1" },
		{ L, "fit=cover&w=1&h=2", "fit=cover&h=2&w=1" },
		{ L, "fit=cover&g=north&w=1&h=2", "fit=cover&g=north&h=2&w=1" },
		{ L, "fit=contain&g=se&w=1&h=2", "fit=contain&g=se&h=2&w=1" },
		/* Nothing is cut or padded there. */
		{ L, "fit=fill&g=north&w=1&h=2", "fit=fill&h=2&w=1" },
		{ L, "fit=outside&g=north&w=1&h=2", "fit=outside&h=2&w=1" },
		{ L, "fit=inside&g=north&w=1&h=2", "h=2&w=1" },
		/* Defaults are not said. */
		{ L, "fit=inside&w=1&h=2", "h=2&w=1" },
		{ L, "fit=cover&g=center&w=1&h=2", "fit=cover&h=2&w=1" },
		{ L, "q=80&f=auto", "f=auto&q=80" },
		{ L, "crop=1x1+0+0&exp=9&v=a", "crop=1x1+0+0&exp=9&v=a" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[PARAMS_TEXT_MAX + 1];
		struct params once;
		struct query q;

		EQ_INT_AT(rows[i].line, parse(&q, rows[i].text, SEALED), 0);
		params_normalise(&q.params);
		format_text(&q.params, text);
		EQ_STR_AT(rows[i].line, text, rows[i].want);
		once = q.params;
		params_normalise(&q.params);
		CHECK_AT(rows[i].line,
		    memcmp(&once, &q.params, sizeof once) == 0);
	}
}

static void
printed(void)
{
	for (int style = DUMP_TEXT; style <= DUMP_MDOC; style++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		if (!CHECK(out != NULL))
			return;
		params_dump(out, (enum dump_style)style);
		fclose(out);
		/* Where the manual breaks a line the text has a blank. */
		for (size_t i = 0; style == DUMP_MDOC && i < len; i++) {
			if (text[i] == '\n')
				text[i] = ' ';
		}
		for (int p = 0; p < PARAM_MAX; p++) {
			const struct param_def *def = param_def((enum param)p);

			CHECK(strstr(text, def->name) != NULL);
			CHECK(strstr(text, def->text) != NULL);
			if (def->alias != NULL)
				CHECK(strstr(text, def->alias) != NULL);
		}
		free(text);
	}
}

int
main(void)
{
	set_twice();
	merge_precedence();
	parsing();
	parsing_lengths();
	normalising();
	printed();
	return test_end("t_params");
}
