#include "replay.h"

#include <string.h>

static int
be16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

static int
le16(const unsigned char *p)
{
	return p[1] << 8 | p[0];
}

static int64_t
be32(const unsigned char *p)
{
	return (int64_t)be16(p) << 16 | be16(p + 2);
}

/* Marker by marker to the frame header; SOF is C0…CF but DHT, JPG, DAC. */
static bool
measure_jpeg(const unsigned char *p, size_t len, int *width, int *height)
{
	size_t at = 2;

	if (be16(p + len - 2) != 0xffd9)
		return false;
	while (at + 9 <= len && p[at] == 0xff) {
		int m = p[at + 1];

		if (m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 &&
		    m != 0xcc) {
			*height = be16(p + at + 5);
			*width = be16(p + at + 7);
			return true;
		}
		at += 2 + (size_t)be16(p + at + 2);
	}
	return false;
}

static bool
measure_png(const unsigned char *p, size_t len, int *width, int *height)
{
	if (len < 45 || memcmp(p + len - 8, "IEND", 4) != 0)
		return false;
	*width = (int)be32(p + 16);
	*height = (int)be32(p + 20);
	return true;
}

static bool
measure_gif(const unsigned char *p, size_t len, int *width, int *height)
{
	*width = le16(p + 6);
	*height = le16(p + 8);
	return p[len - 1] == 0x3b;
}

/* The first chunk tells: extended, lossless or lossy. */
static bool
measure_webp(const unsigned char *p, size_t len, int *width, int *height)
{
	size_t riff = (size_t)le16(p + 4) | (size_t)le16(p + 6) << 16;

	if (riff + 8 != len)
		return false;
	if (memcmp(p + 12, "VP8X", 4) == 0) {
		*width = 1 + (le16(p + 24) | p[26] << 16);
		*height = 1 + (le16(p + 27) | p[29] << 16);
	} else if (memcmp(p + 12, "VP8L", 4) == 0) {
		*width = 1 + (le16(p + 21) & 0x3fff);
		*height = 1 + (p[22] >> 6 | p[23] << 2 | (p[24] & 15) << 10);
	} else if (memcmp(p + 12, "VP8 ", 4) == 0) {
		*width = le16(p + 26) & 0x3fff;
		*height = le16(p + 28) & 0x3fff;
	} else
		return false;
	return true;
}

/* The largest ispe box: those of tiles and of alpha are never larger. */
static bool
measure_avif(const unsigned char *p, size_t len, int *width, int *height)
{
	*width = *height = 0;
	for (size_t i = 12; i + 16 <= len; i++) {
		if (memcmp(p + i, "ispe", 4) != 0 || be32(p + i + 8) <= *width)
			continue;
		*width = (int)be32(p + i + 8);
		*height = (int)be32(p + i + 12);
	}
	return *width > 0;
}

static const struct reader {
	enum format format;
	size_t at;
	const char *magic;
	bool (*measure)(const unsigned char *, size_t, int *, int *);
} readers[] = {
	{ FORMAT_JPEG, 0, "\xff\xd8\xff", measure_jpeg },
	{ FORMAT_PNG, 0, "\x89PNG\r\n\x1a\n", measure_png },
	{ FORMAT_GIF, 0, "GIF8", measure_gif },
	{ FORMAT_WEBP, 8, "WEBP", measure_webp },
	{ FORMAT_AVIF, 4, "ftypavif", measure_avif },
	{ FORMAT_AVIF, 4, "ftypavis", measure_avif },
};

bool
image_measure(const unsigned char *p, size_t len, enum format *format,
    int *width, int *height)
{
	if (len < 30)
		return false;
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
		const struct reader *r = &readers[i];

		if (memcmp(p + r->at, r->magic, strlen(r->magic)) != 0)
			continue;
		*format = r->format;
		return r->measure(p, len, width, height);
	}
	return false;
}
