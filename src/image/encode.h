/*
 * The encoders table: how each format is written.  A row drives the saver
 * that is called, its quality and effort, the largest picture it can hold,
 * what --version and the manual say, and the image tests.
 */
#ifndef IMAGE_ENCODE_H
#define IMAGE_ENCODE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/dump.h"
#include "base/format.h"
#include "base/status.h"

struct _VipsImage;

struct encoder {
	const char *saver;   /* the libvips operation */
	const char *quality; /* its option that q sets; NULL: q is ignored */
	int32_t normal;      /* the quality where q is not given */
	int32_t min, max;    /* q is clamped to these */
	int32_t side;        /* pixels of the longest side it can write */
	const char *options; /* fixed options, as libvips spells them */
	const char *text;    /* the manual's sentence */
};

/* The row, or NULL for a format that nothing writes. */
const struct encoder *encoder_find(enum format);

/*
 * FORMAT_BIT of what this machine's libvips can write.  AVIF is tried out on
 * a few pixels, as libheif may be there without an encoder.  After
 * vips_init(), before other threads.
 */
uint32_t encoder_available(void);

/*
 * Evaluate the picture and write it; q of 0 is the row's own.  The bytes are
 * malloc'd, the caller's.  INTERNAL where libvips failed and knows why, or
 * NO_MEMORY.  Any thread.
 */
enum status encoder_write(enum format, struct _VipsImage *, int32_t q,
    void **bytes, size_t *len);

/* Print the table for the manual. */
void encoder_dump(FILE *, enum dump_style);

#endif
