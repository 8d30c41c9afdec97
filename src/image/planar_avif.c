#include <string.h>

#include <libheif/heif.h>

#include "base/clock.h"
#include "image/planar_impl.h"

/* Everything of libheif that must be freed. */
struct run {
	struct heif_context *context;
	struct heif_encoder *encoder;
	struct heif_image *image;
	struct heif_color_profile_nclx *colours;
	struct coded *out;
};

static bool
worked(struct heif_error error, const char *what, struct why *why)
{
	if (error.code == heif_error_Ok)
		return true;
	why_set(why, "libheif: %s: %s", what,
	    error.message != NULL ? error.message : "error");
	return false;
}

/* Not every encoder knows every parameter: what it lacks it does its way. */
static bool
set_encoder(struct run *r, int32_t q, int32_t effort, bool halved,
    struct why *why)
{
	if (!worked(heif_context_get_encoder_for_format(r->context,
	                heif_compression_AV1, &r->encoder),
	        "no encoder", why) ||
	    !worked(heif_encoder_set_lossy_quality(r->encoder, q), "quality",
	        why) ||
	    !worked(heif_encoder_set_lossless(r->encoder, 0), "lossless", why))
		return false;
	(void)heif_encoder_set_parameter_integer(r->encoder, "speed",
	    9 - effort);
	(void)heif_encoder_set_parameter_integer(r->encoder, "threads", 1);
	(void)heif_encoder_set_parameter_string(r->encoder, "chroma",
	    halved ? "420" : "444");
	return true;
}

/*
 * A JPEG's colours as they are: BT.601 in full range, and the primaries and
 * the transfer of sRGB.
 */
static bool
set_colours(struct run *r, struct why *why)
{
	r->colours = heif_nclx_color_profile_alloc();
	if (r->colours == NULL) {
		why_set(why, "libheif: no memory");
		return false;
	}
	r->colours->color_primaries = heif_color_primaries_ITU_R_BT_709_5;
	r->colours->transfer_characteristics =
	    heif_transfer_characteristic_IEC_61966_2_1;
	r->colours->matrix_coefficients =
	    heif_matrix_coefficients_ITU_R_BT_601_6;
	r->colours->full_range_flag = 1;
	return worked(heif_image_set_nclx_color_profile(r->image, r->colours),
	    "colours", why);
}

static bool
copy_plane(struct run *r, enum heif_channel channel, const struct plane *p,
    struct why *why)
{
	uint8_t *to;
	int stride;

	if (!worked(heif_image_add_plane(r->image, channel, p->width, p->height,
	                8),
	        "plane", why))
		return false;
	to = heif_image_get_plane(r->image, channel, &stride);
	for (int32_t y = 0; y < p->height; y++)
		memcpy(to + (ptrdiff_t)y * stride,
		    p->samples + (size_t)y * p->stride, (size_t)p->width);
	return true;
}

static bool
make_image(struct run *r, const struct planes *planes, struct why *why)
{
	return worked(heif_image_create(planes->width, planes->height,
	                  heif_colorspace_YCbCr,
	                  planes->halved ? heif_chroma_420 : heif_chroma_444,
	                  &r->image),
	           "picture", why) &&
	    copy_plane(r, heif_channel_Y, &planes->plane[0], why) &&
	    copy_plane(r, heif_channel_Cb, &planes->plane[1], why) &&
	    copy_plane(r, heif_channel_Cr, &planes->plane[2], why) &&
	    set_colours(r, why);
}

static struct heif_error
add_bytes(struct heif_context *context, const void *bytes, size_t len,
    void *data)
{
	struct run *r = data;
	struct heif_error error = { heif_error_Ok, heif_suberror_Unspecified,
		"" };

	(void)context;
	if (!coded_add(r->out, bytes, len)) {
		error.code = heif_error_Memory_allocation_error;
		error.message = "no memory";
	}
	return error;
}

static bool
encode(struct run *r, struct why *why)
{
	struct heif_writer writer = { .writer_api_version = 1,
		.write = add_bytes };

	return worked(heif_context_encode_image(r->context, r->image,
	                  r->encoder, NULL, NULL),
	           "encoder", why) &&
	    worked(heif_context_write(r->context, &writer, r), "file", why);
}

/* An encode cannot be stopped: the deadline is the converter's. */
enum status
planes_write_avif(const struct planes *planes, int32_t q, int32_t effort,
    int64_t deadline_ms, struct coded *out, struct why *why)
{
	struct run r = { .context = heif_context_alloc(), .out = out };
	bool ok;

	(void)deadline_ms;
	ok = set_encoder(&r, q, effort, planes->halved, why) &&
	    make_image(&r, planes, why) && encode(&r, why);
	if (r.colours != NULL)
		heif_nclx_color_profile_free(r.colours);
	if (r.image != NULL)
		heif_image_release(r.image);
	if (r.encoder != NULL)
		heif_encoder_release(r.encoder);
	heif_context_free(r.context);
	return ok ? STATUS_OK : STATUS_INTERNAL;
}
