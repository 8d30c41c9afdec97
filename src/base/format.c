#include "base/format.h"

#include <stddef.h>
#include <string.h>

#define A FORMAT_ALPHA
#define N FORMAT_ANIMATION
#define W FORMAT_WEB

static const struct format_def table[FORMAT_MAX] = {
	[FORMAT_NONE] = { "", NULL, "application/octet-stream", 0 },
	[FORMAT_JPEG] = { "jpg", "jpeg", "image/jpeg", W },
	[FORMAT_PNG] = { "png", NULL, "image/png", A | W },
	[FORMAT_WEBP] = { "webp", NULL, "image/webp", A | N | W },
	[FORMAT_AVIF] = { "avif", NULL, "image/avif", A | W },
	[FORMAT_GIF] = { "gif", NULL, "image/gif", A | N | W },
	[FORMAT_JXL] = { "jxl", NULL, "image/jxl", A },
	[FORMAT_TIFF] = { "tiff", "tif", "image/tiff", A },
	[FORMAT_HEIC] = { "heic", "heif", "image/heic", A },
	[FORMAT_SVG] = { "svg", NULL, "image/svg+xml", A },
	[FORMAT_AUTO] = { "auto", NULL, "", 0 },
};

#undef A
#undef N
#undef W

const struct format_def *
format_def(enum format f)
{
	if ((unsigned int)f >= FORMAT_MAX)
		f = FORMAT_NONE;
	return &table[f];
}

static int
is(const char *word, const char *s, size_t len)
{
	return word != NULL && strlen(word) == len && memcmp(word, s, len) == 0;
}

enum format
format_find(const char *s, unsigned long len)
{
	if (len == 0)
		return FORMAT_NONE;
	for (int i = 0; i < FORMAT_MAX; i++) {
		if (is(table[i].name, s, len) || is(table[i].alias, s, len))
			return (enum format)i;
	}
	return FORMAT_NONE;
}
