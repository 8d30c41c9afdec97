/*
 * The whole test framework: count, compare, tell where.  A program ends with
 * `return test_end("name");`, whose line tests/run adds up.
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Threads count, too. */
static _Atomic int test_passed, test_failed, test_skipped;

__attribute__((unused)) static bool
test_check(bool ok, const char *file, int line, const char *what)
{
	if (ok)
		test_passed++;
	else {
		test_failed++;
		printf("%s:%d: failed: %s\n", file, line, what);
	}
	return ok;
}

__attribute__((unused)) static bool
test_eq_int(int64_t got, int64_t want, const char *file, int line,
    const char *what)
{
	if (!test_check(got == want, file, line, what))
		printf("\tgot %" PRId64 ", want %" PRId64 "\n", got, want);
	return got == want;
}

__attribute__((unused)) static bool
test_eq_str(const char *got, const char *want, const char *file, int line,
    const char *what)
{
	bool ok = got != NULL && strcmp(got, want) == 0;

	if (!test_check(ok, file, line, what))
		printf("\tgot  \"%s\"\n\twant \"%s\"\n",
		    got != NULL ? got : "(null)", want);
	return ok;
}

#define CHECK(ok)         test_check((ok), __FILE__, __LINE__, #ok)
#define EQ_INT(got, want) test_eq_int((got), (want), __FILE__, __LINE__, #got)
#define EQ_STR(got, want) test_eq_str((got), (want), __FILE__, __LINE__, #got)
/* For rows { __LINE__, … }: names the row, not the loop. */
#define CHECK_AT(line, ok) test_check((ok), __FILE__, (line), #ok)
#define EQ_INT_AT(line, got, want)                                             \
	test_eq_int((got), (want), __FILE__, (line), #got)
#define EQ_STR_AT(line, got, want)                                             \
	test_eq_str((got), (want), __FILE__, (line), #got)

__attribute__((unused)) static void
test_skip(const char *why)
{
	test_skipped++;
	printf("skipped: %s\n", why);
}

/* 77 is automake's word for a skip of the whole program. */
__attribute__((unused)) static int
test_end(const char *name)
{
	printf("%s: %d passed, %d failed, %d skipped\n", name, test_passed,
	    test_failed, test_skipped);
	if (test_failed > 0)
		return 1;
	return test_passed == 0 && test_skipped > 0 ? 77 : 0;
}

#endif
