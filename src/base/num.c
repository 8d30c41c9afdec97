#include "base/num.h"

#include <stdio.h>
#include <string.h>

struct unit {
	const char *suffix;
	int64_t factor;
};

/* Largest first, so that the first that divides a value is its shortest. */
static const struct unit size_units[] = {
	{ "G", INT64_C(1) << 30 },
	{ "M", INT64_C(1) << 20 },
	{ "K", INT64_C(1) << 10 },
	{ "", 1 },
	{ NULL, 0 },
};
static const struct unit count_units[] = {
	{ "G", 1000000000 },
	{ "M", 1000000 },
	{ "k", 1000 },
	{ "", 1 },
	{ NULL, 0 },
};
static const struct unit duration_units[] = {
	{ "d", 86400000 },
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
	{ "", 1000 },
	{ NULL, 0 },
};

bool
num_parse(const char *s, size_t len, int64_t min, int64_t max, int64_t *value)
{
	int64_t v = 0;

	if (len == 0 || (s[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		if (v > (INT64_MAX - (s[i] - '0')) / 10)
			return false;
		v = v * 10 + (s[i] - '0');
	}
	if (v < min || v > max)
		return false;
	*value = v;
	return true;
}

static bool
parse_unit(const char *s, size_t len, const struct unit *units, int64_t *value)
{
	size_t digits = 0;
	int64_t v;

	while (digits < len && s[digits] >= '0' && s[digits] <= '9')
		digits++;
	for (; units->suffix != NULL; units++) {
		if (strlen(units->suffix) != len - digits ||
		    memcmp(units->suffix, s + digits, len - digits) != 0)
			continue;
		if (!num_parse(s, digits, 0, INT64_MAX / units->factor, &v))
			return false;
		*value = v * units->factor;
		return true;
	}
	return false;
}

static void
format_unit(char text[NUM_TEXT_MAX], int64_t value, const struct unit *units)
{
	while (value % units->factor != 0)
		units++;
	if (value == 0) {
		snprintf(text, NUM_TEXT_MAX, "0");
		return;
	}
	snprintf(text, NUM_TEXT_MAX, "%lld%s",
	    (long long)(value / units->factor), units->suffix);
}

bool
num_parse_size(const char *s, size_t len, int64_t *value)
{
	return parse_unit(s, len, size_units, value);
}

bool
num_parse_count(const char *s, size_t len, int64_t *value)
{
	return parse_unit(s, len, count_units, value);
}

bool
num_parse_duration(const char *s, size_t len, int64_t *value)
{
	return parse_unit(s, len, duration_units, value);
}

void
num_format_size(char text[NUM_TEXT_MAX], int64_t value)
{
	format_unit(text, value, size_units);
}

void
num_format_count(char text[NUM_TEXT_MAX], int64_t value)
{
	format_unit(text, value, count_units);
}

void
num_format_duration(char text[NUM_TEXT_MAX], int64_t value)
{
	format_unit(text, value, duration_units);
}
