#include "serve/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <paths.h>
#include <syslog.h>

#ifndef _PATH_LOG
#define _PATH_LOG "/dev/log"
#endif

/*
 * later: where no syslog listens yet, the socket is given all the same.  What
 * is sent to it fails, and so it is opened again until one does.
 */
static int
open_syslog(const char *path, bool later)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlen(path) >= sizeof un.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(un.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return -1;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (connect(fd, (const struct sockaddr *)&un, sizeof un) == 0 || later)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Standard error thrown away, not a terminal, a file or a supervisor's. */
static bool
is_null(int fd)
{
	struct stat st, null;

	return fstat(fd, &st) == 0 && stat(_PATH_DEVNULL, &null) == 0 &&
	    S_ISCHR(st.st_mode) && st.st_rdev == null.st_rdev;
}

static bool
is_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

int
logfile_open(const struct config *config, struct why *why)
{
	const char *path = config->log;
	int fd;

	if (strcmp(path, "stderr") == 0)
		return is_null(STDERR_FILENO)
		    ? open_syslog(_PATH_LOG, true)
		    : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	if (strcmp(path, "syslog") == 0)
		path = _PATH_LOG;
	if (path != config->log || is_socket(path))
		fd = open_syslog(path, false);
	else
		fd =
		    open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		why_set(why, "log %s: %s", path, strerror(errno));
	return fd;
}

/* A supervisor's stderr may be a socket as well, but a stream. */
bool
logfile_is_syslog(int fd)
{
	int type = 0;
	socklen_t len = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_DGRAM;
}

void
logfile_use(const struct config *config, int fd)
{
	enum log_style style = LOG_STYLE_STAMPED;

	if (logfile_is_syslog(fd))
		style = LOG_STYLE_SYSLOG;
	else if (strcmp(config->log, "stderr") == 0)
		style = LOG_STYLE_PLAIN;
	log_open(fd, config->log_level, style);
}

bool
logfile_reopen(const struct config *config, struct why *why)
{
	int fd = logfile_open(config, why);

	if (fd < 0)
		return false;
	dup2(fd, log_fd());
	fcntl(log_fd(), F_SETFD, FD_CLOEXEC); /* dup2 has cleared it */
	close(fd);
	return true;
}
