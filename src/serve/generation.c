#include "serve/generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "origin/s3.h"
#include "serve/logfile.h"
#include "serve/wire.h"

#define START_MS 30000 /* until it serves, or it never will */
#define SEND_MS  10000 /* a front that does not listen so long is dead */
#define SLACK_MS 5000  /* what a drain may take beyond its requests */

struct generation {
	struct child_setup *setup;
	struct settings *settings;
	enum generation_state state;
	struct child front;
	struct child *converters;
	int count;   /* of converters */
	int control; /* the front's socket, or -1 */
	int log;
	int64_t start_by_ms, drain_by_ms;
};

struct generation *
generation_new(struct child_setup *setup, struct settings *settings,
    struct why *why)
{
	struct generation *g = calloc(1, sizeof *g);
	size_t count = (size_t)settings->config->converters;

	why_set(why, "out of memory");
	if (g != NULL) {
		g->converters = calloc(count, sizeof *g->converters);
		g->log = logfile_open(settings->config, why);
	}
	if (g == NULL || g->converters == NULL || g->log < 0) {
		if (g != NULL)
			free(g->converters);
		free(g);
		settings_free(settings);
		return NULL;
	}
	g->setup = setup;
	g->settings = settings;
	g->state = GENERATION_STARTING;
	g->count = (int)count;
	g->control = -1;
	g->start_by_ms = clock_ms() + START_MS;
	return g;
}

void
generation_free(struct generation *g)
{
	if (g->control >= 0)
		close(g->control);
	close(g->log);
	settings_free(g->settings);
	free(g->converters);
	free(g);
}

enum generation_state
generation_state(const struct generation *g)
{
	return g->state;
}

const struct settings *
generation_settings(const struct generation *g)
{
	return g->settings;
}

int
generation_control(const struct generation *g)
{
	return g->control;
}

/* A front that does not take our word is replaced. */
static void
tell_front(struct generation *g, enum wire_type type, uint32_t serial,
    const void *body, size_t len, int passed)
{
	if (g->control >= 0 &&
	    wire_send(g->control, type, serial, body, len, passed,
	        clock_ms() + SEND_MS) != WIRE_OK)
		child_kill(&g->front);
}

static void
start_front(struct generation *g)
{
	const struct config *config = g->settings->config;
	struct buf text;

	g->control =
	    child_start(&g->front, g->setup, g->settings, "front", "", g->log);
	if (g->control < 0)
		return;
	buf_init(&text, CONFIG_TEXT_MAX);
	config_format(config, &text);
	tell_front(g, WIRE_CONFIG, 0, buf_cstr(&text), text.len, -1);
	buf_free(&text);
	if (g->settings->s3 != NULL)
		tell_front(g, WIRE_S3, 0, g->settings->s3,
		    config->sites * sizeof *g->settings->s3, -1);
	tell_front(g, WIRE_KEYS, 0, g->settings->rings,
	    config->sites * sizeof *g->settings->rings, -1);
	for (int i = 0; i < g->count; i++)
		g->converters[i].again_ms = 0;
}

static void
start_converter(struct generation *g, struct child *c)
{
	const struct config *config = g->settings->config;
	char argument[48];
	int ours;

	snprintf(argument, sizeof argument, ":%u:%d:%lld",
	    config_inputs(config), (int)config->sandbox,
	    (long long)config->converter_memory);
	ours = child_start(c, g->setup, g->settings, "converter", argument,
	    g->log);
	if (ours < 0)
		return;
	/* Its end goes to the front; the master keeps none. */
	tell_front(g, WIRE_CONVERTER, c->serial, &c->died, sizeof c->died,
	    ours);
	close(ours);
	memset(&c->died, 0, sizeof c->died);
}

static void
end_now(struct generation *g)
{
	child_kill(&g->front);
	for (int i = 0; i < g->count; i++)
		child_kill(&g->converters[i]);
}

bool
generation_tend(struct generation *g)
{
	int64_t now = clock_ms();
	bool all = true;

	if (g->state == GENERATION_STARTING && now >= g->start_by_ms) {
		log_line(LOG_LEVEL_ERROR, "not ready within %d s",
		    START_MS / 1000);
		g->state = GENERATION_FAILED;
	}
	if (g->state == GENERATION_FAILED ||
	    (g->state == GENERATION_DRAINING && now >= g->drain_by_ms)) {
		end_now(g);
		return false;
	}
	if (g->front.pid == 0 && g->state != GENERATION_DRAINING &&
	    now >= g->front.again_ms)
		start_front(g);
	/* While it drains, too: its requests wait for converters. */
	for (int i = 0; g->control >= 0 && i < g->count; i++) {
		struct child *c = &g->converters[i];

		if (c->pid == 0 && now >= c->again_ms)
			start_converter(g, c);
		all = all && c->pid != 0;
	}
	return all && g->control >= 0 && g->state != GENERATION_DRAINING;
}

static void
hear_ready(struct generation *g)
{
	const struct config *config = g->settings->config;

	g->front.ready = true;
	if (g->state != GENERATION_STARTING)
		return;
	g->state = GENERATION_SERVING;
	log_line(LOG_LEVEL_INFO, "ready: %d threads, %d converters",
	    config->threads, config->converters);
}

/* READY and KILL name a converter; READY of 0 is the front itself. */
bool
generation_hear(struct generation *g)
{
	struct wire_head head;
	int passed;

	if (wire_recv_head(g->control, &head, &passed, clock_ms() + SEND_MS) !=
	    WIRE_OK) {
		/* It is dying; waitpid() tells. */
		child_kill(&g->front);
		close(g->control);
		g->control = -1;
		return false;
	}
	if (passed >= 0)
		close(passed);
	if (head.type == WIRE_READY && head.serial == 0)
		hear_ready(g);
	for (int i = 0; i < g->count; i++) {
		struct child *c = &g->converters[i];

		if (head.serial == 0 || c->serial != head.serial)
			continue;
		if (head.type == WIRE_READY)
			c->ready = true;
		/* Only one that is not yet reaped has a pid here. */
		if (head.type == WIRE_KILL)
			child_kill(c);
	}
	return head.type == WIRE_LOG;
}

/* Its converters are of no use to another front. */
static void
bury_front(struct generation *g, int status)
{
	child_bury(&g->front, "front", status);
	if (g->control >= 0)
		close(g->control);
	g->control = -1;
	end_now(g);
	if (g->state != GENERATION_DRAINING || WIFSIGNALED(status))
		log_line(LOG_LEVEL_ERROR, "%s", g->front.died.text);
}

bool
generation_reap(struct generation *g, pid_t pid, int status)
{
	struct child *c = NULL;

	for (int i = 0; i < g->count; i++) {
		if (g->converters[i].pid == pid)
			c = &g->converters[i];
	}
	if (pid == g->front.pid)
		bury_front(g, status);
	else if (c == NULL)
		return false;
	else
		child_bury(c, "converter", status);
	/* Something that dies before anything was served will die again. */
	if (g->state == GENERATION_STARTING) {
		/* Else the front tells it, with the next one's coming. */
		if (c != NULL)
			log_line(LOG_LEVEL_ERROR, "%s", c->died.text);
		g->state = GENERATION_FAILED;
	}
	return true;
}

bool
generation_ended(const struct generation *g)
{
	bool ended = g->state >= GENERATION_DRAINING && g->front.pid == 0;

	for (int i = 0; i < g->count; i++)
		ended = ended && g->converters[i].pid == 0;
	return ended;
}

void
generation_drain(struct generation *g, bool backlog)
{
	const struct config *config = g->settings->config;

	g->state = GENERATION_DRAINING;
	g->drain_by_ms = clock_ms() + config->queue_timeout_ms +
	    config->timeout_ms + config->io_timeout_ms + SLACK_MS;
	tell_front(g, WIRE_DRAIN, backlog, NULL, 0, -1);
}

bool
generation_reopen_log(struct generation *g, struct why *why)
{
	int fd = logfile_open(g->settings->config, why);

	if (fd < 0)
		return false;
	close(g->log);
	g->log = fd;
	tell_front(g, WIRE_LOG, 0, NULL, 0, fd);
	return true;
}
