#include "base/num.h"

#include "test.h"

#define MAX INT64_MAX
#define L   __LINE__

static void
plain(void)
{
	static const struct {
		int line;
		const char *text;
		int64_t min, max, want; /* want -1: refused */
	} rows[] = {
		{ L, "0", 0, MAX, 0 },
		{ L, "0", 1, MAX, -1 },
		{ L, "1", 1, 1, 1 },
		{ L, "2", 1, 1, -1 },
		{ L, "65535", 1, 65535, 65535 },
		{ L, "65536", 1, 65535, -1 },
		{ L, "9223372036854775807", 0, MAX, MAX },
		{ L, "9223372036854775808", 0, MAX, -1 },
		{ L, "9223372036854775817", 0, MAX, -1 },
		{ L, "18446744073709551617", 0, MAX, -1 }, /* 1 in 64 bits */
		{ L, "99999999999999999999999999999999", 0, MAX, -1 },
		{ L, "", 0, MAX, -1 },
		{ L, "00", 0, MAX, -1 },
		{ L, "007", 0, MAX, -1 },
		{ L, "01", 0, MAX, -1 },
		{ L, "+5", 0, MAX, -1 },
		{ L, "-5", 0, MAX, -1 },
		{ L, "-0", 0, MAX, -1 },
		{ L, " 5", 0, MAX, -1 },
		{ L, "5 ", 0, MAX, -1 },
		{ L, "5\n", 0, MAX, -1 },
		{ L, "\t5", 0, MAX, -1 },
		{ L, "5.0", 0, MAX, -1 },
		{ L, "5,0", 0, MAX, -1 },
		{ L, "1e3", 0, MAX, -1 },
		{ L, "0x10", 0, MAX, -1 },
		{ L, "1'000", 0, MAX, -1 },
		{ L, "\xd9\xa3", 0, MAX, -1 }, /* a digit of another script */
		{ L, "\xb2", 0, MAX, -1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t v = -7;
		bool ok = num_parse(rows[i].text, strlen(rows[i].text),
		    rows[i].min, rows[i].max, &v);

		CHECK_AT(rows[i].line, ok == (rows[i].want >= 0));
		EQ_INT_AT(rows[i].line, v, ok ? rows[i].want : -7);
	}
}

/* The length decides, not a NUL; what stands behind it is not read. */
static void
lengths(void)
{
	int64_t v;

	CHECK(num_parse("123456", 3, 0, MAX, &v) && v == 123);
	CHECK(!num_parse("12\0", 3, 0, MAX, &v));
	CHECK(!num_parse("\0", 1, 0, MAX, &v));
	CHECK(num_parse_size("1Kx", 2, &v) && v == 1024);
	CHECK(!num_parse_size("1\0", 2, &v));
	CHECK(!num_parse_duration("1s\0", 3, &v));
}

/* Every byte but the digits is refused wherever it stands. */
static void
every_byte(void)
{
	for (int c = 0; c < 256; c++) {
		bool digit = c >= '0' && c <= '9', good = true;
		char text[3] = "555";
		int64_t v;

		for (int at = 0; at < 3; at++) {
			memset(text, '5', sizeof text);
			text[at] = (char)c;
			if (num_parse(text, 3, 0, MAX, &v) !=
			    (digit && !(at == 0 && c == '0')))
				good = false;
		}
		CHECK(good);
	}
}

static const struct {
	const char *name;
	bool (*parse)(const char *, size_t, int64_t *);
	void (*format)(char[NUM_TEXT_MAX], int64_t);
} kinds[] = {
	{ "size", num_parse_size, num_format_size },
	{ "count", num_parse_count, num_format_count },
	{ "duration", num_parse_duration, num_format_duration },
};

enum {
	SIZE,
	COUNT,
	DURATION
};

static void
units(void)
{
	static const struct {
		int line, kind;
		const char *text;
		int64_t want;      /* -1: refused */
		const char *again; /* written back; NULL: the same */
	} rows[] = {
		{ L, SIZE, "0", 0, NULL },
		{ L, SIZE, "0K", 0, "0" },
		{ L, SIZE, "1", 1, NULL },
		{ L, SIZE, "1023", 1023, NULL },
		{ L, SIZE, "1024", 1024, "1K" },
		{ L, SIZE, "100M", 104857600, NULL },
		{ L, SIZE, "1024M", INT64_C(1) << 30, "1G" },
		{ L, SIZE, "1025K", 1049600, NULL },
		{ L, SIZE, "8589934591G", MAX - (1 << 30) + 1, NULL },
		{ L, SIZE, "8589934592G", -1, NULL },
		{ L, SIZE, "9223372036854775807", MAX, NULL },
		{ L, SIZE, "9223372036854775807K", -1, NULL },
		{ L, SIZE, "1k", -1, NULL },
		{ L, SIZE, "1m", -1, NULL },
		{ L, SIZE, "1KB", -1, NULL },
		{ L, SIZE, "1KK", -1, NULL },
		{ L, SIZE, "1 K", -1, NULL },
		{ L, SIZE, "K", -1, NULL },
		{ L, SIZE, "", -1, NULL },
		{ L, SIZE, "01K", -1, NULL },
		{ L, SIZE, "1.5G", -1, NULL },
		{ L, SIZE, "-1K", -1, NULL },
		{ L, COUNT, "50M", 50000000, NULL },
		{ L, COUNT, "1000k", 1000000, "1M" },
		{ L, COUNT, "16G", INT64_C(16000000000), NULL },
		{ L, COUNT, "999", 999, NULL },
		{ L, COUNT, "1K", -1, NULL },
		{ L, COUNT, "9223372036G", INT64_C(9223372036000000000), NULL },
		{ L, COUNT, "9223372037G", -1, NULL },
		{ L, DURATION, "10", 10000, "10s" },
		{ L, DURATION, "0", 0, NULL },
		{ L, DURATION, "0ms", 0, "0" },
		{ L, DURATION, "1ms", 1, NULL },
		{ L, DURATION, "1500ms", 1500, NULL },
		{ L, DURATION, "1000ms", 1000, "1s" },
		{ L, DURATION, "90s", 90000, NULL },
		{ L, DURATION, "60s", 60000, "1m" },
		{ L, DURATION, "60m", 3600000, "1h" },
		{ L, DURATION, "24h", 86400000, "1d" },
		{ L, DURATION, "30d", INT64_C(2592000000), NULL },
		{ L, DURATION, "106751991167d", INT64_C(9223372036828800000),
		    NULL },
		{ L, DURATION, "106751991168d", -1, NULL },
		{ L, DURATION, "9223372036854775", INT64_C(9223372036854775000),
		    "9223372036854775s" },
		{ L, DURATION, "9223372036854776", -1, NULL },
		{ L, DURATION, "1h30m", -1, NULL },
		{ L, DURATION, "1 s", -1, NULL },
		{ L, DURATION, "s", -1, NULL },
		{ L, DURATION, "ms", -1, NULL },
		{ L, DURATION, "1S", -1, NULL },
		{ L, DURATION, "1M", -1, NULL },
		{ L, DURATION, "1w", -1, NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[NUM_TEXT_MAX];
		int64_t v = -7;
		bool ok = kinds[rows[i].kind].parse(rows[i].text,
		    strlen(rows[i].text), &v);

		CHECK_AT(rows[i].line, ok == (rows[i].want >= 0));
		EQ_INT_AT(rows[i].line, v, ok ? rows[i].want : -7);
		if (!ok)
			continue;
		kinds[rows[i].kind].format(text, v);
		EQ_STR_AT(rows[i].line, text,
		    rows[i].again != NULL ? rows[i].again : rows[i].text);
	}
}

static int64_t
any_number(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	/* All magnitudes, not only the largest. */
	return (int64_t)((*seed >> 1) >> ((*seed >> 40) % 63));
}

/* What a formatter writes, its parser reads back as the same value. */
static void
round_trip(void)
{
	static const int64_t factors[] = { 1, 1000, 1024, 60000, 3600000,
		86400000, 1000000, 1 << 20, 1 << 30, 1000000000 };
	uint64_t seed = 1;

	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		bool good = true;

		for (int i = 0; i < 20000; i++) {
			int64_t f = factors[i % 10], v, back = -1;
			char text[NUM_TEXT_MAX];

			v = any_number(&seed) / f * f;
			kinds[k].format(text, v);
			if (!kinds[k].parse(text, strlen(text), &back) ||
			    back != v)
				good = false;
		}
		if (!CHECK(good))
			printf("\t%s\n", kinds[k].name);
	}
}

int
main(void)
{
	plain();
	lengths();
	every_byte();
	units();
	round_trip();
	return test_end("t_num");
}
