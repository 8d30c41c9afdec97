/*
 * The head of a FastCGI request, walked before libfcgi reads a byte of it:
 * one BEGIN_REQUEST, PARAMS up to their end, and nothing else.  What passes
 * is whole, names and values included, so that libfcgi neither waits nor
 * meets a record that it was not made for.
 *
 * Source: FastCGI Specification 1.0, sections 3.3, 3.4, 5.1, 5.2, 8.
 */
#ifndef SERVE_FCGI_HEAD_H
#define SERVE_FCGI_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FCGI_RECORD_HEAD 8           /* bytes in front of a record's content */
#define FCGI_HEAD_MAX    (64 * 1024) /* bytes of a request's head */

/* Types of records. */
enum fcgi_type {
	FCGI_TYPE_BEGIN = 1,
	FCGI_TYPE_END = 3,
	FCGI_TYPE_PARAMS = 4,
	FCGI_TYPE_STDIN = 5,
	FCGI_TYPE_STDOUT = 6
};

enum fcgi_look {
	FCGI_LOOK_MORE, /* not all there yet */
	FCGI_LOOK_GOOD, /* a whole request head */
	FCGI_LOOK_BAD
};

struct fcgi_head {
	unsigned int id; /* of the request */
	bool ended;      /* the end of STDIN was among the bytes */

	/* Of the walk: */
	size_t at;           /* bytes of whole records behind it */
	enum fcgi_type next; /* what may come now */
	uint64_t length;     /* a name's or value's, as far as it was read */
	int more;            /* bytes of that length that are still to come */
	bool value;          /* the length is the value's */
	uint64_t sum;        /* bytes of name and value that were announced */
	uint64_t skip; /* bytes of name and value that are still to come */
};

/* Before a request's first bytes. */
void fcgi_head_init(struct fcgi_head *);

/*
 * Walk on: bytes are all that came of the request so far, the same and more
 * with each call.  Each byte is walked once, however small the pieces are.
 * Once the answer is not FCGI_LOOK_MORE, it is the last.
 */
enum fcgi_look fcgi_head_look(struct fcgi_head *, const unsigned char *bytes,
    size_t len);

/* Write a record's head without padding; content is at most 65535. */
void fcgi_head_put(unsigned char[FCGI_RECORD_HEAD], enum fcgi_type,
    unsigned int id, size_t content);

#endif
