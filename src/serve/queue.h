/*
 * Who may convert: a fixed number of tokens, one FIFO of waiters, one mutex.
 * First come, first served, bounded in number and time.  A token is whatever
 * the owner hands in: a converter, or a mere permission.
 */
#ifndef SERVE_QUEUE_H
#define SERVE_QUEUE_H

#include <stdint.h>

#include "base/status.h"

struct queue;

/* At most waiters wait at once.  NULL when out of memory. */
struct queue *queue_new(int waiters);
void queue_free(struct queue *); /* nobody may wait any more */

/* A token comes (back): the first waiter has it, or it lies idle. */
void queue_put(struct queue *, void *token);

/*
 * OK with a token; BUSY if too many wait; QUEUE_TIMEOUT past deadline_ms (of
 * clock_ms()).  Any thread.
 */
enum status queue_take(struct queue *, int64_t deadline_ms, void **token);

/* How many wait now. */
int queue_waiting(struct queue *);

#endif
