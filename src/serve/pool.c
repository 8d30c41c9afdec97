#include "serve/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/queue.h"
#include "serve/wire.h"

/* A converter gets so much more than the job's own deadline to say so. */
#define GRACE_MS 250

/* Converters that may die under one job before they have read it. */
#define TRIES 3

struct converter {
	int fd;
	uint32_t serial;
};

struct pool {
	struct queue *idle;
	void (*kill)(uint32_t);
	int64_t queue_timeout_ms, timeout_ms;
};

struct pool *
pool_new(const struct config *config, void (*kill)(uint32_t))
{
	struct pool *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->idle = queue_new(config->queue);
	p->kill = kill;
	p->queue_timeout_ms = config->queue_timeout_ms;
	p->timeout_ms = config->timeout_ms;
	return p;
}

bool
pool_add(struct pool *p, int fd, uint32_t serial)
{
	struct converter *c = malloc(sizeof *c);

	if (c == NULL) {
		close(fd);
		return false;
	}
	*c = (struct converter){ .fd = fd, .serial = serial };
	queue_put(p->idle, c);
	return true;
}

/* Close and forget before asking for its death: no job can meet it again. */
static void
discard(struct pool *p, struct converter *c)
{
	uint32_t serial = c->serial;

	close(c->fd);
	free(c);
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
take_live(struct pool *p, struct converter **c)
{
	int64_t deadline = clock_ms() + p->queue_timeout_ms;

	for (;;) {
		void *token;
		enum status st = queue_take(p->idle, deadline, &token);

		if (st != STATUS_OK)
			return st;
		*c = token;
		if (!is_dead(*c))
			return STATUS_OK;
		discard(p, *c);
	}
}

/* A converter is not trusted: what it says must be what was asked for. */
static bool
is_plausible(const struct wire_head *head, const struct wire_reply *reply,
    const struct job *job, const void *bytes, size_t len)
{
	enum format f = (enum format)job->format;

	if (reply->status < 0 || reply->status >= STATUS_MAX)
		return false;
	if (reply->status != STATUS_OK)
		return head->len == sizeof *reply &&
		    status_def((enum status)reply->status)->http >= 400 &&
		    reply->status != STATUS_GONE;
	return reply->width > 0 && reply->height > 0 && reply->frames > 0 &&
	    facts_sniff(bytes, len) == f;
}

/* No encoder of ours needs more: four bytes a pixel, and some for its head. */
static uint64_t
most_bytes(const struct limits *limits)
{
	return (uint64_t)(limits->output_pixels + limits->animation_pixels) *
	    4 +
	    (1 << 20);
}

/* What a converter is good for after a job. */
enum outcome {
	SOUND,
	UNTOUCHED, /* it ended before it had read the job */
	SPOILT
};

/* A reply's head, then as much of it as its status promises. */
static enum outcome
read_reply(const struct converter *c, const struct job *job, int64_t deadline,
    struct picture *picture, struct wire_reply *reply, enum wire_result *r)
{
	struct wire_head head;
	size_t len;
	int passed;

	*r = wire_recv_head(c->fd, &head, &passed, deadline);
	if (passed >= 0)
		close(passed);
	if (*r == WIRE_UNREAD)
		return UNTOUCHED;
	if (*r == WIRE_OK)
		*r = wire_recv_body(c->fd, reply, sizeof *reply, deadline);
	if (*r != WIRE_OK || head.type != WIRE_REPLY ||
	    head.len < sizeof *reply ||
	    head.len - sizeof *reply > most_bytes(&job->limits))
		return SPOILT;
	len = (size_t)(head.len - sizeof *reply);
	picture->bytes = malloc(len > 0 ? len : 1);
	if (picture->bytes == NULL) {
		*r = WIRE_ERROR;
		return SPOILT;
	}
	picture->len = len;
	*r = wire_recv_body(c->fd, picture->bytes, len, deadline);
	return *r == WIRE_OK &&
	        is_plausible(&head, reply, job, picture->bytes, len)
	    ? SOUND
	    : SPOILT;
}

static enum status
explain(const struct converter *c, enum wire_result r, struct why *why)
{
	if (r == WIRE_LATE) {
		why_set(why, "converter %u was killed at its deadline",
		    c->serial);
		return STATUS_TIMEOUT;
	}
	if (r == WIRE_ERROR && errno == ENOMEM)
		return STATUS_NO_MEMORY;
	why_set(why, "converter %u %s", c->serial,
	    r == WIRE_OK ? "answered nonsense" : "died over this job");
	return STATUS_CRASHED;
}

/* The job to this converter, the picture back. */
static enum outcome
converse(struct pool *p, const struct converter *c, struct wire_job *message,
    int source, struct picture *picture, enum status *st, struct why *why)
{
	struct wire_reply reply;
	enum outcome outcome;
	enum wire_result r;

	message->deadline_ms = clock_ms() + p->timeout_ms;
	r = wire_send(c->fd, WIRE_JOB, c->serial, message, sizeof *message,
	    source, message->deadline_ms);
	if (r == WIRE_OK)
		outcome = read_reply(c, &message->job,
		    message->deadline_ms + GRACE_MS, picture, &reply, &r);
	else
		outcome = r == WIRE_END ? UNTOUCHED : SPOILT;
	if (outcome != SOUND) {
		*st = explain(c, r, why);
		return outcome;
	}
	reply.why.text[sizeof reply.why.text - 1] = '\0';
	*why = reply.why;
	picture->width = reply.width;
	picture->height = reply.height;
	picture->frames = reply.frames;
	picture->load_us = reply.load_us;
	picture->encode_us = reply.encode_us;
	*st = (enum status)reply.status;
	return outcome;
}

static void
drop_bytes(struct picture *picture)
{
	free(picture->bytes);
	picture->bytes = NULL;
	picture->len = 0;
}

enum status
pool_convert(struct pool *p, const struct job *job, const struct source *source,
    const struct pool_peer *peer, struct picture *picture, struct why *why)
{
	struct wire_job message = { .job = *job, .identity = source->identity };
	struct converter *c;
	enum outcome outcome = UNTOUCHED;
	enum status st;

	memset(picture, 0, sizeof *picture);
	/* A job that no converter has seen is not what it died of. */
	for (int tries = 0; outcome == UNTOUCHED && tries < TRIES; tries++) {
		st = take_live(p, &c);
		if (st != STATUS_OK)
			return st;
		if (peer->gone(peer->arg)) {
			queue_put(p->idle, c);
			return STATUS_GONE;
		}
		outcome =
		    converse(p, c, &message, source->fd, picture, &st, why);
		if (outcome == SOUND)
			queue_put(p->idle, c);
		else
			discard(p, c);
	}
	if (st != STATUS_OK)
		drop_bytes(picture);
	return st;
}
