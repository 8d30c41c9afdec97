/* Any text as a date and as a number with a unit. */
#include <stdbool.h>

#include "base/clock.h"
#include "base/num.h"
#include "fuzz.h"

#define LAST INT64_C(253402300799) /* 9999-12-31T23:59:59 */

static void
check_date(const char *text)
{
	char again[CLOCK_DATE_MAX];
	int64_t t = -1, back;

	if (!clock_parse_date(text, &t)) {
		MUST(t == -1);
		return;
	}
	MUST(t >= INT64_C(-62167219200) && t <= LAST + 1);
	/* The last year's leap second has no date of its own. */
	if (t > LAST)
		return;
	clock_date(again, t);
	MUST(strlen(again) == 29);
	MUST(clock_parse_date(again, &back) && back == t);
}

static void
check_number(const char *text, size_t len,
    bool (*parse)(const char *, size_t, int64_t *),
    void (*format)(char[NUM_TEXT_MAX], int64_t))
{
	char again[NUM_TEXT_MAX];
	int64_t v = -1, back;

	if (!parse(text, len, &v)) {
		MUST(v == -1);
		return;
	}
	MUST(v >= 0);
	format(again, v);
	MUST(parse(again, strlen(again), &back) && back == v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *bytes = (const char *)data;
	size_t rest = len;
	char *text;

	check_number(bytes, len, num_parse_size, num_format_size);
	check_number(bytes, len, num_parse_count, num_format_count);
	check_number(bytes, len, num_parse_duration, num_format_duration);
	text = fuzz_part(&data, &rest);
	check_date(text);
	free(text);
	return 0;
}
