/*
 * The arithmetic of a conversion: header facts and parameters in, boxes and
 * sizes out.  Pure integers; the pipeline only executes it.
 */
#ifndef IMAGE_PLAN_H
#define IMAGE_PLAN_H

#include "image/facts.h"
#include "url/params.h"

/* What the plan is made from. */
struct plan_input {
	int32_t width, height; /* one frame, as stored */
	int32_t orientation;   /* EXIF 1…8 */
	int32_t frames;
	bool shrinks; /* the loader can shrink by 2, 4, 8 (JPEG) */
	bool scales;  /* the loader can scale freely (SVG) */
};

/*
 * Steps in order.  Boxes and sizes up to `rotate` count in the stored
 * (unrotated) picture; the last ones in the oriented one.
 */
struct plan {
	int32_t shrink;   /* on load: 1, 2, 4, 8 */
	struct box crop;  /* then cut, in shrunk stored pixels */
	struct box exact; /* the same in unshrunk ones, not rounded */
	int32_t resize_w; /* then resize to exactly this (stored axes) */
	int32_t resize_h;
	int32_t orientation; /* then turn upright: EXIF 1…8 */
	struct box cut;      /* then cut by gravity, oriented; 0 × 0: none */
	int32_t canvas_w;    /* then put on a canvas; 0: none */
	int32_t canvas_h;
	int32_t canvas_x; /* where the picture's corner stands on it */
	int32_t canvas_y;
	int32_t frames; /* frames to keep */
	int32_t width;  /* the result, one frame */
	int32_t height;
};

/*
 * From upright to stored axes: swap x and y, then mirror what counts from
 * the other end.  An unknown orientation is 1.
 */
struct plan_axes {
	bool swap, mirror_x, mirror_y;
};

const struct plan_axes *plan_axes(int32_t orientation);

/*
 * OK; BAD_PARAM for a crop that has no pixel of the picture; LIMIT if the
 * result could not be made within limits at all.  A result over
 * output_side or output_pixels is made smaller, keeping its shape.
 */
enum status plan_make(struct plan *, const struct plan_input *,
    const struct params *, const struct limits *, struct why *);

#endif
