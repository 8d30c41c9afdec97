#include "serve/config.h"

#include <stdlib.h>

#include "serve/options.h"
#include "test.h"

static bool
parse(struct config *config, const char *text, const char *const *words,
    struct why *why)
{
	return config_parse(config, "f", text, words, why);
}

static uint64_t state = 1;

static uint32_t
dice(uint32_t sides)
{
	state = state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % sides;
}

/* Some words of a list, none to all of them. */
static void
draw_words(struct buf *out, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (dice(3) == 0)
			buf_printf(out, " %s", *list);
	}
}

/* A value that this option takes, its bounds more often than chance. */
static void
draw_value(const struct option_def *def, struct buf *out)
{
	static const char *const formats[] = { "svg", "jpg", "heic", "png",
		"auto", "tiff", NULL };
	static const char *const names[] = { "w", "crop", "v", "hash", "g",
		NULL };
	static const char *const numbers[] = { "5", "75", "100", "1", "42",
		NULL };
	static const char *const texts[] = { "", "/a", "/b c", "/#=[x]",
		"/\xc3\xa4", "/=" };
	int64_t v = def->min, span = def->max - def->min;

	switch (def->kind) {
	case OPTION_TEXT:
		buf_str(out, texts[dice(6)]);
		return;
	case OPTION_BOOL:
	case OPTION_CHOICE:
		buf_str(out, def->choices[dice(2)]);
		return;
	case OPTION_LIST:
		draw_words(out, numbers);
		return;
	case OPTION_FORMATS:
		draw_words(out, formats);
		return;
	case OPTION_PARAMS:
		draw_words(out, names);
		return;
	default:
		break;
	}
	if (dice(3) == 0)
		v = def->max;
	else if (dice(2) == 0)
		v += (int64_t)(dice(1000000) % (span + 1));
	if (def->kind == OPTION_OCTAL)
		buf_printf(out, "%04o", (unsigned int)v);
	else
		buf_printf(out, "%lld%s", (long long)v,
		    def->kind == OPTION_DURATION ? "ms" : "");
}

/* Set about one option in so many; a value out of its bounds is no matter. */
static void
draw_options(struct config *config, struct site *site, bool sites_only,
    uint32_t sides)
{
	size_t count;
	const struct option_def *table = options_table(&count);

	for (size_t i = 0; i < count; i++) {
		struct buf value;

		if (dice(sides) != 0 ||
		    (sites_only && !(table[i].flags & OPTION_SITE)))
			continue;
		buf_init(&value, 256);
		draw_value(&table[i], &value);
		option_set(&table[i], config, site, buf_cstr(&value), NULL);
		buf_free(&value);
	}
}

static struct config *
draw_config(void)
{
	struct config *config = config_new();
	uint32_t sides = 1 + dice(8);

	draw_options(config, &config->site[0], false, sides);
	config->sites = 1 + dice(5);
	for (uint32_t i = 1; i < config->sites; i++) {
		config->site[i] = config->site[0];
		snprintf(config->site[i].name, CONFIG_NAME_MAX, "s%u", i);
		draw_options(config, &config->site[i], true, sides);
	}
	return config;
}

/* The first option that is not the same, bytewise; NULL if all are. */
static const char *
difference(const struct config *a, const struct config *b)
{
	size_t count;
	const struct option_def *table = options_table(&count);

	if (a->sites != b->sites)
		return "sites";
	for (uint32_t s = 0; s < a->sites; s++) {
		if (strcmp(a->site[s].name, b->site[s].name) != 0)
			return "name";
		for (size_t i = 0; i < count; i++) {
			bool site = table[i].flags & OPTION_SITE;
			const char *x =
			    site ? (const char *)&a->site[s] : (const char *)a;
			const char *y =
			    site ? (const char *)&b->site[s] : (const char *)b;

			if (memcmp(x + table[i].offset, y + table[i].offset,
			        table[i].size) != 0)
				return table[i].name;
		}
	}
	return NULL;
}

/* parse(format(c)) is c, and format says it the same way again. */
static void
round_trip(void)
{
	for (int n = 0; n < 1500; n++) {
		struct config *config = draw_config(), *again = config_new();
		struct buf text, twice;
		struct why why = { "" };
		const char *differs;

		buf_init(&text, CONFIG_TEXT_MAX);
		buf_init(&twice, CONFIG_TEXT_MAX);
		config_format(config, &text);
		CHECK(buf_ok(&text));
		CHECK(parse(again, buf_cstr(&text), NULL, &why));
		EQ_STR(why.text, "");
		differs = difference(config, again);
		if (!CHECK(differs == NULL))
			printf("\t%s\n%s", differs, buf_cstr(&text));
		config_format(again, &twice);
		EQ_STR(buf_cstr(&twice), buf_cstr(&text));
		buf_free(&text);
		buf_free(&twice);
		config_free(config);
		config_free(again);
	}
}

/* Only what differs is said, and an empty value is said too. */
static void
format_short(void)
{
	static const char text[] = "root = /a\nwidths =\nlog = /b\n"
	                           "[site x]\nroot =\nfresh = 1m\n"
	                           "[site y]\n";
	struct config *config = config_new();
	struct buf out;

	buf_init(&out, CONFIG_TEXT_MAX);
	config_format(config, &out);
	EQ_STR(buf_cstr(&out), "");
	CHECK(parse(config,
	    "log = /b\nwidths = ,\nqueue = 400\nroot = /a\n"
	    "[site x]\nfresh = 60\nroot =\n[site y]\nroot = /a\n",
	    NULL, NULL));
	config_format(config, &out);
	EQ_STR(buf_cstr(&out), text);
	buf_free(&out);
	/* No room: said, not cut. */
	buf_init(&out, 20);
	config_format(config, &out);
	CHECK(!buf_ok(&out));
	buf_free(&out);
	config_free(config);
}

/* Whatever bytes a file has: an answer, one line, nothing overrun. */
static void
noise(void)
{
	static const char *const bits[] = { "root", "=", " ", "\n", "[", "]",
		"site ", "a", "#", "\r", "queue", "5", "\t", "\xff", "open",
		"\n[site a]\n" };

	for (int n = 0; n < 3000; n++) {
		struct config *config = config_new();
		struct why why = { "" };
		struct buf text;
		bool ok;

		buf_init(&text, 4096);
		for (uint32_t i = dice(24); i > 0; i--)
			buf_str(&text, bits[dice(16)]);
		ok = parse(config, buf_cstr(&text), NULL, &why);
		CHECK(ok == (why.text[0] == '\0'));
		CHECK(strpbrk(why.text, "\n\r\t") == NULL);
		if (!ok)
			CHECK(strncmp(why.text, "f:", 2) == 0);
		buf_free(&text);
		config_free(config);
	}
}

int
main(void)
{
	round_trip();
	format_short();
	noise();
	return test_end("t_config_laws");
}
