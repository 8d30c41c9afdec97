#include "base/secret.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * In the folder that systemd keeps for this service alone, a mode of 0440 is
 * the mask of an access list and no group can read (LoadCredential=, since
 * systemd 254).
 */
static bool
is_credential(const char *path)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	size_t len = dir != NULL ? strlen(dir) : 0;

	return len > 0 && strncmp(path, dir, len) == 0 && path[len] == '/' &&
	    strchr(path + len + 1, '/') == NULL;
}

/* NULL, or why the file's state does not keep a secret. */
static const char *
judge_file(const struct stat *st, const char *path)
{
	mode_t open = S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;

	if (st->st_uid == 0 && is_credential(path))
		open &= ~(mode_t)S_IRGRP;
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return "neither ours nor root's";
	if (st->st_mode & open)
		return "open to group or others: chmod 600";
	return NULL;
}

/* Less than size bytes; more are an error. */
static bool
read_all(int fd, char *text, size_t size, size_t *len)
{
	ssize_t n;

	for (*len = 0; *len < size; *len += (size_t)n) {
		n = read(fd, text + *len, size - *len);
		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		n = n < 0 ? 0 : n;
	}
	errno = EFBIG;
	return false;
}

bool
secret_read(const char *path, char *text, size_t size, size_t *len,
    struct why *why)
{
	const char *wrong;
	struct stat st;
	bool ok = false;
	int fd;

	/* O_NONBLOCK: a pipe in the file's place must not stop the start. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0) {
		why_set(why, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	wrong = judge_file(&st, path);
	if (wrong != NULL)
		why_set(why, "%s: %s", path, wrong);
	else if (!read_all(fd, text, size, len))
		why_set(why, "%s: %s", path, strerror(errno));
	else
		ok = true;
	close(fd);
	return ok;
}
