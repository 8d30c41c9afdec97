/*
 * Opening a file beneath a directory, so that no path and no symbolic link
 * leads out of it: by the kernel where it can, by a checked walk elsewhere.
 * One implementation a platform, chosen by configure.
 */
#ifndef ORIGIN_BENEATH_H
#define ORIGIN_BENEATH_H

#include <fcntl.h>
#include <sys/stat.h>

/*
 * How a folder is opened to look up names in it: asking for reading would
 * demand a permission that looking up does not need.
 */
#if defined(O_SEARCH)
#define BENEATH_FOLDER (O_SEARCH | O_DIRECTORY | O_CLOEXEC)
#elif defined(O_PATH)
#define BENEATH_FOLDER (O_PATH | O_DIRECTORY | O_CLOEXEC)
#else
#define BENEATH_FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#endif

/* How the file is opened: neither a pipe nor a terminal may hold us up. */
#define BENEATH_FILE (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/*
 * path: relative, no leading slash, never empty.  A descriptor, read-only,
 * close-on-exec, non-blocking; or -1 with errno: ENOENT, EACCES, EXDEV or
 * ELOOP for what leaves the root, …
 */
int beneath_open(int root, const char *path);

/* fstat(2), by the descriptor alone: a sandbox may refuse calls with paths. */
int beneath_stat(int fd, struct stat *);

/* The portable walk: component by component, links refused (ELOOP). */
int beneath_walk(int root, const char *path);

#endif
