/*
 * What can become of a request: one word, one HTTP code, one sentence.
 *
 * Run-time functions of every floor return enum status; 0 is success.  The
 * table in status.c is the only place that knows what the visitor sees, what
 * the log calls it and whether asking again is cheap.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/dump.h"

enum status {
	STATUS_OK = 0,
	STATUS_NOT_MODIFIED,
	STATUS_REDIRECT,
	/* The visitor's doing. */
	STATUS_BAD_REQUEST,
	STATUS_BAD_PARAM,
	STATUS_NOT_ALLOWED,
	STATUS_BAD_TOKEN,
	STATUS_EXPIRED,
	STATUS_METHOD,
	STATUS_BODY,
	STATUS_NO_SITE,
	/* The source's. */
	STATUS_NOT_FOUND,
	STATUS_FORBIDDEN,
	STATUS_NOT_REGULAR,
	STATUS_TOO_LARGE,
	STATUS_UNSUPPORTED,
	STATUS_LIMIT,
	STATUS_BROKEN,
	STATUS_QUARANTINED,
	/* Its host's, and for the moment only. */
	STATUS_ORIGIN,
	STATUS_ORIGIN_TIMEOUT,
	/* Ours, and for the moment only. */
	STATUS_CHANGED,
	STATUS_BUSY,
	STATUS_QUEUE_TIMEOUT,
	STATUS_TIMEOUT,
	STATUS_CRASHED,
	STATUS_NO_MEMORY,
	STATUS_IO,
	STATUS_INTERNAL,
	/* Nobody is left to answer. */
	STATUS_GONE,
	STATUS_MAX
};

#define STATUS_TRANSIENT 0x1 /* our fault: 503 and Retry-After in any mode */
#define STATUS_EXPENSIVE 0x2 /* costs a decode to find out: cached briefly */

struct status_def {
	const char *word;   /* log and X-Imgfcgi-Error: "not-found" */
	int http;           /* what errors = precise answers */
	unsigned int flags; /* STATUS_* */
	const char *text;   /* the manual's sentence */
};

/* Never NULL; an unknown number gives the row of STATUS_INTERNAL. */
const struct status_def *status_def(enum status);

/* The code sent to the visitor; opaque makes every refusal a 404. */
int status_http(enum status, bool precise);

/* Print the table for the manual. */
void status_dump(FILE *, enum dump_style);

#endif
