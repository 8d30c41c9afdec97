/*
 * A converter: one process, one job at a time, from a socketpair.  It holds
 * no key, no listening socket and no directory; what it decodes is passed to
 * it as an open file.
 */
#ifndef SERVE_CONVERTER_H
#define SERVE_CONVERTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "serve/sandbox.h"

/* Bytes of the text that names libraries, with NUL. */
#define CONVERTER_VERSIONS_MAX 4096

/* pipeline_versions() as a string; cut if it is longer. */
void converter_versions(char[CONVERTER_VERSIONS_MAX]);

/*
 * On CONVERTER_SOCKET, in its sandbox; memory in bytes.  Does not return
 * until the front closes its end; the exit status.
 */
int converter_run(uint32_t inputs, enum sandbox, int64_t memory);

/*
 * One job from the front at fd, answered; false at the end, and for anything
 * that is no job.  After pipeline_init().
 */
bool converter_serve(int fd);

/*
 * One job in this very process: read the source, run the pipeline.  Shared
 * with isolation = none and --once.
 */
struct job;
struct identity;
struct picture;
struct why;
enum status converter_do(const struct job *, int source,
    const struct identity *, int64_t deadline_ms, struct picture *,
    struct why *);

#endif
