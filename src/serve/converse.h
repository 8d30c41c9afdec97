/*
 * One job's conversation with a converter, which is not trusted: what it says
 * must be what was asked for.
 */
#ifndef SERVE_CONVERSE_H
#define SERVE_CONVERSE_H

#include "serve/quarantine.h"
#include "serve/wire.h"

/* What the converter is good for afterwards. */
enum outcome {
	OUTCOME_SOUND,
	OUTCOME_UNTOUCHED, /* it ended before it had read the job */
	OUTCOME_SPOILT
};

/* How it went. */
struct conversation {
	enum status status;           /* the answer to the request */
	char cause[QUARANTINE_CAUSE]; /* what the job did; "": nothing */
	bool silent;                  /* it ended over the job without a word */
	bool late;                    /* it was still at work at the deadline */
	int64_t resident;             /* bytes that it holds; 0: not known */
};

/*
 * The job, with its deadline set, to the converter at fd; the picture back.
 * picture's bytes are the caller's unless the status is not OK.
 */
enum outcome converse(int fd, uint32_t serial, const struct wire_job *,
    int source, struct picture *, struct conversation *, struct why *);

#endif
