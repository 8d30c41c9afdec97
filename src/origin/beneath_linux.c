#include "origin/beneath.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A rename anywhere on the machine can make the kernel give up on a path that
 * holds "..", with EAGAIN; asked again it succeeds, unless somebody renames
 * without pause.
 */
#define TRIES 32

#ifdef SYS_openat2
/*
 * The kernel's words, spelt here: they are fixed for ever, and the header
 * that has them is younger than the system call's number.
 */
#define NO_MAGICLINKS UINT64_C(0x02)
#define BENEATH       UINT64_C(0x08)

struct how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

static int
open_by_kernel(int root, const char *path)
{
	struct how how = {
		.flags = BENEATH_FILE | O_LARGEFILE,
		.resolve = BENEATH | NO_MAGICLINKS,
	};
	int i, fd = -1;

	for (i = 0; i < TRIES; i++) {
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
		if (fd != -1 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd;
}
#else
static int
open_by_kernel(int root, const char *path)
{
	(void)root;
	(void)path;
	errno = ENOSYS;
	return -1;
}
#endif

/*
 * ENOSYS is a kernel before 5.6, EPERM a container whose filter does not know
 * the call (or a true refusal, which the walk then repeats).
 */
int
beneath_open(int root, const char *path)
{
	int fd = open_by_kernel(root, path);

	if (fd == -1 && (errno == ENOSYS || errno == EPERM))
		return beneath_walk(root, path);
	return fd;
}

/*
 * Some versions of glibc make fstat() a call that could take a path as well.
 * On these two machines the kernel's struct stat is libc's, and they are the
 * ones that have a filter.
 */
int
beneath_stat(int fd, struct stat *st)
{
#if (defined(__x86_64__) && defined(__LP64__)) || defined(__aarch64__)
	return (int)syscall(SYS_fstat, fd, st);
#else
	return fstat(fd, st);
#endif
}
