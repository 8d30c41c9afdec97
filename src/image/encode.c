#include "image/encode.h"

#include <vips/vips.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* No metadata.  libvips 8.15 turned the switch into a list of what to keep. */
#if VIPS_MAJOR_VERSION > 8 || VIPS_MINOR_VERSION >= 15
#define STRIP "keep", VIPS_FOREIGN_KEEP_NONE
#else
#define STRIP "strip", TRUE
#endif

/* Flags of the extended header of a WebP. */
#define WEBP_XMP  0x04
#define WEBP_EXIF 0x08
#define WEBP_ICC  0x20

static uint32_t
le32(const unsigned char *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[1] << 8 | p[0];
}

/*
 * libvips 8.14 gives every WebP an EXIF chunk of its own making, 194 bytes
 * that say nothing, asked to strip or not.  Drop what is metadata, and the
 * extended header once no flag in it is left.
 */
static void
trim_webp(unsigned char *p, size_t *len)
{
	size_t from = 12, to = 12;

	if (*len < 30 || memcmp(p, "RIFF", 4) != 0 ||
	    memcmp(p + 12, "VP8X", 4) != 0)
		return;
	p[20] &= (unsigned char)~(WEBP_ICC | WEBP_EXIF | WEBP_XMP);
	while (*len - from >= 8) {
		size_t n = le32(p + from + 4);

		n = 8 + n + (n & 1);
		if (n > *len - from)
			n = *len - from;
		if (memcmp(p + from, "EXIF", 4) != 0 &&
		    memcmp(p + from, "XMP ", 4) != 0 &&
		    memcmp(p + from, "ICCP", 4) != 0 &&
		    (memcmp(p + from, "VP8X", 4) != 0 || p[20] != 0)) {
			memmove(p + to, p + from, n);
			to += n;
		}
		from += n;
	}
	*len = to;
	for (int i = 0; i < 4; i++)
		p[4 + i] = (unsigned char)((to - 8) >> (8 * i));
}

/* The saver's blob, or NULL. */
static VipsBlob *
run_saver(const struct encoder *e, VipsImage *image, int32_t q)
{
	VipsOperation *op = vips_operation_new(e->saver);
	VipsBlob *blob = NULL;

	if (op == NULL)
		return NULL;
	g_object_set(op, "in", image, STRIP, NULL);
	if (e->quality != NULL)
		g_object_set(op, e->quality, encoder_quality(e, q), NULL);
	if (e->effort != 0)
		g_object_set(op, "effort", e->effort, NULL);
	if (vips_object_set_from_string(VIPS_OBJECT(op), e->options) == 0 &&
	    vips_cache_operation_buildp(&op) == 0)
		g_object_get(op, "buffer", &blob, NULL);
	vips_object_unref_outputs(VIPS_OBJECT(op));
	g_object_unref(op);
	return blob;
}

enum status
encoder_write(enum format format, VipsImage *image, int32_t q, void **bytes,
    size_t *len)
{
	const struct encoder *e = encoder_find(format);
	VipsBlob *blob;
	const void *data;

	*bytes = NULL;
	*len = 0;
	if (e == NULL || (blob = run_saver(e, image, q)) == NULL)
		return STATUS_INTERNAL;
	data = vips_blob_get(blob, len);
	*bytes = malloc(*len);
	if (*bytes != NULL)
		memcpy(*bytes, data, *len);
	vips_area_unref(VIPS_AREA(blob));
	if (*bytes == NULL)
		return STATUS_NO_MEMORY;
	if (format == FORMAT_WEBP)
		trim_webp(*bytes, len);
	return STATUS_OK;
}

static bool
try_encoder(enum format format)
{
	VipsImage *image;
	void *bytes;
	size_t len;
	bool ok;

	if (vips_black(&image, 16, 16, "bands", 3, NULL) != 0)
		return false;
	ok = encoder_write(format, image, 0, &bytes, &len) == STATUS_OK;
	free(bytes);
	g_object_unref(image);
	return ok;
}

uint32_t
encoder_available(void)
{
	uint32_t set = 0;

	for (int i = 0; i < FORMAT_MAX; i++) {
		const struct encoder *e = encoder_find((enum format)i);

		if (e == NULL ||
		    vips_type_find("VipsForeignSave", e->saver) == 0)
			continue;
		if (i != FORMAT_AVIF || try_encoder(FORMAT_AVIF))
			set |= FORMAT_BIT(i);
	}
	vips_error_clear();
	return set;
}
