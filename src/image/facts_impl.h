/*
 * What the header readers share.  A reader gets its facts zeroed but for
 * format and loop, and bytes whose magic fitted; it never looks past
 * bytes.len and takes time linear in it.
 */
#ifndef IMAGE_FACTS_IMPL_H
#define IMAGE_FACTS_IMPL_H

#include "image/facts.h"

struct bytes {
	const unsigned char *p;
	size_t len;
	bool whole; /* nothing lies behind them */
};

/* The n bytes at offset at are there; no sum that could wrap. */
static inline bool
bytes_have(const struct bytes *b, uint64_t at, uint64_t n)
{
	return at <= b->len && n <= b->len - at;
}

static inline uint32_t
be16(const unsigned char *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t
be32(const unsigned char *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static inline uint32_t
le16(const unsigned char *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

static inline uint32_t
le24(const unsigned char *p)
{
	return (uint32_t)p[2] << 16 | le16(p);
}

static inline uint32_t
le32(const unsigned char *p)
{
	return le16(p + 2) << 16 | le16(p);
}

/* Four letters as be32() reads them. */
#define FOUR(a, b, c, d)                                                       \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* Sides and counters that a file can make larger than we count. */
static inline int32_t
clamp32(uint64_t v)
{
	return v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

static inline void
count_one(int32_t *n)
{
	if (*n < INT32_MAX)
		(*n)++;
}

/* The bytes end before what was looked for: bad only if they are all. */
enum status facts_cut(const struct bytes *, const char *what, struct why *);

/* One box of an ISO base media file; JPEG XL's container has them too. */
struct part {
	uint32_t type;
	uint64_t body, end; /* offsets into the file */
	bool whole;         /* all of it is within the bytes */
};

/*
 * The box at *at, which lies in a parent ending at end; *at moves behind it.
 * False at the end of the parent or of the bytes, or where no box can be.
 */
bool part_next(const struct bytes *, uint64_t *at, uint64_t end, struct part *);

/* The readers, by family. */
enum status facts_jpeg(struct facts *, const struct bytes *, struct why *);
enum status facts_png(struct facts *, const struct bytes *, struct why *);
enum status facts_webp(struct facts *, const struct bytes *, struct why *);
enum status facts_gif(struct facts *, const struct bytes *, struct why *);
enum status facts_bmff(struct facts *, const struct bytes *, struct why *);
enum status facts_tiff(struct facts *, const struct bytes *, struct why *);
enum status facts_jxl(struct facts *, const struct bytes *, struct why *);
enum status facts_svg(struct facts *, const struct bytes *, struct why *);

#endif
