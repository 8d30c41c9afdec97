/*
 * A file without a name, in memory: fetched bytes reach a converter as an
 * open file, like those of a local original.  One implementation a platform,
 * chosen by configure.
 */
#ifndef ORIGIN_MEMFILE_H
#define ORIGIN_MEMFILE_H

#include <stdbool.h>

struct memfile {
	int writer, reader; /* close-on-exec; may be one descriptor */
};

/* An empty one; false with errno. */
bool memfile_open(struct memfile *);

/*
 * Nothing can be written any more.  The descriptor to read from, the
 * caller's; -1 with errno, and all is closed.
 */
int memfile_seal(struct memfile *);

/* Give it up unsealed. */
void memfile_close(struct memfile *);

#endif
