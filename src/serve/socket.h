/*
 * The listening socket: inherited from a launcher, or our own.
 */
#ifndef SERVE_SOCKET_H
#define SERVE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "serve/config.h"

struct listener {
	int fd;
	char path[CONFIG_PATH_MAX]; /* ours to remove at the end; or "" */
	bool kept; /* somebody else listens on: nothing waits in vain */
};

/*
 * Descriptor 0 if it listens (spawn-fcgi, supervisor), else the one of
 * LISTEN_FDS (systemd), else a socket of our own where the option says, or at
 * the default path.  An inherited one must be where the option says, if it
 * says anything, and on a path or on loopback with tcp = yes; else it is
 * refused.  An inherited descriptor 0 is moved away and /dev/null takes its
 * place.  A path that nobody answers on is replaced; a live one is refused.
 * The descriptor is close-on-exec and blocking.
 */
bool socket_listen(const struct config *, struct listener *, struct why *);

/* What socket_listen() would do, without doing it; for -t. */
bool socket_check(const struct config *, struct why *);

/* Remove the path if it is ours: nobody new connects. */
void socket_unlink(struct listener *);

/* The same, and close. */
void socket_close(struct listener *);

#endif
