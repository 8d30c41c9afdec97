#include "likeness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "image/encode.h"

/*
 * In decibels, how much farther from the reference than libvips', and from
 * where on it is near enough all the same; and how far off in the mean of a
 * colour.  Halved chroma is a guess at edges, and there are few pixels.
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
struct quartet {
	VipsImage *got, *again, *reference;
	VipsImage *exact; /* the same of the whole source, not shrunk on load */
};

/* How far two of the pictures are apart in a part. */
static double
part_decibels(VipsImage *one, VipsImage *other, VipsRect part, double *worst)
{
	VipsImage *a, *b;
	double result;

	if (vips_extract_area(one, &a, part.left, part.top, part.width,
	        part.height, NULL) != 0 ||
	    vips_extract_area(other, &b, part.left, part.top, part.width,
	        part.height, NULL) != 0)
		vips_error_exit("no part");
	compare(a, b, &result, worst);
	g_object_unref(a);
	g_object_unref(b);
	return result;
}

static bool
is_near(const struct quartet *t, VipsImage *reference, VipsRect part,
    struct tolerance limit, bool tell)
{
	double worst, other, theirs;
	double ours = part_decibels(t->got, reference, part, &worst);

	theirs = part_decibels(t->again, reference, part, &other);
	if (ours >= fmin(theirs - limit.farther, limit.alike) &&
	    worst <= other + limit.off)
		return true;
	if (!tell)
		return false;
	printf("\t%dx%d+%d+%d: %.1f dB, libvips %.1f dB, mean %.1f off, "
	       "libvips %.1f\n",
	    part.width, part.height, part.left, part.top, ours, theirs, worst,
	    other);
	return false;
}

/*
 * Of a pixel that a shrink on load has begun libvips takes nothing: there we
 * need not be like it where we are as near to the truth.
 */
static bool
is_like(const struct quartet *t, VipsRect part, struct tolerance limit)
{
	return is_near(t, t->reference, part, limit, false) ||
	    is_near(t, t->exact, part,
	        (struct tolerance){ limit.farther, INFINITY, limit.off }, true);
}

/* The whole, and where its edges are two pixels of each. */
static bool
all_is_like(const struct quartet *t, double farther)
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

/* What comes of a file, as bytes are seen; NULL without a picture. */
static VipsImage *
convert(const struct job *job, enum format format, const struct file *f)
{
	struct job other = *job;
	struct picture picture;
	VipsImage *image = NULL;

	other.format = (int32_t)format;
	if (run_job(&other, f, &picture) == STATUS_OK &&
	    facts_sniff(picture.bytes, picture.len) == format)
		image = decode(picture.bytes, picture.len);
	if (image != NULL)
		vips_image_wio_input(image);
	free(picture.bytes);
	return image;
}

/* The source's own pixels in a format that is not shrunk on load. */
static VipsImage *
convert_whole(const struct job *job, const struct file *f)
{
	VipsImage *stored =
	    vips_image_new_from_buffer(f->bytes, f->len, "", NULL);
	VipsImage *upright = NULL, *image = NULL;
	struct file whole;
	void *bytes;

	if (stored != NULL && vips_autorot(stored, &upright, NULL) == 0 &&
	    vips_pngsave_buffer(upright, &bytes, &whole.len, "compression", 0,
	        NULL) == 0) {
		whole.bytes = bytes;
		image = convert(job, FORMAT_PNG, &whole);
		g_free(bytes);
	}
	g_clear_object(&upright);
	g_clear_object(&stored);
	return image;
}

bool
like_libvips(const struct job *job, const struct file *f, double farther)
{
	struct quartet t = {
		.got = convert(job, (enum format)job->format, f),
		.reference = convert(job, FORMAT_PNG, f),
		.exact = convert_whole(job, f),
	};
	bool alike = false;

	if (t.reference != NULL)
		t.again = encode_again(job, t.reference);
	if (t.got != NULL && t.again != NULL && t.exact != NULL &&
	    t.got->Xsize == t.reference->Xsize &&
	    t.got->Ysize == t.reference->Ysize &&
	    t.exact->Xsize == t.reference->Xsize &&
	    t.exact->Ysize == t.reference->Ysize)
		alike = all_is_like(&t, farther);
	else
		printf("\tno picture of this size\n");
	g_clear_object(&t.got);
	g_clear_object(&t.again);
	g_clear_object(&t.reference);
	g_clear_object(&t.exact);
	return alike;
}
