#include "image/facts_impl.h"

#include <string.h>

/*
 * Items coded otherwise than as AV1.  One library decodes them all, so a
 * file that calls itself AVIF could bring in a decoder that is switched off.
 */
static const uint32_t foreign[] = {
	FOUR('h', 'v', 'c', '1'),
	FOUR('h', 'e', 'v', '1'),
	FOUR('l', 'h', 'v', '1'),
	FOUR('v', 'v', 'c', '1'),
	FOUR('e', 'v', 'c', '1'),
	FOUR('a', 'v', 'c', '1'),
	FOUR('j', 'p', 'e', 'g'),
	FOUR('j', '2', 'k', '1'),
	FOUR('m', 's', 'k', 'i'),
	FOUR('u', 'n', 'c', 'i'),
};

static const char *const alpha_urns[] = {
	"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
	"urn:mpeg:hevc:2015:auxid:1",
	"urn:mpeg:avc:2015:auxid:1",
};

bool
part_next(const struct bytes *b, uint64_t *at, uint64_t end, struct part *part)
{
	uint64_t size, head = 8;

	if (end < *at || end - *at < head || !bytes_have(b, *at, head))
		return false;
	size = be32(b->p + *at);
	part->type = be32(b->p + *at + 4);
	if (size == 1) {
		head = 16;
		if (!bytes_have(b, *at, head))
			return false;
		size = (uint64_t)be32(b->p + *at + 8) << 32 |
		    be32(b->p + *at + 12);
	} else if (size == 0) /* up to the end of what it lies in */
		size = end - *at;
	if (size < head || size > end - *at)
		return false;
	part->body = *at + head;
	part->end = *at + size;
	part->whole = part->end <= b->len;
	*at = part->end;
	return true;
}

static void
read_extents(struct facts *f, const struct bytes *b, const struct part *part)
{
	const unsigned char *p = b->p + part->body;
	int32_t width, height;

	if (part->end - part->body < 12)
		return;
	width = clamp32(be32(p + 4));
	height = clamp32(be32(p + 8));
	if ((int64_t)width * height <= (int64_t)f->width * f->height)
		return;
	f->width = width;
	f->height = height;
}

static void
read_auxiliary(struct facts *f, const struct bytes *b, const struct part *part)
{
	const char *text = (const char *)b->p + part->body;
	size_t len = (size_t)(part->end - part->body);

	/* Four bytes of version and flags, then the URN. */
	for (size_t i = 0; i < sizeof alpha_urns / sizeof alpha_urns[0]; i++) {
		size_t n = strlen(alpha_urns[i]);

		if (len >= 4 + n && memcmp(text + 4, alpha_urns[i], n) == 0)
			f->alpha = true;
	}
}

static void
read_colour(struct facts *f, const struct bytes *b, const struct part *part)
{
	int64_t len = (int64_t)(part->end - part->body) - 4;
	uint32_t type;

	if (len < 0)
		return;
	type = be32(b->p + part->body);
	if ((type == FOUR('p', 'r', 'o', 'f') ||
	        type == FOUR('r', 'I', 'C', 'C')) &&
	    len > f->icc_bytes)
		f->icc_bytes = len;
}

/* Sizes count only where all are seen: the first may be a thumbnail's. */
static void
read_properties(struct facts *f, const struct bytes *b,
    const struct part *parent)
{
	uint64_t at = parent->body;
	struct part part;

	while (parent->whole && part_next(b, &at, parent->end, &part)) {
		if (part.type == FOUR('i', 's', 'p', 'e'))
			read_extents(f, b, &part);
		else if (part.type == FOUR('a', 'u', 'x', 'C'))
			read_auxiliary(f, b, &part);
		else if (part.type == FOUR('c', 'o', 'l', 'r'))
			read_colour(f, b, &part);
	}
}

static void
read_containers(struct facts *f, const struct bytes *b,
    const struct part *parent)
{
	uint64_t at = parent->body;
	struct part part;

	while (part_next(b, &at, parent->end, &part)) {
		if (part.type == FOUR('i', 'p', 'c', 'o'))
			read_properties(f, b, &part);
	}
}

/* Entries of the item list.  Their type stands behind a 2 or 4 byte id. */
static enum status
read_items(struct facts *f, const struct bytes *b, const struct part *parent,
    struct why *why)
{
	uint64_t at = parent->body + 6;
	struct part part;

	if (!bytes_have(b, parent->body, 1))
		return STATUS_OK;
	if (b->p[parent->body] != 0)
		at += 2;
	while (part_next(b, &at, parent->end, &part)) {
		uint64_t type;

		if (part.type != FOUR('i', 'n', 'f', 'e') ||
		    !bytes_have(b, part.body, 1) || b->p[part.body] < 2)
			continue;
		type = part.body + (b->p[part.body] == 2 ? 8 : 10);
		if (!bytes_have(b, type, 4) || type + 4 > part.end)
			continue;
		count_one(&f->chunks);
		for (size_t i = 0; i < sizeof foreign / sizeof foreign[0];
		     i++) {
			if (f->format != FORMAT_AVIF ||
			    be32(b->p + type) != foreign[i])
				continue;
			why_set(why, "AVIF by name, %.4s inside",
			    (const char *)b->p + type);
			return STATUS_UNSUPPORTED;
		}
	}
	return STATUS_OK;
}

static enum status
read_meta(struct facts *f, const struct bytes *b, const struct part *meta,
    struct why *why)
{
	uint64_t at = meta->body + 4; /* behind version and flags */
	struct part part;
	enum status st;

	while (part_next(b, &at, meta->end, &part)) {
		if (part.type == FOUR('i', 'p', 'r', 'p'))
			read_containers(f, b, &part);
		if (part.type != FOUR('i', 'i', 'n', 'f'))
			continue;
		st = read_items(f, b, &part, why);
		if (st != STATUS_OK)
			return st;
	}
	return STATUS_OK;
}

/* AVIF and HEIC: the largest picture that the file's properties describe. */
enum status
facts_bmff(struct facts *f, const struct bytes *b, struct why *why)
{
	uint64_t at = 0, end = b->whole ? b->len : UINT64_MAX;
	struct part part;
	enum status st;

	f->frames = 1;
	while (part_next(b, &at, end, &part)) {
		if (part.type != FOUR('m', 'e', 't', 'a'))
			continue;
		st = read_meta(f, b, &part, why);
		if (st != STATUS_OK)
			return st;
	}
	if (f->width == 0 || f->height == 0)
		return facts_cut(b, "the size of its picture", why);
	return STATUS_OK;
}
