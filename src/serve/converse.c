#include "serve/converse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "serve/fatal.h"

/* A converter gets so much more than the job's own deadline to say so. */
#define GRACE_MS 250

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
		    reply->status != STATUS_GONE &&
		    reply->status != STATUS_QUARANTINED;
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

/* There is no answer. */
static enum outcome
fail(enum wire_result r, uint32_t serial, struct conversation *c,
    struct why *why)
{
	if (r == WIRE_LATE) {
		c->status = STATUS_TIMEOUT;
		c->late = true;
		snprintf(c->cause, sizeof c->cause, "overran its deadline");
		why_set(why, "converter %u was killed at its deadline", serial);
	} else if (r == WIRE_ERROR && errno == ENOMEM)
		c->status = STATUS_NO_MEMORY;
	else
		why_set(why, "converter %u %s", serial,
		    r == WIRE_END ? "died over this job" : "answered nonsense");
	c->silent = c->silent && r == WIRE_END;
	return OUTCOME_SPOILT;
}

/* A converter's last words: who is to blame, and whether for this job. */
static enum outcome
hear_fatal(int fd, uint32_t serial, int64_t deadline, struct conversation *c,
    struct why *why)
{
	struct wire_fatal fatal;
	const char *name;

	if (wire_recv_body(fd, &fatal, sizeof fatal, deadline) != WIRE_OK)
		return fail(WIRE_END, serial, c, why);
	name = fatal_name(fatal.signal);
	if (!fatal.working)
		return OUTCOME_UNTOUCHED;
	c->silent = false;
	if (fatal.foreign)
		why_set(why, "process %d sent converter %u %s", fatal.sender,
		    serial, name != NULL ? name : "a signal");
	else {
		snprintf(c->cause, sizeof c->cause,
		    "ended its converter by %s at %#" PRIx64,
		    name != NULL ? name : "a signal", fatal.address);
		why_set(why, "it %s", c->cause);
	}
	return OUTCOME_SPOILT;
}

/* What follows the head of a reply. */
static enum wire_result
read_picture(int fd, const struct wire_head *head, const struct job *job,
    int64_t deadline, struct picture *picture, struct wire_reply *reply)
{
	enum wire_result r = wire_recv_body(fd, reply, sizeof *reply, deadline);
	size_t len = (size_t)head->len - sizeof *reply;

	if (r != WIRE_OK)
		return r;
	picture->bytes = malloc(len > 0 ? len : 1);
	if (picture->bytes == NULL)
		return WIRE_ERROR;
	picture->len = len;
	r = wire_recv_body(fd, picture->bytes, len, deadline);
	if (r != WIRE_OK || is_plausible(head, reply, job, picture->bytes, len))
		return r;
	errno = EPROTO;
	return WIRE_ERROR;
}

static void
accept_reply(struct wire_reply *reply, struct picture *picture,
    struct conversation *c, struct why *why)
{
	reply->why.text[sizeof reply->why.text - 1] = '\0';
	*why = reply->why;
	picture->width = reply->width;
	picture->height = reply->height;
	picture->frames = reply->frames;
	picture->read_us = reply->read_us;
	picture->load_us = reply->load_us;
	picture->encode_us = reply->encode_us;
	c->resident = reply->resident;
	c->status = (enum status)reply->status;
	if (c->status == STATUS_TIMEOUT)
		snprintf(c->cause, sizeof c->cause, "overran its deadline");
}

enum outcome
converse(int fd, uint32_t serial, const struct wire_job *message, int source,
    struct picture *picture, struct conversation *c, struct why *why)
{
	int64_t deadline = message->deadline_ms + GRACE_MS;
	struct wire_head head;
	struct wire_reply reply;
	enum wire_result r;
	int passed;

	*c = (struct conversation){ .status = STATUS_CRASHED, .silent = true };
	r = wire_send(fd, WIRE_JOB, serial, message, sizeof *message, source,
	    message->deadline_ms);
	if (r == WIRE_END)
		return OUTCOME_UNTOUCHED;
	if (r != WIRE_OK)
		return fail(r, serial, c, why);
	r = wire_recv_head(fd, &head, &passed, deadline);
	if (passed >= 0)
		close(passed);
	if (r == WIRE_UNREAD)
		return OUTCOME_UNTOUCHED;
	if (r != WIRE_OK)
		return fail(r, serial, c, why);
	if (head.type == WIRE_FATAL && head.len == sizeof(struct wire_fatal))
		return hear_fatal(fd, serial, deadline, c, why);
	c->silent = false;
	if (head.type != WIRE_REPLY || head.len < sizeof reply ||
	    head.len - sizeof reply > most_bytes(&message->job.limits)) {
		errno = EPROTO;
		return fail(WIRE_ERROR, serial, c, why);
	}
	r = read_picture(fd, &head, &message->job, deadline, picture, &reply);
	if (r != WIRE_OK)
		return fail(r, serial, c, why);
	accept_reply(&reply, picture, c, why);
	return OUTCOME_SOUND;
}
