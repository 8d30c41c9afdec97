#include <string.h>

#include "image/planar_impl.h"

#define RST0 0xd0
#define EOI  0xd9
#define SOS  0xda

/*
 * Where the pixels of a scan end: at the next marker that is neither a
 * restart nor a stuffed or a filling byte.
 */
static size_t
scan_end(const unsigned char *p, size_t len, size_t at)
{
	const unsigned char *ff;

	while (at < len && (ff = memchr(p + at, 0xff, len - at)) != NULL) {
		at = (size_t)(ff - p);
		if (at + 1 < len && p[at + 1] != 0 && p[at + 1] != 0xff &&
		    (p[at + 1] < RST0 || p[at + 1] >= RST0 + 8))
			return at;
		at++;
	}
	return len;
}

/* One component, and no DC in it. */
static bool
is_needless(const unsigned char *sos, size_t len, const bool *flat)
{
	return len >= 10 && sos[4] == 1 && flat[sos[5]] && sos[7] != 0;
}

size_t
scans_next(const unsigned char *p, size_t len, size_t *at, const bool *flat)
{
	size_t from = *at, end, size;
	bool needless;

	do {
		if (from + 4 > len || p[from] != 0xff || p[from + 1] == EOI) {
			*at = from;
			return len - from;
		}
		size = (size_t)p[from + 2] << 8 | p[from + 3];
		end = size < len - from - 2 ? from + 2 + size : len;
		needless = false;
		if (p[from + 1] == SOS) {
			needless = is_needless(p + from, len - from, flat);
			end = scan_end(p, len, end);
		}
		*at = from;
		from = end;
	} while (needless);
	return end - *at;
}

size_t
scans_first(const unsigned char *p, size_t len)
{
	return scan_end(p, len, 0);
}
