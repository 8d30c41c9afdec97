#include "likeness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "image/encode.h"

/*
 * In decibels, how much farther from the reference than libvips', and from
 * where on it is near enough all the same; and how far off in the mean of a
 * colour.  At edges pixels are few, halved chroma is a guess, and libvips
 * lacks the part of a pixel that a shrink on load has begun there.
 */
struct tolerance {
	double farther, alike, off;
};
#define EDGE_FARTHER 1.0
#define SMALL_OFF    6.0

/* Fewer pixels than this say little in decibels. */
#define PIXELS_MIN 1024

static VipsImage *
decode(const void *bytes, size_t len)
{
	VipsImage *image = vips_image_new_from_buffer(bytes, len, "", NULL);
	VipsImage *rgb = NULL;

	if (image == NULL)
		return NULL;
	(void)vips_colourspace(image, &rgb, VIPS_INTERPRETATION_sRGB, NULL);
	g_object_unref(image);
	return rgb;
}

/* Decibels, and how far the mean of a band is off; of equal sizes. */
static void
compare(VipsImage *a, VipsImage *b, double *decibels, double *worst)
{
	size_t la, lb;
	uint8_t *pa = vips_image_write_to_memory(a, &la);
	uint8_t *pb = vips_image_write_to_memory(b, &lb);
	double sum = 0, bands[3] = { 0, 0, 0 };

	for (size_t i = 0; i < la; i++) {
		int d = pa[i] - pb[i];

		sum += d * d;
		bands[i % 3] += d;
	}
	*worst = 0;
	for (int i = 0; i < 3; i++)
		*worst = fmax(*worst, fabs(bands[i]) / (double)(la / 3));
	*decibels = 10 * log10(255 * 255 / fmax(sum / (double)la, 0.1));
	g_free(pa);
	g_free(pb);
}

/* The reference as libvips' encoder leaves it. */
static VipsImage *
encode_again(const struct job *job, VipsImage *reference)
{
	VipsImage *image;
	void *bytes;
	size_t len;

	if (encoder_write((enum format)job->format, reference,
	        job->params.quality, &bytes, &len) != STATUS_OK)
		return NULL;
	image = decode(bytes, len);
	if (image != NULL)
		vips_image_wio_input(image);
	free(bytes);
	return image;
}

/* A result, libvips' own, and what both should be. */
struct trio {
	VipsImage *got, *again, *reference;
};

static bool
is_like(const struct trio *t, VipsRect part, struct tolerance limit)
{
	VipsImage *images[3] = { t->got, t->again, t->reference }, *parts[3];
	double worst, other, ours, theirs;
	bool alike;

	for (int i = 0; i < 3; i++) {
		if (vips_extract_area(images[i], &parts[i], part.left, part.top,
		        part.width, part.height, NULL) != 0)
			vips_error_exit("no part");
	}
	compare(parts[0], parts[2], &ours, &worst);
	compare(parts[1], parts[2], &theirs, &other);
	alike = ours >= fmin(theirs - limit.farther, limit.alike) &&
	    worst <= other + limit.off;
	if (!alike)
		printf("\t%dx%d+%d+%d: %.1f dB, libvips %.1f dB, "
		       "mean %.1f off, libvips %.1f\n",
		    part.width, part.height, part.left, part.top, ours, theirs,
		    worst, other);
	for (int i = 0; i < 3; i++)
		g_object_unref(parts[i]);
	return alike;
}

/* The whole, and where its edges are two pixels of each. */
static bool
all_is_like(const struct trio *t, double farther)
{
	int w = t->reference->Xsize, h = t->reference->Ysize;
	VipsRect whole = { 0, 0, w, h },
	         edges[4] = { { 0, 0, w, 2 }, { 0, h - 2, w, 2 },
		         { 0, 0, 2, h }, { w - 2, 0, 2, h } };

	if (w * h < PIXELS_MIN)
		return is_like(t, whole,
		    (struct tolerance){ INFINITY, 0, SMALL_OFF });
	for (int i = 0; i < 4 && w >= 2 && h >= 2; i++) {
		if (!is_like(t, edges[i],
		        (struct tolerance){ farther + EDGE_FARTHER, 26, 12 }))
			return false;
	}
	return is_like(t, whole, (struct tolerance){ farther, 37, 1 });
}

bool
like_libvips(const struct job *job, const struct file *f, double farther)
{
	VipsImage *got = NULL, *reference = NULL, *again = NULL;
	struct job plain = *job;
	struct picture a, b;
	bool alike = false;

	plain.format = FORMAT_PNG;
	if (run_job(job, f, &a) == STATUS_OK &&
	    (int)facts_sniff(a.bytes, a.len) == job->format)
		got = decode(a.bytes, a.len);
	if (run_job(&plain, f, &b) == STATUS_OK)
		reference = decode(b.bytes, b.len);
	if (reference != NULL)
		again = encode_again(job, reference);
	if (got != NULL && again != NULL && got->Xsize == reference->Xsize &&
	    got->Ysize == reference->Ysize)
		alike = all_is_like(&(struct trio){ got, again, reference },
		    farther);
	else
		printf("\tno picture of this size\n");
	if (again != NULL)
		g_object_unref(again);
	if (got != NULL)
		g_object_unref(got);
	if (reference != NULL)
		g_object_unref(reference);
	free(a.bytes);
	free(b.bytes);
	return alike;
}
