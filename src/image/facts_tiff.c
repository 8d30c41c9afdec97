#include "image/facts_impl.h"

/* More directories than any limit allows: counting stops. */
#define DIRECTORIES_MAX 65536

#define TAG_WIDTH         256
#define TAG_HEIGHT        257
#define TAG_PHOTOMETRIC   262
#define TAG_SAMPLES       277
#define TAG_EXTRA_SAMPLES 338
#define TAG_ICC           34675

#define TYPE_BYTE  1
#define TYPE_SHORT 3
#define TYPE_LONG  4

struct tiff {
	const struct bytes *b;
	bool big; /* big-endian */
};

static uint32_t
get16(const struct tiff *t, uint64_t at)
{
	const unsigned char *p = t->b->p + at;

	return t->big ? be16(p) : le16(p);
}

static uint32_t
get32(const struct tiff *t, uint64_t at)
{
	const unsigned char *p = t->b->p + at;

	return t->big ? be32(p) : le32(p);
}

/* The first value of an entry whose values stand in the entry itself. */
static uint32_t
get_value(const struct tiff *t, uint64_t entry)
{
	switch (get16(t, entry + 2)) {
	case TYPE_BYTE:
		return t->b->p[entry + 8];
	case TYPE_SHORT:
		return get16(t, entry + 8);
	case TYPE_LONG:
		return get32(t, entry + 8);
	}
	return 0;
}

/* Where the directory after this one stands; 0: there is none to be seen. */
static uint64_t
next_directory(const struct tiff *t, uint64_t at)
{
	uint64_t link;

	if (!bytes_have(t->b, at, 2))
		return 0;
	link = at + 2 + 12 * (uint64_t)get16(t, at);
	return bytes_have(t->b, link, 4) ? get32(t, link) : 0;
}

/*
 * Directories from the first on, a ring counted once: Brent's way, which
 * remembers one place at a time and needs no memory.
 */
static int32_t
count_directories(const struct tiff *t, uint64_t first)
{
	uint64_t mark = first, at = next_directory(t, first), fast;
	int32_t count = 1, power = 1, ring = 1;

	while (at != 0 && at != mark && bytes_have(t->b, at, 2)) {
		if (ring == power) {
			mark = at;
			power *= 2;
			ring = 0;
		}
		if (++count == DIRECTORIES_MAX)
			return count;
		at = next_directory(t, at);
		ring++;
	}
	if (at != mark)
		return count;
	/* A ring of that many; now the way that leads to it. */
	fast = first;
	for (int32_t i = 0; i < ring; i++)
		fast = next_directory(t, fast);
	for (at = first, count = ring; at != fast; count++) {
		at = next_directory(t, at);
		fast = next_directory(t, fast);
	}
	return count;
}

static void
read_directory(struct facts *f, const struct tiff *t, uint64_t at)
{
	uint32_t n = get16(t, at), photometric = 0, samples = 1;

	for (uint64_t e = at + 2; n > 0; n--, e += 12) {
		switch (get16(t, e)) {
		case TAG_WIDTH:
			f->width = clamp32(get_value(t, e));
			break;
		case TAG_HEIGHT:
			f->height = clamp32(get_value(t, e));
			break;
		case TAG_PHOTOMETRIC:
			photometric = get_value(t, e);
			break;
		case TAG_SAMPLES:
			samples = get_value(t, e);
			break;
		case TAG_EXTRA_SAMPLES:
			f->alpha = true;
			break;
		case TAG_ICC:
			f->icc_bytes = get32(t, e + 4);
			break;
		}
		count_one(&f->chunks);
	}
	/* Grey has one colour, RGB three: what comes on top may be alpha. */
	if ((photometric <= 1 && samples > 1) ||
	    (photometric == 2 && samples > 3))
		f->alpha = true;
}

enum status
facts_tiff(struct facts *f, const struct bytes *b, struct why *why)
{
	struct tiff t = { b, b->p[0] == 'M' };
	uint64_t first;

	if (b->len < 8)
		return facts_cut(b, "the first directory of a TIFF", why);
	first = get32(&t, 4);
	if (!bytes_have(b, first, 2) ||
	    !bytes_have(b, first + 2, 12 * (uint64_t)get16(&t, first)))
		return facts_cut(b, "the end of a TIFF's directory", why);
	read_directory(f, &t, first);
	if (f->width == 0 || f->height == 0) {
		why_set(why, "TIFF: a picture without a size");
		return STATUS_BROKEN;
	}
	if (b->whole)
		f->frames = count_directories(&t, first);
	return STATUS_OK;
}
