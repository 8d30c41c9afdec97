/*
 * The converters as the front sees them: a queue of sockets.  A converter
 * that dies, hangs or answers nonsense is closed, forgotten, and the master
 * asked to end it; one that has worked long enough or holds too much is
 * closed between two jobs.  A new one comes by itself.  An original that does
 * it twice is refused for a while.
 */
#ifndef SERVE_POOL_H
#define SERVE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "image/pipeline.h"
#include "origin/origin.h"
#include "serve/config.h"
#include "serve/statuspage.h"
#include "serve/wire.h"

struct pool;

/* Says that nobody waits for the answer any more. */
struct pool_peer {
	bool (*gone)(void *);
	void *arg;
};

/* What is to be made of which original, and for whom. */
struct order {
	const struct job *job;
	const struct source *source;
	const char *site, *path;
	int64_t cost_ms;    /* a guess */
	int64_t timeout_ms; /* what it may take at most */
	const struct pool_peer *peer;
};

/* kill: asks the master to end a converter; any thread may call it. */
struct pool *pool_new(const struct config *, void (*kill)(uint32_t serial));

/* A new converter, which has said hello.  The pool owns fd from here on. */
bool pool_add(struct pool *, int fd, uint32_t serial);

/* How a converter has ended, told by the master. */
void pool_died(struct pool *, const struct wire_death *);

/*
 * Wait for a converter and have it do the job.  BUSY, QUEUE_TIMEOUT, GONE,
 * QUARANTINED, TIMEOUT, CRASHED, or what the converter says.  The stage times
 * in picture are set as far as it came.  Any thread.
 */
enum status pool_convert(struct pool *, const struct order *, struct picture *,
    struct why *);

/* What the converters are doing, and what is refused.  Any thread. */
void pool_look(struct pool *, struct page_view *);

#endif
