#include "serve/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/options.h"

#define ROWS_MAX      96 /* of the options table */
#define LINE_TEXT_MAX 2048
#define PLACE_MAX     96 /* bytes of a file's name in a message */
#define FETCH_WAITING 4  /* for each fetch */

static const char blanks[] = " \t";
static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789._-";

/* Where the reader of a file stands. */
struct reader {
	struct config *config;
	struct site *site;
	const char *name;
	struct why *why;
	unsigned int line;
	unsigned int given[ROWS_MAX]; /* line of the option in this section */
};

struct config *
config_new(void)
{
	struct config *config = calloc(1, sizeof *config);
	size_t count;
	const struct option_def *table = options_table(&count);

	if (config == NULL)
		return NULL;
	config->sites = 1;
	for (size_t i = 0; i < count; i++) {
		if (!option_set(&table[i], config, &config->site[0],
		        table[i].fallback, NULL)) {
			free(config);
			return NULL;
		}
	}
	return config;
}

void
config_free(struct config *config)
{
	free(config);
}

/* A message is one line, whatever words it quotes. */
static void
clean_line(struct why *why)
{
	if (why == NULL)
		return;
	for (char *s = why->text; *s != '\0'; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
	}
}

/* The name of a file, or the end of it that leaves room for the message. */
static const char *
file_name(const char *name)
{
	size_t len = strlen(name);

	return len > PLACE_MAX ? name + len - PLACE_MAX : name;
}

static bool refuse(struct reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Always false. */
static bool
refuse(struct reader *r, const char *format, ...)
{
	struct why detail;
	va_list ap;

	va_start(ap, format);
	vsnprintf(detail.text, sizeof detail.text, format, ap);
	va_end(ap);
	why_set(r->why, "%s:%u: %s", file_name(r->name), r->line, detail.text);
	clean_line(r->why);
	return false;
}

static void
trim(const char **s, size_t *len)
{
	while (*len > 0 && strchr(blanks, **s) != NULL) {
		++*s;
		--*len;
	}
	while (*len > 0 && strchr(blanks, (*s)[*len - 1]) != NULL)
		--*len;
}

/* What stands behind "site" in the brackets of a section. */
static bool
section_name(const char **s, size_t *len)
{
	if (*len < 2 || (*s)[*len - 1] != ']')
		return false;
	++*s;
	*len -= 2;
	trim(s, len);
	if (*len < 5 || memcmp(*s, "site", 4) != 0 ||
	    strchr(blanks, (*s)[4]) == NULL)
		return false;
	*s += 4;
	*len -= 4;
	trim(s, len);
	return *len > 0;
}

static bool
read_section(struct reader *r, const char *s, size_t len)
{
	struct config *config = r->config;
	char name[CONFIG_NAME_MAX] = "";

	if (!section_name(&s, &len))
		return refuse(r, "a section is written [site NAME]");
	for (size_t i = 0; i < len; i++) {
		if (strchr(name_bytes, s[i]) == NULL)
			return refuse(r,
			    "a site's name has letters, digits, . _ and - "
			    "only");
	}
	if (len >= sizeof name)
		return refuse(r, "a site's name has at most %d bytes",
		    CONFIG_NAME_MAX - 1);
	memcpy(name, s, len);
	if (config_site(config, name) != NULL)
		return refuse(r, "there is a site %s already", name);
	if (config->sites == CONFIG_SITES_MAX)
		return refuse(r, "more than %d sites", CONFIG_SITES_MAX - 1);
	r->site = &config->site[config->sites++];
	*r->site = config->site[0];
	memcpy(r->site->name, name, sizeof name);
	memset(r->given, 0, sizeof r->given);
	return true;
}

/* The words of a line that are no option, for a message. */
static bool
refuse_unknown(struct reader *r, const char *s, size_t len)
{
	char word[40];
	size_t n = len < sizeof word ? len : sizeof word - 1;

	/* Also the bytes that an editor hides, such as a byte order mark. */
	for (size_t i = 0; i < n; i++)
		word[i] = (char)(s[i] > ' ' && s[i] < 0x7f ? s[i] : '?');
	word[n] = '\0';
	return refuse(r, "no such option: %s", word);
}

static bool
read_option(struct reader *r, const char *s, size_t len)
{
	const char *eq = memchr(s, '=', len), *name = s;
	const struct option_def *def;
	char value[LINE_TEXT_MAX + 1];
	size_t name_len, row, count;
	struct why detail = { "" };

	if (eq == NULL)
		return refuse(r, "a line is written OPTION = VALUE");
	name_len = (size_t)(eq - s);
	trim(&name, &name_len);
	if (name_len == 0)
		return refuse(r, "no option's name before =");
	def = option_find(name, name_len);
	if (def == NULL)
		return refuse_unknown(r, name, name_len);
	if (!(def->flags & OPTION_SITE) && r->site != &r->config->site[0])
		return refuse(r, "%s is not a site's: put it above [site %s]",
		    def->name, r->config->site[1].name);
	row = (size_t)(def - options_table(&count));
	if (r->given[row] != 0)
		return refuse(r, "%s is given twice, first on line %u",
		    def->name, r->given[row]);
	r->given[row] = r->line;
	len -= (size_t)(++eq - s);
	trim(&eq, &len);
	memcpy(value, eq, len);
	value[len] = '\0';
	if (!option_set(def, r->config, r->site, value, &detail))
		return refuse(r, "%s: %s", def->name, detail.text);
	return true;
}

/* One word of the command line; later ones win over earlier ones. */
static bool
apply_override(struct config *config, const char *word, struct why *why)
{
	size_t len = strcspn(word, "=");
	const struct option_def *def = option_find(word, len);
	int shown = (int)(len > 40 ? 40 : len);
	struct why detail = { "" };

	if (def == NULL)
		why_set(&detail, "no such option");
	else if (word[len] == '\0')
		why_set(&detail, "needs a value: --%s=%s", def->name,
		    def->values);
	else if (option_set(def, config, &config->site[0], word + len + 1,
	             &detail))
		return true;
	why_set(why, "--%.*s: %s", shown, word, detail.text);
	clean_line(why);
	return false;
}

static bool
apply_overrides(struct config *config, const char *const *words,
    struct why *why)
{
	for (; words != NULL && *words != NULL; words++) {
		if (!apply_override(config, *words, why))
			return false;
	}
	return true;
}

bool
config_parse(struct config *config, const char *name, const char *text,
    const char *const *overrides, struct why *why)
{
	struct reader r = { config, &config->site[0], name, why, 0, { 0 } };
	bool top = true;

	if (strlen(text) > CONFIG_TEXT_MAX) {
		why_set(why, "%s: longer than %d bytes", file_name(name),
		    CONFIG_TEXT_MAX);
		clean_line(why);
		return false;
	}
	while (*text != '\0') {
		size_t all = strcspn(text, "\n"), len = all;
		const char *s = text;

		r.line++;
		if (len > LINE_TEXT_MAX)
			return refuse(&r, "a line longer than %d bytes",
			    LINE_TEXT_MAX);
		if (len > 0 && s[len - 1] == '\r')
			return refuse(&r,
			    "the line ends with a carriage return: save the "
			    "file with Unix line ends");
		trim(&s, &len);
		if (len > 0 && *s == '[') {
			if (top && !apply_overrides(config, overrides, why))
				return false;
			top = false;
			if (!read_section(&r, s, len))
				return false;
		} else if (len > 0 && *s != '#' && !read_option(&r, s, len))
			return false;
		text += all + (text[all] == '\n');
	}
	return !top || apply_overrides(config, overrides, why);
}

/* The whole file as one string; NULL with the reason. */
static char *
read_file(const char *path, struct why *why)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len = 0, line = 1;

	if (file != NULL && (text = malloc(CONFIG_TEXT_MAX + 2)) != NULL)
		len = fread(text, 1, CONFIG_TEXT_MAX + 1, file);
	if (text == NULL || ferror(file)) {
		why_set(why, "%s: cannot be read: %s", file_name(path),
		    strerror(errno));
		goto bad;
	}
	if (len > CONFIG_TEXT_MAX) {
		why_set(why, "%s: longer than %d bytes", file_name(path),
		    CONFIG_TEXT_MAX);
		goto bad;
	}
	text[len] = '\0';
	if (strlen(text) != len) {
		for (const char *s = text; *s != '\0'; s++)
			line += *s == '\n';
		why_set(why, "%s:%zu: a NUL byte", file_name(path), line);
		goto bad;
	}
	fclose(file);
	return text;
bad:
	clean_line(why);
	if (file != NULL)
		fclose(file);
	free(text);
	return NULL;
}

bool
config_load(struct config *config, const char *path,
    const char *const *overrides, struct why *why)
{
	char *text;
	bool ok;

	if (path == NULL)
		return apply_overrides(config, overrides, why);
	text = read_file(path, why);
	if (text == NULL)
		return false;
	ok = config_parse(config, path, text, overrides, why);
	free(text);
	return ok;
}

/* One part of the file: every option that differs from what it starts as. */
static void
format_part(const struct config *config, const struct site *site,
    const struct config *was, const struct site *site_was, struct buf *out)
{
	size_t count;
	const struct option_def *table = options_table(&count);

	for (size_t i = 0; i < count; i++) {
		bool sites = table[i].flags & OPTION_SITE;
		const char *now =
		    sites ? (const char *)site : (const char *)config;
		const char *then =
		    sites ? (const char *)site_was : (const char *)was;
		size_t len;

		if (memcmp(now + table[i].offset, then + table[i].offset,
		        table[i].size) == 0)
			continue;
		buf_printf(out, "%s = ", table[i].name);
		len = out->len;
		option_format(&table[i], config, site, out);
		if (out->len == len && buf_ok(out))
			out->data[--out->len] = '\0';
		buf_char(out, '\n');
	}
}

void
config_format(const struct config *config, struct buf *out)
{
	struct config *fresh = config_new();

	if (fresh == NULL) {
		out->failed = true;
		return;
	}
	format_part(config, &config->site[0], fresh, &fresh->site[0], out);
	config_free(fresh);
	for (uint32_t i = 1; i < config->sites; i++) {
		buf_printf(out, "[site %s]\n", config->site[i].name);
		format_part(config, &config->site[i], config, &config->site[0],
		    out);
	}
}

uint32_t
config_inputs(const struct config *config)
{
	uint32_t inputs = 0;

	for (uint32_t i = 0; i < config->sites; i++)
		inputs |= config->site[i].inputs;
	return inputs;
}

bool
config_serves(const struct site *site)
{
	return *site->root != '\0' || *site->origin != '\0';
}

bool
config_fetches(const struct config *config)
{
	for (uint32_t i = 0; i < config->sites; i++) {
		if (config->site[i].origin[0] != '\0')
			return true;
	}
	return false;
}

int32_t
config_fetchers(const struct site *site)
{
	return *site->origin != '\0' ? site->fetches * (1 + FETCH_WAITING) : 0;
}

const struct site *
config_site(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->sites; i++) {
		if (strcmp(config->site[i].name, name) == 0)
			return &config->site[i];
	}
	return NULL;
}
