#include "base/clock.h"

#include <limits.h>
#include <stdlib.h>

#include "test.h"

#define L __LINE__
#define T INT64_C(784111777)

static void
parsing(void)
{
	static const struct {
		int line;
		const char *text;
		bool ok;
		int64_t want;
	} rows[] = {
		/* The three forms of the standard's own example. */
		{ L, "Sun, 06 Nov 1994 08:49:37 GMT", true, T },
		{ L, "Sunday, 06-Nov-94 08:49:37 GMT", true, T },
		{ L, "Sun Nov  6 08:49:37 1994", true, T },
		{ L, "Sun Nov 06 08:49:37 1994", true, T },
		{ L, "Sun Nov 16 08:49:37 1994", true, T + 864000 },
		{ L, "Thu, 01 Jan 1970 00:00:00 GMT", true, 0 },
		{ L, "Wed, 31 Dec 1969 23:59:59 GMT", true, -1 },
		{ L, "Tue, 19 Jan 2038 03:14:08 GMT", true,
		    INT64_C(2147483648) },
		{ L, "Fri, 31 Dec 9999 23:59:59 GMT", true,
		    INT64_C(253402300799) },
		{ L, "Sat, 01 Jan 0000 00:00:00 GMT", true,
		    INT64_C(-62167219200) },
		{ L, "Thursday, 01-Jan-70 00:00:00 GMT", true, 0 },
		{ L, "Thursday, 31-Dec-69 00:00:00 GMT", true,
		    INT64_C(3155673600) },
		{ L, "Tue, 29 Feb 2000 00:00:00 GMT", true, 951782400 },
		{ L, "Thu, 29 Feb 2024 12:00:00 GMT", true, 1709208000 },
		/* A leap second counts as the next minute's first. */
		{ L, "Sat, 31 Dec 2016 23:59:60 GMT", true, 1483228800 },
		/* Days that no calendar has. */
		{ L, "Sun, 29 Feb 1900 00:00:00 GMT", false, 0 },
		{ L, "Sun, 29 Feb 2023 00:00:00 GMT", false, 0 },
		{ L, "Sun, 30 Feb 2024 00:00:00 GMT", false, 0 },
		{ L, "Sun, 31 Apr 2024 00:00:00 GMT", false, 0 },
		{ L, "Sun, 32 Jan 2024 00:00:00 GMT", false, 0 },
		{ L, "Sun, 00 Jan 2024 00:00:00 GMT", false, 0 },
		{ L, "Sunday, 31-Jun-94 08:49:37 GMT", false, 0 },
		{ L, "Sun Nov 31 08:49:37 1994", false, 0 },
		{ L, "Sun Nov  0 08:49:37 1994", false, 0 },
		{ L, "Sun, 06 Nov 1994 24:00:00 GMT", false, 0 },
		{ L, "Sun, 06 Nov 1994 08:60:00 GMT", false, 0 },
		{ L, "Sun, 06 Nov 1994 08:49:61 GMT", false, 0 },
		/* Anything else. */
		{ L, "", false, 0 },
		{ L, "Sun", false, 0 },
		{ L, "Sun,", false, 0 },
		{ L, "Sunday", false, 0 },
		{ L, "Sunday,", false, 0 },
		{ L, "now", false, 0 },
		{ L, "784111777", false, 0 },
		{ L, "1994-11-06T08:49:37Z", false, 0 },
		{ L, " Sun, 06 Nov 1994 08:49:37 GMT", false, 0 },
		{ L, "Sun, 06 Nov 1994 08:49:37 GMT ", false, 0 },
		{ L, "Sun, 06 Nov 1994 08:49:37", false, 0 },
		{ L, "Sun, 06 Nov 1994 08:49:37 UTC", false, 0 },
		{ L, "Sun, 06 Nov 1994 08:49:37 +0000", false, 0 },
		{ L, "Sun, 06 Nov 1994 08:49:37 gmt", false, 0 },
		{ L, "sun, 06 Nov 1994 08:49:37 GMT", false, 0 },
		{ L, "Sun, 06 nov 1994 08:49:37 GMT", false, 0 },
		{ L, "Son, 06 Nov 1994 08:49:37 GMT", false, 0 },
		{ L, "Sun, 06 Okt 1994 08:49:37 GMT", false, 0 },
		{ L, "Sun, 6 Nov 1994 08:49:37 GMT", false, 0 },
		{ L, "Sun,06 Nov 1994 08:49:37 GMT", false, 0 },
		{ L, "Sun,  06 Nov 1994 08:49:37 GMT", false, 0 },
		{ L, "Sun, 06-Nov-94 08:49:37 GMT", false, 0 },
		{ L, "Sunday, 06 Nov 1994 08:49:37 GMT", false, 0 },
		{ L, "Sunday, 06-Nov-1994 08:49:37 GMT", false, 0 },
		{ L, "Sun, 06 Nov 94 08:49:37 GMT", false, 0 },
		{ L, "Sun, 06 Nov +994 08:49:37 GMT", false, 0 },
		{ L, "Sun, 06 Nov 1994 8:49:37 GMT", false, 0 },
		{ L, "Sun, 06 Nov 1994 08.49.37 GMT", false, 0 },
		{ L, "Sun Nov 6 08:49:37 1994", false, 0 },
		{ L, "Sun Nov  6 08:49:37 1994 GMT", false, 0 },
		{ L, "Sun Nov  6 08:49:37 94", false, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t t = -7;
		bool ok = clock_parse_date(rows[i].text, &t);

		if (!CHECK_AT(rows[i].line, ok == rows[i].ok))
			printf("\t%s\n", rows[i].text);
		EQ_INT_AT(rows[i].line, t, ok ? rows[i].want : -7);
	}
}

/* A good date cut short anywhere, or with any byte changed to a NUL. */
static void
cuts(void)
{
	static const char *const dates[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
	};

	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
		for (size_t n = 0; n < strlen(dates[i]); n++) {
			char *text = malloc(n + 1);
			int64_t t;

			if (!CHECK(text != NULL))
				return;
			memcpy(text, dates[i], n);
			text[n] = '\0';
			CHECK(!clock_parse_date(text, &t));
			free(text);
		}
	}
}

static void
writing(void)
{
	static const struct {
		int line;
		int64_t seconds;
		const char *want;
	} rows[] = {
		{ L, 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ L, T, "Sun, 06 Nov 1994 08:49:37 GMT" },
		{ L, -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
		{ L, INT64_C(253402300799), "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ L, INT64_C(-62167219200), "Sat, 01 Jan 0000 00:00:00 GMT" },
		/* What has no four-digit year is written as the epoch. */
		{ L, INT64_C(253402300800), "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ L, INT64_C(-62167219201), "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ L, INT64_MAX, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ L, INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[CLOCK_DATE_MAX];

		clock_date(text, rows[i].seconds);
		EQ_STR_AT(rows[i].line, text, rows[i].want);
	}
}

/* Over eight centuries in uneven steps: written, read back, the same. */
static void
round_trip(void)
{
	bool good = true;

	for (int64_t t = INT64_C(-12219292800); t < INT64_C(13000000000);
	     t += 999983) {
		char text[CLOCK_DATE_MAX];
		int64_t back;

		clock_date(text, t);
		if (!clock_parse_date(text, &back) || back != t)
			good = false;
	}
	CHECK(good);
}

static void
clocks(void)
{
	int64_t ms = clock_ms(), us = clock_us();

	CHECK(us / 1000 >= ms && us / 1000 - ms < 10000);
	CHECK(clock_us() >= us);
	CHECK(clock_now() > 1700000000);
	EQ_INT(clock_left(0), 0);
	EQ_INT(clock_left(clock_ms()), 0);
	EQ_INT(clock_left(INT64_MIN), 0);
	EQ_INT(clock_left(INT64_MAX), INT_MAX);
	CHECK(clock_left(clock_ms() + 60000) > 50000);
	CHECK(clock_left(clock_ms() + 60000) <= 60000);
}

int
main(void)
{
	parsing();
	cuts();
	writing();
	round_trip();
	clocks();
	return test_end("t_clock");
}
