/*
 * Asking an origin over HTTP: the one place that speaks to the network, and
 * the only ones that know libcurl are its files.  Configured without it,
 * fetch_none.c stands here and no site can have such an origin.
 */
#ifndef ORIGIN_FETCH_H
#define ORIGIN_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "origin/memory.h"
#include "origin/s3.h"
#include "origin/target.h"

/* The connections to one origin; opaque. */
struct fetch;

struct fetch_setup {
	const struct target *target; /* these three outlive it */
	const struct s3_keys *keys;  /* for s3 */
	const char *ca;              /* a file; "" for the system's */
	struct memory *memory;
	int32_t count;      /* requests at once */
	int64_t timeout_ms; /* of one fetch; parts of it bound its parts */
	int64_t max_bytes;
	bool private_ok; /* a name may lead to a private address */
	bool redirects;  /* followed within the target */
};

struct fetch_ask {
	const char *url;             /* of target_url() */
	const char *etag, *modified; /* unless these still hold; "" or both */
	bool head;                   /* validators alone */
	int64_t deadline_ms;
};

/* False with the reason: built without libcurl. */
bool fetch_possible(struct why *);

/* The same, or libcurl does not start.  Before any thread. */
bool fetch_init(struct why *);

/* The library's name and version; "" without one. */
const char *fetch_version(void);

/* NULL when out of memory. */
struct fetch *fetch_new(const struct fetch_setup *);
void fetch_free(struct fetch *);

/*
 * Ask, after waiting for a free connection.  OK: known is what the origin
 * says, with bytes unless head; or, *unchanged, what was asked with still
 * holds and known is untouched.  Else known->status and why say what was
 * wrong: NOT_FOUND, FORBIDDEN, TOO_LARGE, ORIGIN, ORIGIN_TIMEOUT, BUSY,
 * NO_MEMORY.  Any thread.
 */
enum status fetch_original(struct fetch *, const struct fetch_ask *,
    struct known *known, bool *unchanged);

#endif
