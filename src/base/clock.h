/*
 * Two clocks and one date format.  Deadlines are absolute times of the
 * monotonic clock; what visitors see is wall-clock seconds.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_DATE_MAX 48 /* bytes of an HTTP date, with NUL */

/* Milliseconds of the monotonic clock: only differences mean something. */
int64_t clock_ms(void);

/* Microseconds of the same clock, for stage times. */
int64_t clock_us(void);

/* Seconds since 1970. */
int64_t clock_now(void);

/* Milliseconds left until deadline, 0 if it has passed, at most INT_MAX. */
int clock_left(int64_t deadline_ms);

/* RFC 9110 §5.6.7: IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT". */
void clock_date(char[CLOCK_DATE_MAX], int64_t seconds);

/*
 * The same section's three forms (IMF-fixdate, RFC 850, asctime) into
 * seconds since 1970.  False for anything else, whatever the locale.
 */
bool clock_parse_date(const char *, int64_t *seconds);

#endif
