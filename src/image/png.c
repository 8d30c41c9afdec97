#include "image/png.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>

#define FIRST 8  /* where the chunks begin */
#define CHUNK 12 /* length, type and checksum around the data */
#define IHDR  13 /* bytes of the header's data */

#define BANDS_MAX 4

enum filter {
	NONE,
	SUB,
	UP,
	AVERAGE,
	PAETH,
	FILTERS
};

static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* Depth, type of colour, and no compression, filter or order but the usual. */
static bool
is_plain(const unsigned char *header, int32_t bands)
{
	static const unsigned char types[] = { 0, 4, 2, 6 };
	const unsigned char plain[] = { 8, types[bands - 1], 0, 0, 0 };

	return memcmp(header + 8, plain, sizeof(plain)) == 0;
}

/*
 * The data of the first run of IDAT chunks, one behind the other.  NULL if
 * there is none, or one that is cut off or whose checksum is wrong.
 */
static unsigned char *
gather(const unsigned char *p, size_t len, size_t *gathered)
{
	size_t at = FIRST + CHUNK + IHDR, n;
	unsigned char *data = malloc(len);
	bool is_data;

	*gathered = 0;
	for (; data != NULL && len - at >= CHUNK; at += CHUNK + n) {
		n = be32(p + at);
		is_data = memcmp(p + at + 4, "IDAT", 4) == 0;
		if (*gathered > 0 && !is_data)
			return data;
		if (n > len - at - CHUNK ||
		    (is_data &&
		        libdeflate_crc32(0, p + at + 4, n + 4) !=
		            be32(p + at + 8 + n)))
			break;
		if (!is_data)
			continue;
		memcpy(data + *gathered, p + at + 8, n);
		*gathered += n;
	}
	free(data);
	return NULL;
}

/* Exactly size bytes, or NULL. */
static uint8_t *
inflate(const unsigned char *data, size_t len, size_t size)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	uint8_t *out = malloc(size);

	if (d == NULL || out == NULL ||
	    libdeflate_zlib_decompress(d, data, len, out, size, NULL) !=
	        LIBDEFLATE_SUCCESS) {
		free(out);
		out = NULL;
	}
	libdeflate_free_decompressor(d);
	return out;
}

/* Of left, above and above left the nearest to left + above - corner. */
static inline int
paeth(int left, int above, int corner)
{
	int to_left = abs(above - corner), to_above = abs(left - corner);
	int to_corner = abs(left + above - 2 * corner), nearest = left;

	if (to_above < to_left) {
		nearest = above;
		to_left = to_above;
	}
	return to_corner < to_left ? corner : nearest;
}

/* Vectors as gcc and clang have them; a row overlaps what it is made of. */
static void
undo_up(uint8_t *to, const uint8_t *from, const uint8_t *above, size_t size)
{
	typedef uint8_t bytes16
	    __attribute__((vector_size(16), aligned(1), may_alias));
	size_t i = 0;

	for (; i + 16 <= size; i += 16)
		*(bytes16 *)(to + i) = *(const bytes16 *)(from + i) +
		    *(const bytes16 *)(above + i);
	for (; i < size; i++)
		to[i] = (uint8_t)(from[i] + above[i]);
}

/* bands and filter are constants where this stands: no branch is left. */
static inline __attribute__((always_inline)) void
undo(uint8_t *to, const uint8_t *from, const uint8_t *above, size_t size,
    size_t bands, enum filter filter)
{
	uint8_t left[BANDS_MAX] = { 0 }, corner[BANDS_MAX] = { 0 };

	for (size_t i = 0; i < size; i += bands) {
#pragma GCC unroll 4
		for (size_t b = 0; b < bands; b++) {
			int a = left[b], up = above[i + b], guess = a;

			if (filter == AVERAGE)
				guess = (a + up) / 2;
			else if (filter == PAETH)
				guess = paeth(a, up, corner[b]);
			left[b] = (uint8_t)(from[i + b] + guess);
			corner[b] = (uint8_t)up;
			to[i + b] = left[b];
		}
	}
}

static inline __attribute__((always_inline)) void
undo_row(uint8_t *to, const uint8_t *from, const uint8_t *above, size_t size,
    size_t bands, int filter)
{
	switch (filter) {
	case SUB:
		undo(to, from, above, size, bands, SUB);
		break;
	case UP:
		undo_up(to, from, above, size);
		break;
	case AVERAGE:
		undo(to, from, above, size, bands, AVERAGE);
		break;
	case PAETH:
		undo(to, from, above, size, bands, PAETH);
		break;
	default:
		memmove(to, from, size);
	}
}

/* In place: each row moves up by the bytes that name the filters. */
static bool
undo_filters(uint8_t *pixels, size_t size, int32_t height, int32_t bands,
    const uint8_t *zeros)
{
	const uint8_t *above = zeros, *from = pixels;
	uint8_t *to = pixels;

	for (int32_t y = 0; y < height; y++) {
		int filter = *from++;

		if (filter >= FILTERS)
			return false;
		switch (bands) {
		case 1:
			undo_row(to, from, above, size, 1, filter);
			break;
		case 2:
			undo_row(to, from, above, size, 2, filter);
			break;
		case 3:
			undo_row(to, from, above, size, 3, filter);
			break;
		default:
			undo_row(to, from, above, size, 4, filter);
		}
		above = to;
		to += size;
		from += size;
	}
	return true;
}

uint8_t *
png_pixels(const unsigned char *p, size_t len, int32_t width, int32_t height,
    int32_t bands)
{
	size_t size = (size_t)width * (size_t)bands, gathered = 0;
	unsigned char *data = NULL;
	uint8_t *pixels = NULL, *zeros = NULL;

	if (bands < 1 || bands > BANDS_MAX || len < FIRST + CHUNK + IHDR ||
	    !is_plain(p + FIRST + 8, bands) ||
	    size + 1 > SIZE_MAX / (size_t)height)
		return NULL;
	data = gather(p, len, &gathered);
	if (data != NULL)
		pixels = inflate(data, gathered, (size + 1) * (size_t)height);
	free(data);
	zeros = calloc(1, size);
	if (pixels == NULL || zeros == NULL ||
	    !undo_filters(pixels, size, height, bands, zeros)) {
		free(pixels);
		pixels = NULL;
	}
	free(zeros);
	return pixels;
}
