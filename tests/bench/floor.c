/*
 * floor FILE WIDTH FORMAT QUALITY N [whole]: what the codecs alone need.  The
 * JPEG, read once into memory, is decoded at the DCT scale that a picture of
 * this width is made from, and the finished picture is encoded, N times;
 * nothing is resized and nothing served.  Prints CPU milliseconds an image as
 * `bare` does, and the best of ten parts.  whole: the whole job instead, as a
 * converter does it, which is the floor of what serves it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/num.h"
#include "image/encode.h"
#include "image/pipeline.h"
#include "image/planar_impl.h"
#include "serve/platform.h"

#define PARTS 10

/* Longer than any of it may take. */
#define PATIENCE_MS 600000

struct work {
	unsigned char *bytes;
	size_t len;
	int32_t width, quality, shrink;
	enum format format;
	planes_write *write;
	const struct encoder *encoder;
	struct planes planes; /* the finished picture */
};

static double
cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

__attribute__((noreturn)) static void
give_up(const char *what)
{
	fprintf(stderr, "floor: %s\n", what);
	exit(2);
}

static void
read_file(struct work *w, const char *name)
{
	FILE *f = fopen(name, "rb");
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) <= 0)
		give_up("cannot read the file");
	rewind(f);
	w->len = (size_t)size;
	w->bytes = malloc(w->len);
	if (w->bytes == NULL || fread(w->bytes, w->len, 1, f) != 1)
		give_up("cannot read the file");
	fclose(f);
}

/* All rows of a JPEG, each to its place or, to be lost, over each other. */
static void
decode(const unsigned char *bytes, size_t len, int32_t shrink,
    struct planes *planes, bool keep)
{
	struct decoder *d = decoder_open(bytes, len, false);
	uint8_t *rows[PLANES][LAYER_ROWS];
	struct layer l[PLANES];
	struct why why;

	if (d == NULL ||
	    decoder_start(d, shrink, clock_ms() + PATIENCE_MS, l, &why) !=
	        STATUS_OK)
		give_up("no JPEG of planes");
	planes->count = decoder_planes(d);
	for (int32_t y = 0, s = 0; y < l[0].height; y += l[0].rows, s++) {
		for (int i = 0; i < planes->count; i++) {
			struct plane *p = &planes->plane[i];

			if (s == 0 && p->samples == NULL &&
			    !plane_make(p, (int32_t)l[i].row_size,
			        keep ? l[i].height + LAYER_ROWS : LAYER_ROWS,
			        1))
				give_up("no memory");
			for (int32_t k = 0; k < l[i].rows; k++)
				rows[i][k] = p->samples +
				    (size_t)((keep ? s * l[i].rows : 0) + k) *
				        p->stride;
		}
		if (decoder_read(d, rows, &why) != STATUS_OK)
			give_up("no rows");
	}
	for (int i = 0; keep && i < planes->count; i++) {
		planes->plane[i].width = l[i].width;
		planes->plane[i].height = l[i].height;
	}
	planes->width = l[0].width;
	planes->height = l[0].height;
	planes->halved = l[1].per_x == 2;
	decoder_close(d);
}

static void
make(const struct work *w, enum format format, int32_t quality,
    struct picture *picture)
{
	struct job job = { .format = (int32_t)format,
		.inputs = FORMAT_BIT(FORMAT_JPEG),
		.limits = { .max_bytes = INT32_MAX,
		    .max_pixels = INT32_MAX,
		    .interlaced_pixels = INT32_MAX,
		    .max_side = 65535,
		    .max_frames = 1,
		    .output_side = 65535,
		    .output_pixels = INT32_MAX,
		    .max_scans = 1000,
		    .max_icc = INT32_MAX } };
	struct why why;

	job.params.width = w->width;
	job.params.quality = quality;
	job.params.set = PARAM_BIT(PARAM_W);
	if (pipeline_run(&job, w->bytes, w->len, clock_ms() + PATIENCE_MS,
	        picture, &why) != STATUS_OK)
		give_up(why.text);
}

/* The finished picture, as its JPEG gives it. */
static void
finish(struct work *w)
{
	struct picture picture;

	/* WebP has halved chroma at every quality. */
	make(w, FORMAT_JPEG, w->encoder->whole > 100 ? 80 : w->quality,
	    &picture);
	decode(picture.bytes, picture.len, 1, &w->planes, true);
	free(picture.bytes);
}

static size_t
make_whole(const struct work *w)
{
	struct picture picture;

	make(w, w->format, w->quality, &picture);
	free(picture.bytes);
	return picture.len;
}

static size_t
convert(const struct work *w)
{
	struct planes lost = { .count = 0 };
	struct coded out = { NULL, 0, 0 };
	struct why why;

	decode(w->bytes, w->len, w->shrink, &lost, false);
	for (int i = 0; i < lost.count; i++)
		free(lost.plane[i].samples);
	if (w->write(&w->planes, w->quality, w->encoder->effort,
	        clock_ms() + PATIENCE_MS, &out, &why) != STATUS_OK)
		give_up(why.text);
	free(out.bytes);
	return out.len;
}

static int32_t
choose_shrink(const struct work *w)
{
	struct decoder *d = decoder_open(w->bytes, w->len, false);
	int32_t s = 8;

	if (d == NULL)
		give_up("no JPEG of planes");
	while (s > 1 && decoder_width(d) / s < w->width)
		s /= 2;
	decoder_close(d);
	return s;
}

static void
choose_format(struct work *w, const char *name)
{
	static const struct {
		const char *name;
		enum format format;
		planes_write *write;
	} rows[] = {
		{ "jpg", FORMAT_JPEG, planes_write_jpeg },
		{ "webp", FORMAT_WEBP, planes_write_webp },
		{ "avif", FORMAT_AVIF, planes_write_avif },
	};

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(name, rows[i].name) != 0)
			continue;
		w->encoder = encoder_find(rows[i].format);
		w->format = rows[i].format;
		w->write = rows[i].write;
	}
	if (w->write == NULL)
		give_up("FORMAT is jpg, webp or avif");
}

static int
number(const char *s, int max)
{
	int64_t n;

	if (!num_parse(s, strlen(s), 1, max, &n))
		give_up("usage: floor FILE WIDTH FORMAT QUALITY N");
	return (int)n;
}

int
main(int argc, char **argv)
{
	struct work w = { .bytes = NULL };
	double start, best = 0;
	size_t out_len;
	int count, done = 0;
	size_t (*run)(const struct work *) = convert;
	struct why why;

	if (argc == 7 && strcmp(argv[6], "whole") == 0) {
		run = make_whole;
		platform_set_memory();
	} else if (argc != 6)
		give_up("usage: floor FILE WIDTH FORMAT QUALITY N [whole]");
	w.width = number(argv[2], 65535);
	choose_format(&w, argv[3]);
	w.quality = number(argv[4], 100);
	count = number(argv[5], 1000000);
	read_file(&w, argv[1]);
	if (!pipeline_init(FORMAT_BIT(FORMAT_JPEG), &why))
		give_up(why.text);
	w.shrink = choose_shrink(&w);
	finish(&w);
	out_len = run(&w); /* warm */
	start = cpu_ms();
	for (int part = 1; part <= PARTS; part++) {
		int until = (int)((int64_t)count * part / PARTS), from = done;
		double before = cpu_ms(), mean;

		for (; done < until; done++)
			run(&w);
		if (done == from)
			continue;
		mean = (cpu_ms() - before) / (done - from);
		if (best <= 0 || mean < best)
			best = mean;
	}
	printf("images %d\nbytes %zu\ncpu_ms %.3f\nbest_ms %.3f\n", count,
	    out_len, (cpu_ms() - start) / count, best);
	for (int i = 0; i < w.planes.count; i++)
		free(w.planes.plane[i].samples);
	free(w.bytes);
	pipeline_end();
	return 0;
}
