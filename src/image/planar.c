#include "image/planar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "image/planar_impl.h"

/* Larger steps need long filters, and chroma's may be twice luma's. */
#define STEP_MAX (SCALE_STEP_MAX / 2)

/* Full range, as in a JPEG, and BT.601's of WebP: black 16, white 235. */
static const struct range full = { 1, 128, 1 },
                          studio = { 219 / 255.0, 16 + 128 * 219 / 255.0,
	                          224 / 255.0 };

static const struct target {
	planes_write *write;
	const struct range *range;
	bool grey; /* can do without chroma */
} targets[FORMAT_MAX] = {
	[FORMAT_JPEG] = { planes_write_jpeg, &full, true },
	[FORMAT_WEBP] = { planes_write_webp, &studio, false },
	[FORMAT_AVIF] = { planes_write_avif, &full, false },
};

struct planar {
	const struct plan *plan;
	const struct encoder *encoder;
	const struct target *target;
	int32_t quality;
	struct decoder *decoder;
	struct colours *colours; /* that the source has, NULL: sRGB's */
	struct layer layers[PLANES];
	struct scaler *scalers[PLANES];
	struct planes planes;
};

bool
coded_add(struct coded *out, const void *bytes, size_t len)
{
	if (len > out->size - out->len) {
		size_t size = out->size + out->size / 2 + len;
		unsigned char *larger = realloc(out->bytes, size);

		if (larger == NULL)
			return false;
		out->bytes = larger;
		out->size = size;
	}
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
	return true;
}

static bool
suits(const struct planar_ask *ask)
{
	const struct plan *plan = ask->plan;

	return targets[ask->job->format].write != NULL && plan->frames <= 1 &&
	    plan->canvas_w == 0 &&
	    plan->crop.width <= plan->resize_w * STEP_MAX &&
	    plan->crop.height <= plan->resize_h * STEP_MAX;
}

/* Without a profile it is taken for sRGB, as browsers do. */
static bool
find_colours(struct planar *p)
{
	struct profile profile;
	size_t len;
	const unsigned char *bytes = decoder_profile(p->decoder, &len);

	if (bytes == NULL)
		return true;
	if (decoder_planes(p->decoder) != PLANES ||
	    !profile_read(&profile, bytes, len))
		return false;
	if (profile_is_srgb(&profile))
		return true;
	p->colours = colours_new(&profile);
	return p->colours != NULL;
}

struct planar *
planar_open(const struct planar_ask *ask)
{
	const struct plan *plan = ask->plan;
	struct planar *p;

	if (!suits(ask) || (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->plan = plan;
	p->encoder = encoder_find((enum format)ask->job->format);
	p->target = &targets[ask->job->format];
	p->quality = encoder_quality(p->encoder, ask->job->params.quality);
	p->decoder = decoder_open(ask->bytes, ask->len, ask->mended);
	if (p->decoder == NULL || plan->exact.width < plan->resize_w ||
	    plan->exact.height < plan->resize_h ||
	    decoder_width(p->decoder) != ask->facts->width ||
	    decoder_height(p->decoder) != ask->facts->height ||
	    !find_colours(p)) {
		planar_close(p);
		return NULL;
	}
	return p;
}

void
planar_close(struct planar *p)
{
	for (int i = 0; i < PLANES; i++) {
		scaler_free(p->scalers[i]);
		free(p->planes.plane[i].samples);
	}
	decoder_close(p->decoder);
	free(p->colours);
	free(p);
}

/* Is chroma to be halved? */
static bool
halves(const struct planar *p)
{
	return p->quality < p->encoder->whole;
}

/*
 * Chroma of a grey picture is in the middle.  Where colours change each pixel
 * needs its own.
 */
static bool
make_planes(struct planar *p)
{
	struct planes *to = &p->planes;
	int32_t given = decoder_planes(p->decoder);

	to->width = p->plan->width;
	to->height = p->plan->height;
	to->halved = halves(p) && p->colours == NULL;
	to->count = given == 1 && p->target->grey ? 1 : PLANES;
	for (int i = 0; i < to->count; i++) {
		int32_t half = i > 0 && to->halved ? 2 : 1;
		struct plane *plane = &to->plane[i];

		if (!plane_make(plane, (to->width + half - 1) / half,
		        (to->height + half - 1) / half, 1))
			return false;
		if (i >= given)
			memset(plane->samples, 128,
			    plane->stride * (size_t)plane->height);
	}
	return true;
}

/* One axis of the stored picture, in pixels, from crop to cut. */
struct span {
	double crop, length; /* cut out of the shrunk picture */
	int32_t resized;     /* to this */
	int32_t cut, count;  /* of which so much is wanted, counted upright */
	bool mirror;
};

/*
 * The axis as one plane sees it.  Samples stand in the middle of the pixels
 * that they stand for, in what is read as in what is written.
 */
static struct axis
make_axis(const struct span *s, int32_t per, int32_t half, int32_t samples)
{
	double step = s->length / s->resized;
	int32_t from = s->mirror ? s->resized - s->cut : s->cut;
	int32_t high = (int32_t)ceil((s->crop + s->length) / per);

	return (struct axis){
		.from = (s->crop + from * step) / per,
		.step = (s->mirror ? -step : step) * half / per,
		/* The last of halved chroma may have one pixel only. */
		.last = (s->count - 0.5) / half,
		.low = (int32_t)(s->crop / per),
		.high = high < samples ? high : samples,
		.count = (s->count + half - 1) / half,
	};
}

static bool
make_scalers(struct planar *p)
{
	const struct plan *plan = p->plan;
	const struct plan_axes *turn = plan_axes(plan->orientation);
	const struct range *range =
	    p->colours == NULL ? p->target->range : &full;
	const struct box *crop = &plan->exact;
	double shrink = plan->shrink;
	struct span x = { crop->x / shrink, crop->width / shrink,
		plan->resize_w, turn->swap ? plan->cut.y : plan->cut.x,
		turn->swap ? plan->height : plan->width, turn->mirror_x };
	struct span y = { crop->y / shrink, crop->height / shrink,
		plan->resize_h, turn->swap ? plan->cut.x : plan->cut.y,
		turn->swap ? plan->width : plan->height, turn->mirror_y };

	for (int i = 0; i < decoder_planes(p->decoder) && i < p->planes.count;
	     i++) {
		const struct layer *l = &p->layers[i];
		int32_t half = i > 0 && p->planes.halved ? 2 : 1;
		struct axis ax = make_axis(&x, l->per_x, half, l->width);
		struct axis ay = make_axis(&y, l->per_y, half, l->height);

		p->scalers[i] = scaler_new(&ax, &ay, l->row_size, l->rows,
		    i == 0 ? range->luma_gain : range->chroma_gain,
		    i == 0 ? range->luma_base : 128, turn->swap,
		    &p->planes.plane[i]);
		if (p->scalers[i] == NULL)
			return false;
	}
	return true;
}

/* The decoder's next rows land where the scalers want them. */
static enum status
read_stripe(struct planar *p, int32_t stripe, bool *done, struct why *why)
{
	uint8_t *rows[PLANES][LAYER_ROWS];
	int n = decoder_planes(p->decoder);
	enum status st;

	for (int i = 0; i < n; i++) {
		for (int32_t k = 0; k < p->layers[i].rows; k++)
			rows[i][k] = scaler_row(p->scalers[i],
			    stripe * p->layers[i].rows + k);
	}
	st = decoder_read(p->decoder, rows, why);
	*done = true;
	for (int i = 0; i < n && st == STATUS_OK; i++) {
		int32_t y = (stripe + 1) * p->layers[i].rows;

		if (y > p->layers[i].height)
			y = p->layers[i].height;
		if (!scaler_run(p->scalers[i], y))
			*done = false;
	}
	return st;
}

static enum status
fill_planes(struct planar *p, int64_t deadline_ms, struct why *why)
{
	enum status st;
	bool done = false;

	st = decoder_start(p->decoder, p->plan->shrink, deadline_ms, p->layers,
	    why);
	if (st == STATUS_OK && (!make_planes(p) || !make_scalers(p))) {
		why_set(why, "no memory for planes");
		return STATUS_NO_MEMORY;
	}
	/* What lies below the crop is not read. */
	for (int32_t i = 0; st == STATUS_OK && !done; i++)
		st = read_stripe(p, i, &done, why);
	if (st == STATUS_OK && p->colours != NULL)
		colours_change(p->colours, &p->planes, halves(p),
		    p->target->range);
	return st;
}

enum status
planar_run(struct planar *p, int64_t deadline_ms, struct picture *picture,
    struct why *why)
{
	int64_t start = clock_us(), middle;
	struct coded out = { NULL, 0, 0 };
	enum status st;

	st = fill_planes(p, deadline_ms, why);
	if (st != STATUS_OK)
		return st;
	middle = clock_us();
	st = p->target->write(&p->planes, p->quality, p->encoder->effort,
	    deadline_ms, &out, why);
	if (st != STATUS_OK) {
		free(out.bytes);
		return st;
	}
	picture->bytes = out.bytes;
	picture->len = out.len;
	picture->width = p->planes.width;
	picture->height = p->planes.height;
	picture->frames = 1;
	picture->load_us = (int32_t)(middle - start);
	picture->encode_us = (int32_t)(clock_us() - middle);
	return STATUS_OK;
}
