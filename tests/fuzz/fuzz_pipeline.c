/*
 * Any bytes as a picture, through the whole pipeline.  Input: a byte for the
 * format to write, a query up to a NUL, the picture.  Small limits, so that
 * a run is short.
 */
#include "image/pipeline.h"

#include "base/clock.h"

#include "fuzz.h"

static const struct limits limits = {
	.max_bytes = 1 << 20,
	.max_pixels = 100000,
	.interlaced_pixels = 50000,
	.max_side = 4000,
	.max_frames = 20,
	.animation_frames = 10,
	.animation_pixels = 200000,
	.output_side = 500,
	.output_pixels = 50000,
	.max_scans = 20,
	.max_icc = 1 << 16,
};

/* What libvips cannot do here, and AVIF, which takes too long for a fuzzer. */
static uint32_t
writable(void)
{
	static uint32_t set;

	if (set == 0) {
		struct why why;

		MUST(pipeline_init(UINT32_MAX, &why));
		set = pipeline_writable() & ~(uint32_t)FORMAT_BIT(FORMAT_AVIF);
	}
	return set;
}

static void
check_picture(const struct job *job, const struct picture *picture)
{
	MUST(picture->bytes != NULL && picture->len > 0);
	MUST(facts_sniff(picture->bytes, picture->len) ==
	    (enum format)job->format);
	MUST(picture->width >= 1 && picture->width <= limits.output_side);
	MUST(picture->height >= 1 && picture->height <= limits.output_side);
	MUST(
	    picture->frames >= 1 && picture->frames <= limits.animation_frames);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct job job = { .inputs = UINT32_MAX, .limits = limits };
	struct picture picture;
	struct why why = { "" };
	struct query q;
	enum status st;
	char *query;

	if (len < 2)
		return 0;
	job.format = data[0] % FORMAT_MAX;
	if (!(writable() & FORMAT_BIT(job.format)))
		return 0;
	data++;
	len--;
	query = fuzz_part(&data, &len);
	st = params_parse(&q, query, strlen(query), PARAMS_SEALED_TEXT, NULL);
	free(query);
	if (st != STATUS_OK)
		return 0;
	params_normalise(&q.params);
	job.params = q.params;
	st = pipeline_run(&job, data, len, clock_ms() + 5000, &picture, &why);
	if (st == STATUS_OK)
		check_picture(&job, &picture);
	else
		MUST(picture.bytes == NULL && why.text[0] != '\0');
	free(picture.bytes);
	return 0;
}
