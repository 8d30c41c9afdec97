/*
 * The picture formats: their names in a URL, what they are called in HTTP,
 * and what they can hold.  Who can decode or encode them is the business of
 * the image floor.
 */
#ifndef BASE_FORMAT_H
#define BASE_FORMAT_H

#include <stdint.h>

enum format {
	FORMAT_NONE, /* not asked for, or not recognised */
	FORMAT_JPEG,
	FORMAT_PNG,
	FORMAT_WEBP,
	FORMAT_AVIF,
	FORMAT_GIF,
	FORMAT_JXL,
	FORMAT_TIFF,
	FORMAT_HEIC,
	FORMAT_SVG,
	FORMAT_AUTO, /* the best that the visitor's browser shows */
	FORMAT_MAX
};

#define FORMAT_BIT(f) (UINT32_C(1) << (f))

#define FORMAT_ALPHA     0x1 /* keeps transparency */
#define FORMAT_ANIMATION 0x2 /* keeps frames, as we write it */
#define FORMAT_WEB       0x4 /* every browser of the day shows it */

struct format_def {
	const char *name;  /* canonical: "jpg" */
	const char *alias; /* accepted, never printed: "jpeg"; or NULL */
	const char *mime;
	unsigned int flags;
};

/* Never NULL; FORMAT_NONE's row for an unknown number. */
const struct format_def *format_def(enum format);

/* By name or alias, len bytes; FORMAT_NONE if there is none. */
enum format format_find(const char *, unsigned long len);

#endif
