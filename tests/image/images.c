/*
 * images SAMPLES_DIR [SHARED_DIR]: every picture to every format and width,
 * the samples with all fits, SHARED_DIR/photos as they are.  What is checked
 * holds for any version of any codec: sizes, bands, the mean colours of
 * regions against a plain conversion of the whole source, frames, no metadata.
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/test.h"
#include "reference.h"

static const int32_t widths[] = { 150, 640, 1920 };

static void
check_metadata(const VipsImage *image)
{
	static const char *const names[] = { VIPS_META_EXIF_NAME,
		VIPS_META_XMP_NAME, VIPS_META_IPTC_NAME, VIPS_META_ICC_NAME };

	for (size_t i = 0; i < VIPS_NUMBER(names); i++)
		CHECK(vips_image_get_typeof(image, names[i]) == 0);
	EQ_INT(vips_image_get_orientation((VipsImage *)image), 1);
}

static bool
near_int(double value, int got)
{
	return fabs(value - got) <= 1 || (got == 1 && value < 1);
}

/* The size that a fit promises, no pixel being made up. */
static void
check_size(const struct source *s, const struct job *job,
    const struct picture *p)
{
	int32_t w = job->params.width, h = job->params.height;
	bool large = s->width >= w && s->height >= h;

	switch (job->params.fit) {
	case FIT_INSIDE:
		EQ_INT(p->width, VIPS_MIN(w, s->width));
		CHECK(near_int((double)s->height * p->width / s->width,
		    p->height));
		break;
	case FIT_CONTAIN:
		CHECK(p->width == w && p->height == h);
		break;
	case FIT_COVER:
	case FIT_FILL:
		CHECK(large ? p->width == w && p->height == h
		            : p->width <= w && p->height <= h);
		break;
	default:
		if (large)
			CHECK(p->width == w || p->height == h);
		CHECK(near_int((double)s->height * p->width / s->width,
		          p->height) ||
		    near_int((double)s->width * p->height / s->height,
		        p->width));
	}
}

/* Where an inner length stands in the middle of an outer one. */
static void
centre(int inner, int outer, double *at, double *length)
{
	*at = (double)((outer - inner) / 2) / outer;
	*length = (double)inner / outer;
}

/* Which part of the source stands in which part of the result. */
static void
choose_parts(const struct source *s, const struct job *job,
    const struct picture *p, struct part *from, struct part *to)
{
	double wide = (double)p->width / s->width;
	double high = (double)p->height / s->height, scale;
	int w, h;

	*from = *to = part_whole;
	if (job->params.fit != FIT_COVER && job->params.fit != FIT_CONTAIN)
		return;
	scale = job->params.fit == FIT_COVER ? VIPS_MAX(wide, high)
	                                     : VIPS_MIN(wide, high);
	scale = VIPS_MIN(scale, 1);
	w = VIPS_MAX(1, (int)(s->width * scale + 0.5));
	h = VIPS_MAX(1, (int)(s->height * scale + 0.5));
	if (job->params.fit == FIT_CONTAIN) {
		centre(w, p->width, &to->x, &to->width);
		centre(h, p->height, &to->y, &to->height);
	} else {
		centre(p->width, w, &from->x, &from->width);
		centre(p->height, h, &from->y, &from->height);
	}
}

/* The corner of a canvas that the picture does not reach. */
static void
check_canvas(const struct raster *r, const struct part *to, bool alpha)
{
	if (to->width > 0.95 && to->height > 0.95)
		return;
	if (alpha)
		CHECK(r->pixels[3] == 0);
	else
		CHECK(r->pixels[0] > 250 && r->pixels[1] > 250 &&
		    r->pixels[2] > 250 && r->pixels[3] == 255);
}

static void
check_frames(const struct source *s, const struct job *job,
    const struct picture *p)
{
	VipsImage *roll =
	    vips_image_new_from_buffer(p->bytes, p->len, "n=-1", NULL);

	EQ_INT(p->frames, s->frames);
	if (!CHECK(roll != NULL))
		return;
	/* WebP joins equal frames and lets the first stand longer. */
	if (job->format == FORMAT_GIF)
		EQ_INT(vips_image_get_n_pages(roll), s->frames);
	CHECK(vips_image_get_n_pages(roll) > 1);
	EQ_INT(vips_image_get_page_height(roll), p->height);
	EQ_INT(image_time(roll, s->frames), s->time);
	EQ_INT(image_int(roll, "loop"), s->loop);
	g_object_unref(roll);
}

static void
check_picture(const struct source *s, const struct job *job,
    const struct picture *p, double tolerance)
{
	bool alpha = format_def((enum format)job->format)->flags & FORMAT_ALPHA;
	VipsImage *image =
	    vips_image_new_from_buffer(p->bytes, p->len, "", NULL);
	struct raster raster = { 0, 0, NULL };
	struct part from, to;

	check_size(s, job, p);
	if (!CHECK(image != NULL))
		return;
	EQ_INT(image->Xsize, p->width);
	EQ_INT(image->Ysize, p->height);
	check_metadata(image);
	if (s->bands == 1 &&
	    (job->format == FORMAT_JPEG || job->format == FORMAT_PNG))
		EQ_INT(image->Bands,
		    job->format == FORMAT_PNG &&
		            job->params.fit == FIT_CONTAIN &&
		            vips_image_hasalpha(image)
		        ? 2
		        : 1);
	EQ_INT((int)facts_sniff(p->bytes, p->len), job->format);
	/* Half transparent is not to be had in a GIF. */
	if (job->format == FORMAT_GIF && s->alpha &&
	    facts_sniff((unsigned char *)s->file.bytes, s->file.len) !=
	        FORMAT_GIF)
		tolerance = 255;
	if (CHECK(raster_make(&raster, &image, 65535))) {
		double off;

		choose_parts(s, job, p, &from, &to);
		/* Small regions have few pixels for errors to level out. */
		tolerance +=
		    150 / VIPS_MIN(p->width * to.width, p->height * to.height);
		off = raster_compare(&raster, &to, &s->raster, &from, !alpha);
		if (!CHECK(off <= tolerance))
			printf("\tcolours are %.1f off\n", off);
		if (job->params.fit == FIT_CONTAIN)
			check_canvas(&raster, &to, alpha);
	}
	g_free(raster.pixels);
	g_object_unref(image);
	if (s->frames > 1 &&
	    (format_def((enum format)job->format)->flags & FORMAT_ANIMATION))
		check_frames(s, job, p);
	else
		EQ_INT(p->frames, 1);
}

static void
convert(const struct source *s, const struct target *t, int32_t w, int32_t h,
    enum fit fit)
{
	struct job job = make_job(t->format, w, h, fit);
	struct picture p;
	enum status st;
	int before = test_failed;

	st = run_job(&job, &s->file, &p);
	if (EQ_INT((int)st, STATUS_OK))
		check_picture(s, &job, &p, t->tolerance);
	if (test_failed != before)
		printf("\tin %s to %s, w=%d h=%d fit=%d\n", s->name,
		    format_def(t->format)->name, w, h, (int)fit);
	free(p.bytes);
}

/* Every fit at the smallest width; the others show nothing more of it. */
static void
convert_all(const char *dir, const char *name, bool fits)
{
	struct source s;

	if (!CHECK(reference_open(&s, dir, name))) {
		printf("\t%s: %s\n", name, vips_error_buffer());
		return;
	}
	for (size_t t = 0; t < TARGETS; t++) {
		if (!(pipeline_writable() & FORMAT_BIT(targets[t].format)))
			continue;
		for (size_t i = 0; i < VIPS_NUMBER(widths); i++) {
			/* No larger than the source: nothing new. */
			if (i == 0 || widths[i - 1] < s.width)
				convert(&s, &targets[t], widths[i], 0,
				    FIT_INSIDE);
		}
		for (int fit = 0; fits && fit < FIT_MAX; fit++) {
			if (fit == FIT_INSIDE)
				continue;
			convert(&s, &targets[t], 150, 60, (enum fit)fit);
			convert(&s, &targets[t], 90, 200, (enum fit)fit);
		}
	}
	reference_close(&s);
}

static void
convert_folder(const char *dir, bool fits)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, alphasort);

	CHECK(n > 2);
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (name[0] != '.' && strcmp(name, "MANIFEST.tsv") != 0)
			convert_all(dir, name, fits);
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char **argv)
{
	struct why why = { { 0 } };
	char photos[4096];

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: images SAMPLES_DIR [SHARED_DIR]\n");
		return 2;
	}
	if (!CHECK(pipeline_init(pipeline_readable(), &why))) {
		printf("%s\n", why.text);
		return test_end("images");
	}
	convert_folder(argv[1], true);
	if (argc == 3) {
		snprintf(photos, sizeof(photos), "%s/photos", argv[2]);
		if (access(photos, R_OK) == 0)
			convert_folder(photos, false);
		else
			test_skip("no folder of photos");
	}
	pipeline_end();
	return test_end("images");
}
