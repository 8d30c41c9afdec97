/*
 * The head of an origin's answer, line by line: what of it counts for us.
 * Never the type of the content: that is judged by its bytes.
 */
#ifndef ORIGIN_REPLY_H
#define ORIGIN_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "origin/memory.h"

struct reply {
	int http;
	int64_t length;             /* Content-Length; -1 if there is none */
	bool encoded;               /* the body is compressed, or so it says */
	char etag[MEMORY_ETAG_MAX]; /* with quotes and W/; "" for none */
	char modified[MEMORY_DATE_MAX];
	int64_t mtime; /* modified as seconds, 0 if it is no date */
	size_t bytes;  /* of all lines so far */
};

void reply_init(struct reply *);

/*
 * One line as it came, with its end or without.  A status line begins anew:
 * what came before was an interim answer.  False for a head that is too long
 * to be honest.
 */
bool reply_line(struct reply *, const char *line, size_t len);

/*
 * What the code means: OK for 200, and for 304 if that was asked for; else
 * NOT_FOUND, FORBIDDEN or ORIGIN.  body: the beginning of an error's text,
 * where S3 says why.
 */
enum status reply_judge(const struct reply *, bool conditional,
    const char *body, struct why *);

#endif
