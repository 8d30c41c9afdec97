/*
 * The log: one event is one line is one write(2), so lines of many threads
 * and processes never mix.  Control bytes are escaped: nothing a visitor
 * sends can forge a line.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* The cause of a refusal, in words for the administrator. */
struct why {
	char text[256];
};

/* Cuts what does not fit.  why may be NULL. */
void why_set(struct why *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Lines go to fd (2 until the first call); fd stays the caller's.  stamp
 * puts the date and time before each line.  Call before any thread starts.
 */
void log_open(int fd, enum log_level max, bool stamp);

/* The descriptor that lines go to; a reopen dup2()s onto it. */
int log_fd(void);

/* True where a line of this level would be written. */
bool log_wants(enum log_level);

/* Any thread.  No newline at the end of the format. */
void log_line(enum log_level, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* "error", "warn", "info", "debug". */
const char *log_level_word(enum log_level);

#endif
