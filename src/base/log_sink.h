/*
 * What log.c and log_thread.c share: where a finished line goes.
 */
#ifndef BASE_LOG_SINK_H
#define BASE_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a line, its newline included. */
#define LOG_LINE_MAX 2048

/*
 * Write a line, and before it how many were dropped.  wait: for a slow
 * reader; without it such a line is dropped.  One thread at a time, or lines
 * that are dropped may be told twice.
 */
void log_deliver(const char *line, size_t len, bool wait);

/* Count a line that goes nowhere. */
void log_drop(void);

/* Leave a line to the thread; false if there is none. */
bool log_thread_take(const char *line, size_t len);

#endif
