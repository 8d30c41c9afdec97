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

/* Curves as profiles say them; from 0 on it is the type of a formula. */
enum curve {
	CURVE_TABLE = -3,
	CURVE_POWER,
	CURVE_LINE,
	CURVE_SRGB = 3
};

/* A profile of matrix and curves, sRGB but for what is said here. */
struct profile_kind {
	int curve;
	double power; /* of the curve */
	bool wide;    /* the primaries of Display P3 */
	bool tables;  /* a tag of tables, too */
};

/* Returns its length. */
#define PROFILE_SIZE 512
size_t profile_make(unsigned char profile[PROFILE_SIZE],
    const struct profile_kind *);

#endif
