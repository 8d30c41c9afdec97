#include "image/profile.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "image/facts_impl.h"

#define HEADER  128
#define XYZ_OFF 0.002 /* profiles round in many ways */

/* A step of 8 bits, in what goes into a curve. */
#define CURVE_OFF (1.0 / 255)

static const double srgb_xyz[3][3] = { { 0.43607, 0.22249, 0.01392 },
	{ 0.38515, 0.71687, 0.09708 }, { 0.14307, 0.06061, 0.71410 } };

/* Its inverse, a row for each of red, green and blue. */
static const double srgb_of_xyz[3][3] = { { 3.13410, -1.61740, -0.49064 },
	{ -0.97879, 1.91629, 0.03345 }, { 0.07197, -0.22899, 1.40538 } };

static double
fixed(const unsigned char *p)
{
	return (int32_t)be32(p) / 65536.0;
}

/* A tag's data of at least `least` bytes; NULL if there is none. */
static const unsigned char *
find_tag(const struct bytes *b, const char *name, size_t least, size_t *len)
{
	uint32_t n = be32(b->p + HEADER);
	uint64_t at = HEADER + 4;

	for (uint32_t i = 0; i < n && bytes_have(b, at, 12); i++, at += 12) {
		const unsigned char *row = b->p + at;

		if (memcmp(row, name, 4) != 0)
			continue;
		*len = be32(row + 8);
		if (*len < least || !bytes_have(b, be32(row + 4), *len))
			return NULL;
		return b->p + be32(row + 4);
	}
	return NULL;
}

static bool
has_tables(const struct bytes *b)
{
	static const char *const names[] = { "A2B0", "A2B1", "D2B0", "D2B1" };
	size_t len;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (find_tag(b, names[i], 0, &len) != NULL)
			return true;
	}
	return false;
}

static bool
read_colour(const struct bytes *b, const char *name, double xyz[3])
{
	size_t len;
	const unsigned char *p = find_tag(b, name, 20, &len);

	if (p == NULL || memcmp(p, "XYZ ", 4) != 0)
		return false;
	for (int i = 0; i < 3; i++)
		xyz[i] = fixed(p + 8 + 4 * i);
	return true;
}

/* (ax + b) to the power of g, and e, from d on; below it cx + f. */
struct formula {
	double g, a, b, c, d, e, f;
};

static bool
read_formula(const unsigned char *p, size_t len, struct formula *to)
{
	static const size_t numbers[] = { 1, 3, 4, 5, 7 };
	unsigned int type = be16(p + 8);
	double v[7] = { 0 };

	if (type >= sizeof(numbers) / sizeof(*numbers) ||
	    len < 12 + 4 * numbers[type])
		return false;
	for (size_t i = 0; i < numbers[type]; i++)
		v[i] = fixed(p + 12 + 4 * i);
	if (type == 0)
		v[1] = 1;
	*to = (struct formula){ v[0], v[1], v[2], v[3], v[4], v[5], v[6] };
	if (type == 1 || type == 2) {
		*to = (struct formula){ v[0], v[1], v[2], 0, -v[2] / v[1], v[3],
			v[3] };
	}
	return true;
}

static double
parametric(const struct formula *f, double x)
{
	return x >= f->d ? pow(f->a * x + f->b, f->g) + f->e : f->c * x + f->f;
}

/* A table of n: between two of its values lies a line. */
static double
tabular(const unsigned char *p, uint32_t n, double x)
{
	double at = x * (n - 1);
	uint32_t i = (uint32_t)at < n - 1 ? (uint32_t)at : n - 2;
	double low = be16(p + 2 * (size_t)i);
	double high = be16(p + 2 * (size_t)i + 2);

	return (low + (high - low) * (at - i)) / 65535;
}

/* Not a number is no curve. */
static bool
read_curve(const struct bytes *b, const char *name, double light[256])
{
	struct formula f = { 1, 1, 0, 0, 0, 0, 0 };
	size_t len;
	const unsigned char *p = find_tag(b, name, 12, &len);
	uint32_t n = 0;

	if (p != NULL && memcmp(p, "curv", 4) == 0) {
		n = be32(p + 8);
		if (n > (len - 12) / 2)
			return false;
		if (n == 1)
			f.g = be16(p + 12) / 256.0;
	} else if (p == NULL || memcmp(p, "para", 4) != 0 ||
	    !read_formula(p, len, &f))
		return false;
	for (int i = 0; i < 256; i++) {
		double x = i / 255.0;
		double v = n > 1 ? tabular(p + 12, n, x) : parametric(&f, x);

		if (isnan(v))
			return false;
		light[i] = fmin(fmax(v, 0), 1);
	}
	return true;
}

bool
profile_read(struct profile *to, const unsigned char *p, size_t len)
{
	static const char *const colours[] = { "rXYZ", "gXYZ", "bXYZ" };
	static const char *const curves[] = { "rTRC", "gTRC", "bTRC" };
	struct bytes b = { p, len, true };

	if (len < HEADER + 4 || memcmp(p + 16, "RGB XYZ ", 8) != 0 ||
	    memcmp(p + 36, "acsp", 4) != 0 || has_tables(&b))
		return false;
	for (int i = 0; i < 3; i++) {
		if (!read_colour(&b, colours[i], to->xyz[i]) ||
		    !read_curve(&b, curves[i], to->light[i]))
			return false;
	}
	return true;
}

double
profile_srgb_value(double v)
{
	return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

bool
profile_is_srgb(const struct profile *p)
{
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 3; k++) {
			if (fabs(p->xyz[i][k] - srgb_xyz[i][k]) > XYZ_OFF)
				return false;
		}
		for (int k = 0; k < 256; k++) {
			double v = profile_srgb_value(p->light[i][k]);

			if (fabs(v - k / 255.0) > CURVE_OFF)
				return false;
		}
	}
	return true;
}

void
profile_to_srgb(const struct profile *p, double matrix[3][3])
{
	for (int to = 0; to < 3; to++) {
		for (int from = 0; from < 3; from++) {
			matrix[to][from] = 0;
			for (int k = 0; k < 3; k++)
				matrix[to][from] +=
				    srgb_of_xyz[to][k] * p->xyz[from][k];
		}
	}
}
