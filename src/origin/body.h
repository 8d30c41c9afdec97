/*
 * An original's bytes on their way into a sealed file: counted against the
 * limit of one and against the memory of all.
 */
#ifndef ORIGIN_BODY_H
#define ORIGIN_BODY_H

#include "base/log.h"
#include "base/status.h"
#include "origin/memfile.h"
#include "origin/memory.h"

struct body {
	struct memory *memory;
	int64_t max_bytes, deadline_ms;
	int64_t length;   /* what was announced, or -1 */
	int64_t reserved; /* of the memory */
	int64_t size;
	bool open, digests;
	struct memfile file;
};

/* Nothing is held yet. */
void body_init(struct body *, struct memory *, int64_t max_bytes,
    int64_t deadline_ms);

/*
 * The first byte comes.  length: as announced, or -1; room for it is waited
 * for.  digest: the bytes are all that tells this version from another.
 * TOO_LARGE, BUSY (no room), NO_MEMORY.
 */
enum status body_begin(struct body *, int64_t length, bool digest,
    struct why *);

/* More bytes.  TOO_LARGE, BUSY, NO_MEMORY. */
enum status body_add(struct body *, const void *, size_t, struct why *);

/* All are here: known gets blob and digest. */
enum status body_end(struct body *, struct known *, struct why *);

/* Let everything go that body_end() has not handed out. */
void body_free(struct body *);

#endif
