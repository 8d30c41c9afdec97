#include "serve/front.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "image/pipeline.h"
#include "serve/converter.h"
#include "serve/fcgi.h"
#include "serve/handler.h"
#include "serve/logfile.h"
#include "serve/metrics.h"
#include "serve/queue.h"
#include "serve/sandbox.h"
#include "serve/threads.h"

/* A job that libvips cannot stop gets so much longer, then all must end. */
#define STUCK_MS 5000

struct slot {
	_Atomic int64_t deadline_ms; /* 0: idle */
};

struct alone {
	const struct config *config;
	struct queue *queue;
	/* One a conversion that may run at once. */
	struct slot slots[CONFIG_CONVERTERS_MAX];
};

static enum status
take_slot(struct alone *a, const struct order *order, struct slot **slot)
{
	void *token;
	enum status st = queue_take(a->queue, order->cost_ms,
	    clock_ms() + a->config->queue_timeout_ms, &token);

	if (st != STATUS_OK)
		return st;
	*slot = token;
	if (!order->peer->gone(order->peer->arg))
		return STATUS_OK;
	queue_pass(a->queue, order->cost_ms, *slot);
	return STATUS_GONE;
}

static enum status
convert_here(void *arg, const struct order *order, struct picture *picture,
    struct why *why)
{
	struct alone *a = arg;
	struct slot *slot;
	int64_t began = clock_us(), waited, deadline;
	enum status st = take_slot(a, order, &slot);

	waited = clock_us() - began;
	metrics_add(METRIC_WAIT_US, waited);
	picture->wait_us = waited;
	if (st != STATUS_OK)
		return st;
	metrics_add(METRIC_JOBS, 1);
	deadline = clock_ms() + order->timeout_ms;
	slot->deadline_ms = deadline;
	st = converter_do(order->job, order->source->fd,
	    &order->source->identity, deadline, picture, why);
	slot->deadline_ms = 0;
	queue_put(a->queue, slot);
	picture->wait_us = waited;
	return st;
}

static void
look(void *arg, struct page_view *view)
{
	const struct alone *a = arg;

	view->waiting = queue_waiting(a->queue);
}

/* An encoder that cannot be interrupted holds its thread for ever. */
static void
check_stuck(const struct alone *a)
{
	int64_t now = clock_ms();

	for (int i = 0; i < a->config->converters; i++) {
		int64_t deadline = a->slots[i].deadline_ms;

		if (deadline == 0 || now < deadline + STUCK_MS)
			continue;
		log_line(LOG_LEVEL_ERROR,
		    "a conversion is stuck past its deadline: aborting");
		abort();
	}
}

static atomic_bool log_is_lost;

static void
on_lost(void)
{
	atomic_store(&log_is_lost, true);
}

static void
wait_for_stop(const struct alone *a)
{
	const struct timespec second = { 1, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	for (;;) {
		int sig = sigtimedwait(&set, NULL, &second);
		struct why why;

		if (sig == SIGTERM || sig == SIGINT)
			return;
		if ((sig == SIGUSR1 || atomic_exchange(&log_is_lost, false)) &&
		    !logfile_reopen(a->config, &why))
			log_line(LOG_LEVEL_ERROR, "%s", why.text);
		check_stuck(a);
	}
}

/* The threads' story, once everything is in place. */
static bool
serve(struct alone *a, const struct handler *handler, struct listener *listener,
    struct why *why)
{
	const struct config *config = a->config;
	const struct threads_setup setup = { .handler = handler,
		.listener = listener->fd,
		.count = config->threads,
		.io_timeout_ms = (int)config->io_timeout_ms,
		.at_end = pipeline_thread_end };
	const struct timespec step = { 0, 5000000 };
	struct threads *threads = threads_start(&setup);

	if (threads == NULL) {
		why_set(why, "the threads could not be started");
		return false;
	}
	log_line(LOG_LEVEL_INFO, "ready: %d threads, no isolation",
	    config->threads);
	wait_for_stop(a);
	socket_unlink(listener);
	threads_stop(threads, config->backlog);
	while (!threads_ended(threads))
		nanosleep(&step, NULL);
	return true;
}

int
front_run_alone(const struct settings *settings, struct listener *listener,
    struct why *why)
{
	const struct config *config = settings->config;
	static struct handler handler;
	static struct alone a;
	bool good;

	a.config = config;
	if (!settings_drop(settings)) {
		why_set(why, "user %s cannot be become", config->user);
		return 1;
	}
	if (!fcgi_init() ||
	    !handler_open(&handler, config, settings->rings, settings->s3, why))
		return 1;
	threads_signals();
	if (!pipeline_init(config_inputs(config), why) ||
	    !sandbox_alone(config, why))
		return 1;
	log_on_lost(on_lost);
	log_thread_start();
	a.queue = queue_new(config->queue);
	if (a.queue == NULL) {
		why_set(why, "out of memory");
		return 1;
	}
	for (int i = 0; i < config->converters; i++)
		queue_put(a.queue, &a.slots[i]);
	converter_versions(handler.versions);
	handler.maker = (struct maker){ convert_here, look, &a };
	good = serve(&a, &handler, listener, why);
	log_thread_stop();
	queue_free(a.queue);
	handler_close(&handler);
	pipeline_end();
	return good ? 0 : 1;
}
