/*
 * The accept threads: each one takes a request, has it answered, sends it.
 */
#ifndef SERVE_THREADS_H
#define SERVE_THREADS_H

#include "serve/handler.h"

struct threads;

struct threads_setup {
	const struct handler *handler;
	int listener;
	int count;
	int io_timeout_ms;
	void (*at_end)(void); /* each thread's last act; or NULL */
};

/* Block what threads must not see; before any thread, after fcgi_init(). */
void threads_signals(void);

/* NULL, with nothing left running, if not all of them could be started. */
struct threads *threads_start(const struct threads_setup *);

/*
 * Take no more requests but those in flight, and at most so many that are
 * connected already.  Returns at once.
 */
void threads_stop(struct threads *, int waiting);

/*
 * After threads_stop(), every few milliseconds: true once all have ended;
 * they are joined and freed then.  NULL has ended.
 */
bool threads_ended(struct threads *);

#endif
