/*
 * Is an embedded profile sRGB by another name?
 */
#ifndef IMAGE_SRGB_H
#define IMAGE_SRGB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True for a profile of matrix and curves whose primaries and curves are
 * those of sRGB, whatever it calls itself (ICC.1:2022, IEC 61966-2-1).  One
 * that has tables, too, is not: a colour engine prefers these.
 */
bool srgb_is_profile(const unsigned char *, size_t len);

#endif
