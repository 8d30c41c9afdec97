/*
 * The plan carried out on pixels.  Private to the pipeline: the one place
 * besides it and the encoders that knows libvips.
 */
#ifndef IMAGE_PIXELS_H
#define IMAGE_PIXELS_H

#include <stdbool.h>
#include <stdint.h>

#include <vips/vips.h>

#include "image/plan.h"

/*
 * Build what the plan says onto an opened picture: frames one below the
 * other, each page_height rows, shrunk on load already.  Out: 8-bit sRGB or
 * grey, with alpha only if alpha is true; nothing is owned by the caller,
 * everything lives as long as scope.
 *
 * Little is computed here: pixels are made when the encoder asks, except
 * where a turn needs the whole picture.  -1 on error, libvips knows why.
 */
int pixels_make(VipsObject *scope, const struct plan *, VipsImage *in,
    int32_t page_height, bool alpha, VipsImage **out);

/*
 * Resize 8-bit bands by our own scaler: libvips 8.14 has no SIMD across a row
 * and computes alpha in floats.  The result is made at once, from the top,
 * and lives as long as scope.  -1 on error, libvips knows why.  To be asked
 * first: it takes bytes only, never to more pixels nor to far fewer.  crop is
 * what of a shrunk picture was cut out to be in; it may lack a part of a pixel
 * to what the plan says, which the result's scale takes into account.
 */
bool pixels_can_scale(const VipsImage *in, int32_t width, int32_t height);
int pixels_scale(VipsObject *scope, const struct plan *, const struct box *crop,
    VipsImage *in, VipsImage **out);

#endif
