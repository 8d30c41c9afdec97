/*
 * A child of the master: this very program again with a role, a socketpair
 * and nothing else of ours.  A bare fork would hand keys, addresses and
 * canary to every decoder.
 */
#ifndef SERVE_CHILD_H
#define SERVE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "serve/settings.h"
#include "serve/wire.h"

struct child {
	pid_t pid; /* 0: none runs */
	uint32_t serial;
	bool ready;             /* the front has heard its hello */
	int64_t again_ms;       /* not started before */
	struct wire_death died; /* how the last one in this place ended */
};

/* What all children of a master have in common. */
struct child_setup {
	const char *self; /* what to execute */
	int listener;     /* the front's alone */
	uint32_t serial;  /* of the child that was started last */
};

/*
 * Start role, "front" or "converter"; argument goes behind it, lines to log.
 * Our end of the child's socketpair, or -1 where none could be started:
 * again_ms then says when to try again.
 */
int child_start(struct child *, struct child_setup *, const struct settings *,
    const char *role, const char *argument, int log);

/*
 * It has ended with this status of waitpid(): write down how, and when the
 * next one may start.
 */
void child_bury(struct child *, const char *role, int status);

/* SIGKILL, if it runs. */
void child_kill(const struct child *);

#endif
