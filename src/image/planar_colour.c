#include <math.h>
#include <stdlib.h>

#include "image/kernel.h"
#include "image/planar_impl.h"

/* Light of 1, which is finer while it is added up. */
#define LIGHT_ONE  (1 << 13)
#define FINER_BITS 6

/* What sRGB cannot show is from -LIGHT_LOW to LIGHT_HIGH, and cut off. */
#define LIGHT_LOW  2
#define LIGHT_HIGH 3

/* Values of red, green and blue that planes lead to, beyond 0 and 255. */
#define MARGIN 228

/* Pixels at a time, as planes are padded. */
#define BLOCK LANES

typedef int32_t four __attribute__((vector_size(16)));

/* Integers throughout, so that every CPU gives the same pixels. */
struct colours {
	/* Of a value of red, green or blue: what it adds to each of sRGB. */
	four light[3][MARGIN + 256 + MARGIN];
	/* Of light: the value of sRGB, times 256. */
	uint16_t value[(LIGHT_LOW + LIGHT_HIGH) * LIGHT_ONE + 2];
	/* Of chroma: what it adds to red and blue, and to green << 16. */
	int32_t red[256], blue[256], green_cb[256], green_cr[256];
};

/* BLOCK pixels of red, green and blue, times 256. */
struct block {
	uint16_t rgb[3][BLOCK];
};

/* Parts of 65536 of red, green and blue; base is times 256. */
struct mix {
	uint16_t luma[3], cb[3], cr[3];
	uint16_t luma_base;
};

static int32_t
nearest(double v)
{
	return (int32_t)lrint(v);
}

static double
clip(double v, double high)
{
	return fmin(fmax(v, 0), high);
}

/* False if a table is too short for this matrix. */
static bool
fits(double row[3])
{
	double low = 0, high = 0;

	for (int i = 0; i < 3; i++) {
		low += fmin(row[i], 0);
		high += fmax(row[i], 0);
	}
	return low > -LIGHT_LOW && high < LIGHT_HIGH;
}

static void
fill_light(struct colours *c, const struct profile *profile,
    double matrix[3][3])
{
	const int32_t base =
	    LIGHT_LOW * (LIGHT_ONE << FINER_BITS) + (1 << (FINER_BITS - 1));

	for (int from = 0; from < 3; from++) {
		for (int i = 0; i < MARGIN + 256 + MARGIN; i++) {
			int at = (int)clip(i - MARGIN, 255);

			for (int to = 0; to < 3; to++)
				c->light[from][i][to] =
				    nearest(profile->light[from][at] *
				        matrix[to][from] *
				        (LIGHT_ONE << FINER_BITS)) +
				    (from == 0 ? base : 0);
		}
	}
}

/* JFIF's own numbers. */
static void
fill_chroma(struct colours *c)
{
	for (int i = 0; i < 256; i++) {
		c->red[i] = nearest(1.402 * (i - 128));
		c->blue[i] = nearest(1.772 * (i - 128));
		c->green_cb[i] = nearest(-0.344136 * 65536 * (i - 128));
		c->green_cr[i] =
		    nearest(-0.714136 * 65536 * (i - 128)) + (1 << 15);
	}
}

struct colours *
colours_new(const struct profile *profile)
{
	const int values = sizeof(((struct colours *)0)->value) / 2;
	/* The fourth lane of the light is nobody's, but it is added up. */
	struct colours *c = calloc(1, sizeof(*c));
	double matrix[3][3];

	profile_to_srgb(profile, matrix);
	if (c == NULL || !fits(matrix[0]) || !fits(matrix[1]) ||
	    !fits(matrix[2])) {
		free(c);
		return NULL;
	}
	fill_light(c, profile, matrix);
	fill_chroma(c);
	for (int i = 0; i < values; i++) {
		double light = (double)i / LIGHT_ONE - LIGHT_LOW;

		c->value[i] = (uint16_t)nearest(
		    profile_srgb_value(clip(light, 1)) * 255 * 256);
	}
	return c;
}

static void
read_pixels(const struct colours *c, struct block *b, const uint8_t *y,
    const uint8_t *cb, const uint8_t *cr)
{
	for (int i = 0; i < BLOCK; i++) {
		int32_t at = y[i] + MARGIN;
		int32_t green = (c->green_cb[cb[i]] + c->green_cr[cr[i]]) >> 16;
		four sum =
		    (c->light[0][at + c->red[cr[i]]] + c->light[1][at + green] +
		        c->light[2][at + c->blue[cb[i]]]) >>
		    FINER_BITS;

		for (int k = 0; k < 3; k++)
			b->rgb[k][i] = c->value[sum[k]];
	}
}

/* A product's high half: one instruction for eight. */
static inline uint16_t
times(uint16_t a, uint16_t part)
{
	return (uint16_t)((uint32_t)a * part >> 16);
}

static void
write_luma(uint8_t *to, const struct block *b, const struct mix *m)
{
	for (int i = 0; i < BLOCK; i++) {
		uint16_t v = (uint16_t)(times(b->rgb[0][i], m->luma[0]) +
		    times(b->rgb[1][i], m->luma[1]) +
		    times(b->rgb[2][i], m->luma[2]) + m->luma_base);

		to[i] = (uint8_t)(v >> 8);
	}
}

/* n is a constant; the own colour counts, the others are taken off. */
static inline void
write_chroma(uint8_t *to, const struct block *b, const uint16_t parts[3],
    int own, int n)
{
	const uint16_t *one = b->rgb[(own + 1) % 3],
	               *two = b->rgb[(own + 2) % 3];
	uint16_t part_one = parts[(own + 1) % 3],
	         part_two = parts[(own + 2) % 3];

	/* A half less 1/256, so that the most is 255. */
	for (int i = 0; i < n; i++) {
		uint16_t v = (uint16_t)(128 * 256 + 127 +
		    times(b->rgb[own][i], parts[own]) -
		    times(one[i], part_one) - times(two[i], part_two));

		to[i] = (uint8_t)(v >> 8);
	}
}

/* The means of two by two pixels, b's below a's. */
static void
halve_blocks(struct block *to, const struct block *a, const struct block *b)
{
	for (int k = 0; k < 3; k++) {
		uint16_t sums[BLOCK];

		for (int i = 0; i < BLOCK; i++)
			sums[i] = (uint16_t)((a->rgb[k][i] >> 2) +
			    (b->rgb[k][i] >> 2));
		for (int i = 0; i < BLOCK / 2; i++)
			to->rgb[k][i] =
			    (uint16_t)(sums[2 * i] + sums[2 * i + 1]);
	}
}

static uint8_t *
sample(const struct planes *planes, int i, int32_t x, int32_t y)
{
	const struct plane *p = &planes->plane[i];

	return p->samples + (size_t)y * p->stride + x;
}

/* Right of the last pixel is the last once more. */
static void
read_block(const struct colours *c, struct block *b, const struct planes *p,
    int32_t x, int32_t y)
{
	int32_t left = p->width - x;

	read_pixels(c, b, sample(p, 0, x, y), sample(p, 1, x, y),
	    sample(p, 2, x, y));
	for (int k = 0; k < 3 && left < BLOCK; k++)
		b->rgb[k][left] = b->rgb[k][left - 1];
}

/* Halved chroma moves to the left and up, where all has been read. */
static void
change_rows(const struct colours *c, struct planes *p, const struct mix *m,
    int32_t y, bool halve)
{
	int32_t below = y + 1 < p->height ? y + 1 : y;
	struct block a, b, halved;

	for (int32_t x = 0; x < p->width; x += BLOCK) {
		read_block(c, &a, p, x, y);
		read_block(c, &b, p, x, below);
		write_luma(sample(p, 0, x, y), &a, m);
		write_luma(sample(p, 0, x, below), &b, m);
		if (halve) {
			halve_blocks(&halved, &a, &b);
			write_chroma(sample(p, 1, x / 2, y / 2), &halved, m->cb,
			    2, BLOCK / 2);
			write_chroma(sample(p, 2, x / 2, y / 2), &halved, m->cr,
			    0, BLOCK / 2);
			continue;
		}
		write_chroma(sample(p, 1, x, y), &a, m->cb, 2, BLOCK);
		write_chroma(sample(p, 2, x, y), &a, m->cr, 0, BLOCK);
		write_chroma(sample(p, 1, x, below), &b, m->cb, 2, BLOCK);
		write_chroma(sample(p, 2, x, below), &b, m->cr, 0, BLOCK);
	}
}

/* Their parts in BT.601; grey stays grey, as those of chroma cancel out. */
static struct mix
make_mix(const struct range *r)
{
	double luma = r->luma_gain * 65536, chroma = r->chroma_gain * 65536;
	struct mix m = { .luma = { (uint16_t)nearest(0.299 * luma),
		             (uint16_t)nearest(0.587 * luma),
		             (uint16_t)nearest(0.114 * luma) },
		.cb = { (uint16_t)nearest(0.168736 * chroma), 0,
		    (uint16_t)nearest(0.5 * chroma) },
		.cr = { (uint16_t)nearest(0.5 * chroma), 0,
		    (uint16_t)nearest(0.081312 * chroma) } };

	m.cb[1] = (uint16_t)(m.cb[2] - m.cb[0]);
	m.cr[1] = (uint16_t)(m.cr[0] - m.cr[2]);
	/* With the half that rounds, and what cutting off products loses. */
	m.luma_base = (uint16_t)nearest(
	    (r->luma_base - 128 * r->luma_gain + 0.5) * 256 + 1);
	return m;
}

void
colours_change(const struct colours *c, struct planes *planes, bool halve,
    const struct range *range)
{
	struct mix m = make_mix(range);

	for (int32_t y = 0; y < planes->height; y += 2)
		change_rows(c, planes, &m, y, halve);
	for (int i = 1; i < PLANES && halve; i++) {
		planes->plane[i].width = (planes->width + 1) / 2;
		planes->plane[i].height = (planes->height + 1) / 2;
	}
	planes->halved = halve;
}
