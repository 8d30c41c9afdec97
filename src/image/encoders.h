/*
 * The encoders table: how each format is written.  A row drives the saver
 * that is called, its quality and effort, the largest picture it can hold,
 * what --version and the manual say, and the image tests.
 */
#ifndef IMAGE_ENCODERS_H
#define IMAGE_ENCODERS_H

#include <stdint.h>
#include <stdio.h>

#include "base/dump.h"
#include "base/format.h"

struct encoder {
	const char *saver;   /* the libvips operation */
	const char *quality; /* its option that q sets; NULL: q is ignored */
	int32_t normal;      /* the quality where q is not given */
	int32_t min, max;    /* q is clamped to these */
	int32_t whole;       /* the quality from which chroma is not halved */
	int32_t effort;      /* CPU for bytes, 0: nothing to choose */
	int32_t side;        /* pixels of the longest side it can write */
	const char *options; /* fixed options, as libvips spells them */
	const char *text;    /* the manual's sentence */
};

/* The row, or NULL for a format that nothing writes. */
const struct encoder *encoder_find(enum format);

/* The quality that a q stands for; 0: the row's own. */
int32_t encoder_quality(const struct encoder *, int32_t q);

/* Print the table for the manual. */
void encoders_dump(FILE *, enum dump_style);

#endif
