#include "origin/beneath.h"

int
beneath_open(int root, const char *path)
{
	return beneath_walk(root, path);
}

int
beneath_stat(int fd, struct stat *st)
{
	return fstat(fd, st);
}
