#include "origin/beneath.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The systems differ in the errno of a link that may not be followed (ELOOP,
 * ENOTDIR, EMLINK, EFTYPE): look, so that the caller hears one.
 */
static int
open_name(int folder, const char *name, bool last)
{
	int flags = (last ? BENEATH_FILE : BENEATH_FOLDER) | O_NOFOLLOW;
	int fd, error;
	struct stat st;

	do
		fd = openat(folder, name, flags);
	while (fd == -1 && errno == EINTR);
	if (fd != -1)
		return fd;
	error = errno;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		error = ELOOP;
	errno = error;
	return -1;
}

/*
 * The next name of *path into name, and *path past it.  After a closing slash
 * it is ".", which only a folder has.  Returns 0 or an errno.
 */
static int
next_name(const char **path, char name[NAME_MAX + 1])
{
	const char *s = *path;
	size_t n;

	/* "." leads nowhere; asking the kernel costs time that adds up. */
	for (s += strspn(s, "/"); s[0] == '.' && s[1] == '/';)
		s += 1 + strspn(s + 1, "/");
	n = strcspn(s, "/");
	if (n > NAME_MAX)
		return ENAMETOOLONG;
	if (n == 2 && memcmp(s, "..", 2) == 0)
		return EXDEV;
	memcpy(name, n > 0 ? s : ".", n > 0 ? n : 1);
	name[n > 0 ? n : 1] = '\0';
	*path = s + n;
	return 0;
}

int
beneath_walk(int root, const char *path)
{
	char name[NAME_MAX + 1];
	int folder = root, fd, error;
	bool last = false;

	if (*path == '\0' || *path == '/' || strlen(path) >= PATH_MAX) {
		errno = *path == '\0' ? ENOENT
		    : *path == '/'    ? EXDEV
		                      : ENAMETOOLONG;
		return -1;
	}
	while (!last) {
		error = next_name(&path, name);
		last = *path == '\0';
		fd = -1;
		if (error == 0) {
			fd = open_name(folder, name, last);
			error = fd == -1 ? errno : 0;
		}
		if (folder != root)
			close(folder);
		if (error != 0) {
			errno = error;
			return -1;
		}
		folder = fd;
	}
	return folder;
}
