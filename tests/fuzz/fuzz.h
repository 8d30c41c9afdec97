/*
 * What the fuzz targets share.  A target is one LLVMFuzzerTestOneInput();
 * libFuzzer's main() or standalone.c's drives it.  A property that does not
 * hold ends the process, which is what both take for a find.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* An assert() that no build switches off. */
#define MUST(ok)                                                               \
	do {                                                                   \
		if (!(ok)) {                                                   \
			fprintf(stderr, "%s:%d: does not hold: %s\n",          \
			    __FILE__, __LINE__, #ok);                          \
			abort();                                               \
		}                                                              \
	} while (0)

/*
 * The next part of an input, up to a NUL or its end, as a string of its own
 * so that a read behind it is seen.  free() it.
 */
__attribute__((unused)) static char *
fuzz_part(const uint8_t **data, size_t *len)
{
	size_t n = 0;
	char *part;

	while (n < *len && (*data)[n] != 0)
		n++;
	part = malloc(n + 1);
	MUST(part != NULL);
	if (n > 0)
		memcpy(part, *data, n);
	part[n] = '\0';
	if (n < *len)
		n++;
	if (n > 0)
		*data += n;
	*len -= n;
	return part;
}

#endif
