#include "image/facts_impl.h"

#define FIRST 12 /* where the chunks begin */
#define CHUNK 8  /* type and length before the data */

/* Flags of VP8X. */
#define HAS_ALPHA     0x10
#define HAS_ANIMATION 0x02

/* What the walk remembers besides the facts. */
struct walk {
	bool extended;  /* a VP8X gave the canvas */
	bool animation; /* and promised frames */
	bool image;     /* a picture's own header was seen */
	int32_t count;  /* frames seen */
};

static enum status
bad(const char *what, struct why *why)
{
	why_set(why, "WebP: %s", what);
	return STATUS_BROKEN;
}

/* A picture outside a frame: it is the canvas, or must be as large. */
static enum status
take_size(struct facts *f, struct walk *w, uint32_t width, uint32_t height,
    struct why *why)
{
	if (w->image || w->animation)
		return bad("a picture that has no place", why);
	if (width == 0 || height == 0)
		return bad("a picture without a pixel", why);
	if (w->extended &&
	    ((uint32_t)f->width != width || (uint32_t)f->height != height))
		return bad("the picture is not as large as its canvas", why);
	w->image = true;
	f->width = (int32_t)width;
	f->height = (int32_t)height;
	f->frames = 1;
	return STATUS_OK;
}

static enum status
read_lossy(struct facts *f, struct walk *w, const unsigned char *p,
    struct why *why)
{
	if ((p[0] & 1) != 0 || p[3] != 0x9d || p[4] != 0x01 || p[5] != 0x2a)
		return bad("no key frame", why);
	return take_size(f, w, le16(p + 6) & 0x3fff, le16(p + 8) & 0x3fff, why);
}

static enum status
read_lossless(struct facts *f, struct walk *w, const unsigned char *p,
    struct why *why)
{
	uint32_t bits = le32(p + 1);

	if (p[0] != 0x2f || bits >> 29 != 0)
		return bad("no lossless picture", why);
	if (bits >> 28 & 1)
		f->alpha = true;
	return take_size(f, w, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1,
	    why);
}

static enum status
read_extended(struct facts *f, struct walk *w, const unsigned char *p,
    struct why *why)
{
	if (w->extended || w->image)
		return bad("a second header", why);
	w->extended = true;
	w->animation = (p[0] & HAS_ANIMATION) != 0;
	f->alpha = (p[0] & HAS_ALPHA) != 0;
	f->width = (int32_t)le24(p + 4) + 1;
	f->height = (int32_t)le24(p + 7) + 1;
	return STATUS_OK;
}

static enum status
read_animation(struct facts *f, struct walk *w, const unsigned char *p,
    struct why *why)
{
	(void)w;
	(void)why;
	f->loop = (int32_t)le16(p + 4);
	return STATUS_OK;
}

static enum status
read_frame(struct facts *f, struct walk *w, const unsigned char *p,
    struct why *why)
{
	uint32_t right = 2 * le24(p) + le24(p + 6) + 1;
	uint32_t bottom = 2 * le24(p + 3) + le24(p + 9) + 1;

	if (!w->animation)
		return bad("a frame that has no place", why);
	if (right > (uint32_t)f->width || bottom > (uint32_t)f->height)
		return bad("a frame outside its canvas", why);
	count_one(&w->count);
	return STATUS_OK;
}

static enum status
read_alpha(struct facts *f, struct walk *w, const unsigned char *p,
    struct why *why)
{
	(void)w;
	(void)p;
	(void)why;
	f->alpha = true;
	return STATUS_OK;
}

/* The chunks that say something, and how much of them must be there. */
static const struct chunk {
	uint32_t type, least;
	enum status (*read)(struct facts *, struct walk *,
	    const unsigned char *, struct why *);
} chunks[] = {
	{ FOUR('V', 'P', '8', ' '), 10, read_lossy },
	{ FOUR('V', 'P', '8', 'L'), 5, read_lossless },
	{ FOUR('V', 'P', '8', 'X'), 10, read_extended },
	{ FOUR('A', 'N', 'I', 'M'), 6, read_animation },
	{ FOUR('A', 'N', 'M', 'F'), 16, read_frame },
	{ FOUR('A', 'L', 'P', 'H'), 1, read_alpha },
};

/* *cut is set when the chunk says something that is not there. */
static enum status
read_chunk(struct facts *f, struct walk *w, const struct bytes *b, uint64_t at,
    bool *cut, struct why *why)
{
	uint32_t type = be32(b->p + at), len = le32(b->p + at + 4);

	for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
		if (chunks[i].type != type)
			continue;
		if (len < chunks[i].least)
			return bad("a chunk too short", why);
		*cut = !bytes_have(b, at + CHUNK, chunks[i].least);
		if (*cut)
			return STATUS_OK;
		return chunks[i].read(f, w, b->p + at + CHUNK, why);
	}
	if (type == FOUR('I', 'C', 'C', 'P'))
		f->icc_bytes += len;
	count_one(&f->chunks);
	return STATUS_OK;
}

/* The file's own length rules: what is glued on behind is not looked at. */
enum status
facts_webp(struct facts *f, const struct bytes *file, struct why *why)
{
	uint64_t at = FIRST, end = UINT64_C(8) + le32(file->p + 4);
	struct bytes b = *file;
	struct walk w = { 0 };
	bool cut = false;

	if (end <= b.len) {
		b.len = (size_t)end;
		b.whole = true;
	}
	while (!cut && bytes_have(&b, at, CHUNK)) {
		uint32_t len = le32(b.p + at + 4);
		enum status st = read_chunk(f, &w, &b, at, &cut, why);

		if (st != STATUS_OK)
			return st;
		at += CHUNK + (uint64_t)len + (len & 1);
	}
	if (w.animation && b.whole)
		f->frames = w.count;
	if (!w.image && w.count == 0)
		return facts_cut(&b, "the picture of a WebP", why);
	return STATUS_OK;
}
