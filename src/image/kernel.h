/*
 * The inner loops of the scaler.  Integers throughout, so that every CPU
 * gives the same pixels; kernel.c is compiled once for any CPU and, where
 * the compiler can, once more for AVX2.
 *
 * Sixteen rows are mixed vertically, laid out as columns of sixteen, mixed
 * horizontally (a step along x is then a step in memory, and sixteen rows
 * are one vector), and laid out as rows again.
 */
#ifndef IMAGE_KERNEL_H
#define IMAGE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/*
 * Coefficients are of 16 bits and given in both halves of 32: a vector of one
 * is then a single load.
 */
#define LANES       16  /* rows in a strip, and what widths are padded to */
#define KERNEL_STEP 32  /* samples that mix_rows takes at a time */
#define KERNEL_ONE  15  /* a coefficient of 1 is 1 << 15 */
#define KERNEL_MID  128 /* samples between the passes count from here */

struct kernel {
	/*
	 * One row of n rows: (sample − KERNEL_MID) << 7.  width is a
	 * multiple of KERNEL_STEP, and so much is read of every row.
	 */
	void (*mix_rows)(int16_t *out, const uint8_t *const *rows,
	    const uint32_t *coefs, int32_t n, size_t width);

	/* LANES rows of width samples to width columns of LANES. */
	void (*turn_rows)(int16_t *columns, const int16_t *rows, size_t width);

	/*
	 * count times bands columns of bytes; those of a band are each mixed
	 * of n of this band, from a start on.  bias is what
	 * (value − KERNEL_MID) << 6 lacks to the value and its half.
	 */
	void (*mix_columns)(uint8_t *out, const int16_t *columns, int32_t bands,
	    const int32_t *starts, const uint32_t *coefs, int32_t n,
	    int32_t count, int16_t bias);

	/* count columns (rounded up to LANES) to LANES rows. */
	void (*turn_columns)(uint8_t *rows, size_t stride,
	    const uint8_t *columns, int32_t count);
};

extern const struct kernel kernel_plain, kernel_avx2;

#endif
