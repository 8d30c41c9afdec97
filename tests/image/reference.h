/*
 * The plain way to look at a picture: all its pixels, upright, sRGB; and the
 * mean colours of regions of two such views compared.
 */
#ifndef TESTS_IMAGE_REFERENCE_H
#define TESTS_IMAGE_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <vips/vips.h>

#include "image/pipeline.h"

#define DEFAULT_INPUTS                                                         \
	(FORMAT_BIT(FORMAT_JPEG) | FORMAT_BIT(FORMAT_PNG) |                    \
	    FORMAT_BIT(FORMAT_WEBP) | FORMAT_BIT(FORMAT_GIF) |                 \
	    FORMAT_BIT(FORMAT_AVIF))

/* How far a region's mean may be off, by what the format does to colours. */
struct target {
	enum format format;
	double tolerance;
};

#define TARGETS 5

extern const struct target targets[TARGETS];
extern const struct limits default_limits;

struct file {
	char *bytes;
	gsize len;
};

/* Upright 8-bit RGBA, colours weighted by alpha. */
struct raster {
	int width, height;
	uint8_t *pixels;
};

/* Part of a picture, 0…1. */
struct part {
	double x, y, width, height;
};

extern const struct part part_whole;

/* What is known of a source, made once, used for all its conversions. */
struct source {
	struct file file;
	const char *name;
	struct raster raster;
	int width, height; /* upright */
	int frames, bands, loop;
	int64_t time;
	bool alpha;
};

/* A job within the default limits, all that libvips reads as input. */
struct job make_job(enum format, int32_t w, int32_t h, enum fit);

/* Run it with time enough; no refusal may come without a reason. */
enum status run_job(const struct job *, const struct file *, struct picture *);

/* The whole file; g_free() the bytes. */
bool reference_read(struct file *, const char *dir, const char *name);

/* False where it is no picture that the enabled loaders read. */
bool reference_open(struct source *, const char *dir, const char *name);
void reference_close(struct source *);

/*
 * A view of an image, no side over side; replaces the image by what it was
 * made into.  g_free() the pixels.
 */
bool raster_make(struct raster *, VipsImage **, int side);

/* The mean of each channel over a part. */
void raster_mean(const struct raster *, const struct part *, double mean[4]);

/*
 * The largest difference of any region in any channel; flat: on white, as a
 * format without alpha shows it.
 */
double raster_compare(const struct raster *, const struct part *,
    const struct raster *, const struct part *, bool flat);

/* Milliseconds that the first frames play. */
int64_t image_time(const VipsImage *, int frames);

/* A header field, -1 where it is not there. */
int image_int(const VipsImage *, const char *name);

#endif
