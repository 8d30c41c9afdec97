/*
 * Laws over the whole parameter table: a new row is tested by being there.
 * What no law can say stands in t_params.c, one row a case.
 */
#include "url/params.h"

#include "test.h"

#define L __LINE__

static const char word_set[] = "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

/* Refusals must leave no trace; what is taken must be there and read back. */
static void
try_value(enum param p, const char *value, size_t len, bool good)
{
	const char *name = param_def(p)->name;
	struct params params = { 0 }, zero = { 0 };
	enum status st = param_set(&params, p, value, len);

	if (!test_check((st == STATUS_OK) == good, __FILE__, L, name))
		printf("\t%s=\"%.*s\" should be %s\n", name, (int)len, value,
		    good ? "taken" : "refused");
	if (st == STATUS_OK) {
		EQ_INT(params.set, PARAM_BIT(p));
		return;
	}
	EQ_INT(st, STATUS_BAD_PARAM);
	CHECK(memcmp(&params, &zero, sizeof zero) == 0);
}

static void
try_text(enum param p, const char *value, bool good)
{
	try_value(p, value, strlen(value), good);
}

/* The table's own shape. */

static bool
is_name(const char *s)
{
	return s[0] != '\0' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz") == strlen(s);
}

static void
law_rows(void)
{
	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = param_def((enum param)p);
		unsigned int flags = def->flags;

		if (!CHECK(def->name != NULL && is_name(def->name)))
			continue;
		if (p > 0)
			CHECK(strcmp(param_def((enum param)(p - 1))->name,
			          def->name) < 0);
		EQ_INT(param_find(def->name, strlen(def->name)), p);
		if (def->alias != NULL) {
			CHECK(is_name(def->alias));
			EQ_INT(param_find(def->alias, strlen(def->alias)), p);
		}
		CHECK(!((flags & PARAM_SEALED) &&
		    (flags & (PARAM_OPEN | PARAM_DROPPED))));
		CHECK(!((flags & PARAM_OPEN) && (flags & PARAM_DROPPED)));
		CHECK(!(flags & PARAM_LISTED) || def->kind == PARAM_KIND_INT);
		CHECK(def->values != NULL && def->values[0] != '\0');
		CHECK(def->byline != NULL && def->byline[0] != '\0');
		CHECK(def->text != NULL &&
		    def->text[strlen(def->text) - 1] == '.');
		CHECK(def->min <= def->max && def->min >= 0);
	}
	/* A set of parameters is a 32-bit word. */
	CHECK(PARAM_MAX <= 32);
}

/* DESIGN §3: who may stand in the clear. */
static void
law_flags(void)
{
	static const struct {
		int line;
		const char *name;
		unsigned int flags;
	} rows[] = {
		{ L, "w", PARAM_OPEN | PARAM_LISTED },
		{ L, "h", PARAM_OPEN | PARAM_LISTED },
		{ L, "q", PARAM_OPEN | PARAM_LISTED },
		{ L, "f", PARAM_OPEN },
		{ L, "fit", PARAM_OPEN },
		{ L, "g", PARAM_OPEN },
		{ L, "hash", PARAM_OPEN },
		{ L, "crop", 0 },
		{ L, "exp", PARAM_SEALED },
		{ L, "v", PARAM_DROPPED },
		{ L, "timestamp", PARAM_DROPPED },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum param p = param_find(rows[i].name, strlen(rows[i].name));

		if (CHECK_AT(rows[i].line, p != PARAM_MAX))
			EQ_INT_AT(rows[i].line, param_def(p)->flags,
			    rows[i].flags);
	}
}

static void
law_names(void)
{
	static const char *const strangers[] = { "", "W", "Width", "ww", "wi",
		"width", "has", "hashh", "Timestamp", " w", "w ", "w\n" };

	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
		EQ_INT(param_find(strangers[i], strlen(strangers[i])),
		    PARAM_MAX);
	EQ_INT(param_find("w\0", 2), PARAM_MAX);
	EQ_INT(param_find("\0", 1), PARAM_MAX);
	EQ_INT(param_find("wxyz", 1), PARAM_W);
	EQ_INT(param_find("fits", 3), PARAM_FIT);
}

/* Every byte of struct params but set and reserved has exactly one owner. */
static void
law_bytes(void)
{
	int owners[sizeof(struct params)] = { 0 };
	bool good = true;

	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = param_def((enum param)p);

		CHECK((def->size == 0) == (def->kind == PARAM_KIND_TOKEN));
		if (!CHECK(def->offset + def->size <= sizeof owners))
			continue;
		for (size_t i = 0; i < def->size; i++)
			owners[def->offset + i]++;
	}
	for (size_t i = 0; i < sizeof(uint32_t); i++) {
		owners[offsetof(struct params, set) + i]++;
		owners[offsetof(struct params, reserved) + i]++;
	}
	for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
		if (owners[i] != 1) {
			printf("\tbyte %zu has %d owners\n", i, owners[i]);
			good = false;
		}
	}
	CHECK(good);
}

/* Values, generated from the row. */

/* What no number may look like, whatever its bounds. */
static void
odd_numbers(enum param p, int64_t v)
{
	static const struct {
		const char *before, *after;
	} forms[] = { { "0", "" }, { "00", "" }, { "+", "" }, { "-", "" },
		{ " ", "" }, { "\t", "" }, { "0x", "" }, { "", " " },
		{ "", "\n" }, { "", ".0" }, { "", ",0" }, { "", "e0" },
		{ "", "px" }, { "", "%" }, { "", "&" }, { "", "=" },
		{ "", ";" } };
	char text[64];

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		snprintf(text, sizeof text, "%s%lld%s", forms[i].before,
		    (long long)v, forms[i].after);
		try_text(p, text, false);
	}
	snprintf(text, sizeof text, "%lld", (long long)v);
	try_value(p, text, strlen(text) + 1, false); /* a NUL at its end */
	try_text(p, "007", false);
	try_text(p, "", false);
	try_text(p, "NaN", false);
	try_text(p, "18446744073709551617", false);
	try_text(p, "99999999999999999999999999999999999999", false);
}

static void
try_number(enum param p, int64_t v, bool good)
{
	char text[32];

	snprintf(text, sizeof text, "%lld", (long long)v);
	try_text(p, text, good);
}

static void
bounds_number(enum param p, const struct param_def *def)
{
	int64_t middle = def->min + (def->max - def->min) / 2;

	try_number(p, def->min - 1, false);
	try_number(p, def->min, true);
	try_number(p, middle, true);
	try_number(p, def->max, true);
	try_number(p, def->max + 1, false);
	try_number(p, INT64_C(4294967296) + def->min,
	    def->max > INT64_C(4294967296));
	odd_numbers(p, middle);
	/* An absent field is 0: a given one must differ. */
	CHECK(def->min > 0);
}

static void
bounds_choice(enum param p, const struct param_def *def)
{
	int64_t count = 0;
	char text[64];

	for (; def->choices[count] != NULL; count++) {
		const char *word = def->choices[count];
		struct params params = { 0 };
		int32_t v;

		try_text(p, word, true);
		param_set(&params, p, word, strlen(word));
		memcpy(&v, (char *)&params + def->offset, sizeof v);
		EQ_INT(v, count);
		CHECK(is_name(word));
		CHECK(strstr(def->values, word) != NULL);
		snprintf(text, sizeof text, "%sx", word);
		try_text(p, text, false);
		try_value(p, word, strlen(word) + 1, false);
		try_value(p, word, strlen(word) - 1, false);
		snprintf(text, sizeof text, "%c%s", word[0] - 'a' + 'A',
		    word + 1);
		try_text(p, text, false);
	}
	EQ_INT(count, def->max + 1);
	try_text(p, "", false);
	try_text(p, "0", false);
	try_text(p, " ", false);
}

static void
bounds_format(enum param p)
{
	/* Formats that we read but never write have no place in a URL. */
	const uint32_t never = FORMAT_BIT(FORMAT_NONE) |
	    FORMAT_BIT(FORMAT_HEIC) | FORMAT_BIT(FORMAT_SVG);

	for (int f = 0; f < FORMAT_MAX; f++) {
		const struct format_def *def = format_def((enum format)f);
		bool good = !(never & FORMAT_BIT(f));

		try_text(p, def->name, good);
		if (def->alias != NULL)
			try_text(p, def->alias, good);
		if (good)
			CHECK(strstr(param_def(p)->values, def->name) != NULL);
	}
	try_text(p, "JPG", false);
	try_text(p, "jpgg", false);
	try_text(p, "image/webp", false);
	try_value(p, "jpg\0", 4, false);
}

static void
bounds_box(enum param p, const struct param_def *def)
{
	static const char *const odd[] = { "", "x", "x++", "1x1", "1x1+1",
		"1x1+1+", "1x1+1+1+1", "1x1+1+1 ", " 1x1+1+1", "1x1++1+1",
		"1x1+-1+1", "-1x1+1+1", "1X1+1+1", "1*1+1+1", "1,1,1,1",
		"1x1 1 1", "1x1%2B1%2B1", "01x1+1+1", "1x01+1+1", "1x1+01+1",
		"1x1+1+01", "x1+1+1", "1x+1+1", "1+1x1+1", "1x1+1x1",
		"1x1+1+1x" };
	char text[128], max[32], over[32];

	snprintf(max, sizeof max, "%lld", (long long)def->max);
	snprintf(over, sizeof over, "%lld", (long long)def->max + 1);
	for (int at = 0; at < 4; at++) {
		const struct {
			const char *value;
			bool good;
		} ends[] = {
			/* A box has a pixel; its corner may be the origin. */
			{ "0", at >= 2 },
			{ "1", true },
			{ max, true },
			{ over, false },
			{ "4294967297", false },
			{ "18446744073709551617", false },
		};

		for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
			const char *v[4] = { "1", "1", "0", "0" };

			v[at] = ends[i].value;
			snprintf(text, sizeof text, "%sx%s+%s+%s", v[0], v[1],
			    v[2], v[3]);
			try_text(p, text, ends[i].good);
		}
	}
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
		try_text(p, odd[i], false);
	try_value(p, "1x1+1+1\0", 8, false);
	try_value(p, "1x1+1+12", 7, true);
}

static void
bounds_word(enum param p, const struct param_def *def)
{
	char text[256];

	memset(text, 'a', sizeof text);
	for (int64_t n = 0; n <= def->max + 2; n++)
		try_value(p, text, (size_t)n, n >= def->min && n <= def->max);
	try_value(p, text, sizeof text, false);
	EQ_INT(def->max, (int64_t)def->size);
	for (int c = 0; c < 256; c++) {
		bool good = c != 0 && strchr(word_set, c) != NULL;

		for (int at = 0; at < 3; at++) {
			memset(text, 'a', 3);
			text[at] = (char)c;
			try_value(p, text, 3, good);
		}
	}
}

static void
law_bounds(void)
{
	for (int i = 0; i < PARAM_MAX; i++) {
		enum param p = (enum param)i;
		const struct param_def *def = param_def(p);

		switch (def->kind) {
		case PARAM_KIND_INT:
		case PARAM_KIND_TIME:
			bounds_number(p, def);
			break;
		case PARAM_KIND_CHOICE:
			bounds_choice(p, def);
			break;
		case PARAM_KIND_FORMAT:
			bounds_format(p);
			break;
		case PARAM_KIND_BOX:
			bounds_box(p, def);
			break;
		case PARAM_KIND_WORD:
			bounds_word(p, def);
			break;
		case PARAM_KIND_TOKEN:
			try_text(p, "abc", false);
			try_text(p, "", false);
			break;
		}
	}
}

int
main(void)
{
	law_rows();
	law_flags();
	law_names();
	law_bytes();
	law_bounds();
	return test_end("t_params_laws");
}
