/* Plans row by row, for t_plan.c and t_plan_grow.c. */
#ifndef TESTS_UNIT_PLAN_ROWS_H
#define TESTS_UNIT_PLAN_ROWS_H

#include "image/plan.h"

#include "test.h"

static const struct limits defaults = {
	.animation_frames = 100,
	.animation_pixels = 100000000,
	.output_side = 8192,
	.output_pixels = 16000000,
};

/* For laws that limits would blur. */
static const struct limits open_limits = {
	.animation_frames = 100,
	.animation_pixels = 100000000,
	.output_side = INT32_MAX,
	.output_pixels = INT64_MAX,
};

#define I FIT_INSIDE
#define V FIT_COVER
#define N FIT_CONTAIN
#define L FIT_FILL
#define O FIT_OUTSIDE

/* Source, wish, and what the plan must say; all upright. */
struct row {
	int line;
	int32_t src_w, src_h, w, h, fit, gravity;
	int32_t resize_w, resize_h, width, height;
	int32_t x, y; /* of the cut, or of the picture on its canvas */
};

static enum status
make(struct plan *plan, struct plan_input in, struct params *params,
    const struct limits *limits)
{
	struct why why = { "" };
	enum status st = plan_make(plan, &in, params, limits, &why);

	CHECK((st == STATUS_OK) == (why.text[0] == '\0'));
	return st;
}

static struct plan_input
still(int32_t w, int32_t h)
{
	return (struct plan_input){ w, h, 1, 1, false, false };
}

static void
check_rows(const struct row *rows, size_t count, const struct limits *limits)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *r = &rows[i];
		struct params params = { .width = r->w,
			.height = r->h,
			.fit = r->fit,
			.gravity = r->gravity };
		struct plan p;

		EQ_INT_AT(r->line,
		    make(&p, still(r->src_w, r->src_h), &params, limits),
		    STATUS_OK);
		EQ_INT_AT(r->line, p.resize_w, r->resize_w);
		EQ_INT_AT(r->line, p.resize_h, r->resize_h);
		EQ_INT_AT(r->line, p.width, r->width);
		EQ_INT_AT(r->line, p.height, r->height);
		EQ_INT_AT(r->line, p.cut.x + p.canvas_x, r->x);
		EQ_INT_AT(r->line, p.cut.y + p.canvas_y, r->y);
		EQ_INT_AT(r->line, p.shrink, 1);
	}
}

#endif
