#include "image/plan.h"

#include <stdbool.h>
#include <stdint.h>

struct size {
	int32_t w, h;
};

/* A square that no picture reaches: bounds nothing. */
#define UNBOUNDED INT32_MAX

static const struct plan_axes turns[9] = {
	[2] = { .mirror_x = true },
	[3] = { .mirror_x = true, .mirror_y = true },
	[4] = { .mirror_y = true },
	[5] = { .swap = true },
	[6] = { .swap = true, .mirror_y = true },
	[7] = { .swap = true, .mirror_x = true, .mirror_y = true },
	[8] = { .swap = true, .mirror_x = true },
};

/* Halves of the slack that stand left of and above the box. */
static const struct {
	int32_t x, y;
} pulls[GRAVITY_MAX] = {
	[GRAVITY_CENTER] = { 1, 1 },
	[GRAVITY_NORTH] = { 1, 0 },
	[GRAVITY_NORTHEAST] = { 2, 0 },
	[GRAVITY_EAST] = { 2, 1 },
	[GRAVITY_SOUTHEAST] = { 2, 2 },
	[GRAVITY_SOUTH] = { 1, 2 },
	[GRAVITY_SOUTHWEST] = { 0, 2 },
	[GRAVITY_WEST] = { 0, 1 },
	[GRAVITY_NORTHWEST] = { 0, 0 },
};

static int32_t
min32(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/* n · num ÷ den to the nearest, halves up, at least 1; num ≤ den or fits. */
static int32_t
scale(int32_t n, int32_t num, int32_t den)
{
	int64_t v = ((int64_t)n * num + den / 2) / den;

	/* An odd den has no exact half, so its rounded-down half is right. */
	if (v > INT32_MAX)
		return INT32_MAX;
	return v < 1 ? 1 : (int32_t)v;
}

static struct size
swap_size(struct size s)
{
	return (struct size){ s.h, s.w };
}

/* The largest size of this shape in bound, and no larger than the shape. */
static struct size
fit_within(struct size shape, struct size bound)
{
	if (shape.w <= bound.w && shape.h <= bound.h)
		return shape;
	if ((int64_t)bound.w * shape.h <= (int64_t)bound.h * shape.w)
		return (
		    struct size){ bound.w, scale(shape.h, bound.w, shape.w) };
	return (struct size){ scale(shape.w, bound.h, shape.h), bound.h };
}

/* The smallest size of this shape that covers box, not larger than itself. */
static struct size
fit_around(struct size shape, struct size box)
{
	if (shape.w <= box.w || shape.h <= box.h)
		return shape;
	if ((int64_t)box.w * shape.h >= (int64_t)box.h * shape.w)
		return (struct size){ box.w, scale(shape.h, box.w, shape.w) };
	return (struct size){ scale(shape.w, box.h, shape.h), box.h };
}

/*
 * As fit_within(), with at most so many pixels.  The long side decides: the
 * area grows with it, so that halving finds the largest.
 */
static struct size
fit_limits(struct size shape, struct size bound, const struct limits *limits)
{
	int32_t side = limits->output_side, low = 1, high;
	struct size fit;

	bound = (struct size){ min32(bound.w, side), min32(bound.h, side) };
	fit = fit_within(shape, bound);
	if ((int64_t)fit.w * fit.h <= limits->output_pixels)
		return fit;
	if (shape.w < shape.h)
		return swap_size(
		    fit_limits(swap_size(shape), swap_size(bound), limits));
	for (high = fit.w; low < high;) {
		int32_t mid = low + (high - low + 1) / 2;

		if ((int64_t)mid * scale(shape.h, mid, shape.w) <=
		    limits->output_pixels)
			low = mid;
		else
			high = mid - 1;
	}
	return (struct size){ low, scale(shape.h, low, shape.w) };
}

static bool
within_limits(struct size s, const struct limits *limits)
{
	return s.w <= limits->output_side && s.h <= limits->output_side &&
	    (int64_t)s.w * s.h <= limits->output_pixels;
}

/* Where an inner box stands in an outer one. */
static void
place_box(int32_t gravity, struct size outer, struct size inner, int32_t *x,
    int32_t *y)
{
	if (gravity < 0 || gravity >= GRAVITY_MAX)
		gravity = GRAVITY_CENTER;
	*x = (int32_t)((int64_t)(outer.w - inner.w) * pulls[gravity].x / 2);
	*y = (int32_t)((int64_t)(outer.h - inner.h) * pulls[gravity].y / 2);
}

/* The box in upright pixels, clamped; false if nothing of it is left. */
static bool
clamp_crop(struct box *box, const struct params *params, struct size upright)
{
	const struct box *c = &params->crop;
	int64_t right = (int64_t)c->x + c->width;
	int64_t bottom = (int64_t)c->y + c->height;
	int32_t x = c->x > 0 ? c->x : 0;
	int32_t y = c->y > 0 ? c->y : 0;

	if (!(params->set & PARAM_BIT(PARAM_CROP))) {
		*box = (struct box){ 0, 0, upright.w, upright.h };
		return true;
	}
	if (right > upright.w)
		right = upright.w;
	if (bottom > upright.h)
		bottom = upright.h;
	if (right <= x || bottom <= y)
		return false;
	*box =
	    (struct box){ x, y, (int32_t)(right - x), (int32_t)(bottom - y) };
	return true;
}

/*
 * The picture fits in the box, the box is the result.  A box that must be
 * made smaller takes the picture with it.
 */
static struct size
plan_contain(struct plan *plan, struct size from, struct size box,
    int32_t gravity, const struct limits *limits)
{
	struct size canvas =
	    fit_limits(box, (struct size){ UNBOUNDED, UNBOUNDED }, limits);
	struct size bound = canvas, to;

	if (from.w <= box.w && from.h <= box.h && from.w >= from.h)
		bound.w = scale(from.w, canvas.w, box.w);
	else if (from.w <= box.w && from.h <= box.h)
		bound.h = scale(from.h, canvas.h, box.h);
	to = fit_within(from, bound);
	plan->width = canvas.w;
	plan->height = canvas.h;
	if (to.w == canvas.w && to.h == canvas.h)
		return to;
	plan->canvas_w = canvas.w;
	plan->canvas_h = canvas.h;
	place_box(gravity, canvas, to, &plan->canvas_x, &plan->canvas_y);
	return to;
}

static struct size
plan_cover(struct plan *plan, struct size from, struct size box,
    int32_t gravity, const struct limits *limits)
{
	struct size cut = fit_limits(box, from, limits);
	struct size to = fit_around(from, cut);

	plan->width = cut.w;
	plan->height = cut.h;
	if (to.w == cut.w && to.h == cut.h)
		return to;
	plan->cut.width = cut.w;
	plan->cut.height = cut.h;
	place_box(gravity, to, cut, &plan->cut.x, &plan->cut.y);
	return to;
}

/*
 * From the size of what was cut out to the size that it is resized to, both
 * upright; sets the result and what happens after the resize.
 */
static struct size
plan_fit(struct plan *plan, struct size from, const struct params *params,
    const struct limits *limits)
{
	struct size box = { params->width, params->height };
	bool both = box.w > 0 && box.h > 0;
	struct size to;

	if (both && params->fit == FIT_COVER)
		return plan_cover(plan, from, box, params->gravity, limits);
	if (both && params->fit == FIT_CONTAIN)
		return plan_contain(plan, from, box, params->gravity, limits);
	if (both && params->fit == FIT_FILL)
		to = fit_limits(box, from, limits);
	else if (both && params->fit == FIT_OUTSIDE) {
		to = fit_around(from, box);
		if (!within_limits(to, limits))
			to = fit_limits(from, from, limits);
	} else {
		/* One side alone leaves the other free. */
		if (box.w <= 0)
			box.w = UNBOUNDED;
		if (box.h <= 0)
			box.h = UNBOUNDED;
		to = fit_limits(from, box, limits);
	}
	plan->width = to.w;
	plan->height = to.h;
	return to;
}

/*
 * All fits keep to the size of what they fit.  Where it may grow, they get
 * one of the same shape that is large enough for any box.
 */
static struct size
grow(struct size from, const struct params *params)
{
	int32_t x = (params->width + from.w - 1) / from.w;
	int32_t y = (params->height + from.h - 1) / from.h;
	int32_t most = INT32_MAX / (from.w > from.h ? from.w : from.h);
	int32_t k = min32(x > y ? x : y, most);

	return k > 1 ? (struct size){ from.w * k, from.h * k } : from;
}

static struct box
turn_box(struct box box, const struct plan_axes *turn, struct size stored)
{
	if (turn->swap)
		box = (struct box){ box.y, box.x, box.height, box.width };
	if (turn->mirror_x)
		box.x = stored.w - box.x - box.width;
	if (turn->mirror_y)
		box.y = stored.h - box.y - box.height;
	return box;
}

/*
 * One side of the crop in pixels of a picture shrunk by s.  libjpeg makes
 * ceil(n ÷ s) of n; the last of these may stand for fewer than s pixels, so
 * a crop that reaches the edge reaches it still.
 */
static void
shrink_side(int32_t *at, int32_t *len, int32_t n, int32_t s)
{
	int32_t end = *at + *len, shrunk = n / s + (n % s != 0);
	int32_t from = *at / s + (*at % s * 2 >= s);
	int32_t to = end == n ? shrunk : end / s + (end % s * 2 >= s);

	if (from >= shrunk)
		from = shrunk - 1;
	if (to > shrunk)
		to = shrunk;
	if (to <= from)
		to = from + 1;
	*at = from;
	*len = to - from;
}

/*
 * The largest shrink on load that leaves at least what the resize makes, also
 * of whole pixels alone: libvips cuts off the one that a shrunk side has
 * begun, and of seven rows at an eighth nothing is left.  A loader that
 * scales freely needs none: from crop and resize it knows the scale to draw
 * at.
 */
static void
choose_shrink(struct plan *plan, struct box crop, struct size stored,
    bool shrinks)
{
	plan->exact = crop;
	for (int32_t s = shrinks ? 8 : 1; s > 1; s /= 2) {
		struct box box = crop;

		shrink_side(&box.x, &box.width, stored.w, s);
		shrink_side(&box.y, &box.height, stored.h, s);
		if (box.width < plan->resize_w ||
		    stored.w / s - box.x < plan->resize_w)
			continue;
		if (box.height < plan->resize_h ||
		    stored.h / s - box.y < plan->resize_h)
			continue;
		plan->shrink = s;
		plan->crop = box;
		return;
	}
	plan->shrink = 1;
	plan->crop = crop;
}

static int32_t
choose_frames(const struct plan_input *input, const struct limits *limits)
{
	int64_t size = (int64_t)input->width * input->height;

	if (input->frames <= 1 || input->frames > limits->animation_frames ||
	    input->frames > limits->animation_pixels / size)
		return 1;
	return input->frames;
}

const struct plan_axes *
plan_axes(int32_t orientation)
{
	return &turns[orientation >= 1 && orientation <= 8 ? orientation : 1];
}

enum status
plan_make(struct plan *plan, const struct plan_input *input,
    const struct params *params, const struct limits *limits, struct why *why)
{
	int32_t o = input->orientation;
	const struct plan_axes *turn = plan_axes(o);
	struct size stored = { input->width, input->height };
	struct size upright, from, to;
	struct box crop;

	*plan = (struct plan){ .orientation = o >= 1 && o <= 8 ? o : 1 };
	if (stored.w < 1 || stored.h < 1) {
		why_set(why, "a picture of %d×%d has no pixel", stored.w,
		    stored.h);
		return STATUS_LIMIT;
	}
	if (limits->output_side < 1 || limits->output_pixels < 1) {
		why_set(why, "the output limits allow no pixel");
		return STATUS_LIMIT;
	}
	upright = turn->swap ? swap_size(stored) : stored;
	if (!clamp_crop(&crop, params, upright)) {
		why_set(why, "crop lies outside the picture of %d×%d",
		    upright.w, upright.h);
		return STATUS_BAD_PARAM;
	}
	from = (struct size){ crop.width, crop.height };
	if (limits->enlarge)
		from = grow(from, params);
	to = plan_fit(plan, from, params, limits);
	if (turn->swap)
		to = swap_size(to);
	plan->resize_w = to.w;
	plan->resize_h = to.h;
	choose_shrink(plan, turn_box(crop, turn, stored), stored,
	    input->shrinks);
	plan->frames = choose_frames(input, limits);
	return STATUS_OK;
}
