/*
 * The story of one request, from its parameters to its answer.
 */
#ifndef SERVE_HANDLER_H
#define SERVE_HANDLER_H

#include "http/response.h"
#include "origin/origin.h"
#include "serve/config.h"
#include "serve/converter.h"
#include "serve/origins.h"
#include "serve/pool.h"

/* How a picture is made: through a pool, or right here. */
struct maker {
	enum status (*convert)(void *arg, const struct order *,
	    struct picture *, struct why *);
	void (*look)(void *arg, struct page_view *); /* NULL: no status */
	void *arg;
};

/* Immutable once opened; shared by all threads. */
struct handler {
	const struct config *config;
	const struct seal_ring *rings; /* one a site, the caller's */
	struct origins *origins;       /* of all sites */
	struct maker maker;
	char versions[CONVERTER_VERSIONS_MAX]; /* the libraries', part of every
	                                          ETag */
	int64_t opened_ms, opened_s;           /* of both clocks */
};

/*
 * Open the sites' originals; s3: origins_keys()' array.  False with the
 * reason.
 */
bool handler_open(struct handler *, const struct config *,
    const struct seal_ring *, const struct s3_keys *s3, struct why *);
void handler_close(struct handler *);

/* Who asks, and how to answer. */
struct visitor {
	struct pool_peer peer;
	void (*send)(void *arg, const struct response *); /* arg: peer's */
};

/*
 * Answer one request, then write its line to the log: a log on a slow disk
 * must not hold an answer up.  Nothing is sent when the result is GONE.  Any
 * thread.
 */
enum status handler_serve(const struct handler *, char *const *envp,
    const struct visitor *);

#endif
