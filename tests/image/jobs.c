/*
 * jobs SAMPLES_DIR: single jobs on the project's own pictures, where the
 * right answer is known beforehand: places, refusals, deadlines, equal bytes,
 * and what a conversion costs beside a plain thumbnail.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "../unit/test.h"
#include "base/clock.h"
#include "image/encode.h"
#include "reference.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

static VipsArrayDouble *white;

/* The mean of a result's region, by a job on a sample. */
static bool
region(const char *dir, const char *name, const struct job *job, int page,
    const struct part *part, double mean[4])
{
	struct source s = { .name = name };
	struct picture p = { .bytes = NULL };
	VipsImage *image = NULL;
	char options[32] = "";
	struct raster r;
	bool ok = false;

	if (page > 0)
		snprintf(options, sizeof(options), "page=%d", page);
	if (reference_read(&s.file, dir, name) &&
	    run_job(job, &s.file, &p) == STATUS_OK)
		image =
		    vips_image_new_from_buffer(p.bytes, p.len, options, NULL);
	if (image != NULL && raster_make(&r, &image, 65535)) {
		raster_mean(&r, part, mean);
		g_free(r.pixels);
		ok = true;
	}
	if (image != NULL)
		g_object_unref(image);
	g_free(s.file.bytes);
	free(p.bytes);
	return ok;
}

/* Known places of our own pictures after crop, turn, gravity and frames. */
static void
check_places(const char *dir)
{
	static const struct {
		int line;
		const char *name;
		enum format format;
		int32_t w, h;
		enum fit fit;
		enum gravity gravity;
		struct box crop;
		int page;
		struct part part;
		double want[4];
	} rows[] = {
		/* The upright figure's head, sky above it, grass below. */
		{ __LINE__, "portrait.jpg", FORMAT_PNG, 200, 0, FIT_INSIDE, 0,
		    { 0, 0, 0, 0 }, 0, { 0.45, 0.27, 0.1, 0.1 },
		    { 240, 200, 170, 255 } },
		{ __LINE__, "portrait.jpg", FORMAT_PNG, 200, 0, FIT_INSIDE, 0,
		    { 0, 0, 0, 0 }, 0, { 0, 0, 1, 0.1 },
		    { 90, 150, 230, 255 } },
		{ __LINE__, "portrait.jpg", FORMAT_PNG, 200, 200, FIT_COVER,
		    GRAVITY_SOUTH, { 0, 0, 0, 0 }, 0, { 0, 0.9, 1, 0.1 },
		    { 70, 140, 60, 255 } },
		{ __LINE__, "portrait.jpg", FORMAT_PNG, 200, 200, FIT_COVER,
		    GRAVITY_NORTH, { 0, 0, 0, 0 }, 0, { 0, 0, 1, 0.1 },
		    { 90, 150, 230, 255 } },
		/* Crops count upright, whatever the decoder shrinks by. */
		{ __LINE__, "portrait.jpg", FORMAT_PNG, 20, 0, FIT_INSIDE, 0,
		    { 360, 340, 80, 80 }, 0, { 0, 0, 1, 1 },
		    { 240, 200, 170, 255 } },
		{ __LINE__, "portrait.jpg", FORMAT_PNG, 100, 0, FIT_INSIDE, 0,
		    { 0, 1000, 800, 5000 }, 0, { 0, 0.5, 1, 0.5 },
		    { 70, 140, 60, 255 } },
		{ __LINE__, "photo.jpg", FORMAT_PNG, 60, 0, FIT_INSIDE, 0,
		    { 540, 345, 120, 120 }, 0, { 0.1, 0.1, 0.8, 0.8 },
		    { 255, 244, 200, 255 } },
		/* No frame has a trace of its neighbours. */
		{ __LINE__, "blink.gif", FORMAT_WEBP, 37, 0, FIT_INSIDE, 0,
		    { 0, 0, 0, 0 }, 1, { 0, 0, 1, 0.03 }, { 0, 0, 255, 255 } },
		{ __LINE__, "blink.gif", FORMAT_GIF, 37, 0, FIT_INSIDE, 0,
		    { 0, 0, 0, 0 }, 1, { 0, 0.97, 1, 0.03 },
		    { 0, 0, 255, 255 } },
		{ __LINE__, "blink.gif", FORMAT_GIF, 30, 40, FIT_COVER, 0,
		    { 10, 10, 50, 70 }, 2, { 0, 0, 1, 0.03 },
		    { 255, 0, 0, 255 } },
		{ __LINE__, "blink.gif", FORMAT_WEBP, 60, 40, FIT_CONTAIN, 0,
		    { 0, 0, 0, 0 }, 3, { 0.4, 0, 0.2, 0.05 },
		    { 0, 0, 255, 255 } },
		{ __LINE__, "blink.gif", FORMAT_WEBP, 60, 40, FIT_CONTAIN, 0,
		    { 0, 0, 0, 0 }, 3, { 0, 0, 0.1, 1 }, { 0, 0, 0, 0 } },
		/* A still takes the first frame. */
		{ __LINE__, "blink.gif", FORMAT_JPEG, 37, 0, FIT_INSIDE, 0,
		    { 0, 0, 0, 0 }, 0, { 0, 0, 1, 1 }, { 254, 0, 0, 255 } },
		{ __LINE__, "animation.gif", FORMAT_JPEG, 100, 0, FIT_INSIDE, 0,
		    { 0, 0, 0, 0 }, 0, { 0.5, 0, 0.4, 0.2 },
		    { 255, 255, 255, 255 } },
		/* The edge of the disc: of the hidden green nothing shows. */
		{ __LINE__, "fringe.png", FORMAT_PNG, 4, 0, FIT_INSIDE, 0,
		    { 180, 75, 40, 10 }, 0, { 0, 0, 1, 1 },
		    { 115, 0, 0, 115 } },
		{ __LINE__, "fringe.png", FORMAT_JPEG, 20, 0, FIT_INSIDE, 0,
		    { 100, 100, 200, 200 }, 0, { 0.4, 0, 0.2, 1 },
		    { 254, 4, 4, 255 } },
	};

	for (size_t i = 0; i < VIPS_NUMBER(rows); i++) {
		struct job job =
		    make_job(rows[i].format, rows[i].w, rows[i].h, rows[i].fit);
		double mean[4];

		job.params.gravity = (int32_t)rows[i].gravity;
		job.params.crop = rows[i].crop;
		if (rows[i].crop.width > 0)
			job.params.set |= PARAM_BIT(PARAM_CROP);
		if (!CHECK_AT(rows[i].line,
		        region(dir, rows[i].name, &job, rows[i].page,
		            &rows[i].part, mean)))
			continue;
		for (int b = 0; b < 4; b++) {
			if (!CHECK_AT(rows[i].line,
			        fabs(mean[b] - rows[i].want[b]) <= 8))
				printf("\tband %d is %.1f, not %.1f\n", b,
				    mean[b], rows[i].want[b]);
		}
	}
}

/* Bytes of a sample, from 0 to keep per mille (over 1000: bytes off the end).
 */
static void
check_refusals(const char *dir)
{
	static const struct {
		int line;
		const char *name;
		int keep;
		const char *tail;
		uint32_t inputs;
		int64_t max_pixels;
		int deadline_ms;
		enum status want;
	} rows[] = {
		{ __LINE__, "photo.jpg", 1000, "", ~0u, 50000000, 60000,
		    STATUS_OK },
		/* Without its end marker every row is there still. */
		{ __LINE__, "photo.jpg", 1001, "", ~0u, 50000000, 60000,
		    STATUS_OK },
		{ __LINE__, "photo.jpg", 1002, "", ~0u, 50000000, 60000,
		    STATUS_OK },
		{ __LINE__, "portrait.jpg", 1002, "", ~0u, 50000000, 60000,
		    STATUS_OK },
		{ __LINE__, "photo.jpg", 1000, "trailing bytes", ~0u, 50000000,
		    60000, STATUS_OK },
		{ __LINE__, "progressive.jpg", 1002, "", ~0u, 50000000, 60000,
		    STATUS_OK },
		{ __LINE__, "photo.jpg", 990, "", ~0u, 50000000, 60000,
		    STATUS_BROKEN },
		{ __LINE__, "photo.jpg", 500, "", ~0u, 50000000, 60000,
		    STATUS_BROKEN },
		{ __LINE__, "photo.jpg", 500, "trailing bytes", ~0u, 50000000,
		    60000, STATUS_BROKEN },
		{ __LINE__, "photo.jpg", 1, "", ~0u, 50000000, 60000,
		    STATUS_BROKEN },
		{ __LINE__, "graphic.png", 500, "", ~0u, 50000000, 60000,
		    STATUS_BROKEN },
		{ __LINE__, "interlaced.png", 700, "", ~0u, 50000000, 60000,
		    STATUS_BROKEN },
		{ __LINE__, "alpha.webp", 500, "", ~0u, 50000000, 60000,
		    STATUS_BROKEN },
		{ __LINE__, "photo.avif", 500, "", ~0u, 50000000, 60000,
		    STATUS_BROKEN },
		{ __LINE__, "photo.jpg", 0, "", ~0u, 50000000, 60000,
		    STATUS_UNSUPPORTED },
		{ __LINE__, "photo.jpg", 0, "GIF8", ~0u, 50000000, 60000,
		    STATUS_UNSUPPORTED },
		{ __LINE__, "photo.jpg", 1000, "", ~FORMAT_BIT(FORMAT_JPEG),
		    50000000, 60000, STATUS_UNSUPPORTED },
		{ __LINE__, "photo.jpg", 1000, "", ~0u, 6749999, 60000,
		    STATUS_LIMIT },
		{ __LINE__, "photo.jpg", 1000, "", ~0u, 6750000, 60000,
		    STATUS_OK },
		{ __LINE__, "photo.jpg", 1000, "", ~0u, 50000000, -1,
		    STATUS_TIMEOUT },
		/* Long enough to begin, too short to end. */
		{ __LINE__, "photo.jpg", 1000, "", ~0u, 50000000, 10,
		    STATUS_TIMEOUT },
	};

	for (size_t i = 0; i < VIPS_NUMBER(rows); i++) {
		struct job job = make_job(FORMAT_WEBP, 1920, 0, FIT_INSIDE);
		struct why why = { { 0 } };
		struct picture p;
		struct file f;
		size_t tail = strlen(rows[i].tail), keep;
		enum status st;

		if (!CHECK_AT(rows[i].line,
		        reference_read(&f, dir, rows[i].name)))
			continue;
		keep = rows[i].keep > 1000
		    ? f.len - (size_t)(rows[i].keep - 1000)
		    : f.len * (size_t)rows[i].keep / 1000;
		f.bytes = g_realloc(f.bytes, keep + tail + 1);
		memcpy(f.bytes + keep, rows[i].tail, tail);
		job.inputs = rows[i].inputs;
		job.limits.max_pixels = rows[i].max_pixels;
		st = pipeline_run(&job, f.bytes, keep + tail,
		    clock_ms() + rows[i].deadline_ms, &p, &why);
		EQ_INT_AT(rows[i].line, (int)st, (int)rows[i].want);
		CHECK_AT(rows[i].line, (st == STATUS_OK) == (p.bytes != NULL));
		CHECK_AT(rows[i].line,
		    (st == STATUS_OK) == (why.text[0] == '\0'));
		free(p.bytes);
		g_free(f.bytes);
	}
}

/* Same job, same bytes; and more quality, more bytes. */
static void
check_bytes(const char *dir)
{
	struct file f;

	if (!CHECK(reference_read(&f, dir, "progressive.jpg")))
		return;
	for (size_t t = 0; t < TARGETS; t++) {
		struct job job =
		    make_job(targets[t].format, 320, 0, FIT_INSIDE);
		struct picture a, b, low;

		if (!(pipeline_writable() & FORMAT_BIT(targets[t].format)))
			continue;
		CHECK(run_job(&job, &f, &a) == STATUS_OK);
		CHECK(run_job(&job, &f, &b) == STATUS_OK);
		job.params.quality = 20;
		CHECK(run_job(&job, &f, &low) == STATUS_OK);
		CHECK(a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0);
		CHECK(targets[t].format == FORMAT_PNG ||
		            targets[t].format == FORMAT_GIF
		        ? low.len == a.len
		        : low.len < a.len);
		free(a.bytes);
		free(b.bytes);
		free(low.bytes);
	}
	g_free(f.bytes);
}

struct thread_job {
	const struct file *file;
	struct picture picture;
	enum status status;
};

static void *
run_thread(void *data)
{
	struct thread_job *t = data;
	struct job job = make_job(FORMAT_WEBP, 200, 0, FIT_INSIDE);

	for (int i = 0; i < 3; i++) {
		free(t->picture.bytes);
		t->status = run_job(&job, t->file, &t->picture);
		if (t->status != STATUS_OK)
			break;
	}
	pipeline_thread_end();
	return NULL;
}

/* As without isolation: many at once, one outcome. */
static void
check_threads(const char *dir)
{
	struct thread_job jobs[4];
	pthread_t threads[4];
	struct file f;

	if (!CHECK(reference_read(&f, dir, "photo.avif")))
		return;
	for (int i = 0; i < 4; i++) {
		jobs[i] = (struct thread_job){ .file = &f };
		CHECK(pthread_create(&threads[i], NULL, run_thread, &jobs[i]) ==
		    0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		EQ_INT((int)jobs[i].status, STATUS_OK);
		EQ_INT((int64_t)jobs[i].picture.len,
		    (int64_t)jobs[0].picture.len);
		if (jobs[i].picture.len == jobs[0].picture.len)
			CHECK(
			    memcmp(jobs[i].picture.bytes, jobs[0].picture.bytes,
			        jobs[0].picture.len) == 0);
	}
	for (int i = 0; i < 4; i++)
		free(jobs[i].picture.bytes);
	g_free(f.bytes);
}

/* The table's rows hold together, and the versions name the library. */
static void
check_words(void)
{
	struct buf text;

	for (int i = 0; i < FORMAT_MAX; i++) {
		const struct encoder *e = encoder_find((enum format)i);

		if (e == NULL)
			continue;
		CHECK(e->options != NULL && e->text != NULL);
		CHECK(e->side >= default_limits.output_side);
		CHECK(e->quality == NULL ||
		    (e->min <= e->normal && e->normal <= e->max));
	}
	CHECK(encoder_find(FORMAT_NONE) == NULL);
	CHECK(encoder_find(FORMAT_AUTO) == NULL);
	CHECK(encoder_find((enum format)99) == NULL);
	buf_init(&text, 4096);
	pipeline_versions(&text);
	CHECK(strncmp(buf_cstr(&text), "libvips 8.", 10) == 0);
	CHECK(strstr(buf_cstr(&text), ", libjpeg.") != NULL);
	buf_free(&text);
}

/* A picture that libvips has resized, alpha and all, seen on white. */
static VipsImage *
resize_plainly(VipsImage *in, const struct picture *p)
{
	VipsImage *a, *b, *c, *d;

	CHECK(vips_premultiply(in, &a, NULL) == 0);
	CHECK(vips_resize(a, &b, (double)p->width / in->Xsize, "vscale",
	          (double)p->height / in->Ysize, NULL) == 0);
	CHECK(vips_unpremultiply(b, &c, NULL) == 0);
	CHECK(vips_flatten(c, &d, "background", white, NULL) == 0);
	g_object_unref(a);
	g_object_unref(b);
	g_object_unref(c);
	return d;
}

/*
 * Our scaler's bytes against libvips' floats: about a level on average, most
 * of it where libvips takes a box first.
 */
static void
check_likeness(VipsImage *in, int32_t width)
{
	struct job job = make_job(FORMAT_PNG, width, 0, FIT_INSIDE);
	VipsImage *got, *flat, *want, *minus, *off;
	struct picture p;
	struct file f;
	void *bytes;
	double mean;

	CHECK(vips_pngsave_buffer(in, &bytes, &f.len, NULL) == 0);
	f.bytes = bytes;
	if (!CHECK(run_job(&job, &f, &p) == STATUS_OK))
		return;
	got = vips_image_new_from_buffer(p.bytes, p.len, "", NULL);
	CHECK(vips_flatten(got, &flat, "background", white, NULL) == 0);
	want = resize_plainly(in, &p);
	CHECK(vips_subtract(flat, want, &minus, NULL) == 0);
	CHECK(vips_abs(minus, &off, NULL) == 0);
	if (!CHECK(vips_avg(off, &mean, NULL) == 0 && mean < 1.2))
		printf("\t%.2f levels off at w=%d\n", mean, width);
	g_object_unref(got);
	g_object_unref(flat);
	g_object_unref(want);
	g_object_unref(minus);
	g_object_unref(off);
	g_free(bytes);
	free(p.bytes);
}

/* A photo without alpha, and with one that has every value. */
static void
check_scaler(const char *dir)
{
	VipsImage *photo, *ramp, *alpha, *image;
	struct file f;

	if (!CHECK(reference_read(&f, dir, "photo.jpg")))
		return;
	white = vips_array_double_newv(1, 255.0);
	photo = vips_image_new_from_buffer(f.bytes, f.len, "shrink=2", NULL);
	CHECK(vips_identity(&ramp, NULL) == 0);
	CHECK(vips_resize(ramp, &alpha, photo->Xsize / 256.0, "vscale",
	          (double)photo->Ysize, NULL) == 0);
	CHECK(vips_bandjoin2(photo, alpha, &image, NULL) == 0);
	for (size_t i = 0; i < 2; i++) {
		check_likeness(photo, i ? 640 : 101);
		check_likeness(image, i ? 640 : 101);
	}
	g_object_unref(photo);
	g_object_unref(ramp);
	g_object_unref(alpha);
	g_object_unref(image);
	vips_area_unref(VIPS_AREA(white));
	g_free(f.bytes);
}

static const int32_t widths[] = { 150, 640, 1920 };

static double
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double
time_ours(const struct file *f, int32_t width)
{
	struct job job = make_job(FORMAT_JPEG, width, 0, FIT_INSIDE);
	struct picture p;
	double start = cpu_ms();

	for (int i = 0; i < 5; i++) {
		CHECK(run_job(&job, f, &p) == STATUS_OK);
		free(p.bytes);
	}
	return (cpu_ms() - start) / 5;
}

static double
time_plain(const struct file *f, int32_t width)
{
	double start = cpu_ms();

	for (int i = 0; i < 5; i++) {
		VipsImage *image;
		void *bytes;
		size_t len;

		if (!CHECK(vips_thumbnail_buffer(f->bytes, f->len, &image,
		               width, "height", 100000, "size", VIPS_SIZE_DOWN,
		               NULL) == 0))
			return 0;
		CHECK(vips_jpegsave_buffer(image, &bytes, &len, "Q", 80,
		          NULL) == 0);
		g_object_unref(image);
		g_free(bytes);
	}
	return (cpu_ms() - start) / 5;
}

/* Rounds of both in turn, the best of each: what the machine does is out. */
static void
check_cost(const char *dir, const char *name)
{
	struct file f;

	if (!CHECK(reference_read(&f, dir, name)))
		return;
	for (size_t i = 0; i < VIPS_NUMBER(widths); i++) {
		double ours = 1e9, plain = 1e9;

		for (int round = 0; round < 4; round++) {
			double a = time_ours(&f, widths[i]);
			double b = time_plain(&f, widths[i]);

			ours = VIPS_MIN(ours, a);
			plain = VIPS_MIN(plain, b);
		}
		printf("%s to JPEG w=%d: %.1f ms CPU, %.2f × "
		       "vips_thumbnail\n",
		    name, widths[i], ours, ours / plain);
#ifndef SANITIZED
		if (widths[i] == 640)
			CHECK(ours <= plain * 1.1);
#endif
	}
	g_free(f.bytes);
}

int
main(int argc, char **argv)
{
	struct why why = { { 0 } };

	if (argc != 2) {
		fprintf(stderr, "usage: jobs SAMPLES_DIR\n");
		return 2;
	}
	if (!CHECK(pipeline_init(DEFAULT_INPUTS, &why)) ||
	    !CHECK((DEFAULT_INPUTS & ~pipeline_readable()) == 0)) {
		printf("%s\n", why.text);
		return test_end("jobs");
	}
	check_refusals(argv[1]);
	check_bytes(argv[1]);
	check_places(argv[1]);
	check_threads(argv[1]);
	check_words();
	check_scaler(argv[1]);
	check_cost(argv[1], "photo.jpg");
	pipeline_thread_end();
	pipeline_end();
	return test_end("jobs");
}
