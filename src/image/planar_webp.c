#include <stdlib.h>
#include <string.h>

#include <webp/encode.h>

#include "base/clock.h"
#include "image/planar_impl.h"

struct run {
	struct coded *out;
	int64_t deadline;
};

static int
add_bytes(const uint8_t *bytes, size_t len, const WebPPicture *picture)
{
	struct run *run = picture->custom_ptr;

	return coded_add(run->out, bytes, len);
}

static int
check_deadline(int percent, const WebPPicture *picture)
{
	const struct run *run = picture->user_data;

	(void)percent;
	return clock_ms() <= run->deadline;
}

static enum status
tell_failure(WebPEncodingError error, struct why *why)
{
	why_set(why, "libwebp: error %d", (int)error);
	switch (error) {
	case VP8_ENC_ERROR_USER_ABORT:
		why_set(why, "past the deadline");
		return STATUS_TIMEOUT;
	case VP8_ENC_ERROR_OUT_OF_MEMORY:
	case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
	case VP8_ENC_ERROR_BAD_WRITE:
		return STATUS_NO_MEMORY;
	default:
		return STATUS_INTERNAL;
	}
}

/* The planes are read where they are: WebPPictureFree() has nothing to do. */
enum status
planes_write_webp(const struct planes *planes, int32_t q, int32_t effort,
    int64_t deadline_ms, struct coded *out, struct why *why)
{
	struct run run = { out, deadline_ms };
	const struct plane *p = planes->plane;
	WebPConfig config;
	WebPPicture picture;

	if (!WebPConfigInit(&config) || !WebPPictureInit(&picture)) {
		why_set(why, "libwebp is another than it was built for");
		return STATUS_INTERNAL;
	}
	config.quality = (float)q;
	config.method = effort;
	picture.width = planes->width;
	picture.height = planes->height;
	picture.colorspace = WEBP_YUV420;
	picture.y = p[0].samples;
	picture.u = p[1].samples;
	picture.v = p[2].samples;
	picture.y_stride = (int)p[0].stride;
	picture.uv_stride = (int)p[1].stride;
	picture.writer = add_bytes;
	picture.custom_ptr = &run;
	picture.progress_hook = check_deadline;
	picture.user_data = &run;
	if (!WebPEncode(&config, &picture))
		return tell_failure(picture.error_code, why);
	return STATUS_OK;
}
