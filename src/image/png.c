#include "image/png.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>

#define FIRST 8  /* where the chunks begin */
#define CHUNK 12 /* length, type and checksum around the data */
#define IHDR  13 /* bytes of the header's data */

#define BANDS_MAX 4
#define PALETTE   3 /* as a type of colour */

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

/* Pieces of the file. */
struct piece {
	const unsigned char *p;
	size_t len;
};

struct chunks {
	struct piece colours, alphas; /* of a palette; alphas may be missing */
	unsigned char *data;          /* of all IDAT, one behind the other */
	size_t len;
};

/*
 * Samples a pixel has in the file: one where a palette makes bands of it.  0:
 * another depth, type of colour, compression, filter or order.
 */
static int32_t
count_samples(const unsigned char *header, int32_t bands)
{
	static const unsigned char types[] = { 0, 4, 2, 6 }, tail[3] = { 0 };
	int type = header[9];

	if (header[8] != 8 || memcmp(header + 10, tail, sizeof(tail)) != 0)
		return 0;
	if (type == types[bands - 1])
		return bands;
	return type == PALETTE && bands >= 3 ? 1 : 0;
}

static bool
note_once(struct piece *piece, const unsigned char *p, size_t len)
{
	if (piece->p != NULL)
		return false;
	*piece = (struct piece){ p, len };
	return true;
}

/* False where it is twice there, or its checksum is wrong. */
static bool
take_chunk(struct chunks *c, const unsigned char *type, size_t len)
{
	const unsigned char *p = type + 4;

	if (memcmp(type, "PLTE", 4) == 0)
		return note_once(&c->colours, p, len);
	if (memcmp(type, "tRNS", 4) == 0)
		return note_once(&c->alphas, p, len);
	if (memcmp(type, "IDAT", 4) != 0)
		return true;
	memcpy(c->data + c->len, p, len);
	c->len += len;
	return libdeflate_crc32(0, type, len + 4) == be32(p + len);
}

/* Up to the end of the first run of IDAT; false if anything is cut off. */
static bool
take_chunks(struct chunks *c, const unsigned char *p, size_t len)
{
	size_t at = FIRST + CHUNK + IHDR, n;

	if ((c->data = malloc(len)) == NULL)
		return false;
	for (; len - at >= CHUNK; at += CHUNK + n) {
		n = be32(p + at);
		if (c->len > 0 && memcmp(p + at + 4, "IDAT", 4) != 0)
			return true;
		if (n > len - at - CHUNK || !take_chunk(c, p + at + 4, n))
			return false;
	}
	return false;
}

/* Exactly size bytes, with room for so many in all, or NULL. */
static uint8_t *
inflate(const struct chunks *c, size_t size, size_t room)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	uint8_t *out = malloc(size > room ? size : room);

	if (d == NULL || out == NULL ||
	    libdeflate_zlib_decompress(d, c->data, c->len, out, size, NULL) !=
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

/* In place, from the end, as each pixel becomes longer. */
static inline __attribute__((always_inline)) void
expand(uint8_t *pixels, size_t count, uint8_t table[][BANDS_MAX], size_t bands)
{
	while (count-- > 0)
		memcpy(pixels + count * bands, table[pixels[count]], bands);
}

/* What the palette does not have is black. */
static void
expand_palette(uint8_t *pixels, size_t count, const struct chunks *c,
    int32_t bands)
{
	uint8_t table[256][BANDS_MAX] = { { 0 } };

	for (size_t i = 0; i < 256; i++) {
		if (i < c->colours.len / 3)
			memcpy(table[i], c->colours.p + 3 * i, 3);
		table[i][3] = i < c->alphas.len ? c->alphas.p[i] : UINT8_MAX;
	}
	if (bands == 3)
		expand(pixels, count, table, 3);
	else
		expand(pixels, count, table, 4);
}

uint8_t *
png_pixels(const unsigned char *p, size_t len, int32_t width, int32_t height,
    int32_t bands)
{
	struct chunks c = { .data = NULL };
	uint8_t *pixels = NULL, *zeros = NULL;
	int32_t samples = 0;
	size_t row, count;

	if (bands >= 1 && bands <= BANDS_MAX && len >= FIRST + CHUNK + IHDR)
		samples = count_samples(p + FIRST + 8, bands);
	if (samples == 0 ||
	    (size_t)height > SIZE_MAX / (BANDS_MAX + 1) / (size_t)width)
		return NULL;
	row = (size_t)width * (size_t)samples;
	count = (size_t)width * (size_t)height;
	if (take_chunks(&c, p, len))
		pixels = inflate(&c, (row + 1) * (size_t)height,
		    count * (size_t)bands);
	zeros = calloc(1, row);
	if (pixels == NULL || zeros == NULL ||
	    !undo_filters(pixels, row, height, samples, zeros)) {
		free(pixels);
		pixels = NULL;
	} else if (samples < bands)
		expand_palette(pixels, count, &c, bands);
	free(c.data);
	free(zeros);
	return pixels;
}
