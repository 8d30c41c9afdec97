#include "origin/beneath.h"

#include <errno.h>

/* Releases before 13 lack the flag: there the walk has to do. */
int
beneath_open(int root, const char *path)
{
#ifdef O_RESOLVE_BENEATH
	int fd;

	do
		fd = openat(root, path, BENEATH_FILE | O_RESOLVE_BENEATH);
	while (fd == -1 && errno == EINTR);
	if (fd == -1 && errno == ENOTCAPABLE)
		errno = EXDEV;
	return fd;
#else
	return beneath_walk(root, path);
#endif
}

int
beneath_stat(int fd, struct stat *st)
{
	return fstat(fd, st);
}
