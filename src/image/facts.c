#include "image/facts.h"

#include <string.h>

#include "image/facts_impl.h"

#define SVG_HEAD 1024 /* bytes in which an SVG must have begun */

static enum status (*const readers[FORMAT_MAX])(struct facts *,
    const struct bytes *, struct why *) = {
	[FORMAT_JPEG] = facts_jpeg,
	[FORMAT_PNG] = facts_png,
	[FORMAT_WEBP] = facts_webp,
	[FORMAT_AVIF] = facts_bmff,
	[FORMAT_GIF] = facts_gif,
	[FORMAT_JXL] = facts_jxl,
	[FORMAT_TIFF] = facts_tiff,
	[FORMAT_HEIC] = facts_bmff,
	[FORMAT_SVG] = facts_svg,
};

/* Fixed beginnings.  WebP has a length between its two words. */
static const struct magic {
	enum format format;
	uint8_t len, at; /* of the second word; 0: there is none */
	const char *first, *second;
} magics[] = {
	{ FORMAT_JPEG, 3, 0, "\xff\xd8\xff", "" },
	{ FORMAT_PNG, 8, 0, "\x89PNG\r\n\x1a\n", "" },
	{ FORMAT_GIF, 6, 0, "GIF87a", "" },
	{ FORMAT_GIF, 6, 0, "GIF89a", "" },
	{ FORMAT_WEBP, 4, 8, "RIFF", "WEBP" },
	{ FORMAT_TIFF, 4, 0, "II*\0", "" },
	{ FORMAT_TIFF, 4, 0, "MM\0*", "" },
	{ FORMAT_JXL, 2, 0, "\xff\x0a", "" },
	{ FORMAT_JXL, 12, 0, "\0\0\0\x0cJXL \r\n\x87\n", "" },
};

static bool
match_magic(const struct magic *m, const unsigned char *p, size_t len)
{
	size_t second = strlen(m->second);

	return len >= m->len && memcmp(p, m->first, m->len) == 0 &&
	    len >= m->at + second && memcmp(p + m->at, m->second, second) == 0;
}

/*
 * The brands of an ftyp box.  AVIF wins: mif1 and its kin only say that it
 * is a picture, and files of both worlds list them.
 */
static enum format
sniff_brands(const unsigned char *p, size_t len)
{
	enum format found = FORMAT_NONE;
	size_t end;

	if (len < 16 || be32(p + 4) != FOUR('f', 't', 'y', 'p'))
		return FORMAT_NONE;
	end = be32(p);
	if (end < 16)
		return FORMAT_NONE;
	if (end > len)
		end = len;
	for (size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4) {
		switch (be32(p + at)) {
		case FOUR('a', 'v', 'i', 'f'):
		case FOUR('a', 'v', 'i', 's'):
			return FORMAT_AVIF;
		case FOUR('h', 'e', 'i', 'c'):
		case FOUR('h', 'e', 'i', 'x'):
		case FOUR('h', 'e', 'i', 'm'):
		case FOUR('h', 'e', 'i', 's'):
		case FOUR('h', 'e', 'v', 'c'):
		case FOUR('m', 'i', 'f', '1'):
		case FOUR('m', 's', 'f', '1'):
			found = FORMAT_HEIC;
		}
	}
	return found;
}

/* Where text stands in p, or NULL. */
static const unsigned char *
find_text(const unsigned char *p, const unsigned char *end, const char *text)
{
	size_t n = strlen(text);

	for (; (size_t)(end - p) >= n; p++) {
		if (memcmp(p, text, n) == 0)
			return p;
	}
	return NULL;
}

static bool
starts(const unsigned char *p, const unsigned char *end, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(end - p) >= n && memcmp(p, text, n) == 0;
}

/* Behind a <!DOCTYPE …>, whose [internal subset] has > of its own. */
static const unsigned char *
skip_doctype(const unsigned char *p, const unsigned char *end)
{
	for (bool subset = false; p < end; p++) {
		if (*p == '[')
			subset = true;
		else if (*p == ']')
			subset = false;
		else if (*p == '>' && !subset)
			return p + 1;
	}
	return end;
}

/* An svg element, after nothing but what XML allows before the first one. */
static bool
sniff_svg(const unsigned char *p, size_t len)
{
	const unsigned char *end = p + (len < SVG_HEAD ? len : SVG_HEAD);
	const char *close;

	if (starts(p, end, "\xef\xbb\xbf"))
		p += 3;
	for (;;) {
		while (p < end && memchr(" \t\r\n", *p, 4) != NULL)
			p++;
		if (starts(p, end, "<!DOCTYPE")) {
			p = skip_doctype(p, end);
			continue;
		}
		if (starts(p, end, "<!--"))
			close = "-->";
		else if (starts(p, end, "<?"))
			close = "?>";
		else
			break;
		p = find_text(p + 2, end, close);
		if (p == NULL)
			return false;
		p += strlen(close);
	}
	return starts(p, end, "<svg") && end - p > 4 &&
	    memchr(" \t\r\n>/:", p[4], 7) != NULL;
}

enum format
facts_sniff(const unsigned char *p, size_t len)
{
	enum format format;

	for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
		if (match_magic(&magics[i], p, len))
			return magics[i].format;
	}
	format = sniff_brands(p, len);
	if (format == FORMAT_NONE && sniff_svg(p, len))
		format = FORMAT_SVG;
	return format;
}

enum status
facts_cut(const struct bytes *b, const char *what, struct why *why)
{
	if (!b->whole)
		return STATUS_OK;
	why_set(why, "the file ends before %s", what);
	return STATUS_BROKEN;
}

/* Its size needs a layout: the loader says it. */
enum status
facts_svg(struct facts *f, const struct bytes *b, struct why *why)
{
	(void)b;
	(void)why;
	f->frames = 1;
	f->alpha = true;
	return STATUS_OK;
}

enum status
facts_read(struct facts *f, const unsigned char *p, size_t len, uint64_t total,
    struct why *why)
{
	struct bytes b = { p, len, len >= total };

	*f = (struct facts){ .loop = -1 };
	f->format = (int32_t)facts_sniff(p, len);
	if (f->format == FORMAT_NONE) {
		why_set(why, "no picture by its first bytes");
		return STATUS_UNSUPPORTED;
	}
	return readers[f->format](f, &b, why);
}

enum status
facts_check(const struct facts *f, const struct limits *limits, uint32_t inputs,
    struct why *why)
{
	int64_t pixels = (int64_t)f->width * f->height;

	if (f->format <= FORMAT_NONE || f->format >= FORMAT_MAX ||
	    !(inputs & FORMAT_BIT(f->format))) {
		why_set(why, "format \"%s\" is not enabled",
		    format_def((enum format)f->format)->name);
		return STATUS_UNSUPPORTED;
	}
	if (f->width > limits->max_side || f->height > limits->max_side)
		why_set(why, "%d×%d has a side over %d", f->width, f->height,
		    limits->max_side);
	else if (pixels > limits->max_pixels)
		why_set(why, "%d×%d is over %lld pixels", f->width, f->height,
		    (long long)limits->max_pixels);
	else if (f->interlaced && pixels > limits->interlaced_pixels)
		why_set(why, "%d×%d is over %lld pixels, interlaced", f->width,
		    f->height, (long long)limits->interlaced_pixels);
	else if (f->frames > limits->max_frames)
		why_set(why, "%d frames are over %d", f->frames,
		    limits->max_frames);
	else if (f->scans > limits->max_scans)
		why_set(why, "%d scans are over %d", f->scans,
		    limits->max_scans);
	else if (f->icc_bytes > limits->max_icc)
		why_set(why, "a profile of %lld bytes is over %lld",
		    (long long)f->icc_bytes, (long long)limits->max_icc);
	else
		return STATUS_OK;
	return STATUS_LIMIT;
}
