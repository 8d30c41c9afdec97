/*
 * A plane of bytes resized by Lanczos (a = 3), rows going in from the top
 * and out as soon as they can be made.  Each axis says for itself where its
 * results stand, so that crops, cuts, mirrorings and the offsets of halved
 * chroma are one and the same thing; a swap of the axes comes for nothing.
 */
#ifndef IMAGE_SCALE_H
#define IMAGE_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Steps past this would need filters too long for what they are worth. */
#define SCALE_STEP_MAX 32

/*
 * Result i is centred at from + step · (i + ½), counted from the near edge of
 * sample 0, and none beyond that of i + ½ = last.  A negative step mirrors.
 * Samples outside of low … high − 1 do not count: the outermost stand for
 * them.
 */
struct axis {
	double from, step, last;
	int32_t low, high;
	int32_t count;
};

/*
 * Samples of one or more interleaved bands in memory.  Rows are padded to a
 * multiple of 16 bytes, and their number to one of 16.
 */
struct plane {
	uint8_t *samples;
	size_t stride;
	int32_t width, height, bands;
};

/* False without memory; free(3) the samples. */
bool plane_make(struct plane *, int32_t width, int32_t height, int32_t bands);

struct scaler;

/*
 * A scaler to out of rows that take row_size bytes in memory and arrive up to
 * ahead at a time, with as many bands as out.  Every sample v becomes
 * (v − 128) · gain + base.  With swap, for one band only, the y axis of the
 * source is the x axis of out.  NULL: no memory,
 * or a step that is too large.
 */
struct scaler *scaler_new(const struct axis *x, const struct axis *y,
    size_t row_size, int32_t ahead, double gain, double base, bool swap,
    struct plane *out);
void scaler_free(struct scaler *);

/* Where to put a row; it stays until `ahead` and a filter's length more. */
uint8_t *scaler_row(struct scaler *, int32_t y);

/* All rows before y are there.  True once all results are made. */
bool scaler_run(struct scaler *, int32_t y);

#endif
