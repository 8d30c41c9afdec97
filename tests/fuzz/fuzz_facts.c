/*
 * Any bytes as a picture's header.  The first two bytes say how much of the
 * file the reader gets to see before it gets all.
 */
#include "image/facts.h"

#include "fuzz.h"

static const struct limits limits = {
	.max_bytes = 100 << 20,
	.max_pixels = 50000000,
	.interlaced_pixels = 25000000,
	.max_side = 65535,
	.max_frames = 1000,
	.animation_frames = 100,
	.animation_pixels = 100000000,
	.output_side = 8192,
	.output_pixels = 16000000,
	.max_scans = 100,
	.max_icc = 4 << 20,
};

static enum status
read_facts(struct facts *facts, const uint8_t *bytes, size_t len,
    uint64_t total)
{
	/* Of its own, so that a read behind the part is seen. */
	uint8_t *part = malloc(len > 0 ? len : 1);
	struct why why = { "" };
	enum status st;

	MUST(part != NULL);
	if (len > 0)
		memcpy(part, bytes, len);
	memset(facts, 0x55, sizeof *facts);
	st = facts_read(facts, part, len, total, &why);
	MUST(
	    st == STATUS_OK || st == STATUS_BROKEN || st == STATUS_UNSUPPORTED);
	MUST(st == STATUS_OK || why.text[0] != '\0');
	/* An AVIF that holds another codec's picture is refused by that. */
	if (st == STATUS_UNSUPPORTED)
		MUST(facts_sniff(part, len) == FORMAT_NONE ||
		    facts_sniff(part, len) == FORMAT_AVIF);
	if (st == STATUS_OK) {
		MUST(facts->format == (int32_t)facts_sniff(part, len));
		MUST(
		    facts->format > FORMAT_NONE && facts->format < FORMAT_AUTO);
		MUST(facts->width >= 0 && facts->height >= 0);
		MUST(facts->frames >= 0 && facts->loop >= -1);
		MUST(facts->scans >= 0 && facts->chunks >= 0);
		MUST(facts->icc_bytes >= 0);
	}
	free(part);
	return st;
}

/* What is accepted keeps the limits, as far as it is known. */
static void
check_limits(const struct facts *facts)
{
	struct why why = { "" };
	enum status st = facts_check(facts, &limits, UINT32_MAX, &why);

	MUST(st == STATUS_OK || st == STATUS_LIMIT);
	MUST((st == STATUS_OK) == (why.text[0] == '\0'));
	if (st == STATUS_OK) {
		MUST(
		    (int64_t)facts->width * facts->height <= limits.max_pixels);
		MUST(facts->width <= limits.max_side);
		MUST(facts->height <= limits.max_side);
		MUST(facts->frames <= limits.max_frames);
	}
	MUST(facts_check(facts, &limits, 0, NULL) == STATUS_UNSUPPORTED);
}

/*
 * A GIF may grow with frames that lie behind the part: a lower bound.  An
 * AVIF's size is the largest of its boxes, and one that runs over the end
 * counts only as long as the end is not seen.
 */
static void
check_part(const struct facts *part, const struct facts *whole)
{
	if (part->format != whole->format || part->width == 0)
		return;
	switch (part->format) {
	case FORMAT_AVIF:
	case FORMAT_HEIC:
		break;
	case FORMAT_GIF:
		MUST(part->width <= whole->width &&
		    part->height <= whole->height);
		break;
	default:
		MUST(part->width == whole->width &&
		    part->height == whole->height);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct facts whole, part;
	enum status st;
	size_t cut;

	if (len < 2)
		return 0;
	cut = (size_t)data[0] << 8 | data[1];
	data += 2;
	len -= 2;
	cut = cut < len ? cut : len;
	st = read_facts(&whole, data, len, len);
	if (st == STATUS_OK)
		check_limits(&whole);
	/* A part of a good file never looks broken, nor like another size. */
	if (read_facts(&part, data, cut, (uint64_t)len + (cut == len)) ==
	    STATUS_OK) {
		check_limits(&part);
		if (st == STATUS_OK)
			check_part(&part, &whole);
	} else if (st == STATUS_OK)
		MUST(facts_sniff(data, cut) == FORMAT_NONE);
	return 0;
}
