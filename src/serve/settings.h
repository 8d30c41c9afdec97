/*
 * All that a generation is made from: configuration, keys, and whom its
 * processes become.  Read once at the start and again at every reload.
 */
#ifndef SERVE_SETTINGS_H
#define SERVE_SETTINGS_H

#include <sys/types.h>

#include "serve/config.h"

/* Immutable once loaded. */
struct settings {
	struct config *config;
	struct seal_ring *rings; /* one a site */
	struct s3_keys *s3;      /* likewise; NULL: no site has such keys */
	/* Whom to become; not at all unless the master is root. */
	bool drops;
	uid_t uid;
	gid_t gid;
};

/*
 * Read the file (NULL: none) and the command line's "name=value" words, the
 * keys of every site, and look whether the roots are there.  NULL with one
 * line in why.  Single-threaded processes only.
 */
struct settings *settings_load(const char *path, const char *const *overrides,
    struct why *);

/*
 * Become the user that they name, if root is to.  False if we still are, or
 * could become, root.
 */
bool settings_drop(const struct settings *);

/* Wipes the keys. */
void settings_free(struct settings *);

/*
 * Take over from was what a running daemon cannot change, such as its
 * socket; the names of those that differ go to the log.
 */
void settings_keep_fixed(struct settings *, const struct settings *was);

#endif
