/*
 * The converters as the front sees them: a queue of sockets.  A converter
 * that dies, hangs or answers nonsense is closed, forgotten, and the master
 * asked to end it; a new one comes by itself.
 */
#ifndef SERVE_POOL_H
#define SERVE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "image/pipeline.h"
#include "origin/origin.h"
#include "serve/config.h"

struct pool;

/* Says that nobody waits for the answer any more. */
struct pool_peer {
	bool (*gone)(void *);
	void *arg;
};

/* kill: asks the master to end a converter; any thread may call it. */
struct pool *pool_new(const struct config *, void (*kill)(uint32_t serial));

/* A new converter, which has said hello.  The pool owns fd from here on. */
bool pool_add(struct pool *, int fd, uint32_t serial);

/*
 * Wait for a converter and have it do the job.  BUSY, QUEUE_TIMEOUT, GONE,
 * TIMEOUT, CRASHED, or what the converter says.  Any thread.
 */
enum status pool_convert(struct pool *, const struct job *,
    const struct source *, const struct pool_peer *, struct picture *,
    struct why *);

#endif
