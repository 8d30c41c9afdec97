/*
 * From the bytes of one connection to a case for replay.
 */
#ifndef TESTS_REPLAY_RECORD_H
#define TESTS_REPLAY_RECORD_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Write NUMBER.req.bin, NUMBER.rsp.bin and, last, NUMBER.req into dir.  Keeps
 * the validators that it has seen from one call to the next.  False if a file
 * cannot be written.
 */
bool record_write(const char *dir, int number, const struct buf *req,
    const struct buf *rsp);

#endif
