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

/* Take no more requests, finish those in flight, join. */
void threads_stop(struct threads *);

#endif
