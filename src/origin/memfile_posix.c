#include "origin/memfile.h"

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100

/*
 * POSIX has shared memory by name alone, and no seals: one descriptor to
 * write, one to read, and the name is gone before anybody else could have
 * opened it (the mode would not let them).
 */
bool
memfile_open(struct memfile *m)
{
	static atomic_uint serial;
	char name[64];

	m->writer = -1;
	for (int i = 0; i < TRIES && m->writer == -1; i++) {
		snprintf(name, sizeof name, "/imgfcgi.%ld.%u", (long)getpid(),
		    atomic_fetch_add(&serial, 1));
		m->writer = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (m->writer == -1 && errno != EEXIST)
			return false;
	}
	if (m->writer == -1)
		return false;
	m->reader = shm_open(name, O_RDONLY, 0);
	shm_unlink(name);
	if (m->reader != -1)
		return true;
	close(m->writer);
	return false;
}

int
memfile_seal(struct memfile *m)
{
	close(m->writer);
	return m->reader;
}

void
memfile_close(struct memfile *m)
{
	close(m->writer);
	close(m->reader);
}
