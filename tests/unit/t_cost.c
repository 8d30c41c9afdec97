#include "image/cost.h"

#include "test.h"

static const struct limits limits = { .output_side = 8192,
	.output_pixels = 16000000,
	.animation_frames = 100,
	.animation_pixels = 100000000 };

struct row {
	int line;
	struct facts facts;
	int64_t bytes;
	enum format written;
	int32_t width;
	int64_t min, max;
};

static int64_t
guess(const struct row *r)
{
	struct params params = { .width = r->width };

	return cost_estimate(&r->facts, r->bytes, r->written, &params, &limits);
}

#define MP50 .width = 8660, .height = 5770
#define MP6  .width = 2725, .height = 2225

/* Measured: within a half and the double of these. */
static void
measured(void)
{
	static const struct row rows[] = {
		{ __LINE__, { .format = FORMAT_JPEG, MP6 }, 829183, FORMAT_JPEG,
		    150, 6, 25 },
		{ __LINE__, { .format = FORMAT_JPEG, MP6 }, 829183, FORMAT_WEBP,
		    640, 30, 120 },
		{ __LINE__, { .format = FORMAT_JPEG, MP6 }, 829183, FORMAT_AVIF,
		    640, 55, 220 },
		{ __LINE__, { .format = FORMAT_JPEG, MP6 }, 829183, FORMAT_AVIF,
		    1920, 350, 1400 },
		{ __LINE__, { .format = FORMAT_JPEG, MP6 }, 829183, FORMAT_PNG,
		    1920, 560, 2200 },
		{ __LINE__,
		    { .format = FORMAT_JPEG,
		        .width = 5120,
		        .height = 2880,
		        .interlaced = true },
		    4628417, FORMAT_JPEG, 150, 125, 500 },
		{ __LINE__, { .format = FORMAT_PNG, MP50 }, 9475342,
		    FORMAT_JPEG, 150, 220, 880 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t ms = guess(&rows[i]);

		CHECK_AT(rows[i].line, ms >= rows[i].min && ms <= rows[i].max);
	}
}

/* More of anything costs more. */
static void
orders(void)
{
	struct row one = { 0, { .format = FORMAT_GIF, .width = 1000 }, 100000,
		FORMAT_WEBP, 640, 0, 0 };
	struct row two = one;

	one.facts.height = two.facts.height = 1000;
	one.facts.frames = 1;
	two.facts.frames = 30;
	CHECK(guess(&two) > 20 * guess(&one));
	/* What shows one frame alone decodes no more. */
	two.written = one.written = FORMAT_JPEG;
	EQ_INT(guess(&two), guess(&one));
	two = one;
	two.written = FORMAT_AVIF;
	CHECK(guess(&two) > guess(&one));
	one.facts.format = two.facts.format = FORMAT_JPEG;
	two.facts.interlaced = true;
	CHECK(guess(&two) > guess(&one));
	/* No size in the first bytes: the file's own tells. */
	one.facts.width = one.facts.height = 0;
	one.facts.frames = 0;
	two = one;
	two.bytes = 100 * one.bytes;
	CHECK(guess(&one) >= 1);
	CHECK(guess(&two) > guess(&one));
}

/* Whatever a header claims, a guess is a positive number. */
static void
extremes(void)
{
	static const int32_t sides[] = { 0, 1, 65535, INT32_MAX };

	for (int f = 0; f < FORMAT_MAX; f++) {
		for (size_t i = 0; i < 16; i++) {
			struct row r = { .facts = { .format = f,
				             .width = sides[i % 4],
				             .height = sides[i / 4],
				             .frames = INT32_MAX,
				             .interlaced = true },
				.bytes = INT64_C(1) << 40,
				.written = FORMAT_WEBP,
				.width = INT32_MAX };

			CHECK(guess(&r) >= 1);
		}
	}
}

static void
patience(void)
{
	struct facts facts = { .format = FORMAT_JPEG };

	EQ_INT(cost_patience(&facts, 10000), 10000);
	facts.format = FORMAT_SVG;
	EQ_INT(cost_patience(&facts, 10000), 1500);
	EQ_INT(cost_patience(&facts, 1500), 1500);
	EQ_INT(cost_patience(&facts, 100), 100);
}

int
main(void)
{
	measured();
	patience();
	orders();
	extremes();
	return test_end("t_cost");
}
