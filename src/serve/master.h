/*
 * The master: keeps a generation of front and converters running, replaces
 * what dies, hears signals.  Single-threaded; it sees no request and no byte
 * of a picture.
 *
 * SIGTERM, SIGINT: what is in flight is finished, exit 0.  SIGHUP: settings
 * are read again and a new generation takes over; bad ones change nothing.
 * SIGUSR1: the log is opened again.
 */
#ifndef SERVE_MASTER_H
#define SERVE_MASTER_H

#include "serve/settings.h"
#include "serve/socket.h"

struct master_setup {
	const char *config_path;      /* to read again at a reload */
	const char *const *overrides; /* as settings_load() takes them */
	struct settings *settings;    /* the master's from here on */
	struct listener *listener;    /* removed when it stops */
	const char *self;             /* what to execute */
};

/* Does not return before everything has ended; the exit status. */
int master_run(const struct master_setup *);

#endif
