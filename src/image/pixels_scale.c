#include <stdlib.h>
#include <string.h>

#include "image/pixels.h"
#include "image/scale.h"

static uint8_t
product(int a, int b)
{
	int v = a * b + 128;

	/* ÷ 255, to the nearest. */
	return (uint8_t)((v + (v >> 8)) >> 8);
}

/*
 * Transparent pixels have no colour to lend to their neighbours, so colours
 * are weighted by alpha while they are mixed.
 */
static void
weigh_row(uint8_t *at, int32_t width, int32_t bands)
{
	for (int32_t x = 0; x < width; x++, at += bands) {
		uint8_t alpha = at[bands - 1];

		for (int32_t b = 0; b < bands - 1 && alpha < 255; b++)
			at[b] = product(at[b], alpha);
	}
}

static void
unweigh_row(uint8_t *at, int32_t width, int32_t bands)
{
	for (int32_t x = 0; x < width; x++, at += bands) {
		int alpha = at[bands - 1];

		for (int32_t b = 0; b < bands - 1 && alpha < 255; b++) {
			int v =
			    alpha > 0 ? (at[b] * 255 + alpha / 2) / alpha : 0;

			at[b] = (uint8_t)VIPS_MIN(v, 255);
		}
	}
}

/* The next rows from the top, as a sink of libvips gets them. */
static int
feed_rows(VipsRegion *region, VipsRect *area, void *scaler)
{
	const VipsImage *in = region->im;
	bool alpha = vips_image_hasalpha(region->im);
	size_t size = (size_t)in->Xsize * (size_t)in->Bands;

	for (int i = 0; i < area->height; i++) {
		const uint8_t *from = region->data + (ptrdiff_t)i * region->bpl;
		uint8_t *to = scaler_row(scaler, area->top + i);

		memcpy(to, from, size);
		if (alpha)
			weigh_row(to, in->Xsize, in->Bands);
		(void)scaler_run(scaler, area->top + i + 1);
	}
	return 0;
}

/* All rows; what is in memory already needs no threads to make it. */
static int
feed(struct scaler *scaler, VipsImage *in)
{
	VipsRect all = { 0, 0, in->Xsize, in->Ysize };
	VipsRegion *region;
	int failed;

	if (in->data == NULL)
		return vips_sink_disc(in, feed_rows, scaler);
	region = vips_region_new(in);
	failed = vips_region_prepare(region, &all);
	if (failed == 0)
		failed = feed_rows(region, &all, scaler);
	g_object_unref(region);
	return failed;
}

/* The plane as a picture that is in's but for its size. */
static int
write_rows(const struct plane *p, VipsImage *in, VipsImage *out)
{
	bool alpha = vips_image_hasalpha(in);

	if (vips_image_pipelinev(out, VIPS_DEMAND_STYLE_THINSTRIP, in, NULL) !=
	    0)
		return -1;
	out->Xsize = p->width;
	out->Ysize = p->height;
	for (int32_t y = 0; y < p->height; y++) {
		uint8_t *row = p->samples + (size_t)y * p->stride;

		if (alpha)
			unweigh_row(row, p->width, p->bands);
		if (vips_image_write_line(out, y, row) != 0)
			return -1;
	}
	return 0;
}

/* One axis, cut at crop with length; both are rounded if shrink > 1. */
static struct axis
make_axis(int32_t crop, int32_t length, int32_t exact, int32_t exact_length,
    int32_t shrink, int32_t to)
{
	struct axis axis = { .step = (double)length / to,
		.last = to,
		.high = length,
		.count = to };

	if (shrink > 1) {
		axis.from = (double)exact / shrink - crop;
		axis.step = (double)exact_length / shrink / to;
	}
	return axis;
}

bool
pixels_can_scale(const VipsImage *in, int32_t width, int32_t height)
{
	return in->BandFmt == VIPS_FORMAT_UCHAR && width <= in->Xsize &&
	    height <= in->Ysize && in->Xsize <= width * SCALE_STEP_MAX &&
	    in->Ysize <= height * SCALE_STEP_MAX;
}

int
pixels_scale(VipsObject *scope, const struct plan *plan, const struct box *crop,
    VipsImage *in, VipsImage **out)
{
	int32_t width = plan->resize_w, height = plan->resize_h;
	struct axis x = make_axis(crop->x, in->Xsize, plan->exact.x,
	    plan->exact.width, plan->shrink, width);
	struct axis y = make_axis(crop->y, in->Ysize, plan->exact.y,
	    plan->exact.height, plan->shrink, height);
	struct plane plane = { .samples = NULL };
	struct scaler *scaler = NULL;
	int failed = -1;

	*out = vips_image_new_memory();
	vips_object_local(scope, *out);
	if (plane_make(&plane, width, height, in->Bands))
		scaler =
		    scaler_new(&x, &y, (size_t)in->Xsize * (size_t)in->Bands, 1,
		        1, 128, false, &plane);
	if (scaler == NULL)
		vips_error("imgfcgi", "no memory");
	else if (feed(scaler, in) == 0)
		failed = write_rows(&plane, in, *out);
	scaler_free(scaler);
	free(plane.samples);
	return failed;
}
