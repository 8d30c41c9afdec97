/*
 * What each operating system does its own way.  One implementation a
 * platform, chosen by configure.
 */
#ifndef SERVE_PLATFORM_H
#define SERVE_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

/* A path that executes this very program again; NULL if it is not known. */
const char *platform_self(const char *argv0, char *path, size_t size);

/* The calling process is killed when its parent dies. */
void platform_die_with_parent(void);

/*
 * How a converter's heap lives: what one job gave back the next one may have,
 * up to tens of megabytes, for fresh pages from the system cost up to a sixth
 * of a conversion; and it comes wiped, where the system can do that, so that
 * a decoder which leaves pixels unset shows nobody else's.  Once, before any
 * job.
 */
void platform_set_memory(void);

/*
 * The same of a front: hundreds of threads that hold little share one heap,
 * and a picture's memory goes back to the system with it.  Once, before there
 * are threads.
 */
void platform_share_memory(void);

/* What the heap holds and nobody uses goes back to the system, if it can. */
void platform_trim_memory(void);

/* The longest queue that listen(2) really gives; -1 if it is not known. */
int platform_backlog_max(void);

/*
 * Bytes of memory that the calling process holds now; where the system does
 * not tell, the most that it has ever held.  Opens what it needs when it is
 * first called; 0 if it cannot.  Any thread.
 */
int64_t platform_resident(void);

#endif
