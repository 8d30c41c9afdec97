/*
 * FastCGI: the only file that knows libfcgi.
 *
 * We accept, bound and time the connection ourselves, look at the request
 * before libfcgi reads a byte of it (it reads PARAMS without limit and dies
 * of FCGI_GET_VALUES), let libfcgi take it apart, and write the answer in
 * one go.  Connections are never kept: an idle one would hold a thread.
 *
 * Source: FastCGI Specification 1.0; libfcgi 2.4.2 and later.
 */
#ifndef SERVE_FCGI_H
#define SERVE_FCGI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct fcgi; /* one a thread; owned by it */

/* Shared by all threads of a listener. */
struct fcgi_door {
	atomic_bool closed;
	atomic_int waiting; /* may still come in: they connected before */
};

/* Once, before any thread and before the process sets its own handlers. */
bool fcgi_init(void);

/* io_timeout_ms bounds the reading of a request, and the writing of an answer.
 */
struct fcgi *fcgi_new(int listener, int io_timeout_ms);
void fcgi_free(struct fcgi *);

/*
 * Wait for a request.  NULL when the door is closed and a signal interrupts
 * the wait; else its parameters as "NAME=value" strings, valid until
 * fcgi_finish().  Bad connections are dropped here, quietly.
 */
char *const *fcgi_accept(struct fcgi *, struct fcgi_door *);

/* True if the peer has gone away: nobody will read the answer. */
bool fcgi_gone(const struct fcgi *);

/*
 * Write Content-Length (unless bodyless), head and body, and the end, and
 * close the connection; the parameters stay valid.  False if the peer did
 * not take it.
 */
bool fcgi_send(struct fcgi *, const void *head, size_t head_len,
    const void *body, size_t body_len, bool bodyless);

/* Close the connection if it is still open, forget the request. */
void fcgi_finish(struct fcgi *);

#endif
