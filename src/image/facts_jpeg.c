#include "image/facts_impl.h"

#include <string.h>

#define SOF0 0xc0
#define SOF2 0xc2
#define DHT  0xc4
#define JPG  0xc8
#define DAC  0xcc
#define RST0 0xd0
#define SOI  0xd8
#define EOI  0xd9
#define SOS  0xda
#define APP0 0xe0
#define APP2 0xe2
#define COM  0xfe
#define TEM  0x01

static const char icc_tag[12] = "ICC_PROFILE";

/*
 * The next marker's code, 0 at the end.  Decoders skip what stands between
 * segments, and so do we; the same rule skips the coded pixels of a scan, in
 * which no 0xff is followed by anything but 0 or a restart.
 */
static int
next_marker(const struct bytes *b, size_t *at)
{
	for (;;) {
		const unsigned char *ff;

		if (*at >= b->len)
			return 0;
		ff = memchr(b->p + *at, 0xff, b->len - *at);
		if (ff == NULL)
			return 0;
		*at = (size_t)(ff - b->p);
		while (*at < b->len && b->p[*at] == 0xff)
			(*at)++;
		if (*at >= b->len)
			return 0;
		if (b->p[(*at)++] != 0)
			return b->p[*at - 1];
	}
}

static bool
is_bare(int marker)
{
	return marker == TEM || (marker >= RST0 && marker < SOI);
}

/* A frame header: SOF0…15 but the three codes that mean something else. */
static bool
is_frame(int marker)
{
	return marker >= SOF0 && marker <= SOF0 + 15 && marker != DHT &&
	    marker != JPG && marker != DAC;
}

/* SOF2, 6, 10 and 14 are the progressive ones. */
static enum status
read_frame(struct facts *f, int marker, const unsigned char *seg, size_t len,
    struct why *why)
{
	if (len < 6 || f->width != 0 || be16(seg + 1) == 0 ||
	    be16(seg + 3) == 0 || seg[5] == 0 || len < 6 + 3u * seg[5]) {
		why_set(why, "JPEG: a bad or second frame header");
		return STATUS_BROKEN;
	}
	f->height = (int32_t)be16(seg + 1);
	f->width = (int32_t)be16(seg + 3);
	f->interlaced = (marker & 3) == (SOF2 & 3);
	return STATUS_OK;
}

static void
read_app(struct facts *f, int marker, const unsigned char *seg, size_t len)
{
	count_one(&f->chunks);
	/* Tag, its number and how many there are: 14 bytes before the data. */
	if (marker == APP2 && len >= 14 &&
	    memcmp(seg, icc_tag, sizeof icc_tag) == 0)
		f->icc_bytes += (int64_t)len - 14;
}

/* OK with *more cleared when nothing after this scan is needed. */
static enum status
read_scan(struct facts *f, const unsigned char *seg, size_t len, int components,
    bool *more, struct why *why)
{
	if (f->width == 0 || len < 1) {
		why_set(why, "JPEG: a scan without a frame header");
		return STATUS_BROKEN;
	}
	count_one(&f->scans);
	/* Planes in scans of their own are held whole like progressive. */
	if (seg[0] < components)
		f->interlaced = true;
	*more = f->interlaced;
	return STATUS_OK;
}

static enum status
read_segment(struct facts *f, int marker, const unsigned char *seg, size_t len,
    int *components, bool *more, struct why *why)
{
	enum status st;

	if (is_frame(marker)) {
		st = read_frame(f, marker, seg, len, why);
		if (st == STATUS_OK)
			*components = seg[5];
		return st;
	}
	if (marker == SOS)
		return read_scan(f, seg, len, *components, more, why);
	if ((marker >= APP0 && marker < APP0 + 16) || marker == COM)
		read_app(f, marker, seg, len);
	return STATUS_OK;
}

/*
 * From marker to marker up to the pixels; through them only where they come
 * in many scans, to count these.  A missing end marker is the decoder's to
 * judge: all rows may be there.
 */
enum status
facts_jpeg(struct facts *f, const struct bytes *b, struct why *why)
{
	int components = 0, marker;
	bool more = true;
	size_t at = 2;

	f->frames = 1;
	while (more && (marker = next_marker(b, &at)) != 0) {
		enum status st;
		size_t len;

		if (is_bare(marker))
			continue;
		if (marker == EOI || (marker != SOI && !bytes_have(b, at, 2)))
			break;
		len = marker == SOI ? 0 : be16(b->p + at);
		if (len < 2) {
			why_set(why, "JPEG: a bad marker at byte %zu", at);
			return STATUS_BROKEN;
		}
		if (!bytes_have(b, at, len))
			break;
		st = read_segment(f, marker, b->p + at + 2, len - 2,
		    &components, &more, why);
		if (st != STATUS_OK)
			return st;
		at += len;
	}
	if (f->scans == 0)
		return facts_cut(b, "the first scan of a JPEG", why);
	return STATUS_OK;
}
