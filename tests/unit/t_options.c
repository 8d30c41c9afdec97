#include "serve/options.h"

#include <stdlib.h>

#include "base/num.h"
#include "test.h"

#define L __LINE__

static struct config *config;
static const struct option_def *table;
static size_t rows;

static char *
field_of(const struct option_def *def)
{
	return (def->flags & OPTION_SITE ? (char *)&config->site[0]
	                                 : (char *)config) +
	    def->offset;
}

static bool
set(const struct option_def *def, const char *value, struct why *why)
{
	return option_set(def, config, &config->site[0], value, why);
}

/* The field as text; it lives until the next call. */
static const char *
shown(const struct option_def *def)
{
	static char text[2048];
	struct buf b;

	buf_init(&b, sizeof text - 1);
	option_format(def, config, &config->site[0], &b);
	snprintf(text, sizeof text, "%s", buf_cstr(&b));
	CHECK(buf_ok(&b));
	buf_free(&b);
	return text;
}

static size_t
width_of(enum option_kind kind)
{
	switch (kind) {
	case OPTION_BOOL:
		return sizeof(bool);
	case OPTION_INT:
	case OPTION_OCTAL:
	case OPTION_CHOICE:
	case OPTION_FORMATS:
	case OPTION_PARAMS:
		return 4;
	case OPTION_SIZE:
	case OPTION_COUNT:
	case OPTION_DURATION:
		return 8;
	case OPTION_LIST:
		return sizeof(struct policy_list);
	case OPTION_TEXT:
		return 0;
	}
	return 0;
}

/* What every row must keep, whatever it says. */
static void
table_laws(void)
{
	CHECK(rows >= 40 && rows <= 64);
	for (size_t i = 0; i < rows; i++) {
		const struct option_def *def = &table[i];
		bool site = def->flags & OPTION_SITE;
		size_t end = def->offset + def->size, len = strlen(def->text);
		struct why why = { "" };
		char before[CONFIG_PATH_MAX];

		CHECK(end <=
		    (site ? sizeof(struct site) : sizeof(struct config)));
		if (def->kind == OPTION_TEXT)
			CHECK((size_t)def->max == def->size - 1);
		else
			EQ_INT((int64_t)def->size,
			    (int64_t)width_of(def->kind));
		CHECK(option_find(def->name, strlen(def->name)) == def);
		CHECK(option_find(def->name, strlen(def->name) - 1) != def);
		CHECK(len > 8 && def->text[len - 1] == '.');
		CHECK(*def->values != '\0');
		CHECK(strspn(def->name,
		          "abcdefghijklmnopqrstuvwxyz0123456789-") ==
		    strlen(def->name));
		for (size_t k = 0; k < i; k++)
			CHECK(site != (table[k].flags & OPTION_SITE) ||
			    end <= table[k].offset ||
			    table[k].offset + table[k].size <= def->offset);
		/* The default is in force, and its own text. */
		memcpy(before, field_of(def), def->size);
		CHECK(set(def, def->fallback, &why));
		CHECK(memcmp(before, field_of(def), def->size) == 0);
		CHECK(set(def, shown(def), &why));
		CHECK(memcmp(before, field_of(def), def->size) == 0);
		EQ_STR(why.text, "");
	}
	CHECK(option_find("roots", 5) == NULL);
	CHECK(option_find("", 0) == NULL);
	CHECK(option_find("Root", 4) == NULL);
}

/* Every byte of a site's part and of the rest belongs to a row, or is known. */
static void
coverage(void)
{
	size_t sum = 0, known;

	for (size_t i = 0; i < rows; i++) {
		if (table[i].flags & OPTION_SITE)
			sum += table[i].size;
	}
	/* The name; the rest is at most padding. */
	known = CONFIG_NAME_MAX;
	CHECK(sizeof(struct site) - sum - known < 24);
}

static void
number_text(const struct option_def *def, int64_t v, char *text, size_t size)
{
	if (def->kind == OPTION_SIZE)
		num_format_size(text, v);
	else if (def->kind == OPTION_COUNT)
		num_format_count(text, v);
	else if (def->kind == OPTION_DURATION)
		num_format_duration(text, v);
	else if (def->kind == OPTION_OCTAL)
		snprintf(text, size, "%04o", (unsigned int)v);
	else
		snprintf(text, size, "%lld", (long long)v);
}

static int64_t
number_of(const struct option_def *def)
{
	int32_t small;
	int64_t v;

	memcpy(&small, field_of(def), sizeof small);
	v = small;
	if (def->size == sizeof v)
		memcpy(&v, field_of(def), sizeof v);
	return v;
}

/* A refusal says something and leaves the field alone. */
static void
refused(const struct option_def *def, const char *value)
{
	struct why why = { "" };
	char before[CONFIG_PATH_MAX];

	memcpy(before, field_of(def), def->size);
	if (!CHECK(!set(def, value, &why)))
		printf("\t%s = \"%s\"\n", def->name, value);
	CHECK(memcmp(before, field_of(def), def->size) == 0);
	CHECK(why.text[0] != '\0');
}

static void
number_laws(const struct option_def *def)
{
	static const char *const garbage[] = { "", " ", "x", "-1", "+1", "1.5",
		"0x10", "1e3", "1 ", " 1", "1Q", "M", "ms",
		"99999999999999999999", "9223372036854775807", "1\n", "1\x80" };
	char text[NUM_TEXT_MAX];

	for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++)
		refused(def, garbage[i]);
	for (int i = 0; i < 4; i++) {
		int64_t v = i < 2 ? def->min + i : def->max - (i - 2);

		number_text(def, v, text, sizeof text);
		CHECK(set(def, text, NULL));
		EQ_INT(number_of(def), v);
		EQ_STR(shown(def), text);
	}
	number_text(def, def->max + 1, text, sizeof text);
	refused(def, text);
	if (def->min == 0)
		return;
	number_text(def, def->min - 1, text, sizeof text);
	refused(def, text);
}

static void
text_laws(const struct option_def *def)
{
	char text[CONFIG_PATH_MAX + 1];
	size_t max = (size_t)def->max;
	int left = 0;

	memset(text, 'x', sizeof text);
	text[0] = '/';
	text[max] = '\0';
	CHECK(set(def, text, NULL));
	EQ_STR(shown(def), text);
	/* A short text after a long one leaves nothing of it behind. */
	CHECK(set(def, "/a", NULL));
	for (size_t i = 2; i < def->size; i++)
		left += field_of(def)[i] != '\0';
	EQ_INT(left, 0);
	text[max] = 'x';
	text[max + 1] = '\0';
	refused(def, text);
	refused(def, "/a\n");
	refused(def, "/a\nroot = /");
	refused(def, "/a\tb");
	refused(def, "/a\r");
	refused(def, "/a\x7f");
	refused(def, " /a");
	refused(def, "/a ");
	refused(def, " ");
	CHECK(set(def, "/a b #\xc3\xa4=[c]", NULL));
	EQ_STR(shown(def), "/a b #\xc3\xa4=[c]");
	if (def->min > 0)
		refused(def, "");
	else
		CHECK(set(def, "", NULL));
}

static void
choice_laws(const struct option_def *def)
{
	char text[32];
	int i;

	for (i = 0; def->choices[i] != NULL; i++) {
		CHECK(strstr(def->values, def->choices[i]) != NULL);
		CHECK(set(def, def->choices[i], NULL));
		if (def->kind == OPTION_BOOL)
			EQ_INT(*(bool *)field_of(def), i);
		else
			EQ_INT(number_of(def), i);
		EQ_STR(shown(def), def->choices[i]);
		snprintf(text, sizeof text, "%sx", def->choices[i]);
		refused(def, text);
		snprintf(text, sizeof text, " %s", def->choices[i]);
		refused(def, text);
	}
	refused(def, "");
	refused(def, "0");
	refused(def, "1");
	refused(def, "YES");
	refused(def, "true");
}

static void
list_laws(const struct option_def *def)
{
	char text[32];

	snprintf(text, sizeof text, "%d %d", (int)def->min, (int)def->max);
	CHECK(set(def, text, NULL));
	EQ_STR(shown(def), text);
	snprintf(text, sizeof text, "5 %d", (int)def->max + 1);
	refused(def, text);
	snprintf(text, sizeof text, "%d", (int)def->min - 1);
	refused(def, text);
	refused(def, "x");
	refused(def, "5;6");
	CHECK(set(def, " 7,\t5 5 ", NULL));
	EQ_STR(shown(def), "5 7");
	CHECK(set(def, "", NULL));
	EQ_STR(shown(def), "");
}

static void
boundaries(void)
{
	for (size_t i = 0; i < rows; i++) {
		switch (table[i].kind) {
		case OPTION_TEXT:
			text_laws(&table[i]);
			break;
		case OPTION_BOOL:
		case OPTION_CHOICE:
			choice_laws(&table[i]);
			break;
		case OPTION_LIST:
			list_laws(&table[i]);
			break;
		case OPTION_FORMATS:
		case OPTION_PARAMS:
			refused(&table[i], "x");
			refused(&table[i], "jpg;png");
			refused(&table[i], "w webp");
			break;
		default:
			number_laws(&table[i]);
			break;
		}
	}
}

static const struct row {
	int line;
	const char *name, *value, *want; /* NULL: refused */
	const char *why;                 /* where refused */
} cases[] = {
	{ L, "open", "", "hash", NULL },
	{ L, "open", "hash", "hash", NULL },
	{ L, "open", "w", "hash w", NULL },
	{ L, "open", " w,\th ", "h hash w", NULL },
	{ L, "open", "w w hash hash", "hash w", NULL },
	{ L, "open", "crop v", "crop hash v", NULL },
	{ L, "open", "timestamp", "hash v", NULL },
	{ L, "open", "exp", NULL, "'exp' is no parameter that may stand here" },
	{ L, "open", "w exp", NULL,
	    "'exp' is no parameter that may stand here" },
	{ L, "open", "W", NULL, "'W' is no parameter that may stand here" },
	{ L, "formats", "", "", NULL },
	{ L, "formats", "jpeg", "jpg", NULL },
	{ L, "formats", "auto tif jxl", "jxl tiff auto", NULL },
	{ L, "formats", "gif,gif", "gif", NULL },
	{ L, "formats", "svg", NULL, "'svg' is no format that may stand here" },
	{ L, "formats", "heic", NULL,
	    "'heic' is no format that may stand here" },
	{ L, "formats", "JPG", NULL, "'JPG' is no format that may stand here" },
	{ L, "inputs", "svg heif tiff jxl avif", "avif jxl tiff heic svg",
	    NULL },
	{ L, "inputs", "", NULL, "must not be empty" },
	{ L, "inputs", " , ", NULL, "must not be empty" },
	{ L, "inputs", "auto", NULL,
	    "'auto' is no format that may stand here" },
	{ L, "widths", "tcl", "150 320 420 630 640 900 1200 1280 1600 1920",
	    NULL },
	{ L, "widths", "70000", NULL,
	    "'70000' is no number from 1 to 65535, tcl or next" },
	{ L, "qualities", "101", NULL, "101 is not within 1 and 100" },
	{ L, "qualities", "tcl", NULL, "150 is not within 1 and 100" },
	{ L, "prefix", "/img", "/img", NULL },
	{ L, "prefix", "/a/b", "/a/b", NULL },
	{ L, "prefix", "/", NULL,
	    "'/' does not begin with one / and end without" },
	{ L, "prefix", "/img/", NULL,
	    "'/img/' does not begin with one / and end without" },
	{ L, "prefix", "img", NULL,
	    "'img' does not begin with one / and end without" },
	{ L, "prefix", "//img", NULL,
	    "'//img' does not begin with one / and end without" },
	{ L, "prefix", "/a//b", NULL,
	    "'/a//b' does not begin with one / and end without" },
	{ L, "socket-mode", "660", "0660", NULL },
	{ L, "socket-mode", "0600", "0600", NULL },
	{ L, "socket-mode", "00660", NULL,
	    "'00660' is no number from 0600 to 0777" },
	{ L, "socket-mode", "0668", NULL,
	    "'0668' is no number from 0600 to 0777" },
	{ L, "socket-mode", "1777", NULL,
	    "'1777' is no number from 0600 to 0777" },
	{ L, "socket-mode", "0466", NULL,
	    "'0466' is no number from 0600 to 0777" },
	{ L, "socket-mode", "66", NULL, "'66' is no number from 0600 to 0777" },
	{ L, "fresh", "10", "10s", NULL },
	{ L, "fresh", "0", "0", NULL },
	{ L, "fresh", "120s", "2m", NULL },
	{ L, "fresh", "366d", NULL, "'366d' is no time from 0 to 365d" },
	{ L, "timeout", "100ms", "100ms", NULL },
	{ L, "timeout", "0", NULL, "'0' is no time from 100ms to 1h" },
	{ L, "max-bytes", "100M", "100M", NULL },
	{ L, "max-bytes", "1048576", "1M", NULL },
	{ L, "max-bytes", "100k", NULL, "'100k' is no number from 1K to 2G" },
	{ L, "max-pixels", "50M", "50M", NULL },
	{ L, "max-pixels", "1000000", "1M", NULL },
	{ L, "max-pixels", "50K", NULL, "'50K' is no number from 1 to 5G" },
	{ L, "strict", "maybe", NULL, "'maybe' is not one of yes|no" },
	{ L, "policy", "next", NULL, "'next' is not one of reject|nearest" },
	{ L, "log", "", NULL, "must not be empty" },
	{ L, "root", "/a\033[2J", NULL, "a control character" },
	{ L, "root", " /a", NULL, "a blank at the beginning or the end" },
	{ L, "socket-owner",
	    "0123456789012345678901234567890123456789012345678901234567890123",
	    NULL, "longer than 63 bytes" },
};

static void
single_rows(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct row *r = &cases[i];
		const struct option_def *def =
		    option_find(r->name, strlen(r->name));
		struct why why = { "" };

		if (!CHECK_AT(r->line, def != NULL))
			continue;
		CHECK_AT(r->line,
		    set(def, r->value, &why) == (r->want != NULL));
		if (r->want != NULL)
			EQ_STR_AT(r->line, shown(def), r->want);
		EQ_STR_AT(r->line, why.text, r->why != NULL ? r->why : "");
	}
}

/* A site's row writes to that site and to no other; the rest to config. */
static void
places(void)
{
	struct site site = config->site[0];

	CHECK(
	    option_set(option_find("root", 4), config, &site, "/other", NULL));
	EQ_STR(site.root, "/other");
	CHECK(strcmp(config->site[0].root, "/other") != 0);
	CHECK(option_set(option_find("queue", 5), config, &site, "7", NULL));
	EQ_INT(config->queue, 7);
}

/* open's default is what the table of parameters calls open. */
static void
open_default(void)
{
	struct config *fresh = config_new();
	uint32_t want = 0;

	for (int p = 0; p < PARAM_MAX; p++) {
		if (param_def((enum param)p)->flags & PARAM_OPEN)
			want |= PARAM_BIT(p);
	}
	EQ_INT(fresh->site[0].policy.open, want);
	config_free(fresh);
}

/* What threads derives from the largest values must be a value of threads. */
static void
derived_fits(void)
{
	CHECK(option_find("converters", 10)->max +
	        option_find("queue", 5)->max + 32 <=
	    option_find("threads", 7)->max);
}

static size_t
count_of(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		n++;
	return n;
}

/* Each row is one line of --help and one of each style of table. */
static void
printed(void)
{
	static const char *const marks[] = { "%s ", "| `%s` |", "\"\\&%s\"" };
	char *text = NULL, word[64];
	size_t size = 0;

	for (int style = -1; style <= DUMP_MDOC; style++) {
		FILE *out = open_memstream(&text, &size);

		if (style < 0)
			options_usage(out);
		else
			options_dump(out, (enum dump_style)style);
		fclose(out);
		for (size_t i = 0; i < rows; i++) {
			if (style < 0)
				snprintf(word, sizeof word, "  --%s=%s  ",
				    table[i].name, table[i].values);
			else
				snprintf(word, sizeof word, marks[style],
				    table[i].name);
			CHECK(strstr(text, word) != NULL);
		}
		if (style < 0) {
			EQ_INT((int64_t)count_of(text, "\n"), (int64_t)rows);
			CHECK(count_of(text, "[" IMGFCGI_SOCKET "]\n") == 1);
			CHECK(strstr(text, " [jpg png webp gif avif]\n"));
			CHECK(strstr(text, "[]") == NULL);
		} else /* The manual must not depend on where it is built. */
			CHECK(strstr(text, IMGFCGI_SOCKET) == NULL);
		free(text);
		text = NULL;
	}
}

/* The manual's first page: six rows, and those alone. */
static void
first_page(void)
{
	static const char *const first[] = { "root", "socket", "key-file",
		"widths", "qualities", "formats" };
	char *text = NULL, word[64];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	options_dump_first(out, DUMP_MDOC);
	fclose(out);
	EQ_INT((int64_t)count_of(text, ".It "), 6);
	for (size_t i = 0; i < 6; i++) {
		snprintf(word, sizeof word, "\"\\&%s\"\n", first[i]);
		EQ_INT((int64_t)count_of(text, word), 1);
	}
	free(text);
}

int
main(void)
{
	config = config_new();
	table = options_table(&rows);
	if (!CHECK(config != NULL))
		return test_end("t_options");
	table_laws();
	coverage();
	boundaries();
	single_rows();
	places();
	open_default();
	derived_fits();
	printed();
	first_page();
	config_free(config);
	return test_end("t_options");
}
