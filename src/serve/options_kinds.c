#include "serve/options.h"

#include <string.h>

#include "base/format.h"
#include "base/num.h"
#include "url/params.h"

/* One kind's way from text to field; a refused text changes nothing. */

static bool
read_text(const struct option_def *def, const char *s, char *field,
    struct why *why)
{
	size_t len = strlen(s);

	if (len < (size_t)def->min) {
		why_set(why, "must not be empty");
		return false;
	}
	if (len > (size_t)def->max) {
		why_set(why, "longer than %d bytes", (int)def->max);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f) {
			why_set(why, "a control character");
			return false;
		}
	}
	/* The file format could not give them back. */
	if (len > 0 && (s[0] == ' ' || s[len - 1] == ' ')) {
		why_set(why, "a blank at the beginning or the end");
		return false;
	}
	if ((def->flags & OPTION_PREFIX) && len > 0 &&
	    (s[0] != '/' || s[len - 1] == '/' || strstr(s, "//") != NULL)) {
		why_set(why,
		    "'%.64s' does not begin with one / and end without", s);
		return false;
	}
	memset(field, 0, def->size);
	memcpy(field, s, len);
	return true;
}

static bool
read_octal(const char *s, int64_t *value)
{
	size_t len = strlen(s);
	int64_t v = 0;

	if (len < 3 || len > 4 || strspn(s, "01234567") != len)
		return false;
	for (; *s != '\0'; s++)
		v = v * 8 + (*s - '0');
	*value = v;
	return true;
}

/* A number in a kind's own spelling, and back. */
static bool
read_number(enum option_kind kind, const char *s, int64_t *value)
{
	size_t len = strlen(s);

	switch (kind) {
	case OPTION_OCTAL:
		return read_octal(s, value);
	case OPTION_SIZE:
		return num_parse_size(s, len, value);
	case OPTION_COUNT:
		return num_parse_count(s, len, value);
	case OPTION_DURATION:
		return num_parse_duration(s, len, value);
	default:
		return num_parse(s, len, 0, INT64_MAX, value);
	}
}

static void
write_number(enum option_kind kind, char text[NUM_TEXT_MAX], int64_t v)
{
	switch (kind) {
	case OPTION_OCTAL:
		snprintf(text, NUM_TEXT_MAX, "%04o", (unsigned int)v);
		break;
	case OPTION_SIZE:
		num_format_size(text, v);
		break;
	case OPTION_COUNT:
		num_format_count(text, v);
		break;
	case OPTION_DURATION:
		num_format_duration(text, v);
		break;
	default:
		snprintf(text, NUM_TEXT_MAX, "%lld", (long long)v);
		break;
	}
}

static bool
set_number(const struct option_def *def, const char *s, void *field,
    struct why *why)
{
	char min[NUM_TEXT_MAX], max[NUM_TEXT_MAX];
	int64_t v;
	int32_t small;

	if (!read_number(def->kind, s, &v) || v < def->min || v > def->max) {
		write_number(def->kind, min, def->min);
		write_number(def->kind, max, def->max);
		why_set(why, "'%.64s' is no %s from %s to %s", s,
		    def->kind == OPTION_DURATION ? "time" : "number", min, max);
		return false;
	}
	small = (int32_t)v;
	if (def->size == sizeof v)
		memcpy(field, &v, sizeof v);
	else
		memcpy(field, &small, sizeof small);
	return true;
}

static bool
set_choice(const struct option_def *def, const char *s, void *field,
    struct why *why)
{
	for (int32_t i = 0; def->choices[i] != NULL; i++) {
		bool yes = i == 1;

		if (strcmp(def->choices[i], s) != 0)
			continue;
		if (def->kind == OPTION_BOOL)
			memcpy(field, &yes, sizeof yes);
		else
			memcpy(field, &i, sizeof i);
		return true;
	}
	why_set(why, "'%.64s' is not one of %s", s, def->values);
	return false;
}

static bool
set_list(const struct option_def *def, const char *s, void *field,
    struct why *why)
{
	struct policy_list list;

	if (!policy_list_parse(&list, s, why))
		return false;
	for (int32_t i = 0; i < list.count; i++) {
		if (list.value[i] < def->min || list.value[i] > def->max) {
			why_set(why, "%d is not within %d and %d",
			    (int)list.value[i], (int)def->min, (int)def->max);
			return false;
		}
	}
	memcpy(field, &list, sizeof list);
	return true;
}

/* The bit of one word; 0 for a word that this option does not take. */
static uint32_t
find_bit(const struct option_def *def, const char *s, size_t len)
{
	enum param p;

	if (def->kind == OPTION_FORMATS)
		return FORMAT_BIT(format_find(s, len)) & (uint32_t)def->max;
	p = param_find(s, len);
	if (p == PARAM_MAX || (param_def(p)->flags & PARAM_SEALED))
		return 0;
	return PARAM_BIT(p);
}

static bool
set_bits(const struct option_def *def, const char *s, void *field,
    struct why *why)
{
	static const char blanks[] = " \t,";
	uint32_t bits = 0;

	/* A token is sealed; without it nothing at all could be asked. */
	if (def->kind == OPTION_PARAMS)
		bits = PARAM_BIT(PARAM_HASH);
	for (s += strspn(s, blanks); *s != '\0'; s += strspn(s, blanks)) {
		size_t len = strcspn(s, blanks);
		uint32_t bit = find_bit(def, s, len);

		if (bit == 0) {
			why_set(why, "'%.*s' is no %s that may stand here",
			    (int)(len > 64 ? 64 : len), s,
			    def->kind == OPTION_FORMATS ? "format"
			                                : "parameter");
			return false;
		}
		bits |= bit;
		s += len;
	}
	if (bits == 0 && def->min > 0) {
		why_set(why, "must not be empty");
		return false;
	}
	memcpy(field, &bits, sizeof bits);
	return true;
}

bool
option_set(const struct option_def *def, struct config *config,
    struct site *site, const char *value, struct why *why)
{
	char *base = def->flags & OPTION_SITE ? (char *)site : (char *)config;
	char *field = base + def->offset;

	switch (def->kind) {
	case OPTION_TEXT:
		return read_text(def, value, field, why);
	case OPTION_BOOL:
	case OPTION_CHOICE:
		return set_choice(def, value, field, why);
	case OPTION_LIST:
		return set_list(def, value, field, why);
	case OPTION_FORMATS:
	case OPTION_PARAMS:
		return set_bits(def, value, field, why);
	default:
		return set_number(def, value, field, why);
	}
}

static void
put_bits(const struct option_def *def, const char *field, struct buf *out)
{
	bool formats = def->kind == OPTION_FORMATS;
	const char *separator = "";
	uint32_t bits;

	memcpy(&bits, field, sizeof bits);
	for (int i = 0; i < (formats ? (int)FORMAT_MAX : (int)PARAM_MAX); i++) {
		if (!(bits & (UINT32_C(1) << i)))
			continue;
		buf_printf(out, "%s%s", separator,
		    formats ? format_def((enum format)i)->name
		            : param_def((enum param)i)->name);
		separator = " ";
	}
}

static void
put_number(const struct option_def *def, const char *field, struct buf *out)
{
	char text[NUM_TEXT_MAX];
	int32_t small;
	int64_t v;

	memcpy(&small, field, sizeof small);
	v = small;
	if (def->size == sizeof v)
		memcpy(&v, field, sizeof v);
	if (def->kind == OPTION_CHOICE)
		buf_str(out, def->choices[small]);
	else {
		write_number(def->kind, text, v);
		buf_str(out, text);
	}
}

void
option_format(const struct option_def *def, const struct config *config,
    const struct site *site, struct buf *out)
{
	const char *base = def->flags & OPTION_SITE ? (const char *)site
	                                            : (const char *)config;
	const char *field = base + def->offset;

	switch (def->kind) {
	case OPTION_TEXT:
		buf_str(out, field);
		break;
	case OPTION_BOOL:
		buf_str(out, def->choices[*(const bool *)field]);
		break;
	case OPTION_LIST:
		policy_list_format((const struct policy_list *)field, out);
		break;
	case OPTION_FORMATS:
	case OPTION_PARAMS:
		put_bits(def, field, out);
		break;
	default:
		put_number(def, field, out);
		break;
	}
}
