#include "image/facts_impl.h"

/* Bits from the low end of each byte on; past the end they are 0. */
struct bits {
	const struct bytes *b;
	uint64_t at; /* in bits */
	bool cut;
};

/* One of four ways to code a number: base + the next bits. */
struct choice {
	uint32_t base, bits;
};

static uint32_t
take(struct bits *s, uint32_t n)
{
	uint32_t v = 0;

	for (uint32_t i = 0; i < n; i++, s->at++) {
		if (!bytes_have(s->b, s->at / 8, 1)) {
			s->cut = true;
			return 0;
		}
		v |= (uint32_t)(s->b->p[s->at / 8] >> (s->at % 8) & 1) << i;
	}
	return v;
}

static uint32_t
take_choice(struct bits *s, const struct choice choices[4])
{
	const struct choice *c = &choices[take(s, 2)];

	return c->base + take(s, c->bits);
}

static uint32_t
take_side(struct bits *s, bool small)
{
	static const struct choice sides[4] = { { 1, 9 }, { 1, 13 }, { 1, 18 },
		{ 1, 30 } };

	return small ? (take(s, 5) + 1) * 8 : take_choice(s, sides);
}

static void
take_size(struct bits *s, int32_t *width, int32_t *height)
{
	static const struct {
		uint32_t num, den;
	} ratios[8] = { [1] = { 1, 1 },
		[2] = { 12, 10 },
		[3] = { 4, 3 },
		[4] = { 3, 2 },
		[5] = { 16, 9 },
		[6] = { 5, 4 },
		[7] = { 2, 1 } };
	bool small = take(s, 1);
	uint32_t h = take_side(s, small), ratio = take(s, 3);
	uint64_t w;

	if (ratio == 0)
		w = take_side(s, small);
	else
		w = (uint64_t)h * ratios[ratio].num / ratios[ratio].den;
	*width = clamp32(w);
	*height = clamp32(h);
}

static void
skip_animation(struct facts *f, struct bits *s)
{
	static const struct choice ticks[4] = { { 100, 0 }, { 1000, 0 },
		{ 1, 10 }, { 1, 30 } };
	static const struct choice per[4] = { { 1, 0 }, { 1001, 0 }, { 1, 8 },
		{ 1, 10 } };
	static const struct choice loops[4] = { { 0, 0 }, { 0, 3 }, { 0, 16 },
		{ 0, 32 } };

	take_choice(s, ticks);
	take_choice(s, per);
	f->loop = clamp32(take_choice(s, loops));
	f->frames = 0; /* only a decoder can count them */
	take(s, 1);
}

static void
skip_depth(struct bits *s)
{
	static const struct choice whole[4] = { { 8, 0 }, { 10, 0 }, { 12, 0 },
		{ 1, 6 } };
	static const struct choice real[4] = { { 32, 0 }, { 16, 0 }, { 24, 0 },
		{ 1, 6 } };

	if (take(s, 1)) {
		take_choice(s, real);
		take(s, 4);
	} else
		take_choice(s, whole);
}

/* As far as the channels beside colour. */
static void
take_metadata(struct facts *f, struct bits *s)
{
	static const struct choice channels[4] = { { 0, 0 }, { 1, 0 }, { 2, 4 },
		{ 1, 12 } };
	int32_t width, height;

	if (take(s, 1)) /* everything is as usual: one frame, no alpha */
		return;
	if (take(s, 1)) {
		take(s, 3); /* orientation */
		if (take(s, 1))
			take_size(s, &width, &height);
		if (take(s, 1)) {
			/* A preview, which nobody writes: assume the worst. */
			f->alpha = true;
			f->frames = 0;
			return;
		}
		if (take(s, 1))
			skip_animation(f, s);
	}
	skip_depth(s);
	take(s, 1); /* short buffers suffice */
	if (take_choice(s, channels) > 0)
		f->alpha = true;
}

static enum status
read_codestream(struct facts *f, const struct bytes *b, struct why *why)
{
	struct bits s = { .b = b, .at = 16 };
	int32_t width, height;

	if (b->len >= 2 && (b->p[0] != 0xff || b->p[1] != 0x0a)) {
		why_set(why, "JPEG XL: no codestream in the container");
		return STATUS_BROKEN;
	}
	f->frames = 1;
	take_size(&s, &width, &height);
	if (s.cut)
		return facts_cut(b, "the size of a JPEG XL", why);
	f->width = width;
	f->height = height;
	take_metadata(f, &s);
	if (s.cut)
		return facts_cut(b, "the header of a JPEG XL", why);
	return STATUS_OK;
}

#define SIGNATURE 12 /* bytes of the container's first box */

/* Bare, or in a box: jxlc whole, jxlp in pieces with a number before each. */
enum status
facts_jxl(struct facts *f, const struct bytes *b, struct why *why)
{
	uint64_t at = SIGNATURE, end = b->whole ? b->len : UINT64_MAX;
	struct part part;

	if (b->p[0] == 0xff)
		return read_codestream(f, b, why);
	while (part_next(b, &at, end, &part)) {
		struct bytes code = *b;

		count_one(&f->chunks);
		if (part.type == FOUR('j', 'x', 'l', 'p')) {
			part.body += 4;
			code.whole = false;
		} else if (part.type != FOUR('j', 'x', 'l', 'c'))
			continue;
		if (!part.whole)
			part.end = b->len;
		if (part.body > part.end)
			part.body = part.end;
		code.p += part.body;
		code.len = (size_t)(part.end - part.body);
		return read_codestream(f, &code, why);
	}
	return facts_cut(b, "the codestream of a JPEG XL", why);
}
