/* Plans where pictures may grow (enlarge = yes). */
#include "image/plan.h"

#include <stdlib.h>

#include "test.h"

#define ROUNDS 60000

static const struct limits defaults = {
	.animation_frames = 100,
	.animation_pixels = 100000000,
	.output_side = 8192,
	.output_pixels = 16000000,
};

#define I FIT_INSIDE
#define V FIT_COVER
#define N FIT_CONTAIN
#define L FIT_FILL
#define O FIT_OUTSIDE

/* Source, wish, resize, result; where the cut or the picture stands. */
static const struct row {
	int line;
	int32_t src_w, src_h, w, h, fit;
	int32_t resize_w, resize_h, width, height, x, y;
} rows[] = {
	{ __LINE__, 300, 200, 0, 0, I, 300, 200, 300, 200, 0, 0 },
	{ __LINE__, 300, 200, 150, 0, I, 150, 100, 150, 100, 0, 0 },
	{ __LINE__, 300, 200, 640, 0, I, 640, 427, 640, 427, 0, 0 },
	{ __LINE__, 300, 200, 0, 500, I, 750, 500, 750, 500, 0, 0 },
	{ __LINE__, 300, 200, 640, 400, I, 600, 400, 600, 400, 0, 0 },
	{ __LINE__, 300, 200, 640, 640, V, 960, 640, 640, 640, 160, 0 },
	{ __LINE__, 300, 200, 640, 640, N, 640, 427, 640, 640, 0, 106 },
	{ __LINE__, 300, 200, 640, 640, L, 640, 640, 640, 640, 0, 0 },
	{ __LINE__, 300, 200, 640, 640, O, 960, 640, 960, 640, 0, 0 },
	{ __LINE__, 1, 1, 65535, 0, I, 4000, 4000, 4000, 4000, 0, 0 },
	{ __LINE__, 65535, 1, 0, 65535, I, 8192, 1, 8192, 1, 0, 0 },
};

static struct plan
make(int line, int32_t w, int32_t h, const struct params *params,
    struct limits limits, bool enlarge)
{
	const struct plan_input in = { w, h, 1, 1, true, false };
	struct plan plan;

	limits.enlarge = enlarge;
	EQ_INT_AT(line, plan_make(&plan, &in, params, &limits, NULL),
	    STATUS_OK);
	return plan;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct params params = { .width = r->w,
			.height = r->h,
			.fit = r->fit };
		struct plan p =
		    make(r->line, r->src_w, r->src_h, &params, defaults, true);

		EQ_INT_AT(r->line, p.resize_w, r->resize_w);
		EQ_INT_AT(r->line, p.resize_h, r->resize_h);
		EQ_INT_AT(r->line, p.width, r->width);
		EQ_INT_AT(r->line, p.height, r->height);
		EQ_INT_AT(r->line, p.cut.x + p.canvas_x, r->x);
		EQ_INT_AT(r->line, p.cut.y + p.canvas_y, r->y);
	}
}

static int32_t
any(int32_t below)
{
	return 1 + (int32_t)(random() % below);
}

/* What is large enough is as it was; what grows, grows to what was asked. */
static void
test_laws(void)
{
	struct limits open = defaults;

	open.output_side = INT32_MAX;
	open.output_pixels = INT64_MAX;
	for (int i = 0; i < ROUNDS && test_failed < 20; i++) {
		int32_t w = any(3000), h = any(3000);
		struct params params = { .width = any(2000),
			.height = any(2000),
			.fit = (int32_t)(random() % FIT_MAX) };
		struct plan p = make(__LINE__, w, h, &params, open, true);
		struct plan q = make(__LINE__, w, h, &params, open, false);

		if (w >= params.width && h >= params.height)
			CHECK(memcmp(&p, &q, sizeof p) == 0);
		else if (params.fit == FIT_INSIDE)
			CHECK(p.width == params.width ||
			    p.height == params.height);
		else if (params.fit == FIT_OUTSIDE)
			CHECK(p.width >= params.width &&
			    p.height >= params.height);
		else
			CHECK(p.width == params.width &&
			    p.height == params.height);
		CHECK(p.width >= q.width && p.height >= q.height);
	}
}

int
main(void)
{
	test_rows();
	test_laws();
	return test_end("t_plan_grow");
}
