/*
 * The log: one event is one line is one write, so lines of many threads and
 * processes never mix.  Control bytes are escaped: nothing a visitor sends
 * can forge a line.
 *
 * A log that is slow or full holds nobody up.  With the log's own thread a
 * line is a copy into a bounded queue; without it a line that cannot be
 * written at once is dropped.  What was dropped is counted, and the next line
 * that gets through says how many.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

enum log_style {
	LOG_STYLE_PLAIN,   /* whoever reads it has a clock */
	LOG_STYLE_STAMPED, /* date and time before each line */
	LOG_STYLE_SYSLOG   /* a datagram a line, RFC 3164 without a date */
};

/* The cause of a refusal, in words for the administrator. */
struct why {
	char text[256];
};

/* Cuts what does not fit.  why may be NULL. */
void why_set(struct why *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Lines go to fd (2 until the first call); fd stays the caller's.  Call
 * before any thread starts, or in a process that has one alone.
 */
void log_open(int fd, enum log_level max, enum log_style);

/* The descriptor that lines go to; a reopen dup2()s onto it. */
int log_fd(void);

/*
 * Called, at most once a second, by the thread that found a syslog gone:
 * whoever can opens it again.
 */
void log_on_lost(void (*)(void));

/*
 * From now on a thread writes, and log_line() waits for nothing.  False if
 * there is no memory or no thread; lines are then written as before.
 */
bool log_thread_start(void);

/* Write what waits, for a second at most, and end the thread. */
void log_thread_stop(void);

/* Lines dropped since the process started.  Any thread. */
uint64_t log_dropped(void);

/* True where a line of this level would be written. */
bool log_wants(enum log_level);

/* Any thread.  No newline at the end of the format. */
void log_line(enum log_level, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* "error", "warn", "info", "debug". */
const char *log_level_word(enum log_level);

#endif
