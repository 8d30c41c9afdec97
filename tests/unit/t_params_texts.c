/*
 * Laws of canonical text, tried on parameters generated from the table:
 * what is printed is read back the same, whatever order it came in.
 */
#include "url/params.h"

#include "test.h"

static const char word_set[] = "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

static uint64_t seed = 88172645463325252;

static uint32_t
any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % below;
}

static int64_t
any_number(int64_t min, int64_t max)
{
	int64_t wide = (int64_t)any(UINT32_C(1) << 31) << 20 | any(1 << 20);

	switch (any(4)) {
	case 0:
		return min;
	case 1:
		return max;
	default:
		return min + wide % (max - min + 1);
	}
}

/* A good value for the row, by its kind. */
static void
any_value(const struct param_def *def, char text[64])
{
	enum format f;
	int64_t n;

	switch (def->kind) {
	case PARAM_KIND_INT:
	case PARAM_KIND_TIME:
		snprintf(text, 64, "%lld",
		    (long long)any_number(def->min, def->max));
		break;
	case PARAM_KIND_CHOICE:
		snprintf(text, 64, "%s", def->choices[any_number(0, def->max)]);
		break;
	case PARAM_KIND_FORMAT:
		do
			f = (enum format)any_number(1, FORMAT_MAX - 1);
		while (f == FORMAT_HEIC || f == FORMAT_SVG);
		snprintf(text, 64, "%s", format_def(f)->name);
		break;
	case PARAM_KIND_BOX:
		snprintf(text, 64, "%lldx%lld+%lld+%lld",
		    (long long)any_number(1, def->max),
		    (long long)any_number(1, def->max),
		    (long long)any_number(0, def->max),
		    (long long)any_number(0, def->max));
		break;
	case PARAM_KIND_WORD:
		n = any_number(def->min, def->max);
		for (int64_t i = 0; i < n; i++)
			text[i] = word_set[any(sizeof word_set - 1)];
		text[n] = '\0';
		break;
	case PARAM_KIND_TOKEN:
		text[0] = '\0';
		break;
	}
}

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

/* A random subset of the table as "name=value" pairs, in random order. */
static int
any_pairs(char pairs[PARAM_MAX][96])
{
	int count = 0;

	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = param_def((enum param)p);
		char value[64];

		if (def->kind == PARAM_KIND_TOKEN || any(2) == 0)
			continue;
		any_value(def, value);
		snprintf(pairs[count++], 96, "%s=%s",
		    def->alias != NULL && any(2) ? def->alias : def->name,
		    value);
	}
	return count;
}

static void
join(char pairs[PARAM_MAX][96], int count, char *text)
{
	*text = '\0';
	for (int i = count - 1; i > 0; i--) {
		int k = (int)any((uint32_t)i + 1);
		char swap[96];

		memcpy(swap, pairs[i], sizeof swap);
		memcpy(pairs[i], pairs[k], sizeof swap);
		memcpy(pairs[k], swap, sizeof swap);
	}
	for (int i = 0; i < count; i++) {
		size_t len = strlen(pairs[i]);

		if (i > 0)
			*text++ = '&';
		memcpy(text, pairs[i], len + 1);
		text += len;
	}
}

static enum status
parse(struct query *q, const char *text, unsigned int flags)
{
	return params_parse(q, text, strlen(text), flags, NULL);
}

/*
 * parse(format(x)) == x, format(parse(s)) is a fixed point, the order of
 * the pairs never shows, and aliases are never printed.
 */
static void
law_round_trip(void)
{
	for (int i = 0; i < 5000; i++) {
		char pairs[PARAM_MAX][96] = { { 0 } };
		char text[PARAM_MAX * 96], shuffled[PARAM_MAX * 96];
		char one[PARAMS_TEXT_MAX + 1], two[PARAMS_TEXT_MAX + 1];
		struct query a, b, again;
		int count = any_pairs(pairs);

		join(pairs, count, text);
		join(pairs, count, shuffled);
		if (!CHECK(parse(&a, text, PARAMS_SEALED_TEXT) == STATUS_OK)) {
			printf("\t%s\n", text);
			continue;
		}
		CHECK(parse(&b, shuffled, PARAMS_SEALED_TEXT) == STATUS_OK);
		CHECK(memcmp(&a.params, &b.params, sizeof a.params) == 0);
		format_text(&a.params, one);
		CHECK(strstr(one, "timestamp") == NULL);
		CHECK(parse(&again, one, PARAMS_SEALED_TEXT) == STATUS_OK);
		CHECK(memcmp(&a.params, &again.params, sizeof a.params) == 0);

		params_normalise(&a.params);
		format_text(&a.params, one);
		CHECK(parse(&again, one, PARAMS_SEALED_TEXT) == STATUS_OK);
		CHECK(memcmp(&a.params, &again.params, sizeof a.params) == 0);
		params_normalise(&again.params);
		format_text(&again.params, two);
		EQ_STR(two, one);
		EQ_INT(a.params.reserved, 0);
	}
}

/* The longest text there is fits where it is said to fit. */
static void
law_longest(void)
{
	struct params params = { 0 };
	char text[PARAMS_TEXT_MAX + 1];
	size_t len;

	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = param_def((enum param)p);
		char value[64] = "", best[64] = "";

		for (int i = 0; i < 2000; i++) {
			any_value(def, value);
			if (strlen(value) > strlen(best))
				memcpy(best, value, sizeof best);
		}
		if (def->kind != PARAM_KIND_TOKEN)
			CHECK(param_set(&params, (enum param)p, best,
			          strlen(best)) == STATUS_OK);
	}
	format_text(&params, text);
	len = strlen(text);
	CHECK(len > 100 && len < PARAMS_TEXT_MAX / 2);
}

static void
law_choices_print(void)
{
	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = param_def((enum param)p);

		if (def->kind != PARAM_KIND_CHOICE)
			continue;
		for (int i = 0; def->choices[i] != NULL; i++) {
			char text[PARAMS_TEXT_MAX + 1], want[96];
			struct query q;

			snprintf(want, sizeof want, "%s=%s", def->name,
			    def->choices[i]);
			EQ_INT(parse(&q, want, 0), STATUS_OK);
			format_text(&q.params, text);
			EQ_STR(text, want);
		}
	}
}

/* One parameter absent again is as if it had never been. */
static void
law_drop_and_merge(void)
{
	for (int i = 0; i < 500; i++) {
		char pairs[PARAM_MAX][96] = { { 0 } };
		char text[PARAM_MAX * 96];
		struct query q;
		struct params whole, rest, zero = { 0 };

		join(pairs, any_pairs(pairs), text);
		EQ_INT(parse(&q, text, PARAMS_SEALED_TEXT), STATUS_OK);
		whole = rest = q.params;
		for (int p = 0; p < PARAM_MAX; p++)
			params_drop(&rest, (enum param)p);
		CHECK(memcmp(&rest, &zero, sizeof zero) == 0);
		params_merge(&rest, &whole);
		CHECK(memcmp(&rest, &whole, sizeof whole) == 0);
		params_merge(&rest, &zero);
		CHECK(memcmp(&rest, &whole, sizeof whole) == 0);
	}
}

/* For every row: twice is refused, by alias too, empty or not. */
static void
law_repeats(void)
{
	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = param_def((enum param)p);
		bool token = def->kind == PARAM_KIND_TOKEN;
		const char *second =
		    def->alias != NULL ? def->alias : def->name;
		char value[64] = "AAAA", text[256];
		struct query q;

		if (!token)
			any_value(def, value);
		for (unsigned int flags = 0; flags < 4; flags++) {
			bool refused = token && (flags & PARAMS_SEALED_TEXT);

			snprintf(text, sizeof text, "%s=%s", def->name, value);
			EQ_INT(parse(&q, text, flags),
			    refused ? STATUS_BAD_PARAM : STATUS_OK);
			if (!refused)
				CHECK((q.token != NULL) == token);
			snprintf(text, sizeof text, "%s=%s&%s=%s", def->name,
			    value, second, value);
			EQ_INT(parse(&q, text, flags), STATUS_BAD_PARAM);
			snprintf(text, sizeof text, "%s=&%s=%s", def->name,
			    second, value);
			EQ_INT(parse(&q, text, flags), STATUS_BAD_PARAM);
			snprintf(text, sizeof text, "%s=%s&x=1&%s", second,
			    value, def->name);
			EQ_INT(parse(&q, text, flags), STATUS_BAD_PARAM);
		}
	}
}

int
main(void)
{
	law_round_trip();
	law_longest();
	law_choices_print();
	law_drop_and_merge();
	law_repeats();
	return test_end("t_params_texts");
}
