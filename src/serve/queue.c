#include "serve/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

/* What a line that was empty may claim for the time that it was. */
#define CREDIT_MS 1000

/* Lives on the waiting thread's stack. */
struct waiter {
	pthread_cond_t wake;
	int64_t cost_ms;
	void *token;
	bool served;
	struct waiter *next;
};

/* Idle tokens; the last used is the warmest, so it goes first. */
struct idle {
	void *token;
	struct idle *next;
};

struct line {
	struct waiter *first, **last;
	int64_t spent_ms; /* what its jobs were to cost, so far */
};

enum {
	SMALL,
	LARGE,
	LINES
};

struct queue {
	pthread_mutex_t lock;
	pthread_condattr_t monotonic;
	struct line lines[LINES];
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
	for (int i = 0; i < LINES; i++)
		q->lines[i].last = &q->lines[i].first;
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
unlink_waiter(struct queue *q, struct line *line, struct waiter *w)
{
	struct waiter **at = &line->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (line->last == &w->next)
		line->last = at;
	q->waiting--;
}

/* Whose turn it is; its first waiter may be NULL. */
static struct line *
choose_line(struct queue *q)
{
	struct line *small = &q->lines[SMALL], *large = &q->lines[LARGE];

	if (small->first == NULL)
		return large;
	if (large->first == NULL)
		return small;
	return small->spent_ms <= large->spent_ms ? small : large;
}

static int
line_of(int64_t cost_ms)
{
	return cost_ms >= QUEUE_LARGE_MS ? LARGE : SMALL;
}

static struct line *
join_line(struct queue *q, int64_t cost_ms)
{
	int i = line_of(cost_ms);
	struct line *line = &q->lines[i];
	int64_t least = q->lines[1 - i].spent_ms - CREDIT_MS;

	if (line->first == NULL && line->spent_ms < least)
		line->spent_ms = least;
	return line;
}

void
queue_put(struct queue *q, void *token)
{
	struct line *line;
	struct waiter *w;
	struct idle *cell;

	pthread_mutex_lock(&q->lock);
	line = choose_line(q);
	w = line->first;
	if (w != NULL) {
		unlink_waiter(q, line, w);
		line->spent_ms += w->cost_ms;
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

void
queue_pass(struct queue *q, int64_t cost_ms, void *token)
{
	pthread_mutex_lock(&q->lock);
	q->lines[line_of(cost_ms)].spent_ms -= cost_ms;
	pthread_mutex_unlock(&q->lock);
	queue_put(q, token);
}

/* Wait in line; the lock is held. */
static enum status
wait_in_line(struct queue *q, struct line *line, int64_t cost_ms,
    int64_t deadline_ms, void **token)
{
	struct timespec until = { .tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000) * 1000000 };
	struct waiter w = { .cost_ms = cost_ms };

	pthread_cond_init(&w.wake, &q->monotonic);
	/* It leaves the line before it leaves this stack. */
	/* cppcheck-suppress autoVariables */
	*line->last = &w;
	/* cppcheck-suppress autoVariables */
	line->last = &w.next;
	q->waiting++;
	while (!w.served) {
		if (pthread_cond_timedwait(&w.wake, &q->lock, &until) ==
		    ETIMEDOUT)
			break;
	}
	if (!w.served)
		unlink_waiter(q, line, &w);
	pthread_cond_destroy(&w.wake);
	*token = w.token;
	return w.served ? STATUS_OK : STATUS_QUEUE_TIMEOUT;
}

enum status
queue_take(struct queue *q, int64_t cost_ms, int64_t deadline_ms, void **token)
{
	enum status st = STATUS_OK;
	struct line *line;
	struct idle *cell;

	pthread_mutex_lock(&q->lock);
	line = join_line(q, cost_ms);
	cell = q->idle;
	if (cell != NULL) {
		q->idle = cell->next;
		*token = cell->token;
		cell->next = q->spare;
		q->spare = cell;
		line->spent_ms += cost_ms;
	} else if (q->waiting >= q->max)
		st = STATUS_BUSY;
	else
		st = wait_in_line(q, line, cost_ms, deadline_ms, token);
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
