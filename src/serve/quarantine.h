/*
 * Sources that have killed or overrun a converter twice: refused for a while
 * without opening another one.  A fixed number of places, one mutex; times
 * are of clock_ms() and come from the caller.  Any thread.
 *
 * A death is nobody's strike until its cause is known.  The converter's own
 * report tells at once; where it could send none (the stack of a codec's
 * thread was gone, the kernel ended it for a system call), the wait status
 * does, which the master brings a moment later.
 */
#ifndef SERVE_QUARANTINE_H
#define SERVE_QUARANTINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "origin/origin.h"

#define QUARANTINE_PLACES 256
#define QUARANTINE_CASES  64  /* deaths whose cause is not yet known */
#define QUARANTINE_TEXT   256 /* bytes of "site path", with NUL */
#define QUARANTINE_CAUSE  96

struct quarantine;

/* A source by name and identity: a new upload is another one. */
struct suspect {
	uint64_t name; /* hash of site and path, which text may have cut */
	uint64_t device, inode;
	int64_t size, mtime_ns;
	char text[QUARANTINE_TEXT];
};

void suspect_make(struct suspect *, const char *site, const char *path,
    const struct identity *);

/* sentence_ms: how long, also how long a first strike counts; 0: never. */
struct quarantine *quarantine_new(int64_t sentence_ms);
void quarantine_free(struct quarantine *);

/* True while it is refused. */
bool quarantine_holds(struct quarantine *, const struct suspect *,
    int64_t now_ms);

/*
 * It killed or overran a converter.  The second time convicts: a line in the
 * log, and true.
 */
bool quarantine_strike(struct quarantine *, const struct suspect *,
    const char *cause, int64_t now_ms);

/*
 * The two halves of a death without a report, in either order: over which
 * job, and with which status of waitpid().  True if that convicts.
 */
bool quarantine_lost(struct quarantine *, uint32_t serial,
    const struct suspect *, int64_t now_ms);
bool quarantine_died(struct quarantine *, uint32_t serial, int wait_status,
    int64_t now_ms);

/* One that is refused now. */
struct convict {
	char text[QUARANTINE_TEXT];
	char cause[QUARANTINE_CAUSE];
	int64_t left_ms;
};

/* Copies of at most max of them; how many there are. */
size_t quarantine_list(struct quarantine *, struct convict *, size_t max,
    int64_t now_ms);

#endif
