#include <stdlib.h>

#include "base/buf.h"

#include "test.h"

/* What each way of adding does at and past the ceiling. */
static void
ceiling(void)
{
	static const struct {
		int line;
		size_t max;
		const char *first, *second;
		const char *want;
		bool ok;
	} rows[] = {
		{ __LINE__, 0, "", "", "", true },
		{ __LINE__, 0, "a", "", "", false },
		{ __LINE__, 3, "abc", "", "abc", true },
		{ __LINE__, 3, "abcd", "", "", false },
		{ __LINE__, 3, "ab", "c", "abc", true },
		{ __LINE__, 3, "ab", "cd", "ab", false },
		/* Sticky: what would fit again is not added. */
		{ __LINE__, 3, "abcd", "a", "", false },
		{ __LINE__, 64, "0123456789012345678901234567890", "x",
		    "0123456789012345678901234567890x", true },
		{ __LINE__, SIZE_MAX, "abc", "def", "abcdef", true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int way = 0; way < 3; way++) {
			const char *parts[] = { rows[i].first, rows[i].second };
			struct buf b;

			buf_init(&b, rows[i].max);
			for (int k = 0; k < 2; k++) {
				if (way == 0)
					buf_str(&b, parts[k]);
				else if (way == 1)
					buf_printf(&b, "%s", parts[k]);
				else
					buf_add(&b, parts[k], strlen(parts[k]));
			}
			EQ_STR_AT(rows[i].line, buf_cstr(&b), rows[i].want);
			CHECK_AT(rows[i].line, buf_ok(&b) == rows[i].ok);
			EQ_INT_AT(rows[i].line, (int64_t)b.len,
			    (int64_t)strlen(rows[i].want));
			buf_free(&b);
		}
	}
}

/* Byte by byte over every growth step: always whole, always closed. */
static void
growth(void)
{
	enum {
		MAX = 1000
	};
	struct buf b;
	bool whole = true;

	buf_init(&b, MAX);
	for (size_t i = 0; i < MAX; i++) {
		buf_char(&b, (char)('a' + i % 26));
		whole = whole && b.len == i + 1 && b.len < b.cap &&
		    b.data[b.len] == '\0' && buf_ok(&b);
	}
	CHECK(whole);
	for (size_t i = 0; i < MAX; i++)
		whole = whole && b.data[i] == (char)('a' + i % 26);
	CHECK(whole);
	/* Doubling must not take more than the ceiling needs. */
	EQ_INT((int64_t)b.cap, MAX + 1);
	buf_char(&b, '!');
	CHECK(!buf_ok(&b));
	EQ_INT((int64_t)b.len, MAX);
	buf_free(&b);
}

/* A length that no memory holds fails at once instead of wrapping round. */
static void
huge(void)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	buf_str(&b, "abc");
	buf_add(&b, "x", SIZE_MAX - 2);
	CHECK(!buf_ok(&b));
	EQ_STR(buf_cstr(&b), "abc");
	buf_clear(&b);
	buf_add(&b, "x", SIZE_MAX);
	CHECK(!buf_ok(&b));
	buf_free(&b);
}

static void
lives(void)
{
	struct buf b;

	buf_init(&b, 8);
	EQ_STR(buf_cstr(&b), "");
	CHECK(b.data == NULL);
	buf_add(&b, "", 0);
	buf_str(&b, "");
	CHECK(buf_ok(&b) && b.len == 0);
	buf_clear(&b);
	EQ_STR(buf_cstr(&b), "");

	buf_add(&b, "a\0b", 3);
	EQ_INT((int64_t)b.len, 3);
	CHECK(memcmp(b.data, "a\0b", 4) == 0);
	buf_str(&b, "longer than eight");
	CHECK(!buf_ok(&b));
	EQ_INT((int64_t)b.len, 3);

	buf_clear(&b);
	CHECK(buf_ok(&b));
	EQ_STR(buf_cstr(&b), "");
	buf_printf(&b, "%d-%s", 42, "x");
	EQ_STR(buf_cstr(&b), "42-x");
	buf_printf(&b, "%s", "");
	CHECK(buf_ok(&b));

	buf_free(&b);
	CHECK(b.data == NULL && b.len == 0 && b.cap == 0 && b.max == 8);
	buf_str(&b, "again");
	EQ_STR(buf_cstr(&b), "again");
	buf_free(&b);
	buf_free(&b);
}

int
main(void)
{
	ceiling();
	growth();
	huge();
	lives();
	return test_end("t_buf");
}
