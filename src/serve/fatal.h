/*
 * The last words of a converter.  A signal that ends it is reported to the
 * front, with where it came from: a source is guilty of what its own job
 * does, not of what somebody else sends.  The wait status cannot tell.
 */
#ifndef SERVE_FATAL_H
#define SERVE_FATAL_H

#include <stdbool.h>

/*
 * The signals that code raises by going wrong: "SIGSEGV", … NULL for any
 * other.
 */
const char *fatal_name(int sig);

/*
 * From now on each of these is reported over fd as WIRE_FATAL, on a stack of
 * its own, then takes its usual course.  The main thread's alone: a codec's
 * thread reports on the stack that it has.
 */
void fatal_catch(int fd);

enum fatal_state {
	FATAL_IDLE,
	FATAL_WORKING,  /* a job is being done: its doing, unless sent */
	FATAL_ANSWERING /* signals wait: no report in the middle of an answer */
};

/* Where the main thread is now. */
void fatal_enter(enum fatal_state);

#endif
