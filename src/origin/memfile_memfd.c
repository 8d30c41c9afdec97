#include "origin/memfile.h"

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

bool
memfile_open(struct memfile *m)
{
	int fd = memfd_create("original", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	*m = (struct memfile){ fd, fd };
	return fd != -1;
}

int
memfile_seal(struct memfile *m)
{
	int error;

	if (fcntl(m->writer, F_ADD_SEALS, SEALS) == 0)
		return m->reader;
	error = errno;
	memfile_close(m);
	errno = error;
	return -1;
}

void
memfile_close(struct memfile *m)
{
	close(m->writer);
}
