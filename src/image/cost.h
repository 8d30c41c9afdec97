/*
 * What a conversion is going to cost, guessed from the header facts: good
 * enough to tell a thumbnail from a poster before either has begun.  Pure.
 */
#ifndef IMAGE_COST_H
#define IMAGE_COST_H

#include "image/facts.h"
#include "url/params.h"

/*
 * Milliseconds of one core, from 1 up; on the machine that the table was
 * measured on, so that only ratios mean something elsewhere.  bytes: of the
 * source, which stand in for a size that facts do not have.
 */
int64_t cost_estimate(const struct facts *, int64_t bytes, enum format written,
    const struct params *, const struct limits *);

/*
 * Milliseconds that a job may take where timeout_ms is the most for any.  The
 * work of a picture is bounded by its pixels, that of an SVG by nothing: a
 * few hundred bytes of it can draw for minutes.
 */
int64_t cost_patience(const struct facts *, int64_t timeout_ms);

#endif
