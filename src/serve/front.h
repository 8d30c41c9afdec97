/*
 * The front: an accept loop in each of N threads, and the main thread that
 * listens to the master.  No decoder runs here, unless isolation = none
 * makes this process all there is.
 *
 * Thread rules: configuration, keys and handler are immutable before the
 * first thread starts; a thread owns its connection and its buffers; shared
 * and mutable are the queue, the stop flag and the control socket's lock.
 * Signals are blocked in all threads but SIGUSR2, which ends a wait in
 * accept().
 */
#ifndef SERVE_FRONT_H
#define SERVE_FRONT_H

#include "serve/settings.h"
#include "serve/socket.h"

/*
 * The front process: everything it needs comes over the control socket; the
 * listening socket is inherited.  The exit status.
 */
int front_run(int control, int listener);

/* isolation = none: front and conversions in this one process. */
int front_run_alone(const struct settings *, struct listener *, struct why *);

#endif
