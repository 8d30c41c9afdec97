#include "image/cost.h"

#include <string.h>

#include "image/plan.h"

/* Pixels in a byte of a file, where its size is not known from the front. */
#define PIXELS_A_BYTE 6

/* For a drawing, which has no pixels to count. */
#define DRAWING_MS 1500

/* Of every decoded pixel, to resize it. */
#define RESIZE_NS 8

/*
 * Nanoseconds a pixel, measured with libvips 8.14 on two cores of x86-64;
 * the encoders' at default quality.
 */
static const struct {
	int read, write;
} table[FORMAT_MAX] = {
	[FORMAT_JPEG] = { 2, 15 }, /* read: the Huffman part */
	[FORMAT_PNG] = { 9, 370 },
	[FORMAT_WEBP] = { 30, 90 },
	[FORMAT_AVIF] = { 70, 220 },
	[FORMAT_GIF] = { 20, 150 },
	[FORMAT_JXL] = { 60, 200 },
	[FORMAT_TIFF] = { 6, 30 },
	[FORMAT_HEIC] = { 70, 0 },
	[FORMAT_SVG] = { 20, 0 },
};

/* What a progressive JPEG costs more: all its scans, held whole. */
#define PROGRESSIVE_NS 15

/* Within bounds that no sum of ours overflows. */
static int64_t
times(int64_t n, int64_t ns)
{
	const int64_t most = INT64_C(1) << 40;

	if (n > most)
		n = most;
	return n * ns;
}

static int64_t
pixels(int32_t w, int32_t h, int32_t frames)
{
	int64_t area = (int64_t)w * h;

	return frames > 1 && area > 0 ? area * frames : area;
}

int64_t
cost_estimate(const struct facts *facts, int64_t bytes, enum format written,
    const struct params *params, const struct limits *limits)
{
	enum format format = (enum format)facts->format;
	bool jpeg = format == FORMAT_JPEG;
	bool moves = format_def(written)->flags & FORMAT_ANIMATION;
	const struct plan_input input = { .width = facts->width,
		.height = facts->height,
		.frames = moves ? facts->frames : 1,
		.shrinks = jpeg };
	int64_t stored = bytes * PIXELS_A_BYTE, ns;
	struct plan plan;

	if (plan_make(&plan, &input, params, limits, NULL) != STATUS_OK)
		memset(&plan, 0, sizeof plan);
	else
		stored = pixels(facts->width, facts->height, plan.frames);
	if (plan.shrink < 1)
		plan.shrink = 1;
	ns = times(stored, table[format].read);
	ns += times(stored / (plan.shrink * plan.shrink), RESIZE_NS);
	if (jpeg && facts->interlaced)
		ns += times(stored, PROGRESSIVE_NS);
	ns += times(pixels(plan.width, plan.height, plan.frames),
	    table[written].write);
	return ns / 1000000 + 1;
}

int64_t
cost_patience(const struct facts *facts, int64_t timeout_ms)
{
	return facts->format == FORMAT_SVG && timeout_ms > DRAWING_MS
	    ? DRAWING_MS
	    : timeout_ms;
}
