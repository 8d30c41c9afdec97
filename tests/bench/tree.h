/*
 * What trees of processes cost: a server, and all that descends from it.
 * Reads Linux's /proc; elsewhere there is nothing to read and tree_cpu says
 * so.
 */
#ifndef TESTS_BENCH_TREE_H
#define TESTS_BENCH_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TREE_ROOTS_MAX 8

/*
 * Milliseconds of CPU, user and system, that the trees have spent: the living
 * by their own clocks, those that ended and were waited for by what their
 * parents were told (in ticks, 10 ms as a rule).  False where a root is gone
 * or nothing can be read.
 */
bool tree_cpu(const pid_t *roots, int count, double *ms);

/*
 * KiB of memory that the trees hold: proportional set size, so that a page
 * that three processes share counts once.  0 if nothing can be read.
 */
int64_t tree_memory(const pid_t *roots, int count);

#endif
