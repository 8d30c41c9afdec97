#include "image/srgb.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "image/facts_impl.h"

#define HEADER  128
#define POINTS  32    /* of a curve that are looked at */
#define XYZ_OFF 0.002 /* profiles round in many ways */

/* A step of 8 bits, in what goes into a curve. */
#define CURVE_OFF (1.0 / 255)

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
has_colour(const struct bytes *b, const char *name, const double xyz[3])
{
	size_t len;
	const unsigned char *p = find_tag(b, name, 20, &len);

	if (p == NULL || memcmp(p, "XYZ ", 4) != 0)
		return false;
	for (int i = 0; i < 3; i++) {
		if (fabs(fixed(p + 8 + 4 * i) - xyz[i]) > XYZ_OFF)
			return false;
	}
	return true;
}

/* Type 3: (ax + b) to the power of g from d on, below it cx. */
static double
parametric(const unsigned char *p, double x)
{
	double g = fixed(p), a = fixed(p + 4), b = fixed(p + 8);

	return x >= fixed(p + 16) ? pow(a * x + b, g) : fixed(p + 12) * x;
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

static double
encode(double v)
{
	return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

static bool
has_curve(const struct bytes *b, const char *name)
{
	size_t len;
	const unsigned char *p = find_tag(b, name, 12, &len);
	bool table = p != NULL && memcmp(p, "curv", 4) == 0;
	uint32_t n;

	if (table) {
		n = be32(p + 8);
		if (n < 2 || n > (len - 12) / 2)
			return false;
	} else if (p == NULL || len < 32 || memcmp(p, "para", 4) != 0 ||
	    be16(p + 8) != 3)
		return false;
	for (int i = 0; i <= POINTS; i++) {
		double x = (double)i / POINTS;
		double v =
		    table ? tabular(p + 12, n, x) : parametric(p + 12, x);

		/* Not a number is no sRGB, too. */
		if (!(fabs(encode(v) - x) <= CURVE_OFF))
			return false;
	}
	return true;
}

bool
srgb_is_profile(const unsigned char *p, size_t len)
{
	static const double red[3] = { 0.43607, 0.22249, 0.01392 };
	static const double green[3] = { 0.38515, 0.71687, 0.09708 };
	static const double blue[3] = { 0.14307, 0.06061, 0.71410 };
	struct bytes b = { p, len, true };
	size_t n;

	return len >= HEADER + 4 && memcmp(p + 16, "RGB XYZ ", 8) == 0 &&
	    memcmp(p + 36, "acsp", 4) == 0 &&
	    find_tag(&b, "A2B0", 0, &n) == NULL &&
	    has_colour(&b, "rXYZ", red) && has_colour(&b, "gXYZ", green) &&
	    has_colour(&b, "bXYZ", blue) && has_curve(&b, "rTRC") &&
	    has_curve(&b, "gTRC") && has_curve(&b, "bTRC");
}
