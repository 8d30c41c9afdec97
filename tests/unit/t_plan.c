#include "plan_rows.h"

#include <stdlib.h>

#define ROUNDS 60000

static const struct row rows[] = {
	/* Nothing asked, one side, both; rounding half up, at least 1. */
	{ __LINE__, 300, 200, 0, 0, I, 0, 300, 200, 300, 200, 0, 0 },
	{ __LINE__, 2725, 2225, 640, 0, I, 0, 640, 523, 640, 523, 0, 0 },
	{ __LINE__, 2725, 2225, 0, 640, I, 0, 784, 640, 784, 640, 0, 0 },
	{ __LINE__, 1000, 333, 500, 0, I, 0, 500, 167, 500, 167, 0, 0 },
	{ __LINE__, 1000, 1, 100, 0, I, 0, 100, 1, 100, 1, 0, 0 },
	{ __LINE__, 1, 1000, 0, 10, I, 0, 1, 10, 1, 10, 0, 0 },
	{ __LINE__, 300, 200, 301, 0, I, 0, 300, 200, 300, 200, 0, 0 },
	{ __LINE__, 300, 200, 0, 65535, I, 0, 300, 200, 300, 200, 0, 0 },
	{ __LINE__, 300, 200, 150, 150, I, 0, 150, 100, 150, 100, 0, 0 },
	{ __LINE__, 200, 300, 150, 150, I, 0, 100, 150, 100, 150, 0, 0 },
	{ __LINE__, 1, 1, 1, 1, I, 0, 1, 1, 1, 1, 0, 0 },
	/* One side alone: fit has no effect. */
	{ __LINE__, 300, 200, 150, 0, V, 0, 150, 100, 150, 100, 0, 0 },
	{ __LINE__, 300, 200, 0, 100, N, 0, 150, 100, 150, 100, 0, 0 },
	{ __LINE__, 300, 200, 150, 0, L, 0, 150, 100, 150, 100, 0, 0 },
	/* Cover: cut by gravity; the box shrinks to what is there. */
	{ __LINE__, 300, 200, 100, 100, V, GRAVITY_CENTER, 150, 100, 100, 100,
	    25, 0 },
	{ __LINE__, 300, 200, 100, 100, V, GRAVITY_WEST, 150, 100, 100, 100, 0,
	    0 },
	{ __LINE__, 300, 200, 100, 100, V, GRAVITY_SOUTHEAST, 150, 100, 100,
	    100, 50, 0 },
	{ __LINE__, 200, 300, 100, 100, V, GRAVITY_NORTH, 100, 150, 100, 100, 0,
	    0 },
	{ __LINE__, 200, 300, 100, 100, V, GRAVITY_SOUTHWEST, 100, 150, 100,
	    100, 0, 50 },
	{ __LINE__, 200, 300, 100, 100, V, 99, 100, 150, 100, 100, 0, 25 },
	{ __LINE__, 300, 200, 150, 100, V, 0, 150, 100, 150, 100, 0, 0 },
	{ __LINE__, 300, 200, 400, 400, V, 0, 300, 200, 200, 200, 50, 0 },
	{ __LINE__, 300, 200, 1000, 100, V, 0, 300, 200, 300, 30, 0, 85 },
	/* Contain: exactly the canvas, the picture never enlarged. */
	{ __LINE__, 300, 200, 100, 100, N, GRAVITY_CENTER, 100, 67, 100, 100, 0,
	    16 },
	{ __LINE__, 300, 200, 100, 100, N, GRAVITY_NORTH, 100, 67, 100, 100, 0,
	    0 },
	{ __LINE__, 300, 200, 100, 100, N, GRAVITY_SOUTH, 100, 67, 100, 100, 0,
	    33 },
	{ __LINE__, 30, 20, 100, 100, N, GRAVITY_NORTHEAST, 30, 20, 100, 100,
	    70, 0 },
	{ __LINE__, 300, 200, 150, 100, N, 0, 150, 100, 150, 100, 0, 0 },
	/* Fill, outside. */
	{ __LINE__, 300, 200, 100, 100, L, 0, 100, 100, 100, 100, 0, 0 },
	{ __LINE__, 300, 200, 400, 400, L, 0, 200, 200, 200, 200, 0, 0 },
	{ __LINE__, 300, 200, 100, 100, O, 0, 150, 100, 150, 100, 0, 0 },
	{ __LINE__, 200, 300, 100, 100, O, 0, 100, 150, 100, 150, 0, 0 },
	{ __LINE__, 300, 200, 100, 300, O, 0, 300, 200, 300, 200, 0, 0 },
	{ __LINE__, 300, 200, 100, 50, 99, 0, 75, 50, 75, 50, 0, 0 },
	/* Past the output limits: smaller, of the same shape. */
	{ __LINE__, 60000, 600, 0, 0, I, 0, 8192, 82, 8192, 82, 0, 0 },
	{ __LINE__, 6000, 6000, 0, 0, I, 0, 4000, 4000, 4000, 4000, 0, 0 },
	{ __LINE__, 6000, 6000, 5000, 5000, V, 0, 4000, 4000, 4000, 4000, 0,
	    0 },
	{ __LINE__, 6000, 6000, 6000, 60, O, 0, 4000, 4000, 4000, 4000, 0, 0 },
	{ __LINE__, 6000, 6000, 5000, 5000, L, 0, 4000, 4000, 4000, 4000, 0,
	    0 },
	{ __LINE__, 100, 50, 65535, 65535, N, 0, 6, 3, 4000, 4000, 1997, 1998 },
	{ __LINE__, 9000, 90, 65535, 655, N, 0, 1125, 11, 8192, 82, 3533, 35 },
	{ __LINE__, INT32_MAX, INT32_MAX, 9, 0, I, 0, 9, 9, 9, 9, 0, 0 },
	{ __LINE__, INT32_MAX, 1, 0, 0, I, 0, 8192, 1, 8192, 1, 0, 0 },
};

static void
test_rows(void)
{
	check_rows(rows, sizeof rows / sizeof rows[0], &defaults);
}

/* Crops of a stored 100 × 60, by orientation. */
static const struct crop_row {
	int line, orientation;
	struct box crop;
	enum status status;
	struct box stored;
} crop_rows[] = {
	{ __LINE__, 1, { 10, 20, 30, 5 }, STATUS_OK, { 10, 20, 30, 5 } },
	{ __LINE__, 2, { 10, 20, 30, 5 }, STATUS_OK, { 60, 20, 30, 5 } },
	{ __LINE__, 3, { 10, 20, 30, 5 }, STATUS_OK, { 60, 35, 30, 5 } },
	{ __LINE__, 4, { 10, 20, 30, 5 }, STATUS_OK, { 10, 35, 30, 5 } },
	{ __LINE__, 5, { 10, 20, 30, 5 }, STATUS_OK, { 20, 10, 5, 30 } },
	{ __LINE__, 6, { 10, 20, 30, 5 }, STATUS_OK, { 20, 20, 5, 30 } },
	{ __LINE__, 7, { 10, 20, 30, 5 }, STATUS_OK, { 75, 20, 5, 30 } },
	{ __LINE__, 8, { 10, 20, 30, 5 }, STATUS_OK, { 75, 10, 5, 30 } },
	/* No orientation of EXIF is none. */
	{ __LINE__, 0, { 10, 20, 30, 5 }, STATUS_OK, { 10, 20, 30, 5 } },
	{ __LINE__, 9, { 10, 20, 30, 5 }, STATUS_OK, { 10, 20, 30, 5 } },
	{ __LINE__, -1, { 10, 20, 30, 5 }, STATUS_OK, { 10, 20, 30, 5 } },
	/* Clamped; the last pixel; past it. */
	{ __LINE__, 1, { 90, 50, 65535, 65535 }, STATUS_OK,
	    { 90, 50, 10, 10 } },
	{ __LINE__, 1, { 99, 59, 1, 1 }, STATUS_OK, { 99, 59, 1, 1 } },
	{ __LINE__, 6, { 59, 99, 9, 9 }, STATUS_OK, { 99, 0, 1, 1 } },
	{ __LINE__, 1, { 100, 0, 1, 1 }, STATUS_BAD_PARAM, { 0 } },
	{ __LINE__, 1, { 0, 60, 1, 1 }, STATUS_BAD_PARAM, { 0 } },
	{ __LINE__, 6, { 60, 0, 1, 1 }, STATUS_BAD_PARAM, { 0 } },
	{ __LINE__, 1, { 0, 0, 0, 5 }, STATUS_BAD_PARAM, { 0 } },
	{ __LINE__, 1, { -5, -5, 5, 9 }, STATUS_BAD_PARAM, { 0 } },
	{ __LINE__, 1, { -5, -5, 6, 9 }, STATUS_OK, { 0, 0, 1, 4 } },
	{ __LINE__, 1, { INT32_MAX, 0, INT32_MAX, 1 }, STATUS_BAD_PARAM,
	    { 0 } },
};

static void
test_crops(void)
{
	for (size_t i = 0; i < sizeof crop_rows / sizeof crop_rows[0]; i++) {
		const struct crop_row *r = &crop_rows[i];
		struct params params = { .set = PARAM_BIT(PARAM_CROP),
			.crop = r->crop };
		struct plan_input in = still(100, 60);
		struct plan p;

		in.orientation = r->orientation;
		EQ_INT_AT(r->line, make(&p, in, &params, &defaults), r->status);
		if (r->status != STATUS_OK)
			continue;
		EQ_INT_AT(r->line, p.crop.x, r->stored.x);
		EQ_INT_AT(r->line, p.crop.y, r->stored.y);
		EQ_INT_AT(r->line, p.crop.width, r->stored.width);
		EQ_INT_AT(r->line, p.crop.height, r->stored.height);
		EQ_INT_AT(r->line, p.resize_w, r->stored.width);
		EQ_INT_AT(r->line, p.resize_h, r->stored.height);
		CHECK_AT(r->line, p.orientation >= 1 && p.orientation <= 8);
	}
}

static const struct shrink_row {
	int line;
	int32_t src_w, src_h, w;
	struct box crop;
	int32_t shrink;
	struct box want;
} shrink_rows[] = {
	{ __LINE__, 2725, 2225, 640, { 0 }, 4, { 0, 0, 682, 557 } },
	{ __LINE__, 2725, 2225, 150, { 0 }, 8, { 0, 0, 341, 279 } },
	{ __LINE__, 2725, 2225, 1280, { 0 }, 2, { 0, 0, 1363, 1113 } },
	{ __LINE__, 2725, 2225, 1920, { 0 }, 1, { 0, 0, 2725, 2225 } },
	{ __LINE__, 800, 800, 100, { 0 }, 8, { 0, 0, 100, 100 } },
	{ __LINE__, 800, 800, 101, { 0 }, 4, { 0, 0, 200, 200 } },
	{ __LINE__, 801, 9, 0, { 0 }, 1, { 0, 0, 801, 9 } },
	{ __LINE__, 800, 800, 10, { 80, 160, 400, 400 }, 8,
	    { 10, 20, 50, 50 } },
	{ __LINE__, 803, 803, 10, { 403, 403, 400, 400 }, 8,
	    { 50, 50, 51, 51 } },
	{ __LINE__, 800, 800, 1, { 3, 3, 1, 1 }, 8, { 0, 0, 1, 1 } },
	{ __LINE__, 800, 800, 1, { 799, 799, 1, 1 }, 8, { 99, 99, 1, 1 } },
};

static void
test_shrinks(void)
{
	for (size_t i = 0; i < sizeof shrink_rows / sizeof shrink_rows[0];
	     i++) {
		const struct shrink_row *r = &shrink_rows[i];
		struct params params = { .width = r->w,
			.crop = r->crop,
			.set = r->crop.width ? PARAM_BIT(PARAM_CROP) : 0 };
		struct plan_input in = still(r->src_w, r->src_h);
		struct plan p;

		in.shrinks = true;
		EQ_INT_AT(r->line, make(&p, in, &params, &defaults), STATUS_OK);
		EQ_INT_AT(r->line, p.shrink, r->shrink);
		EQ_INT_AT(r->line, p.crop.x, r->want.x);
		EQ_INT_AT(r->line, p.crop.y, r->want.y);
		EQ_INT_AT(r->line, p.crop.width, r->want.width);
		EQ_INT_AT(r->line, p.crop.height, r->want.height);
	}
}

static const struct frame_row {
	int line;
	int32_t w, h, frames, want;
} frame_rows[] = {
	{ __LINE__, 100, 100, 0, 1 },
	{ __LINE__, 100, 100, 1, 1 },
	{ __LINE__, 100, 100, 100, 100 },
	{ __LINE__, 100, 100, 101, 1 },
	{ __LINE__, 1000, 1000, 100, 100 },
	{ __LINE__, 1000, 1001, 100, 1 },
	{ __LINE__, INT32_MAX, INT32_MAX, 2, 1 },
	{ __LINE__, 100, 100, -3, 1 },
};

static void
test_frames_and_refusals(void)
{
	struct params none = { 0 };
	struct limits no_side = defaults, no_pixels = defaults;
	struct plan p;

	for (size_t i = 0; i < sizeof frame_rows / sizeof frame_rows[0]; i++) {
		const struct frame_row *r = &frame_rows[i];
		struct plan_input in = still(r->w, r->h);

		in.frames = r->frames;
		EQ_INT_AT(r->line, make(&p, in, &none, &defaults), STATUS_OK);
		EQ_INT_AT(r->line, p.frames, r->want);
	}
	no_side.output_side = 0;
	no_pixels.output_pixels = 0;
	EQ_INT(make(&p, still(9, 9), &none, &no_side), STATUS_LIMIT);
	EQ_INT(make(&p, still(9, 9), &none, &no_pixels), STATUS_LIMIT);
	EQ_INT(make(&p, still(0, 9), &none, &defaults), STATUS_LIMIT);
	EQ_INT(make(&p, still(9, -1), &none, &defaults), STATUS_LIMIT);
}

static uint32_t seed = 42;

/* 1…max, small ones as often as large ones. */
static int32_t
any(int32_t max)
{
	uint32_t bits;

	seed = seed * 1664525 + 1013904223;
	bits = seed >> 28;
	seed = seed * 1664525 + 1013904223;
	return 1 + (int32_t)((seed >> 8) % (uint32_t)max >> (bits % 12));
}

/* One generated case; what the laws need of it, upright. */
struct wish {
	struct plan_input in;
	struct params params;
	int32_t from_w, from_h; /* the cropped picture */
};

/* One draw a statement: their order must not be the compiler's to choose. */
static struct wish
any_wish(void)
{
	struct wish s = { 0 };
	struct params *p = &s.params;
	int32_t w, h;

	s.in.width = any(20000);
	s.in.height = any(20000);
	s.in.frames = 1;
	s.in.orientation = any(80) % 8 + 1;
	s.in.shrinks = any(1000) % 2;
	w = s.in.orientation > 4 ? s.in.height : s.in.width;
	h = s.in.orientation > 4 ? s.in.width : s.in.height;
	p->width = any(9) == 1 ? 0 : any(20000);
	p->height = any(9) == 1 ? 0 : any(20000);
	p->fit = any(5000) % FIT_MAX;
	p->gravity = any(9000) % GRAVITY_MAX;
	s.from_w = w;
	s.from_h = h;
	if (any(1000) % 2)
		return s;
	p->set = PARAM_BIT(PARAM_CROP);
	p->crop.x = any(w) - 1;
	p->crop.y = any(h) - 1;
	p->crop.width = any(20000);
	p->crop.height = any(20000);
	if (s.from_w > p->crop.x + p->crop.width)
		s.from_w = p->crop.x + p->crop.width;
	if (s.from_h > p->crop.y + p->crop.height)
		s.from_h = p->crop.y + p->crop.height;
	s.from_w -= p->crop.x;
	s.from_h -= p->crop.y;
	return s;
}

/* Is a ÷ b that of c ÷ d, with one of a and b off by half a pixel? */
static bool
same_shape(int64_t a, int64_t b, int64_t c, int64_t d)
{
	int64_t cross = a * d - b * c;

	if (cross < 0)
		cross = -cross;
	return a == 1 || b == 1 || 2 * cross <= (c > d ? c : d);
}

/* Does the box lie within these bounds? */
static bool
lies_in(int32_t x, int32_t y, int32_t width, int32_t height, int32_t bound_w,
    int32_t bound_h)
{
	return x >= 0 && y >= 0 && x + width <= bound_w &&
	    y + height <= bound_h;
}

/* What holds of every plan, whatever was asked. */
static void
check_always(const struct wish *s, const struct plan *p)
{
	int32_t sw = (s->in.width + p->shrink - 1) / p->shrink;
	int32_t sh = (s->in.height + p->shrink - 1) / p->shrink;
	bool turned = s->in.orientation > 4;
	int32_t to_w = turned ? p->resize_h : p->resize_w;
	int32_t to_h = turned ? p->resize_w : p->resize_h;

	CHECK(to_w >= 1 && to_h >= 1 && to_w <= s->from_w && to_h <= s->from_h);
	CHECK(p->crop.width >= 1 && p->crop.height >= 1);
	CHECK(lies_in(p->crop.x, p->crop.y, p->crop.width, p->crop.height, sw,
	    sh));
	CHECK(p->crop.width >= p->resize_w && p->crop.height >= p->resize_h);
	CHECK(p->shrink == 1 || s->in.shrinks);
	if (p->cut.width != 0) {
		CHECK(lies_in(p->cut.x, p->cut.y, p->cut.width, p->cut.height,
		    to_w, to_h));
		CHECK(p->cut.width == p->width && p->cut.height == p->height);
	} else if (p->canvas_w != 0) {
		CHECK(lies_in(p->canvas_x, p->canvas_y, to_w, to_h, p->canvas_w,
		    p->canvas_h));
		CHECK(p->canvas_w == p->width && p->canvas_h == p->height);
	} else
		CHECK(to_w == p->width && to_h == p->height);
}

/* Cover and fill: exactly, or the asked shape as large as can be. */
static void
check_filled(const struct wish *s, const struct plan *p)
{
	int32_t w = s->params.width, h = s->params.height;

	if (s->from_w >= w && s->from_h >= h)
		CHECK(p->width == w && p->height == h);
	else
		CHECK(p->width == s->from_w || p->height == s->from_h);
	CHECK(same_shape(p->width, p->height, w, h));
}

/* Outside: nothing smaller than asked, and no larger than it must be. */
static void
check_outside(const struct wish *s, const struct plan *p)
{
	int32_t w = s->params.width, h = s->params.height;

	CHECK(p->width >= w || p->width == s->from_w);
	CHECK(p->height >= h || p->height == s->from_h);
	if (s->from_w >= w && s->from_h >= h)
		CHECK(p->width == w || p->height == h);
}

/* What each fit promises, without output limits. */
static void
check_fit(const struct wish *s, const struct plan *p)
{
	int32_t w = s->params.width, h = s->params.height;
	bool both = w > 0 && h > 0, turned = s->in.orientation > 4;
	int32_t fit = both ? s->params.fit : FIT_INSIDE;
	int32_t to_w = turned ? p->resize_h : p->resize_w;
	int32_t to_h = turned ? p->resize_w : p->resize_h;
	bool all = to_w == s->from_w && to_h == s->from_h;

	if (fit != FIT_FILL)
		CHECK(same_shape(to_w, to_h, s->from_w, s->from_h));
	if (fit != FIT_OUTSIDE)
		CHECK((w == 0 || p->width <= w) && (h == 0 || p->height <= h));
	switch (fit) {
	case FIT_INSIDE: /* it touches a bound, or is all there is */
		CHECK(all || p->width == w || p->height == h);
		break;
	case FIT_COVER:
		check_filled(s, p);
		CHECK(to_w == p->width || to_h == p->height);
		break;
	case FIT_FILL:
		check_filled(s, p);
		break;
	case FIT_CONTAIN:
		CHECK(p->width == w && p->height == h);
		CHECK(all || to_w == w || to_h == h);
		break;
	case FIT_OUTSIDE:
		check_outside(s, p);
		break;
	}
}

/* Shrinking moves the edges of a crop by half a shrunken pixel at most. */
static void
check_shrink(const struct wish *s, const struct plan *p)
{
	struct plan_input in = s->in;
	struct params params = s->params;
	struct plan exact;
	int32_t n = p->shrink, dx, dy;

	in.shrinks = false;
	make(&exact, in, &params, &open_limits);
	dx = abs(p->crop.x * n - exact.crop.x);
	dy = abs(p->crop.y * n - exact.crop.y);
	CHECK(dx < n && dy < n);
	CHECK(2 * dx <= n || exact.crop.x + n > in.width);
	CHECK(2 * dy <= n || exact.crop.y + n > in.height);
	if (!(params.set & PARAM_BIT(PARAM_CROP)))
		CHECK(p->crop.x == 0 && p->crop.y == 0 &&
		    p->crop.width == (in.width + n - 1) / n &&
		    p->crop.height == (in.height + n - 1) / n);
}

/* The same wish of the picture stored upright gives the same result. */
static void
check_turned(const struct wish *s, const struct plan *p)
{
	struct params params = s->params;
	struct plan_input in = s->in;
	struct plan up;
	bool turned = in.orientation > 4;

	in.orientation = 1;
	if (turned) {
		in.width = s->in.height;
		in.height = s->in.width;
	}
	make(&up, in, &params, &open_limits);
	CHECK(up.width == p->width && up.height == p->height);
	CHECK(up.resize_w == (turned ? p->resize_h : p->resize_w));
	CHECK(up.resize_h == (turned ? p->resize_w : p->resize_h));
	CHECK(memcmp(&up.cut, &p->cut, sizeof up.cut) == 0);
	CHECK(up.canvas_w == p->canvas_w && up.canvas_h == p->canvas_h &&
	    up.canvas_x == p->canvas_x && up.canvas_y == p->canvas_y);
}

/* Limits make it smaller and keep its shape; within them nothing changes. */
static void
check_limits(const struct wish *s, const struct plan *p)
{
	struct limits limits = defaults;
	struct params params = s->params;
	struct plan q;

	limits.output_side = any(8192);
	limits.output_pixels = any(16000000);
	EQ_INT(make(&q, s->in, &params, &limits), STATUS_OK);
	check_always(s, &q);
	CHECK(q.width <= limits.output_side && q.height <= limits.output_side);
	CHECK((int64_t)q.width * q.height <= limits.output_pixels);
	CHECK(q.width <= p->width && q.height <= p->height);
	if (s->params.fit != FIT_FILL && s->in.orientation <= 4)
		CHECK(same_shape(q.resize_w, q.resize_h, s->from_w, s->from_h));
	/* Its shape is that of p but for the rounding of both. */
	CHECK(llabs((int64_t)q.width * p->height -
	          (int64_t)q.height * p->width) <=
	        (int64_t)p->width + p->height ||
	    q.width == 1 || q.height == 1);
	if (p->width <= limits.output_side && p->height <= limits.output_side &&
	    (int64_t)p->width * p->height <= limits.output_pixels)
		CHECK(q.width == p->width && q.height == p->height &&
		    q.resize_w == p->resize_w && q.resize_h == p->resize_h);
}

int
main(void)
{
	test_rows();
	test_crops();
	test_shrinks();
	test_frames_and_refusals();
	for (int i = 0; i < ROUNDS && test_failed < 20; i++) {
		struct wish s = any_wish();
		struct plan p;
		int failed = test_failed;

		EQ_INT(make(&p, s.in, &s.params, &open_limits), STATUS_OK);
		check_always(&s, &p);
		check_fit(&s, &p);
		check_shrink(&s, &p);
		check_turned(&s, &p);
		check_limits(&s, &p);
		if (test_failed > failed)
			printf("\tround %d: %dx%d o=%d crop %dx%d+%d+%d w=%d "
			       "h=%d fit=%d: %dx%d\n",
			    i, s.in.width, s.in.height, s.in.orientation,
			    s.params.crop.width, s.params.crop.height,
			    s.params.crop.x, s.params.crop.y, s.params.width,
			    s.params.height, s.params.fit, p.width, p.height);
	}
	return test_end("t_plan");
}
