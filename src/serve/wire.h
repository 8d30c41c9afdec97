/*
 * What our processes say to each other: a fixed head, a body, at most one
 * descriptor, over a stream socketpair.  Both ends are the same binary, so
 * structs travel as they are.  Deadlines are of clock_ms(); WIRE_FOREVER
 * waits as long as it takes.
 */
#ifndef SERVE_WIRE_H
#define SERVE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "image/pipeline.h"
#include "origin/origin.h"

#define WIRE_FOREVER INT64_MAX

enum wire_type {
	/* master → front */
	WIRE_CONFIG = 1, /* config_format()'s text */
	WIRE_KEYS,       /* a struct seal_ring for each site */
	WIRE_S3,         /* a struct s3_keys for each site; before KEYS */
	WIRE_LOG,        /* a descriptor: lines go there from now on; from the
	                    front: it wants a new one */
	WIRE_CONVERTER,  /* serial, a descriptor; body: struct wire_death */
	WIRE_DRAIN,      /* finish what is in flight, then exit; serial 1:
	                    also what waits to be accepted */
	/* front → master */
	WIRE_READY, /* serial: that converter has said hello; 0: serving */
	WIRE_KILL,  /* serial: end that converter */
	/* converter → front */
	WIRE_HELLO, /* pipeline_versions()' text */
	WIRE_REPLY, /* struct wire_reply, then the picture */
	WIRE_FATAL, /* struct wire_fatal, then the end */
	/* front → converter */
	WIRE_JOB /* struct wire_job and the source's descriptor */
};

struct wire_head {
	uint32_t type;
	uint32_t serial;
	uint64_t len; /* bytes of body that follow */
};

struct wire_job {
	struct job job;
	struct identity identity;
	int64_t deadline_ms; /* CLOCK_MONOTONIC is one clock for all of us */
};

struct wire_reply {
	int32_t status; /* enum status */
	int32_t width, height, frames;
	int32_t read_us, load_us, encode_us;
	int32_t none;     /* no byte between the others that nobody sets */
	int64_t resident; /* bytes that the converter holds after the job */
	struct why why;
};

/* A converter's last words: a signal that it could catch. */
struct wire_fatal {
	int32_t signal;
	int32_t working; /* on a job, which may have caused it */
	int32_t foreign; /* sent by another process: sender */
	int32_t sender;
	uint64_t address; /* of a fault */
};

/* How the converter before this one ended; serial 0: there was none. */
struct wire_death {
	uint32_t serial;
	int32_t status; /* of waitpid() */
	char text[128];
};

enum wire_result {
	WIRE_OK = 0,
	WIRE_END,    /* the other end is closed */
	WIRE_UNREAD, /* the same, and it has not read all that we sent */
	WIRE_LATE,   /* the deadline has passed */
	WIRE_ERROR   /* errno says */
};

/* passed: a descriptor to send along, or -1; it stays the caller's. */
enum wire_result wire_send(int fd, enum wire_type, uint32_t serial,
    const void *body, size_t len, int passed, int64_t deadline_ms);

/* The same with a body in two pieces. */
enum wire_result wire_send2(int fd, enum wire_type, uint32_t serial,
    const void *first, size_t first_len, const void *second, size_t second_len,
    int passed, int64_t deadline_ms);

/* *passed: the descriptor that came along (close-on-exec), or -1. */
enum wire_result wire_recv_head(int fd, struct wire_head *, int *passed,
    int64_t deadline_ms);
enum wire_result wire_recv_body(int fd, void *, size_t len,
    int64_t deadline_ms);

/* A connected close-on-exec pair; false with errno. */
bool wire_pair(int fds[2]);

#endif
