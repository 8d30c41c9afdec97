/*
 * THE TABLE of counters: one row is one counter, its name, kind and sentence.
 * Relaxed atomics of the process: any thread counts, nobody waits.  Answers
 * are counted by cause as well, and the table of answers names those.
 */
#ifndef SERVE_METRICS_H
#define SERVE_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "base/dump.h"
#include "base/status.h"

enum metric {
	METRIC_UPTIME,
	METRIC_ACTIVE,
	METRIC_WAITING,
	METRIC_CONVERTERS,
	METRIC_BUSY,
	METRIC_QUARANTINED,
	METRIC_MEMORY,
	METRIC_LOG_DROPPED,
	METRIC_REQUESTS,
	METRIC_BYTES,
	METRIC_SLOW,
	METRIC_JOBS,
	METRIC_WAIT_US,
	METRIC_READ_US,
	METRIC_LOAD_US,
	METRIC_ENCODE_US,
	METRIC_CRASHED,
	METRIC_OVERRAN,
	METRIC_LOST,
	METRIC_RETIRED,
	METRIC_CONVICTED,
	METRIC_MAX
};

struct metric_def {
	const char *name; /* "requests" */
	const char *kind; /* "counter" only grows, "gauge" is what is now */
	const char *text; /* the manual's sentence */
};

const struct metric_def *metric_def(enum metric);

void metrics_add(enum metric, int64_t);
void metrics_set(enum metric, int64_t);
int64_t metrics_get(enum metric);

/* One more answer of this cause; how many there were. */
void metrics_answer(enum status);
int64_t metrics_answers(enum status);

/* Print the table. */
void metrics_dump(FILE *, enum dump_style);

#endif
