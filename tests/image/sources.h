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

#endif
