/*
 * Where originals come from: a directory, opened once; paths are looked up
 * beneath it by the kernel and never leave it.  Those of other hosts
 * (origin/remote.h) become the same struct source.
 */
#ifndef ORIGIN_ORIGIN_H
#define ORIGIN_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"

struct origin; /* opaque; immutable once open, shared by all threads */

/* NULL, with the reason, unless path is a directory that we can search. */
struct origin *origin_open_root(const char *path, struct why *);
void origin_close_root(struct origin *);

#define SOURCE_VERSION_MAX 272

/* What a file was when we looked: it must still be that when it was read. */
struct identity {
	uint64_t device, inode;
	int64_t size;
	int64_t mtime_ns, ctime_ns;
	int32_t sealed; /* 1: in memory, and nobody can write it */
};

struct blob;

/* An original.  fd -1: its version is known, its bytes are not here. */
struct source {
	int fd; /* close-on-exec, readable; -1 after source_close() */
	struct identity identity;         /* of fd */
	char version[SOURCE_VERSION_MAX]; /* another one: other bytes */
	int64_t modified;                 /* seconds since 1970, or 0 */
	struct blob *blob;                /* whose fd it is; NULL: ours */
};

/*
 * path: absolute, decoded ("/a/b.jpg").  NOT_FOUND, FORBIDDEN (leaves the
 * root, or may not be read), NOT_REGULAR, TOO_LARGE, IO.
 */
enum status origin_open(const struct origin *, const char *path,
    int64_t max_bytes, struct source *, struct why *);
void source_close(struct source *);

/*
 * What it is known by from one request to the next: a fetched original keeps
 * it when it is fetched again, as long as its version is the same.
 */
struct identity source_lasting(const struct source *);

/* The bytes of a blob, whose use passes to source; false with errno. */
bool source_of_memory(struct source *, struct blob *);

/* The first bytes, at most size; *len is how many there were. */
enum status source_head(const struct source *, void *, size_t size,
    size_t *len);

/*
 * The whole file into *bytes, which source_free() takes back.  CHANGED unless
 * the file is, before and after the reading, what identity says.  An empty
 * file and one written less than a tenth of a second ago are waited for,
 * until they are a tenth of a second old.
 */
enum status source_read(int fd, const struct identity *, const void **bytes,
    struct why *);
void source_free(const void *bytes, const struct identity *);

#endif
