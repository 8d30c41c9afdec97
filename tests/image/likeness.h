/*
 * A picture against the one that libvips makes as a PNG, less what the
 * encoder takes: as near to it as libvips' own encoding of that PNG.
 */
#ifndef TESTS_IMAGE_LIKENESS_H
#define TESTS_IMAGE_LIKENESS_H

#include "reference.h"

/*
 * Decibels that a result may be farther from the reference.  From a point on
 * it is near enough in any case: there the two ways to spread halved chroma
 * over pixels tell, and neither is right.
 */
#define LIKE_FARTHER 1.0

/* Is the job's result on this file like that?  Prints what is not. */
bool like_libvips(const struct job *, const struct file *, double farther);

#endif
