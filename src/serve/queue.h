/*
 * Who may convert: tokens, waiters, one mutex.  First come, first served,
 * bounded in number and time.  A token is whatever the owner hands in: a
 * converter, or a mere permission.
 *
 * Small jobs and large ones stand in a line each.  Where both wait, the line
 * goes first that has had less of the converters' time, so that neither
 * starves; where one waits alone, it has them all.  What has begun is never
 * interrupted: beside large ones a small one waits for one of them to end.
 */
#ifndef SERVE_QUEUE_H
#define SERVE_QUEUE_H

#include <stdint.h>

#include "base/status.h"

/* Milliseconds from which on a job is large. */
#define QUEUE_LARGE_MS 300

struct queue;

/* At most waiters wait at once.  NULL when out of memory. */
struct queue *queue_new(int waiters);
void queue_free(struct queue *); /* nobody may wait any more */

/* A token comes (back): a waiter has it, or it lies idle. */
void queue_put(struct queue *, void *token);

/* The same for one that was taken for a job of this cost and not used. */
void queue_pass(struct queue *, int64_t cost_ms, void *token);

/*
 * For a job of about so many milliseconds.  OK with a token; BUSY if too many
 * wait; QUEUE_TIMEOUT past deadline_ms (of clock_ms()).  Any thread.
 */
enum status queue_take(struct queue *, int64_t cost_ms, int64_t deadline_ms,
    void **token);

/* How many wait now. */
int queue_waiting(struct queue *);

#endif
