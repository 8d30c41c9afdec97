/*
 * Colour profiles as cameras and screens have them: three primaries and three
 * curves (ICC.1:2022).  Others are for a colour engine.
 */
#ifndef IMAGE_PROFILE_H
#define IMAGE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Red, green and blue are 0, 1, 2. */
struct profile {
	double xyz[3][3];     /* of each at its fullest, under D50 */
	double light[3][256]; /* linear, 0 to 1, of each value of a byte */
};

/*
 * False for one that is broken, or has no matrix and curves, or has tables
 * besides: a colour engine prefers these.
 */
bool profile_read(struct profile *, const unsigned char *, size_t len);

/* Is it sRGB (IEC 61966-2-1), whatever it calls itself? */
bool profile_is_srgb(const struct profile *);

/* The value of sRGB, 0 to 1, of linear light. */
double profile_srgb_value(double light);

/*
 * matrix · (red, green, blue) of the profile, all linear, is red, green and
 * blue of sRGB; what that cannot show lies outside of 0 … 1.
 */
void profile_to_srgb(const struct profile *, double matrix[3][3]);

#endif
