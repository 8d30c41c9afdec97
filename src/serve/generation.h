/*
 * A generation: one configuration, the front that serves it and the front's
 * converters.  What dies is replaced.  A reload starts a new generation
 * beside the old one, which then drains.  The master's alone; none of this
 * blocks, but for a front that does not take the master's word.
 */
#ifndef SERVE_GENERATION_H
#define SERVE_GENERATION_H

#include "serve/child.h"

struct generation;

enum generation_state {
	GENERATION_STARTING, /* no front of it has served yet */
	GENERATION_SERVING,
	GENERATION_DRAINING, /* told to finish */
	GENERATION_FAILED    /* something died before it served: being ended */
};

/*
 * Owns the settings from here on, also where it returns NULL (no memory, or
 * no log; why says).  Nothing runs before generation_tend().
 */
struct generation *generation_new(struct child_setup *, struct settings *,
    struct why *);

/* Its processes must have ended. */
void generation_free(struct generation *);

enum generation_state generation_state(const struct generation *);
const struct settings *generation_settings(const struct generation *);

/* Start what is missing and may start now; false if something is still. */
bool generation_tend(struct generation *);

/* What to poll() for its front's words, or -1. */
int generation_control(const struct generation *);

/* One word of the front; true if it wants the log opened again. */
bool generation_hear(struct generation *);

/* A process has ended; false if it was none of this generation's. */
bool generation_reap(struct generation *, pid_t, int status);

/*
 * Finish what is in flight and end, within the time that all its time-outs
 * allow; what is left then is killed.  backlog: answer those too who have
 * connected and wait to be accepted.
 */
void generation_drain(struct generation *, bool backlog);

/* True once no process of it is left after a drain or a failure. */
bool generation_ended(const struct generation *);

/* Open its log again.  False, with the reason: lines go on as before. */
bool generation_reopen_log(struct generation *, struct why *);

#endif
