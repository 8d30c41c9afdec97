/*
 * A plan from any facts, parameters and limits.  Input: 13 bytes of facts,
 * then a query.
 */
#include "image/plan.h"

#include "fuzz.h"

static struct limits limits = {
	.max_bytes = 100 << 20,
	.max_pixels = 50000000,
	.interlaced_pixels = 25000000,
	.max_side = 65535,
	.max_frames = 1000,
	.animation_frames = 100,
	.animation_pixels = 100000000,
	.output_side = 8192,
	.output_pixels = 16000000,
	.max_scans = 100,
	.max_icc = 4 << 20,
};

static int32_t
take(const uint8_t *data, int32_t below)
{
	return (int32_t)(((uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 |
	                     data[2]) %
	    (uint32_t)below);
}

static void
check_plan(const struct plan *plan, const struct plan_input *in)
{
	int64_t w = (in->width + plan->shrink - 1) / plan->shrink;
	int64_t h = (in->height + plan->shrink - 1) / plan->shrink;

	MUST(plan->shrink == 1 || plan->shrink == 2 || plan->shrink == 4 ||
	    plan->shrink == 8);
	MUST(plan->crop.x >= 0 && plan->crop.y >= 0);
	MUST((plan->crop.width > 0) == (plan->crop.height > 0));
	MUST((int64_t)plan->crop.x + plan->crop.width <= w);
	MUST((int64_t)plan->crop.y + plan->crop.height <= h);
	MUST(plan->width >= 1 && plan->width <= limits.output_side);
	MUST(plan->height >= 1 && plan->height <= limits.output_side);
	MUST((int64_t)plan->width * plan->height <= limits.output_pixels);
	MUST(plan->frames >= 1 && plan->frames <= in->frames);
	if (plan->cut.width > 0)
		MUST(plan->cut.x >= 0 && plan->cut.y >= 0 &&
		    plan->cut.height > 0);
	if (plan->canvas_w > 0)
		MUST(plan->canvas_x >= 0 && plan->canvas_y >= 0 &&
		    plan->canvas_w == plan->width &&
		    plan->canvas_h == plan->height);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct plan_input in;
	struct why why = { "" };
	struct plan plan;
	struct query q;
	enum status st;

	if (len < 13)
		return 0;
	in = (struct plan_input){ .width = 1 + take(data, 65535),
		.height = 1 + take(data + 3, 65535),
		.orientation = 1 + take(data + 6, 8),
		.frames = 1 + take(data + 9, 1000),
		.shrinks = data[12] & 1,
		.scales = data[12] & 2 };
	limits.enlarge = (data[12] & 4) != 0;
	if (params_parse(&q, (const char *)data + 13, len - 13,
	        PARAMS_SEALED_TEXT, NULL) != STATUS_OK)
		return 0;
	params_normalise(&q.params);
	st = plan_make(&plan, &in, &q.params, &limits, &why);
	MUST(st == STATUS_OK || st == STATUS_BAD_PARAM || st == STATUS_LIMIT);
	MUST(st == STATUS_OK || why.text[0] != '\0');
	if (st == STATUS_OK)
		check_plan(&plan, &in);
	return 0;
}
