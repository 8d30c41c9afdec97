#include "image/png.h"

/* Built --without-libdeflate: libvips reads them all. */
uint8_t *
png_pixels(const unsigned char *p, size_t len, int32_t width, int32_t height,
    int32_t bands)
{
	(void)p;
	(void)len;
	(void)width;
	(void)height;
	(void)bands;
	return NULL;
}
