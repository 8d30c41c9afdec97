/*
 * Strict numbers, free of locale: what one of these reads, it writes back
 * the same.  No sign, no leading zero, no white space, no exponent.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUM_TEXT_MAX                                                           \
	24 /* bytes that any of the formatters writes, with NUL                \
	    */

/* "0" or [1-9][0-9]*, within min..max (both ≥ 0). */
bool num_parse(const char *, size_t len, int64_t min, int64_t max, int64_t *);

/* Bytes or plain counts: digits and at most one of K M G (powers of 1024). */
bool num_parse_size(const char *, size_t len, int64_t *);

/* Counts in powers of 1000: digits and at most one of k M G ("50M" pixels). */
bool num_parse_count(const char *, size_t len, int64_t *);

/* Milliseconds: digits and one of ms s m h d; a bare number is seconds. */
bool num_parse_duration(const char *, size_t len, int64_t *);

/* In the largest unit that divides it; the matching parser reads it back. */
void num_format_size(char[NUM_TEXT_MAX], int64_t);
void num_format_count(char[NUM_TEXT_MAX], int64_t);
void num_format_duration(char[NUM_TEXT_MAX], int64_t);

#endif
