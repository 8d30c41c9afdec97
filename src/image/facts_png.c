#include "image/facts_impl.h"

#define FIRST        8          /* where the chunks begin */
#define CHUNK        12         /* length, type and checksum around the data */
#define ANCILLARY    0x20000000 /* a small first letter: may be skipped */
#define COLOUR_ALPHA 4

static enum status
bad(const char *what, struct why *why)
{
	why_set(why, "PNG: %s", what);
	return STATUS_BROKEN;
}

static enum status
read_header(struct facts *f, const struct bytes *b, struct why *why)
{
	const unsigned char *p = b->p + FIRST + 8;
	uint32_t width, height;

	if (!bytes_have(b, FIRST, CHUNK + 13))
		return facts_cut(b, "the header of a PNG", why);
	if (be32(b->p + FIRST) != 13 ||
	    be32(b->p + FIRST + 4) != FOUR('I', 'H', 'D', 'R'))
		return bad("the first chunk is no header", why);
	width = be32(p);
	height = be32(p + 4);
	if (width == 0 || height == 0 || width > INT32_MAX ||
	    height > INT32_MAX || p[12] > 1)
		return bad("a header that cannot be", why);
	f->width = (int32_t)width;
	f->height = (int32_t)height;
	f->alpha = p[9] & COLOUR_ALPHA;
	f->interlaced = p[12] == 1;
	return STATUS_OK;
}

static enum status
read_chunk(struct facts *f, uint32_t type, uint32_t len, struct why *why)
{
	if (type == FOUR('I', 'H', 'D', 'R'))
		return bad("a second header", why);
	if (type == FOUR('t', 'R', 'N', 'S'))
		f->alpha = true;
	if (type == FOUR('i', 'C', 'C', 'P'))
		f->icc_bytes += len;
	/* An acTL too: an animated PNG is its still picture to us. */
	if (type & ANCILLARY)
		count_one(&f->chunks);
	return STATUS_OK;
}

/*
 * Chunk by chunk.  Until the first pixels a cut is a broken header; after
 * them it is the decoder's to judge.
 */
enum status
facts_png(struct facts *f, const struct bytes *b, struct why *why)
{
	uint64_t at = FIRST + CHUNK + 13;
	enum status st = read_header(f, b, why);
	bool pixels = false;

	f->frames = 1;
	if (st != STATUS_OK || f->width == 0)
		return st;
	while (bytes_have(b, at, 8)) {
		uint32_t len = be32(b->p + at), type = be32(b->p + at + 4);

		if (len > INT32_MAX)
			return pixels ? STATUS_OK
			              : bad("a chunk too long", why);
		if (type == FOUR('I', 'E', 'N', 'D'))
			return pixels ? STATUS_OK : bad("no pixels", why);
		if (type == FOUR('I', 'D', 'A', 'T'))
			pixels = true;
		st = read_chunk(f, type, len, why);
		if (st != STATUS_OK)
			return st;
		at += CHUNK + (uint64_t)len;
	}
	return pixels ? STATUS_OK : facts_cut(b, "the pixels of a PNG", why);
}
