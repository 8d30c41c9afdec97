/*
 * One HTTP/1.1 connection of the load generator, to 127.0.0.1 and nowhere
 * else.  A connection belongs to one thread; every call ends by the deadline.
 */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_HEAD_MAX 16384

struct link {
	int fd;              /* -1: not connected */
	int64_t deadline_us; /* of the request under way, clock_us() */
	int64_t bytes;       /* received so far */
	char head[LINK_HEAD_MAX + 1];
};

/* Bind to address from_number of 127.1.0.1 on (-1: leave that be), connect. */
bool link_open(struct link *, int port, int64_t from_number);
void link_close(struct link *);

bool link_send(struct link *, const char *, size_t);

/*
 * The status of one answer, read to its end; 0 if there was none.  Closes
 * where the answer says so.  keep: an answer without Content-Length is an
 * error, as its end cannot be told from a stall.
 */
int link_answer(struct link *, bool keep);

#endif
