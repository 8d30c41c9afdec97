#include "serve/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/converse.h"
#include "serve/metrics.h"
#include "serve/quarantine.h"
#include "serve/queue.h"

/* Converters that may die under one job before they have read it. */
#define TRIES 3

/* What may be left of converter-memory between jobs: a part of so many. */
#define RESIDENT_PART 4

struct converter {
	int fd;
	uint32_t serial;
	struct converter *next;
	/* The pool's lock guards these; the rest is its holder's. */
	struct page_converter view;
	int64_t since_ms;
};

struct pool {
	struct queue *idle;
	struct quarantine *quarantine;
	void (*kill)(uint32_t);
	int64_t queue_timeout_ms;
	int64_t jobs_max, resident_max;
	pthread_mutex_t lock;
	struct converter *all;
};

struct pool *
pool_new(const struct config *config, void (*kill)(uint32_t))
{
	struct pool *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->idle = queue_new(config->queue);
	p->quarantine = quarantine_new(config->quarantine_ms);
	p->kill = kill;
	p->queue_timeout_ms = config->queue_timeout_ms;
	p->jobs_max = config->converter_jobs;
	p->resident_max = config->converter_memory / RESIDENT_PART;
	pthread_mutex_init(&p->lock, NULL);
	return p->idle != NULL && p->quarantine != NULL ? p : NULL;
}

bool
pool_add(struct pool *p, int fd, uint32_t serial)
{
	struct converter *c = calloc(1, sizeof *c);

	if (c == NULL) {
		close(fd);
		return false;
	}
	c->fd = fd;
	c->serial = serial;
	c->view.serial = serial;
	pthread_mutex_lock(&p->lock);
	c->next = p->all;
	p->all = c;
	pthread_mutex_unlock(&p->lock);
	queue_put(p->idle, c);
	return true;
}

/* Closed and forgotten: no job can meet it again. */
static void
forget(struct pool *p, struct converter *c)
{
	struct converter **at = &p->all;

	pthread_mutex_lock(&p->lock);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	pthread_mutex_unlock(&p->lock);
	close(c->fd);
	free(c);
}

static void
discard(struct pool *p, struct converter *c)
{
	uint32_t serial = c->serial;

	forget(p, c);
	p->kill(serial);
}

/* True if it died (or spoke out of turn) while it lay idle. */
static bool
is_dead(const struct converter *c)
{
	char byte;

	return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
	    (errno != EAGAIN && errno != EWOULDBLOCK);
}

static enum status
take_live(struct pool *p, int64_t cost_ms, struct converter **c)
{
	int64_t deadline = clock_ms() + p->queue_timeout_ms;

	for (;;) {
		void *token;
		enum status st = queue_take(p->idle, cost_ms, deadline, &token);

		if (st != STATUS_OK)
			return st;
		*c = token;
		if (!is_dead(*c))
			return STATUS_OK;
		metrics_add(METRIC_LOST, 1);
		discard(p, *c);
	}
}

static bool
is_held(struct pool *p, const struct suspect *suspect)
{
	return quarantine_holds(p->quarantine, suspect, clock_ms());
}

/*
 * A converter for this order.  What may have happened while it waited is
 * looked at when its turn has come: that costs the next in line microseconds,
 * not a converter's time.
 */
static enum status
take_turn(struct pool *p, const struct order *order,
    const struct suspect *suspect, struct converter **c)
{
	enum status st;

	if (is_held(p, suspect))
		return STATUS_QUARANTINED;
	st = take_live(p, order->cost_ms, c);
	if (st != STATUS_OK)
		return st;
	if (order->peer->gone(order->peer->arg))
		st = STATUS_GONE;
	else if (is_held(p, suspect))
		st = STATUS_QUARANTINED;
	if (st != STATUS_OK)
		queue_pass(p->idle, order->cost_ms, *c);
	return st;
}

static void
begin_job(struct pool *p, struct converter *c, const struct suspect *suspect)
{
	pthread_mutex_lock(&p->lock);
	c->since_ms = clock_ms();
	c->view.busy = true;
	c->view.jobs++;
	memcpy(c->view.source, suspect->text, sizeof c->view.source);
	pthread_mutex_unlock(&p->lock);
	metrics_add(METRIC_JOBS, 1);
}

static void
end_job(struct pool *p, struct converter *c, int64_t resident)
{
	pthread_mutex_lock(&p->lock);
	c->view.busy = false;
	c->view.memory = resident;
	pthread_mutex_unlock(&p->lock);
}

/* Between two jobs; it ends by itself when its socket is closed. */
static bool
is_worn(const struct pool *p, const struct converter *c)
{
	const struct page_converter *v = &c->view;

	if (v->jobs < p->jobs_max && v->memory <= p->resident_max)
		return false;
	log_line(LOG_LEVEL_DEBUG,
	    "converter %u is replaced after %lld jobs, with %lld MiB",
	    c->serial, (long long)v->jobs, (long long)(v->memory >> 20));
	return true;
}

static void
give_back(struct pool *p, struct converter *c)
{
	if (is_worn(p, c)) {
		metrics_add(METRIC_RETIRED, 1);
		forget(p, c);
	} else
		queue_put(p->idle, c);
}

/* Who is to blame for what became of the converter. */
static void
blame(struct pool *p, uint32_t serial, const struct suspect *suspect,
    const struct conversation *talk)
{
	int64_t now = clock_ms();
	bool convicted = false;

	if (talk->cause[0] != '\0')
		convicted =
		    quarantine_strike(p->quarantine, suspect, talk->cause, now);
	else if (talk->silent)
		convicted =
		    quarantine_lost(p->quarantine, serial, suspect, now);
	metrics_add(METRIC_CONVICTED, convicted);
}

static void
count_end(const struct conversation *talk)
{
	if (talk->late)
		metrics_add(METRIC_OVERRAN, 1);
	else if (talk->cause[0] != '\0')
		metrics_add(METRIC_CRASHED, 1);
	else
		metrics_add(METRIC_LOST, 1);
}

static enum outcome
do_job(struct pool *p, struct converter *c, const struct order *order,
    const struct suspect *suspect, struct picture *picture,
    struct conversation *talk, struct why *why)
{
	struct wire_job message = { .job = *order->job,
		.identity = order->source->identity,
		.deadline_ms = clock_ms() + order->timeout_ms };
	enum outcome outcome;

	begin_job(p, c, suspect);
	outcome = converse(c->fd, c->serial, &message, order->source->fd,
	    picture, talk, why);
	if (outcome != OUTCOME_UNTOUCHED)
		blame(p, c->serial, suspect, talk);
	if (outcome == OUTCOME_SOUND) {
		end_job(p, c, talk->resident);
		give_back(p, c);
	} else {
		count_end(talk);
		discard(p, c);
	}
	return outcome;
}

static void
count_stages(const struct picture *picture)
{
	metrics_add(METRIC_READ_US, picture->read_us);
	metrics_add(METRIC_LOAD_US, picture->load_us);
	metrics_add(METRIC_ENCODE_US, picture->encode_us);
}

enum status
pool_convert(struct pool *p, const struct order *order, struct picture *picture,
    struct why *why)
{
	struct conversation talk = { .status = STATUS_CRASHED };
	enum outcome outcome = OUTCOME_UNTOUCHED;
	const struct identity lasting = source_lasting(order->source);
	struct suspect suspect;
	struct converter *c;

	memset(picture, 0, sizeof *picture);
	suspect_make(&suspect, order->site, order->path, &lasting);
	/* A job that no converter has seen is not what it died of. */
	for (int tries = 0; outcome == OUTCOME_UNTOUCHED && tries < TRIES;
	     tries++) {
		int64_t began = clock_us();
		enum status st = take_turn(p, order, &suspect, &c);
		int64_t us = clock_us() - began;

		metrics_add(METRIC_WAIT_US, us);
		picture->wait_us += us;
		if (st != STATUS_OK)
			return st;
		outcome = do_job(p, c, order, &suspect, picture, &talk, why);
	}
	count_stages(picture);
	if (outcome == OUTCOME_UNTOUCHED)
		why_set(why, "%d converters died before they took this job",
		    TRIES);
	if (talk.status != STATUS_OK) {
		free(picture->bytes);
		picture->bytes = NULL;
		picture->len = 0;
	}
	return talk.status;
}

void
pool_died(struct pool *p, const struct wire_death *death)
{
	/* One that we have closed ends with 0. */
	log_line(death->status == 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, "%s",
	    death->text);
	if (quarantine_died(p->quarantine, death->serial, death->status,
	        clock_ms()))
		metrics_add(METRIC_CONVICTED, 1);
}

void
pool_look(struct pool *p, struct page_view *view)
{
	int64_t now = clock_ms();

	view->waiting = queue_waiting(p->idle);
	pthread_mutex_lock(&p->lock);
	for (const struct converter *c = p->all;
	     c != NULL && view->converters < CONFIG_CONVERTERS_MAX;
	     c = c->next) {
		struct page_converter *v = &view->converter[view->converters++];

		*v = c->view;
		v->busy_ms = now - c->since_ms;
	}
	pthread_mutex_unlock(&p->lock);
	view->convicts = quarantine_list(p->quarantine, view->convict,
	    QUARANTINE_PLACES, now);
}
