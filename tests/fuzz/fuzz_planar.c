/*
 * Any bytes as a JPEG, by planes.  Input: a byte for the format to write, one
 * for the width, one for the orientation, the JPEG.  What the pipeline does
 * before is done as it does it, but no libvips is asked.
 */
#include "image/planar.h"

#include "base/clock.h"

#include "fuzz.h"

/* Small, so that a run is short. */
static const struct limits limits = {
	.max_bytes = 1 << 20,
	.max_pixels = 100000,
	.interlaced_pixels = 50000,
	.max_side = 4000,
	.max_frames = 1,
	.output_side = 500,
	.output_pixels = 50000,
	.max_scans = 20,
	.max_icc = 1 << 16,
};

static void
check_picture(const struct job *job, const struct plan *plan,
    const struct picture *picture)
{
	struct facts facts;
	struct why why;

	MUST(facts_read(&facts, picture->bytes, picture->len, picture->len,
	         &why) == STATUS_OK);
	MUST(facts.format == job->format);
	MUST(facts.width == plan->width && facts.height == plan->height);
	MUST(picture->width == plan->width && picture->height == plan->height);
}

static void
run(const struct planar_ask *ask)
{
	struct picture picture = { .bytes = NULL };
	struct planar *p = planar_open(ask);
	struct why why = { "" };

	if (p == NULL)
		return;
	if (planar_run(p, clock_ms() + 5000, &picture, &why) == STATUS_OK)
		check_picture(ask->job, ask->plan, &picture);
	else
		MUST(picture.bytes == NULL && why.text[0] != '\0');
	free(picture.bytes);
	planar_close(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct job job = { .inputs = FORMAT_BIT(FORMAT_JPEG),
		.limits = limits };
	struct plan_input input = { .frames = 1, .shrinks = true };
	struct facts facts;
	struct plan plan;
	struct planar_ask ask = { &job, &plan, &facts, NULL, 0, len % 2 != 0 };
	struct why why;

	if (len < 3)
		return 0;
	ask.bytes = data + 3;
	ask.len = len - 3;
	/* AVIF takes too long for a fuzzer. */
	job.format = data[0] & 1 ? FORMAT_WEBP : FORMAT_JPEG;
	job.params.quality = data[0] & 2 ? 95 : 50;
	job.params.width = data[1] + 1;
	job.params.set = PARAM_BIT(PARAM_W);
	if (data[2] & 8) {
		job.params.height = data[1] / 2 + 1;
		job.params.fit = FIT_COVER;
		job.params.set |= PARAM_BIT(PARAM_H) | PARAM_BIT(PARAM_FIT);
	}
	input.orientation = data[2] % 8 + 1;
	if (facts_read(&facts, ask.bytes, ask.len, ask.len, &why) !=
	        STATUS_OK ||
	    facts_check(&facts, &limits, job.inputs, &why) != STATUS_OK)
		return 0;
	input.width = facts.width;
	input.height = facts.height;
	if (plan_make(&plan, &input, &job.params, &limits, &why) == STATUS_OK)
		run(&ask);
	return 0;
}
