/*
 * planar [SHARED_DIR]: the planar path against libvips.  Every kind of JPEG,
 * turned and cut in every way, must give the picture that libvips makes of
 * it as a PNG, within a tolerance.
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/test.h"
#include "base/clock.h"
#include "image/planar.h"
#include "likeness.h"
#include "sources.h"

/* libjpeg spreads chroma of a quarter in steps, we do it smoothly. */
#define FARTHER_QUARTERED 8.0

static const enum format formats[] = { FORMAT_JPEG, FORMAT_WEBP, FORMAT_AVIF };

/* Would this job go by planes? */
static bool
goes_by_planes(const struct job *job, const struct file *f, int orientation)
{
	const unsigned char *bytes = (const unsigned char *)f->bytes;
	struct why why = { { 0 } };
	struct facts facts;
	struct plan plan;
	struct planar_ask ask = { job, &plan, &facts, bytes, f->len, false };
	struct plan_input input = { .orientation = orientation,
		.frames = 1,
		.shrinks = true };
	struct planar *p;

	if (!CHECK(
	        facts_read(&facts, bytes, f->len, f->len, &why) == STATUS_OK))
		return false;
	input.width = facts.width;
	input.height = facts.height;
	if (!CHECK(plan_make(&plan, &input, &job->params, &job->limits, &why) ==
	        STATUS_OK))
		return false;
	p = planar_open(&ask);
	if (p != NULL)
		planar_close(p);
	return p != NULL;
}

/* One kind in one geometry, to each of the formats in turn. */
static void
check_kind(const struct jpeg_kind *kind, const struct params *params)
{
	static unsigned int turn;
	struct job job = make_job(formats[turn++ % 3], 0, 0, FIT_INSIDE);
	int before = test_failed;
	struct file f;

	source_make(&f, kind);
	job.params = *params;
	CHECK(goes_by_planes(&job, &f, kind->orientation));
	CHECK(like_libvips(&job, &f,
	    kind->h == 4 ? FARTHER_QUARTERED : LIKE_FARTHER));
	if (test_failed != before)
		printf("\t%dx%d sampled %dx%d%s%s, orientation %d, to %s, "
		       "w=%d h=%d fit=%d crop=%dx%d+%d+%d q=%d\n",
		    kind->width, kind->height, kind->h, kind->v,
		    kind->grey ? ", grey" : "",
		    kind->progressive ? ", progressive" : "", kind->orientation,
		    format_def((enum format)job.format)->name, params->width,
		    params->height, params->fit, params->crop.width,
		    params->crop.height, params->crop.x, params->crop.y,
		    params->quality);
	free(f.bytes);
}

static struct params
make_params(int32_t w, int32_t h, enum fit fit, int32_t q)
{
	struct params params = make_job(FORMAT_JPEG, w, h, fit).params;

	params.quality = q;
	return params;
}

static const struct {
	int h, v;
	bool grey;
} samplings[] = {
	{ 2, 2, false },
	{ 2, 1, false },
	{ 1, 1, false },
	{ 1, 2, false },
	{ 4, 1, false },
	{ 1, 1, true },
	{ 2, 2, true },
};

/* Every sampling, turned every way, cut and not, at each scale. */
static void
check_turns(void)
{
	static const int32_t widths[] = { 37, 75, 150, 300, 401 };
	int n = 0;

	for (size_t s = 0; s < VIPS_NUMBER(samplings); s++) {
		for (int o = 1; o <= 8; o++, n++) {
			struct jpeg_kind kind = { .width = 403,
				.height = 299,
				.h = samplings[s].h,
				.v = samplings[s].v,
				.grey = samplings[s].grey,
				.progressive = n % 3 == 0,
				.restart = n % 4 == 0,
				.orientation = o };
			int32_t w = widths[n % 5];
			struct params params =
			    make_params(w, 0, FIT_INSIDE, n % 2 ? 95 : 80);

			check_kind(&kind, &params);
			params = make_params(w, w, FIT_COVER, 80);
			params.gravity = n % GRAVITY_MAX;
			check_kind(&kind, &params);
			params = make_params(w, 0, FIT_INSIDE, 80);
			params.crop = (struct box){ 33, 51, 201, 117 };
			params.set |= PARAM_BIT(PARAM_CROP);
			check_kind(&kind, &params);
		}
	}
}

/* Odd cuts out of odd sides, at each scale, turned and not. */
static void
check_crops(void)
{
	static const struct box crops[] = { { 1, 1, 97, 65 }, { 7, 3, 33, 99 },
		{ 15, 17, 131, 47 }, { 31, 9, 129, 79 } };
	static const int32_t shrinks[] = { 1, 2, 3, 5 };
	int n = 0;

	for (size_t c = 0; c < VIPS_NUMBER(crops); c++) {
		for (size_t s = 0; s < VIPS_NUMBER(samplings); s++, n++) {
			struct jpeg_kind kind = { .width = 161 + n % 5,
				.height = 161 + n % 3,
				.h = samplings[s].h,
				.v = samplings[s].v,
				.grey = samplings[s].grey,
				.orientation = 1 + n % 8 };
			struct params params =
			    make_params(crops[c].width / shrinks[(c + s) % 4],
			        0, FIT_INSIDE, 80);

			params.crop = crops[c];
			params.set |= PARAM_BIT(PARAM_CROP);
			check_kind(&kind, &params);
		}
	}
}

/* Sides around the blocks of decoder and encoder, down to one pixel. */
static void
check_sides(void)
{
	static const int sides[] = { 1, 2, 4, 7, 8, 9, 15, 16, 17, 31, 33, 65 };

	for (size_t i = 0; i < VIPS_NUMBER(sides); i++) {
		for (size_t j = 0; j < VIPS_NUMBER(sides); j++) {
			struct jpeg_kind kind = { .width = sides[i],
				.height = sides[j],
				.h = samplings[(i + j) % 7].h,
				.v = samplings[(i + j) % 7].v,
				.grey = samplings[(i + j) % 7].grey };
			int32_t w = 2 + sides[(i * 7 + j) % 11] / 2;
			struct params params =
			    make_params(VIPS_MAX(w, (sides[i] + 7) / 8), 0,
			        FIT_INSIDE, 80);

			check_kind(&kind, &params);
			params = make_params(0, 0, FIT_INSIDE, 80);
			check_kind(&kind, &params);
		}
	}
}

/* What libvips must keep. */
static void
check_refused(void)
{
	static const struct {
		int line;
		struct jpeg_kind kind;
		enum format format;
		int32_t w, h;
		enum fit fit;
		bool by_planes;
	} rows[] = {
		{ __LINE__, { .width = 99, .height = 99, .h = 2, .v = 2 },
		    FORMAT_JPEG, 50, 0, FIT_INSIDE, true },
		{ __LINE__, { .width = 99, .height = 99, .h = 2, .v = 2 },
		    FORMAT_PNG, 50, 0, FIT_INSIDE, false },
		{ __LINE__, { .width = 99, .height = 50, .h = 2, .v = 2 },
		    FORMAT_JPEG, 50, 50, FIT_CONTAIN, false },
		{ __LINE__,
		    { .width = 99, .height = 99, .h = 1, .v = 1, .rgb = true },
		    FORMAT_JPEG, 50, 0, FIT_INSIDE, false },
		{ __LINE__,
		    { .width = 99,
		        .height = 99,
		        .h = 1,
		        .v = 1,
		        .arithmetic = true },
		    FORMAT_JPEG, 50, 0, FIT_INSIDE, false },
		{ __LINE__, { .width = 2000, .height = 9, .h = 1, .v = 1 },
		    FORMAT_JPEG, 9, 0, FIT_INSIDE, false },
	};

	for (size_t i = 0; i < VIPS_NUMBER(rows); i++) {
		struct job job =
		    make_job(rows[i].format, rows[i].w, rows[i].h, rows[i].fit);
		struct file f;

		source_make(&f, &rows[i].kind);
		CHECK_AT(rows[i].line,
		    goes_by_planes(&job, &f, 1) == rows[i].by_planes);
		free(f.bytes);
	}
}

static void
check_profile(int line, const struct profile_kind *profile, bool cut, bool grey,
    bool by_planes)
{
	static unsigned int turn;
	unsigned char bytes[PROFILE_SIZE];
	struct jpeg_kind kind = { .width = 163,
		.height = 97,
		.h = grey ? 1 : 2,
		.v = grey ? 1 : 2,
		.grey = grey,
		.profile = bytes };
	struct file f;

	kind.profile_len = (unsigned int)profile_make(bytes, profile);
	if (cut)
		kind.profile_len -= 8;
	source_make(&f, &kind);
	for (int k = 0; k < 6; k++) {
		struct job job =
		    make_job(formats[turn++ % 3], 75 - k % 2, 0, FIT_INSIDE);
		int before = test_failed;

		/* With chroma halved, and not. */
		job.params.quality = k < 3 ? 95 : 80;
		CHECK_AT(line, goes_by_planes(&job, &f, 1) == by_planes);
		if (by_planes)
			CHECK(like_libvips(&job, &f, LIKE_FARTHER));
		if (test_failed != before)
			printf("\tprofile of line %d to %s\n", line,
			    format_def((enum format)job.format)->name);
	}
	free(f.bytes);
}

/*
 * Profiles of matrix and curves are ours, others for libvips; ours give the
 * colours that its engine gives.
 */
static void
check_profiles(void)
{
	static const struct {
		int line;
		struct profile_kind kind;
		bool cut, grey, by_planes;
	} rows[] = {
		{ __LINE__, { CURVE_SRGB, 2.4, false, false }, false, false,
		    true },
		{ __LINE__, { CURVE_SRGB, 2.4, true, false }, false, false,
		    true },
		{ __LINE__, { CURVE_POWER, 2.2, true, false }, false, false,
		    true },
		{ __LINE__, { CURVE_TABLE, 1.8, false, false }, false, false,
		    true },
		{ __LINE__, { CURVE_LINE, 0, false, false }, false, false,
		    true },
		{ __LINE__, { 0, 2.2, true, false }, false, false, true },
		{ __LINE__, { 1, 2.4, true, false }, false, false, true },
		{ __LINE__, { 2, 2.4, true, false }, false, false, true },
		{ __LINE__, { 4, 2.4, true, false }, false, false, true },
		{ __LINE__, { 5, 2.4, true, false }, false, false, false },
		{ __LINE__, { CURVE_SRGB, 2.4, true, true }, false, false,
		    false },
		{ __LINE__, { CURVE_SRGB, 2.4, true, false }, true, false,
		    false },
		{ __LINE__, { CURVE_SRGB, 2.4, true, false }, false, true,
		    false },
	};

	for (size_t i = 0; i < VIPS_NUMBER(rows); i++)
		check_profile(rows[i].line, &rows[i].kind, rows[i].cut,
		    rows[i].grey, rows[i].by_planes);
}

/*
 * By planes a file is refused as by pixels, at least: libvips looks for
 * warnings before each strip only, and so takes one that is cut off in the
 * last.
 */
static void
check_cut(const struct file *f, size_t len, bool scans)
{
	struct file part = { f->bytes, len };
	struct job by_pixels = make_job(FORMAT_PNG, 40, 0, FIT_INSIDE);
	struct job by_planes = make_job(FORMAT_JPEG, 40, 0, FIT_INSIDE);
	struct picture a, b;
	enum status want = run_job(&by_pixels, &part, &a);
	enum status got = run_job(&by_planes, &part, &b);

	/* The end marker alone, of two bytes, may be missing. */
	if (len + 2 >= f->len)
		CHECK(got == STATUS_OK && want == STATUS_OK);
	else
		CHECK(got == want || got == STATUS_BROKEN);
	/* Where scans refine it, whole ones may be missing, too. */
	CHECK(got != STATUS_OK || scans || len + 2 >= f->len);
	free(a.bytes);
	free(b.bytes);
}

static void
check_spoilt(const struct file *f, size_t at)
{
	struct job by_pixels = make_job(FORMAT_PNG, 40, 0, FIT_INSIDE);
	struct job by_planes = make_job(FORMAT_JPEG, 40, 0, FIT_INSIDE);
	struct picture a, b;
	char was = f->bytes[at];

	f->bytes[at] = (char)(was ^ 0x55);
	EQ_INT((int)run_job(&by_planes, f, &b),
	    (int)run_job(&by_pixels, f, &a));
	f->bytes[at] = was;
	free(a.bytes);
	free(b.bytes);
}

static void
check_broken(void)
{
	for (int k = 0; k < 4; k++) {
		struct jpeg_kind kind = { .width = 203,
			.height = 150,
			.h = 2,
			.v = 2,
			.progressive = k & 1,
			.restart = k & 2 };
		struct file f;

		source_make(&f, &kind);
		for (size_t back = 0; back < 8; back++)
			check_cut(&f, f.len - back, kind.progressive);
		for (size_t at = 3; at < f.len - 8; at += f.len / 60) {
			check_cut(&f, at, kind.progressive);
			check_spoilt(&f, at);
		}
		free(f.bytes);
	}
}

/*
 * Scans that are left out at an eighth change nothing: a file without its end
 * is read whole.
 */
static void
check_scans(void)
{
	for (size_t s = 0; s < VIPS_NUMBER(samplings); s++) {
		struct jpeg_kind kind = { .width = 403,
			.height = 299,
			.h = samplings[s].h,
			.v = samplings[s].v,
			.grey = samplings[s].grey,
			.restart = s % 2 != 0,
			.progressive = true };
		struct job job = make_job(FORMAT_JPEG, 45, 0, FIT_INSIDE);
		struct file f, endless;
		struct picture a, b;

		source_make(&f, &kind);
		endless = (struct file){ f.bytes, f.len - 2 };
		if (EQ_INT((int)run_job(&job, &f, &a), STATUS_OK) &&
		    EQ_INT((int)run_job(&job, &endless, &b), STATUS_OK)) {
			CHECK(a.len == b.len &&
			    memcmp(a.bytes, b.bytes, a.len) == 0);
			free(b.bytes);
		}
		free(a.bytes);
		free(f.bytes);
	}
}

/* A deadline that has passed is one, whichever way. */
static void
check_deadline(void)
{
	for (int k = 0; k < 2; k++) {
		struct jpeg_kind kind = { .width = 800,
			.height = 600,
			.h = 2,
			.v = 2,
			.progressive = k == 1 };
		struct job job = make_job(FORMAT_JPEG, 40, 0, FIT_INSIDE);
		struct why why = { { 0 } };
		struct picture p;
		struct file f;

		source_make(&f, &kind);
		EQ_INT((int)pipeline_run(&job, f.bytes, f.len, clock_ms() - 1,
		           &p, &why),
		    STATUS_TIMEOUT);
		CHECK(p.bytes == NULL);
		free(f.bytes);
	}
}

/* The shared photos, whichever way they go, to each format at each scale. */
static void
check_photos(const char *dir)
{
	static const int32_t widths[] = { 150, 640, 1280 };
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, alphasort);

	CHECK(n > 2);
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		struct file f;

		if (strstr(name, ".jpg") != NULL &&
		    CHECK(reference_read(&f, dir, name))) {
			for (size_t w = 0; w < VIPS_NUMBER(widths); w++) {
				struct job job =
				    make_job(formats[(w + (size_t)i) % 3],
				        widths[w], 0, FIT_INSIDE);
				int before = test_failed;

				CHECK(like_libvips(&job, &f, LIKE_FARTHER));
				if (test_failed != before)
					printf("\t%s, w=%d\n", name, widths[w]);
			}
			g_free(f.bytes);
		}
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char **argv)
{
	struct why why = { { 0 } };
	char photos[4096];

	if (argc > 2) {
		fprintf(stderr, "usage: planar [SHARED_DIR]\n");
		return 2;
	}
	if (!CHECK(pipeline_init(pipeline_readable(), &why))) {
		printf("%s\n", why.text);
		return test_end("planar");
	}
	check_refused();
	check_profiles();
	check_turns();
	check_crops();
	check_sides();
	check_broken();
	check_scans();
	check_deadline();
	if (argc == 2) {
		snprintf(photos, sizeof(photos), "%s/photos", argv[1]);
		if (access(photos, R_OK) == 0)
			check_photos(photos);
		else
			test_skip("no folder of photos");
	}
	pipeline_end();
	return test_end("planar");
}
