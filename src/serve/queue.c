#include "serve/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

/* Lives on the waiting thread's stack. */
struct waiter {
	pthread_cond_t wake;
	void *token;
	bool served;
	struct waiter *next;
};

/* Idle tokens; the last used is the warmest, so it goes first. */
struct idle {
	void *token;
	struct idle *next;
};

struct queue {
	pthread_mutex_t lock;
	pthread_condattr_t monotonic;
	struct waiter *first, **last;
	int waiting, max;
	struct idle *idle;
	struct idle *spare; /* cells without a token, for reuse */
};

struct queue *
queue_new(int waiters)
{
	struct queue *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->max = waiters;
	q->last = &q->first;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&q->monotonic);
	pthread_condattr_setclock(&q->monotonic, CLOCK_MONOTONIC);
	return q;
}

static void
free_cells(struct idle *cell)
{
	while (cell != NULL) {
		struct idle *next = cell->next;

		free(cell);
		cell = next;
	}
}

void
queue_free(struct queue *q)
{
	free_cells(q->idle);
	free_cells(q->spare);
	pthread_condattr_destroy(&q->monotonic);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static void
unlink_waiter(struct queue *q, struct waiter *w)
{
	struct waiter **at = &q->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (q->last == &w->next)
		q->last = at;
	q->waiting--;
}

void
queue_put(struct queue *q, void *token)
{
	struct waiter *w;
	struct idle *cell;

	pthread_mutex_lock(&q->lock);
	w = q->first;
	if (w != NULL) {
		unlink_waiter(q, w);
		w->token = token;
		w->served = true;
		pthread_cond_signal(&w->wake);
		pthread_mutex_unlock(&q->lock);
		return;
	}
	cell = q->spare;
	if (cell != NULL)
		q->spare = cell->next;
	else
		cell = malloc(sizeof *cell);
	if (cell == NULL)
		abort(); /* a lost converter would be lost for good */
	cell->token = token;
	cell->next = q->idle;
	q->idle = cell;
	pthread_mutex_unlock(&q->lock);
}

/* Wait in line; the lock is held. */
static enum status
wait_in_line(struct queue *q, int64_t deadline_ms, void **token)
{
	struct timespec until = { .tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000) * 1000000 };
	struct waiter w = { .next = NULL };

	pthread_cond_init(&w.wake, &q->monotonic);
	/* It leaves the line before it leaves this stack. */
	/* cppcheck-suppress autoVariables */
	*q->last = &w;
	/* cppcheck-suppress autoVariables */
	q->last = &w.next;
	q->waiting++;
	while (!w.served) {
		if (pthread_cond_timedwait(&w.wake, &q->lock, &until) ==
		    ETIMEDOUT)
			break;
	}
	if (!w.served)
		unlink_waiter(q, &w);
	pthread_cond_destroy(&w.wake);
	*token = w.token;
	return w.served ? STATUS_OK : STATUS_QUEUE_TIMEOUT;
}

enum status
queue_take(struct queue *q, int64_t deadline_ms, void **token)
{
	enum status st = STATUS_OK;
	struct idle *cell;

	pthread_mutex_lock(&q->lock);
	cell = q->idle;
	if (cell != NULL) {
		q->idle = cell->next;
		*token = cell->token;
		cell->next = q->spare;
		q->spare = cell;
	} else if (q->waiting >= q->max)
		st = STATUS_BUSY;
	else
		st = wait_in_line(q, deadline_ms, token);
	pthread_mutex_unlock(&q->lock);
	return st;
}

int
queue_waiting(struct queue *q)
{
	int n;

	pthread_mutex_lock(&q->lock);
	n = q->waiting;
	pthread_mutex_unlock(&q->lock);
	return n;
}
