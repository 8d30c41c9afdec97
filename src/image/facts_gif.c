#include "image/facts_impl.h"

#include <string.h>

#define HEADER 13 /* magic and screen descriptor */
#define IMAGE  10 /* an image descriptor with its introducer */

/*
 * libvips' reader takes a screen larger than this for a mistake and makes
 * the canvas as large as the first frame instead.
 */
#define SCREEN_BELIEVED 2048

struct extent {
	int32_t width, height;
};

/* Bytes of a colour table, by the flags that announce it. */
static size_t
table_bytes(unsigned char flags)
{
	return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Behind a chain of sub-blocks; false if the bytes end in it. */
static bool
skip_blocks(const struct bytes *b, size_t *at)
{
	while (*at < b->len) {
		unsigned char n = b->p[*at];

		*at += (size_t)n + 1;
		if (n == 0)
			return true;
	}
	return false;
}

/* An extension at *at: transparency and loop count are of interest. */
static bool
read_extension(struct facts *f, const struct bytes *b, size_t *at)
{
	const unsigned char *p = b->p + *at;

	if (bytes_have(b, *at, 4) && p[1] == 0xf9 && p[2] >= 1 && (p[3] & 1))
		f->alpha = true;
	if (bytes_have(b, *at, 19) && p[1] == 0xff && p[2] == 11 &&
	    (memcmp(p + 3, "NETSCAPE2.0", 11) == 0 ||
	        memcmp(p + 3, "ANIMEXTS1.0", 11) == 0) &&
	    p[14] == 3 && p[15] == 1)
		f->loop = (int32_t)le16(p + 16);
	count_one(&f->chunks);
	*at += 2;
	return skip_blocks(b, at);
}

/* An image at *at; false if the bytes end in it. */
static bool
read_image(struct extent *e, int32_t *count, const struct bytes *b, size_t *at)
{
	const unsigned char *p = b->p + *at;

	if (!bytes_have(b, *at, IMAGE))
		return false;
	/* The first sets the canvas, later ones are cut off at it. */
	if (*count == 0) {
		e->width = (int32_t)(le16(p + 1) + le16(p + 5));
		e->height = (int32_t)(le16(p + 3) + le16(p + 7));
	}
	count_one(count);
	/* Behind the colour table stands one byte more: the code size. */
	*at += IMAGE + table_bytes(p[9]) + 1;
	return skip_blocks(b, at);
}

/* From block to block; true if the trailer, or what acts as one, was met. */
static bool
walk_blocks(struct facts *f, struct extent *e, int32_t *count,
    const struct bytes *b)
{
	size_t at = HEADER + table_bytes(b->p[10]);

	while (at < b->len) {
		switch (b->p[at]) {
		case 0x21:
			if (!read_extension(f, b, &at))
				return false;
			break;
		case 0x2c:
			if (!read_image(e, count, b, &at))
				return false;
			break;
		case 0x00: /* a stray terminator; decoders step over it */
			at++;
			break;
		default:
			return true;
		}
	}
	return false;
}

/* The larger of screen and first frame: limits hold for either. */
static void
take_size(struct facts *f, const struct extent *screen, const struct extent *e)
{
	bool believed = screen->width <= SCREEN_BELIEVED &&
	    screen->height <= SCREEN_BELIEVED;

	f->width = e->width;
	f->height = e->height;
	if (believed && screen->width > f->width)
		f->width = screen->width;
	if (believed && screen->height > f->height)
		f->height = screen->height;
}

enum status
facts_gif(struct facts *f, const struct bytes *b, struct why *why)
{
	struct extent screen, e = { 0, 0 };
	int32_t count = 0;
	bool end;

	if (b->len < HEADER)
		return facts_cut(b, "the screen of a GIF", why);
	screen.width = (int32_t)le16(b->p + 6);
	screen.height = (int32_t)le16(b->p + 8);
	f->loop = 1; /* without a word on it: once */
	end = walk_blocks(f, &e, &count, b);
	take_size(f, &screen, &e);
	if (count == 0 && !end)
		return facts_cut(b, "the first frame of a GIF", why);
	if (e.width == 0 || e.height == 0) {
		why_set(why, "GIF: no first frame with a pixel");
		return STATUS_BROKEN;
	}
	/* What the first frame does not cover is see-through. */
	if (e.width < f->width || e.height < f->height)
		f->alpha = true;
	if (end || b->whole)
		f->frames = count;
	return STATUS_OK;
}
