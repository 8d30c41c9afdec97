/*
 * The master: forks front and converters (fork and exec of this program),
 * replaces what dies, hears signals.  Single-threaded; it sees no request
 * and no byte of a picture.
 *
 * SIGTERM, SIGINT: what is in flight is finished, exit 0.  SIGUSR1: the log
 * is opened again.
 */
#ifndef SERVE_MASTER_H
#define SERVE_MASTER_H

#include "serve/config.h"

struct master_setup {
	const struct config *config;
	const struct seal_ring *rings; /* one a site */
	int listener;
	int log;          /* where lines go; the master's own descriptor */
	const char *self; /* what to execute */
};

/* Does not return before everything has ended; the exit status. */
int master_run(const struct master_setup *);

/* Open the log that config names; -1 with the reason. */
int master_open_log(const struct config *, struct why *);

#endif
