/*
 * Bytes of a source in, bytes of a picture out.  The only file that knows
 * libvips; a function of its arguments, so that it can run in a converter,
 * in an accept thread or at a shell all the same.
 *
 * libvips' error text is one buffer for the whole process: it is logged as
 * the cause, never sent, never used to choose a status.
 */
#ifndef IMAGE_PIPELINE_H
#define IMAGE_PIPELINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "image/facts.h"
#include "image/plan.h"
#include "url/params.h"

/* One job.  No pointers: it crosses a socket. */
struct job {
	struct params params;
	int32_t format;  /* enum format to write, never NONE or AUTO */
	uint32_t inputs; /* FORMAT_BIT of what may be read */
	struct limits limits;
};

/* What came of it. */
struct picture {
	void *bytes; /* malloc'd, the caller's */
	size_t len;
	int32_t width, height, frames;
	int32_t load_us, encode_us; /* stage times, microseconds */
	int32_t read_us;            /* of the source, the caller's */
	int64_t wait_us;            /* for a converter, the caller's */
};

/*
 * Once per process, before any thread: libvips set up as a server should,
 * loaders allowed by class for inputs only.  False, with the reason, where
 * libvips cannot serve them.
 */
bool pipeline_init(uint32_t inputs, struct why *);
void pipeline_end(void);

/* FORMAT_BIT of what this machine's libvips can read and write. */
uint32_t pipeline_readable(void);
uint32_t pipeline_writable(void);

/*
 * "libvips 8.14.1, libjpeg.so.62.3.0, …": the libraries that decide the
 * bytes of a result, for ETag and --version.  After pipeline_init().
 */
void pipeline_versions(struct buf *);

/*
 * deadline_ms: of clock_ms(); the run gives up with TIMEOUT at the next
 * chance after it (an AVIF encode has none: see the queue's deadline).
 * Any thread; a thread that used it calls pipeline_thread_end() last.
 */
enum status pipeline_run(const struct job *, const void *bytes, size_t len,
    int64_t deadline_ms, struct picture *, struct why *);
void pipeline_thread_end(void);

#endif
