#include "serve/queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "test.h"

static char a, b;

static void
nap(int ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

static void
tokens_in_hand(void)
{
	struct queue *q = queue_new(0);
	void *token;

	queue_put(q, &a);
	queue_put(q, &b);
	EQ_INT(queue_take(q, 1, 0, &token), STATUS_OK);
	CHECK(token == &b); /* the last used is the warmest */
	EQ_INT(queue_take(q, 1, 0, &token), STATUS_OK);
	CHECK(token == &a);
	EQ_INT(queue_take(q, 1, 0, &token), STATUS_BUSY);
	queue_put(q, &a);
	EQ_INT(queue_take(q, 1, 0, &token), STATUS_OK);
	queue_free(q);
}

static void
lateness(void)
{
	static const int waits[] = { 0, 1, 50, 120 };
	struct queue *q = queue_new(1);
	void *token;

	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		int64_t began = clock_ms();

		EQ_INT(queue_take(q, 1, began + waits[i], &token),
		    STATUS_QUEUE_TIMEOUT);
		CHECK(clock_ms() - began >= waits[i]);
		CHECK(clock_ms() - began < waits[i] + 2000);
		EQ_INT(queue_waiting(q), 0);
	}
	queue_put(q, &a);
	EQ_INT(queue_take(q, 1, clock_ms() - 5, &token), STATUS_OK);
	queue_free(q);
}

#define WAITERS 16

struct waiter {
	struct queue *q;
	pthread_t id;
	int64_t deadline, cost;
	enum status st;
	int *served; /* shared: in what order tokens came */
	int place;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *
wait_once(void *arg)
{
	struct waiter *w = arg;
	void *token;

	w->st = queue_take(w->q, w->cost, w->deadline, &token);
	pthread_mutex_lock(&lock);
	w->place = ++*w->served;
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void
stand_in_line(struct waiter *w, struct queue *q, int64_t cost, int ms,
    int *served)
{
	int before = queue_waiting(q);

	*w = (struct waiter){ .q = q,
		.served = served,
		.cost = cost,
		.deadline = clock_ms() + ms };
	pthread_create(&w->id, NULL, wait_once, w);
	while (queue_waiting(q) == before)
		nap(1);
}

/* In line one after the other; each token takes the first that still waits. */
static void
first_come_first_served(void)
{
	struct queue *q = queue_new(WAITERS);
	struct waiter w[WAITERS];
	int served = 0;
	void *token;

	for (int i = 0; i < WAITERS; i++)
		stand_in_line(&w[i], q, 1 + i, i == 5 ? 500 : 20000, &served);
	EQ_INT(queue_waiting(q), WAITERS);
	EQ_INT(queue_take(q, 1, clock_ms() + 1000, &token), STATUS_BUSY);
	/* One in the middle gives up: the others keep their order. */
	pthread_join(w[5].id, NULL);
	EQ_INT(w[5].st, STATUS_QUEUE_TIMEOUT);
	for (int i = 0; i < WAITERS; i++) {
		if (i == 5)
			continue;
		queue_put(q, &a);
		pthread_join(w[i].id, NULL);
		EQ_INT(w[i].st, STATUS_OK);
		EQ_INT(w[i].place, i < 5 ? i + 2 : i + 1);
	}
	EQ_INT(queue_waiting(q), 0);
	EQ_INT(queue_take(q, 1, clock_ms() + 1, &token), STATUS_QUEUE_TIMEOUT);
	queue_free(q);
}

/* One token; who has it in which order. */
static void
serve_in_order(int line, const int64_t *costs, const int *order, int n,
    int64_t spent)
{
	struct queue *q = queue_new(WAITERS);
	struct waiter w[WAITERS];
	int served = 0;
	void *token;

	queue_put(q, &a);
	EQ_INT_AT(line, queue_take(q, spent, 0, &token), STATUS_OK);
	for (int i = 0; i < n; i++)
		stand_in_line(&w[i], q, costs[i], 20000, &served);
	for (int i = 0; i < n; i++) {
		queue_put(q, token);
		pthread_join(w[order[i]].id, NULL);
		EQ_INT_AT(line, w[order[i]].place, i + 1);
	}
	queue_free(q);
}

/* S is 100 ms, L is 400: as much of one as of the other. */
static void
shares(void)
{
	static const int64_t lsss[] = { 400, 100, 100, 100 };
	static const int64_t lls6[] = { 400, 400, 100, 100, 100, 100, 100,
		100 };
	static const int64_t llll[] = { 400, 900, 300, 400 };

	/* Nobody has had anything: small first, but not for ever. */
	serve_in_order(__LINE__, lsss, (const int[]){ 1, 0, 2, 3 }, 4, 0);
	/* A large one goes, then as much of small ones, then a large one. */
	serve_in_order(__LINE__, lls6, (const int[]){ 2, 0, 3, 4, 5, 6, 1, 7 },
	    8, 0);
	/* Of a kind: in order, whatever they cost. */
	serve_in_order(__LINE__, llll, (const int[]){ 0, 1, 2, 3 }, 4, 0);
	/* Credit for the time before is a second's, no more. */
	serve_in_order(__LINE__, lls6, (const int[]){ 2, 3, 4, 5, 6, 7, 0, 1 },
	    8, 1000000);
}

/* What was handed on unused was not spent. */
static void
passing_on(void)
{
	struct queue *q = queue_new(WAITERS);
	struct waiter w[2];
	int served = 0;
	void *token;

	queue_put(q, &a);
	for (int i = 0; i < 1000; i++) {
		EQ_INT(queue_take(q, 1000, 0, &token), STATUS_OK);
		queue_pass(q, 1000, token);
	}
	EQ_INT(queue_take(q, 1, 0, &token), STATUS_OK);
	stand_in_line(&w[0], q, 100, 20000, &served);
	stand_in_line(&w[1], q, 400, 20000, &served);
	/* Small ones have had a millisecond, large ones none. */
	queue_put(q, token);
	pthread_join(w[1].id, NULL);
	EQ_INT(w[1].place, 1);
	queue_put(q, token);
	pthread_join(w[0].id, NULL);
	queue_free(q);
}

static atomic_int holders;

/* Many threads, few tokens: never more holders than tokens, none lost. */
static void *
hold_often(void *arg)
{
	struct waiter *w = arg;

	for (int i = 0; i < 200; i++) {
		void *token;

		if (queue_take(w->q, 1, clock_ms() + 20000, &token) !=
		    STATUS_OK)
			continue;
		if (atomic_fetch_add(&holders, 1) < 2)
			w->place++;
		atomic_fetch_sub(&holders, 1);
		queue_put(w->q, token);
	}
	return NULL;
}

static void
never_too_many(void)
{
	struct queue *q = queue_new(WAITERS);
	struct waiter w[WAITERS] = { { 0 } };
	void *token;

	queue_put(q, &a);
	queue_put(q, &b);
	for (int i = 0; i < WAITERS; i++) {
		w[i].q = q;
		pthread_create(&w[i].id, NULL, hold_often, &w[i]);
	}
	for (int i = 0; i < WAITERS; i++) {
		pthread_join(w[i].id, NULL);
		EQ_INT(w[i].place, 200);
	}
	EQ_INT(queue_take(q, 1, 0, &token), STATUS_OK);
	EQ_INT(queue_take(q, 1, 0, &token), STATUS_OK);
	queue_free(q);
}

int
main(void)
{
	tokens_in_hand();
	lateness();
	first_come_first_served();
	shares();
	passing_on();
	never_too_many();
	return test_end("t_queue");
}
