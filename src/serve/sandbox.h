/*
 * What a process gives up before it meets a stranger's bytes, by the means of
 * the kernel at hand: Landlock and seccomp, Capsicum, pledge and unveil, or
 * resource limits alone.  Entered once, before the first thread; there is no
 * way back.
 *
 * With sandbox = auto what the kernel lacks is left out; what it has and
 * refuses is an error.  Builds with sanitizers enter nothing.
 */
#ifndef SERVE_SANDBOX_H
#define SERVE_SANDBOX_H

#include "serve/config.h"

#define SANDBOX_TEXT_MAX 64

/*
 * What will be in force, in a few words: "landlock abi 7, seccomp".  False
 * with why if that is less than sandbox = required demands.
 */
bool sandbox_describe(const struct config *, char text[SANDBOX_TEXT_MAX],
    struct why *);

/*
 * A converter: memory and the descriptors that it holds, the socket
 * CONVERTER_SOCKET and sources that come over it; no path, no new socket, no
 * other process.  memory: bytes beyond what it has now.
 */
#define CONVERTER_SOCKET 3
bool sandbox_converter(enum sandbox, int64_t memory, struct why *);

/*
 * The front: reads below the sites' roots and the sockets that it holds; no
 * program, no other process; no new connection.  Where a site has an origin
 * on another host it may connect there and anywhere, and read what names and
 * certificates are looked up in.
 */
bool sandbox_front(const struct config *, struct why *);

/* isolation = none: as the front, but files stay open to it. */
bool sandbox_alone(const struct config *, struct why *);

/*
 * --once: as a converter that reads below the roots and writes 1 and 2; with
 * an origin on another host, as the front.
 */
bool sandbox_once(const struct config *, struct why *);

#endif
