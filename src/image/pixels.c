#include "image/pixels.h"

#include <string.h>

/* What one frame goes through; out is hung on scope. */
typedef int step_fn(VipsObject *, const struct plan *, VipsImage *,
    VipsImage **);

/* Hand an operation's result to scope; 0 for the chain of steps. */
static int
keep(VipsObject *scope, int failed, VipsImage **image, VipsImage **out)
{
	if (failed != 0)
		return -1;
	vips_object_local(scope, *image);
	*out = *image;
	return 0;
}

/* 16-bit pictures lose their low bytes first: all after it is faster. */
static int
reduce_depth(VipsObject *scope, VipsImage *in, VipsImage **out)
{
	VipsInterpretation type = vips_image_guess_interpretation(in);
	VipsImage *image;

	*out = in;
	if (in->BandFmt != VIPS_FORMAT_USHORT)
		return 0;
	if (type == VIPS_INTERPRETATION_RGB16)
		type = VIPS_INTERPRETATION_sRGB;
	else if (type == VIPS_INTERPRETATION_GREY16)
		type = VIPS_INTERPRETATION_B_W;
	if (keep(scope, vips_msb(in, &image, NULL), &image, out) != 0)
		return -1;
	return keep(scope,
	    vips_copy(*out, &image, "interpretation", type, NULL), &image, out);
}

static int
extract(VipsObject *scope, VipsImage *in, const struct box *box,
    VipsImage **out)
{
	VipsImage *image;

	*out = in;
	if (box->x == 0 && box->y == 0 && box->width == in->Xsize &&
	    box->height == in->Ysize)
		return 0;
	return keep(scope,
	    vips_extract_area(in, &image, box->x, box->y, box->width,
	        box->height, NULL),
	    &image, out);
}

/* The loader's rounding of a shrunk size is its own affair. */
static struct box
clip_box(struct box box, const VipsImage *image)
{
	box.x = VIPS_CLIP(0, box.x, image->Xsize - 1);
	box.y = VIPS_CLIP(0, box.y, image->Ysize - 1);
	box.width = VIPS_CLIP(1, box.width, image->Xsize - box.x);
	box.height = VIPS_CLIP(1, box.height, image->Ysize - box.y);
	return box;
}

static int
scale_bands(VipsObject *scope, VipsImage *in, int32_t width, int32_t height,
    VipsImage **out)
{
	VipsImage *image;

	return keep(scope,
	    vips_resize(in, &image, (double)width / in->Xsize, "vscale",
	        (double)height / in->Ysize, "kernel", VIPS_KERNEL_LANCZOS3,
	        NULL),
	    &image, out);
}

/*
 * Transparent pixels have no colour to lend to their neighbours, so colours
 * are weighted by alpha while they are mixed.  The half rounds to nearest,
 * where a cast would cut off and darken.
 */
static int
scale_alpha(VipsObject *scope, VipsImage *in, int32_t width, int32_t height,
    VipsImage **out)
{
	VipsImage *image;

	if (keep(scope, vips_premultiply(in, &image, NULL), &image, &in) != 0 ||
	    scale_bands(scope, in, width, height, &in) != 0 ||
	    keep(scope, vips_unpremultiply(in, &image, NULL), &image, &in) != 0)
		return -1;
	return keep(scope,
	    vips_linear1(in, &image, 1.0, 0.5, "uchar", TRUE, NULL), &image,
	    out);
}

static int
scale(VipsObject *scope, const struct plan *plan, const struct box *crop,
    VipsImage *in, VipsImage **out)
{
	int32_t width = plan->resize_w, height = plan->resize_h;

	*out = in;
	if (in->Xsize == width && in->Ysize == height && plan->shrink == 1)
		return 0;
	if (pixels_can_scale(in, width, height))
		return pixels_scale(scope, plan, crop, in, out);
	if (vips_image_hasalpha(in) && in->BandFmt == VIPS_FORMAT_UCHAR)
		return scale_alpha(scope, in, width, height, out);
	return scale_bands(scope, in, width, height, out);
}

/* How an EXIF orientation is undone: turn clockwise, then mirror. */
static const struct turn {
	VipsAngle angle;
	bool mirror;
} turns[9] = {
	[2] = { VIPS_ANGLE_D0, true },
	[3] = { VIPS_ANGLE_D180, false },
	[4] = { VIPS_ANGLE_D180, true },
	[5] = { VIPS_ANGLE_D90, true },
	[6] = { VIPS_ANGLE_D90, false },
	[7] = { VIPS_ANGLE_D270, true },
	[8] = { VIPS_ANGLE_D270, false },
};

/*
 * A decoder gives rows from the top only, a turn asks for them in another
 * order: the picture, resized already, is held in memory for it.
 */
static int
orient(VipsObject *scope, const struct plan *plan, VipsImage *in,
    VipsImage **out)
{
	const struct turn *turn = &turns[VIPS_CLIP(0, plan->orientation, 8)];
	VipsImage *image;

	*out = in;
	if (turn->angle != VIPS_ANGLE_D0) {
		image = vips_image_copy_memory(in);
		if (keep(scope, image == NULL, &image, &in) != 0 ||
		    keep(scope, vips_rot(in, &image, turn->angle, NULL), &image,
		        out) != 0)
			return -1;
	}
	if (!turn->mirror)
		return 0;
	return keep(scope,
	    vips_flip(*out, &image, VIPS_DIRECTION_HORIZONTAL, NULL), &image,
	    out);
}

/* Everything that changes a frame's geometry, colours left as they are. */
static int
shape_frame(VipsObject *scope, const struct plan *plan, VipsImage *in,
    VipsImage **out)
{
	struct box crop = clip_box(plan->crop, in);

	if (extract(scope, in, &crop, &in) != 0 ||
	    reduce_depth(scope, in, &in) != 0 ||
	    scale(scope, plan, &crop, in, &in) != 0 ||
	    orient(scope, plan, in, &in) != 0)
		return -1;
	*out = in;
	if (plan->cut.width == 0)
		return 0;
	return extract(scope, in, &plan->cut, out);
}

/* The frame on a canvas: white, or transparent where there is alpha. */
static int
frame_canvas(VipsObject *scope, const struct plan *plan, VipsImage *in,
    VipsImage **out)
{
	double paint = vips_image_hasalpha(in) ? 0 : 255;
	VipsArrayDouble *colour = vips_array_double_newv(1, paint);
	VipsImage *image;
	int failed;

	failed = vips_embed(in, &image, plan->canvas_x, plan->canvas_y,
	    plan->canvas_w, plan->canvas_h, "extend", VIPS_EXTEND_BACKGROUND,
	    "background", colour, NULL);
	vips_area_unref(VIPS_AREA(colour));
	return keep(scope, failed, &image, out);
}

/*
 * One step for every frame of a roll.  Each frame is cut out before the step
 * and joined after it, so that no filter reaches into the next.
 */
static int
each_frame(VipsObject *scope, const struct plan *plan, step_fn *step,
    VipsImage *in, int32_t height, VipsImage **out)
{
	VipsImage **frames, *image;
	int n = plan->frames, failed = 0;

	if (n <= 1)
		return step(scope, plan, in, out);
	frames = VIPS_ARRAY(scope, (size_t)n, VipsImage *);
	for (int i = 0; i < n && failed == 0; i++) {
		struct box box = { 0, i * height, in->Xsize, height };

		failed = extract(scope, in, &box, &frames[i]);
		if (failed == 0)
			failed = step(scope, plan, frames[i], &frames[i]);
	}
	if (failed != 0)
		return -1;
	return keep(scope, vips_arrayjoin(frames, &image, n, "across", 1, NULL),
	    &image, out);
}

/* By the embedded profile; -1 where it is unusable. */
static int
convert_profile(VipsObject *scope, VipsImage *in, bool grey, VipsImage **out)
{
	bool alpha = vips_image_hasalpha(in);
	VipsImage *image, *first, *last;

	if (keep(scope,
	        vips_icc_transform(in, &image, "srgb", "embedded", TRUE, NULL),
	        &image, out) != 0)
		return -1;
	if (!grey)
		return 0;
	/* A grey profile's result is grey in all three bands. */
	if (keep(scope, vips_extract_band(*out, &image, 1, NULL), &image,
	        &first) != 0)
		return -1;
	if (alpha &&
	    (keep(scope, vips_extract_band(*out, &image, 3, NULL), &image,
	         &last) != 0 ||
	        keep(scope, vips_bandjoin2(first, last, &image, NULL), &image,
	            &first) != 0))
		return -1;
	return keep(scope,
	    vips_copy(first, &image, "interpretation", VIPS_INTERPRETATION_B_W,
	        NULL),
	    &image, out);
}

/*
 * To 8-bit sRGB, or to grey where the source is grey.  A broken or unfitting
 * profile is no reason to refuse: browsers ignore it too.
 */
static int
convert_colour(VipsObject *scope, VipsImage *in, VipsImage **out)
{
	bool grey = in->Bands - (vips_image_hasalpha(in) ? 1 : 0) == 1;
	VipsInterpretation to =
	    grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
	VipsImage *image;

	*out = in;
	if (vips_image_get_typeof(in, VIPS_META_ICC_NAME) != 0) {
		if (convert_profile(scope, in, grey, out) == 0)
			return 0;
		vips_error_clear();
	}
	*out = in;
	if (vips_image_guess_interpretation(in) != to &&
	    keep(scope, vips_colourspace(in, &image, to, NULL), &image, out) !=
	        0)
		return -1;
	if ((*out)->BandFmt == VIPS_FORMAT_UCHAR)
		return 0;
	return keep(scope, vips_cast_uchar(*out, &image, NULL), &image, out);
}

/* Alpha out where the format has none, alpha in where a canvas shows. */
static int
settle_alpha(VipsObject *scope, const struct plan *plan, VipsImage *in,
    bool alpha, VipsImage **out)
{
	bool has = vips_image_hasalpha(in);
	VipsArrayDouble *white;
	VipsImage *image;
	int failed;

	*out = in;
	if (has && !alpha) {
		white = vips_array_double_newv(1, 255.0);
		failed = vips_flatten(in, &image, "background", white, NULL);
		vips_area_unref(VIPS_AREA(white));
		return keep(scope, failed, &image, out);
	}
	if (has || !alpha || plan->canvas_w == 0)
		return 0;
	return keep(scope, vips_bandjoin_const1(in, &image, 255.0, NULL),
	    &image, out);
}

/*
 * Nothing of the source's metadata goes out, whatever an encoder's own switch
 * leaves in: 8.14 keeps a WebP's profile and a TIFF's orientation.  Only a
 * roll of frames keeps how it is to be played.
 */
static int
strip(VipsObject *scope, const struct plan *plan, VipsImage *in,
    VipsImage **out)
{
	VipsImage *image;
	char **fields;

	if (keep(scope, vips_copy(in, &image, NULL), &image, out) != 0)
		return -1;
	fields = vips_image_get_fields(image);
	for (char **field = fields; field != NULL && *field != NULL; field++) {
		if (plan->frames > 1 &&
		    (strcmp(*field, "delay") == 0 ||
		        strcmp(*field, "loop") == 0))
			continue;
		/* Width and the like are no metadata and stay. */
		(void)vips_image_remove(image, *field);
	}
	g_strfreev(fields);
	if (plan->frames > 1) {
		vips_image_set_int(image, VIPS_META_PAGE_HEIGHT, plan->height);
		vips_image_set_int(image, VIPS_META_N_PAGES, plan->frames);
	}
	return 0;
}

int
pixels_make(VipsObject *scope, const struct plan *plan, VipsImage *in,
    int32_t page_height, bool alpha, VipsImage **out)
{
	if (each_frame(scope, plan, shape_frame, in, page_height, &in) != 0 ||
	    convert_colour(scope, in, &in) != 0 ||
	    settle_alpha(scope, plan, in, alpha, &in) != 0)
		return -1;
	if (plan->canvas_w != 0 &&
	    each_frame(scope, plan, frame_canvas, in,
	        in->Ysize / VIPS_MAX(1, plan->frames), &in) != 0)
		return -1;
	return strip(scope, plan, in, out);
}
