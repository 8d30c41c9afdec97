/*
 * What is remembered of remote originals: their validators, the bytes of the
 * recent ones, and which are being fetched right now, so that many who want
 * one original fetch it once.
 *
 * Bounded in entries and in bytes.  Bytes that somebody uses count as well as
 * those that merely lie here, so that requests which wait for a converter
 * hold no more of them than the bound.  Any thread may call any function.
 */
#ifndef ORIGIN_MEMORY_H
#define ORIGIN_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "http/fresh.h"

#define MEMORY_ETAG_MAX 256
#define MEMORY_DATE_MAX 64
#define MEMORY_KEY_MAX  8192

struct memory;

/* A whole original in a sealed file; counted, freed with its last user. */
struct blob {
	int fd;
	int64_t size;
	struct memory *memory;
	int users;                  /* besides the memory itself */
	struct blob *newer, *older; /* while nobody uses it */
	struct blob **home;         /* who remembers it, or NULL */
};

/* What an origin said of one original. */
struct known {
	enum status status; /* OK, or why there is none */
	char etag[MEMORY_ETAG_MAX];
	char modified[MEMORY_DATE_MAX];
	char digest[FRESH_ETAG_MAX]; /* of the bytes, where both are empty */
	int64_t mtime;               /* seconds; modified as a number, or 0 */
	struct blob *blob; /* a use of the bytes, the caller's; or NULL */
	struct why why;
};

enum memory_answer {
	MEMORY_KNOWN, /* as it stands */
	MEMORY_YOURS, /* ask the origin, then memory_tell() */
	MEMORY_LATE   /* somebody else was asking it past the deadline */
};

/* NULL when out of memory. */
struct memory *memory_new(int64_t max_bytes, uint32_t max_entries);
void memory_free(struct memory *); /* nobody may use a blob any more */

/*
 * What is known of key, if the origin said so less than fresh_ms ago, and
 * with bytes if those are wanted.  False otherwise; nothing is waited for.
 */
bool memory_peek(struct memory *, const char *key, bool bytes, int64_t fresh_ms,
    struct known *);

/*
 * The same, but waits for whoever is asking the origin already, and has the
 * caller ask it if nobody is; known then has what to ask with.  An answer
 * that was waited for counts as fresh.
 */
enum memory_answer memory_ask(struct memory *, const char *key, bool bytes,
    int64_t fresh_ms, int64_t deadline_ms, struct known *);

/*
 * The end of MEMORY_YOURS: known is remembered and handed to who waits.
 * TRANSIENT faults are handed on, but displace nothing that is remembered.
 * The caller keeps its use of known's blob.
 */
void memory_tell(struct memory *, const char *key, const struct known *);

/* Let so many bytes in, others out; waits.  False past the deadline. */
bool memory_reserve(struct memory *, int64_t bytes, int64_t deadline_ms);

/* The same, at once or not at all. */
bool memory_grow(struct memory *, int64_t bytes);

void memory_return(struct memory *, int64_t bytes);

/* A blob of reserved bytes with one use; takes fd.  NULL: out of memory. */
struct blob *memory_blob(struct memory *, int fd, int64_t size);

/* The end of a use.  NULL is allowed. */
void blob_release(struct blob *);

/* Bytes that are held or reserved, for tests and status. */
int64_t memory_bytes(struct memory *);

#endif
