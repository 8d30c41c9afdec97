/*
 * JPEGs of every kind that an encoder can be asked for, made from one
 * drawing of soft colours, edges and fine lines.
 */
#ifndef TESTS_IMAGE_SOURCES_H
#define TESTS_IMAGE_SOURCES_H

#include <stdbool.h>

#include "reference.h"

struct jpeg_kind {
	int width, height;
	int h, v; /* sampling factors of luma; those of chroma are 1 */
	bool grey, progressive;
	int orientation; /* EXIF; 0: no EXIF */
	int restart;     /* rows of MCUs between restarts */
	bool rgb;        /* no YCbCr at all */
	bool arithmetic;
	const unsigned char *profile;
	unsigned int profile_len;
};

/* free() the bytes. */
void source_make(struct file *, const struct jpeg_kind *);

/*
 * A profile of matrix and curves, sRGB but for the curve's power of 2.4; with
 * a tag of tables if tables is true.  Returns its length.
 */
#define PROFILE_SIZE 512
size_t profile_make(unsigned char profile[PROFILE_SIZE], double power,
    bool tables);

#endif
