#include "serve/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/num.h"

#define LISTEN_FDS_START 3

static bool
is_listening(int fd)
{
	int on = 0;
	socklen_t len = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}

/* systemd's protocol, sd_listen_fds(3): our pid, and how many; or NULL. */
static const char *
handed_over(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int64_t value;

	return pid != NULL && fds != NULL &&
	        num_parse(pid, strlen(pid), 1, INT32_MAX, &value) &&
	        value == getpid()
	    ? fds
	    : NULL;
}

/* The launcher's descriptor, -1 if there is none. */
static bool
find_inherited(int *fd, struct why *why)
{
	const char *count = handed_over();

	*fd = -1;
	if (is_listening(STDIN_FILENO))
		*fd = STDIN_FILENO;
	else if (count != NULL && strcmp(count, "1") != 0) {
		why_set(why, "LISTEN_FDS is %s; one socket is wanted", count);
		return false;
	} else if (count != NULL && !is_listening(LISTEN_FDS_START)) {
		why_set(why, "descriptor %d does not listen", LISTEN_FDS_START);
		return false;
	} else if (count != NULL)
		*fd = LISTEN_FDS_START;
	return true;
}

/* "/path" or "127.0.0.1:9000"; true if this machine alone can reach it. */
static bool
print_address(const struct sockaddr_storage *addr, char *text, size_t size)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)addr;
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	char host[INET6_ADDRSTRLEN] = "?";

	if (addr->ss_family == AF_INET) {
		inet_ntop(AF_INET, &in4->sin_addr, host, sizeof host);
		snprintf(text, size, "%s:%u", host, ntohs(in4->sin_port));
		return ntohl(in4->sin_addr.s_addr) >> 24 == 127;
	}
	if (addr->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
		snprintf(text, size, "[%s]:%u", host, ntohs(in6->sin6_port));
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	}
	snprintf(text, size, "%s",
	    addr->ss_family == AF_UNIX ? un->sun_path : "?");
	return addr->ss_family == AF_UNIX;
}

/* Two spellings of one place: the same words, or links to one socket. */
static bool
same_place(const char *a, const char *b)
{
	struct stat one, two;

	return strcmp(a, b) == 0 ||
	    (stat(a, &one) == 0 && stat(b, &two) == 0 &&
	        one.st_dev == two.st_dev && one.st_ino == two.st_ino);
}

/*
 * What a launcher hands over must be what the configuration allows: nobody
 * would accept on a socket that we leave aside, and spawn-fcgi -p listens on
 * every address of the machine if nobody stops it.
 */
static bool
judge_inherited(const struct config *config, int fd, struct why *why)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };
	char place[sizeof addr + 1];
	socklen_t len = sizeof addr;
	bool local;

	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
		why_set(why, "descriptor %d: %s", fd, strerror(errno));
		return false;
	}
	local = print_address(&addr, place, sizeof place);
	if (!local)
		why_set(why, "descriptor %d listens on %s, not on loopback", fd,
		    place);
	else if (addr.ss_family != AF_UNIX && !config->tcp)
		why_set(why, "descriptor %d listens on %s: TCP needs tcp = yes",
		    fd, place);
	else if (config->socket[0] != '\0' &&
	    !same_place(place, config->socket))
		why_set(why,
		    "socket %s: descriptor %d listens already, on %s; "
		    "leave the option empty",
		    config->socket, fd, place);
	else
		return true;
	return false;
}

/* An inherited descriptor, moved out of the way of 0 to 4. */
static int
adopt(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, 10), null;

	if (moved < 0)
		return -1;
	fcntl(moved, F_SETFL, fcntl(moved, F_GETFL) & ~O_NONBLOCK);
	if (fd != STDIN_FILENO) {
		close(fd);
		return moved;
	}
	null = open("/dev/null", O_RDWR);
	if (null >= 0 && null != STDIN_FILENO) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
	return moved;
}

/* "127.0.0.1:9000" or "[::1]:9000", loopback only. */
static bool
parse_tcp(const char *text, struct sockaddr_storage *addr, socklen_t *len)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	const char *port = strrchr(text, ':');
	int64_t number;

	memset(addr, 0, sizeof *addr);
	if (port == NULL ||
	    !num_parse(port + 1, strlen(port + 1), 1, 65535, &number))
		return false;
	if (strncmp(text, "127.0.0.1:", 10) == 0 && port == text + 9) {
		in4->sin_family = AF_INET;
		in4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in4->sin_port = htons((uint16_t)number);
		*len = sizeof *in4;
		return true;
	}
	if (strncmp(text, "[::1]:", 6) == 0 && port == text + 5) {
		in6->sin6_family = AF_INET6;
		in6->sin6_addr = in6addr_loopback;
		in6->sin6_port = htons((uint16_t)number);
		*len = sizeof *in6;
		return true;
	}
	return false;
}

static bool
parse_address(const struct config *config, struct sockaddr_storage *addr,
    socklen_t *len, struct why *why)
{
	const char *path =
	    config->socket[0] != '\0' ? config->socket : IMGFCGI_SOCKET;
	struct sockaddr_un *un = (struct sockaddr_un *)addr;

	if (path[0] == '/' || path[0] == '.') {
		memset(addr, 0, sizeof *addr);
		un->sun_family = AF_UNIX;
		if (strlen(path) >= sizeof un->sun_path) {
			why_set(why, "socket %s: longer than %zu bytes", path,
			    sizeof un->sun_path - 1);
			return false;
		}
		memcpy(un->sun_path, path, strlen(path) + 1);
		*len = sizeof *un;
		return true;
	}
	if (!parse_tcp(path, addr, len)) {
		why_set(why,
		    "socket %s: neither a path with a slash in front, nor "
		    "127.0.0.1:PORT, nor [::1]:PORT",
		    path);
		return false;
	}
	if (!config->tcp)
		why_set(why, "socket %s: TCP needs tcp = yes", path);
	return config->tcp;
}

/* Remove a path that nobody answers on; refuse a live one. */
static bool
clear_stale(const struct sockaddr_un *un, struct why *why)
{
	struct stat st;
	bool live;
	int fd;

	if (lstat(un->sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode)) {
		why_set(why, "socket %s: exists and is no socket",
		    un->sun_path);
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0) {
		why_set(why, "socket: %s", strerror(errno));
		return false;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	live = connect(fd, (const struct sockaddr *)un, sizeof *un) == 0 ||
	    errno != ECONNREFUSED;
	close(fd);
	if (live) {
		why_set(why, "socket %s: another program listens there",
		    un->sun_path);
		return false;
	}
	if (unlink(un->sun_path) == 0 || errno == ENOENT)
		return true;
	why_set(why, "socket %s: %s", un->sun_path, strerror(errno));
	return false;
}

/* Who shall own the socket; -1 where the configuration names nobody. */
static bool
find_owner(const struct config *config, uid_t *uid, gid_t *gid, struct why *why)
{
	const struct passwd *pw;
	const struct group *gr;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (config->socket_owner[0] != '\0') {
		pw = getpwnam(config->socket_owner);
		if (pw == NULL) {
			why_set(why, "socket-owner %s: no such user",
			    config->socket_owner);
			return false;
		}
		*uid = pw->pw_uid;
	}
	if (config->socket_group[0] != '\0') {
		gr = getgrnam(config->socket_group);
		if (gr == NULL) {
			why_set(why, "socket-group %s: no such group",
			    config->socket_group);
			return false;
		}
		*gid = gr->gr_gid;
	}
	return true;
}

/* Owner, group and mode of the path. */
static bool
set_access(const struct config *config, const char *path, struct why *why)
{
	uid_t uid;
	gid_t gid;

	if (!find_owner(config, &uid, &gid, why))
		return false;
	if (chown(path, uid, gid) != 0 ||
	    chmod(path, (mode_t)config->socket_mode) != 0) {
		why_set(why, "socket %s: %s", path, strerror(errno));
		return false;
	}
	return true;
}

static bool
bind_own(const struct config *config, struct listener *l, struct why *why)
{
	struct sockaddr_storage addr;
	const struct sockaddr_un *un = (const struct sockaddr_un *)&addr;
	socklen_t len;
	mode_t mask;
	int on = 1, r;

	if (!parse_address(config, &addr, &len, why))
		return false;
	if (addr.ss_family == AF_UNIX && !clear_stale(un, why))
		return false;
	l->fd = socket(addr.ss_family, SOCK_STREAM, 0);
	if (l->fd < 0) {
		why_set(why, "socket: %s", strerror(errno));
		return false;
	}
	fcntl(l->fd, F_SETFD, FD_CLOEXEC);
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	/* Nobody gets in between bind and chmod. */
	mask = umask(0177);
	r = bind(l->fd, (struct sockaddr *)&addr, len);
	umask(mask);
	if (r != 0) {
		why_set(why, "socket %s: %s",
		    config->socket[0] != '\0' ? config->socket : IMGFCGI_SOCKET,
		    strerror(errno));
		return false;
	}
	if (addr.ss_family == AF_UNIX) {
		memcpy(l->path, un->sun_path, strlen(un->sun_path) + 1);
		if (!set_access(config, l->path, why))
			return false;
	}
	if (listen(l->fd, config->backlog) == 0)
		return true;
	why_set(why, "listen: %s", strerror(errno));
	return false;
}

bool
socket_listen(const struct config *config, struct listener *l, struct why *why)
{
	int inherited;

	*l = (struct listener){ .fd = -1 };
	if (!find_inherited(&inherited, why))
		return false;
	if (inherited < 0) {
		if (bind_own(config, l, why))
			return true;
		socket_close(l);
		return false;
	}
	if (!judge_inherited(config, inherited, why))
		return false;
	l->kept = inherited == LISTEN_FDS_START;
	l->fd = adopt(inherited);
	if (l->fd < 0)
		why_set(why, "descriptor %d: %s", inherited, strerror(errno));
	return l->fd >= 0;
}

bool
socket_check(const struct config *config, struct why *why)
{
	struct sockaddr_storage addr;
	socklen_t len;
	int inherited;
	uid_t uid;
	gid_t gid;

	if (!find_inherited(&inherited, why))
		return false;
	if (inherited >= 0)
		return judge_inherited(config, inherited, why);
	return parse_address(config, &addr, &len, why) &&
	    (addr.ss_family != AF_UNIX || find_owner(config, &uid, &gid, why));
}

void
socket_unlink(struct listener *l)
{
	if (l->path[0] != '\0')
		unlink(l->path);
	l->path[0] = '\0';
}

void
socket_close(struct listener *l)
{
	socket_unlink(l);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
