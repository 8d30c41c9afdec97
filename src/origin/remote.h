/*
 * A site's originals on another host: asked for by HTTP, remembered, shared
 * between those who want the same one, and bounded in everything.
 */
#ifndef ORIGIN_REMOTE_H
#define ORIGIN_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "origin/memory.h"
#include "origin/origin.h"
#include "origin/s3.h"
#include "origin/target.h"

struct remote_setup {
	struct target target;
	const struct s3_keys *keys; /* these outlive it */
	const char *ca;             /* a file; "" for the system's */
	struct memory *memory;      /* shared by all sites */
	uint32_t id;                /* of the site, in the memory's keys */
	int32_t fetches;            /* at once */
	int32_t inside_max;         /* requests that fetch or wait, at once */
	int64_t fresh_ms, timeout_ms, max_bytes;
	bool private_ok, redirects;
};

struct remote; /* opaque; shared by all threads */

/* NULL when out of memory.  After fetch_init(). */
struct remote *remote_new(const struct remote_setup *);
void remote_free(struct remote *);

/*
 * path: absolute, decoded.  bytes: they are wanted; otherwise the version may
 * be all that comes (source->fd is -1 then), which costs the origin nothing
 * or one question without an answer's body.  NOT_FOUND, FORBIDDEN,
 * NOT_REGULAR, TOO_LARGE, ORIGIN, ORIGIN_TIMEOUT, BUSY, NO_MEMORY.  Takes no
 * longer than the time-out.  Any thread.
 */
enum status remote_open(struct remote *, const char *path, bool bytes,
    struct source *, struct why *);

#endif
