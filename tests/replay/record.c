/*
 * A tee between nginx and the daemon that writes request dumps:
 *
 *	record LISTEN CONNECT DIR
 *
 * listens at the socket LISTEN and passes each connection on to the socket
 * CONNECT.  Of connection NNN it leaves in DIR the bytes, NNN.req.bin and
 * NNN.rsp.bin, and NNN.req: the request as a case for replay, which expects
 * what was answered.  Validators are captured, not written down, so that the
 * cases hold for any daemon with the same pictures.  Ends with SIGTERM.
 */
#include "replay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "record.h"

#define LINKS_MAX 128
#define BACKLOG   128

/* One connection; number 0: a free place. */
struct link {
	int number, peer, daemon;
	struct buf req, rsp;
};

static struct link links[LINKS_MAX];
static volatile sig_atomic_t stopped;

static void
on_term(int sig)
{
	(void)sig;
	stopped = 1;
}

static void
die(const char *what)
{
	fprintf(stderr, "record: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof sun.sun_path) {
		errno = ENAMETOOLONG;
		die(path);
	}
	memcpy(sun.sun_path, path, strlen(path));
	unlink(path);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sun, sizeof sun) == -1 ||
	    listen(fd, BACKLOG) == -1)
		die(path);
	return fd;
}

static void
open_link(int listener, const char *daemon)
{
	static int number;
	struct link *l = links;

	while (l < links + LINKS_MAX && l->number != 0)
		l++;
	if (l == links + LINKS_MAX)
		return;
	l->peer = accept(listener, NULL, NULL);
	if (l->peer == -1)
		return;
	l->daemon = wire_connect(daemon, 10000);
	if (l->daemon == -1)
		die(daemon);
	l->number = ++number;
	buf_init(&l->req, REPLAY_BYTES_MAX);
	buf_init(&l->rsp, REPLAY_BYTES_MAX);
}

/* Pass on what has come; false at its end, or where nobody takes it. */
static bool
pass(int from, int to, struct buf *copy)
{
	static char part[65536];
	ssize_t n = recv(from, part, sizeof part, 0), sent;

	if (n <= 0)
		return false;
	buf_add(copy, part, (size_t)n);
	for (ssize_t at = 0; at < n; at += sent) {
		sent = send(to, part + at, (size_t)(n - at), MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
	}
	return buf_ok(copy);
}

static void
close_link(struct link *l, const char *dir)
{
	close(l->peer);
	close(l->daemon);
	if (!record_write(dir, l->number, &l->req, &l->rsp))
		die(dir);
	buf_free(&l->req);
	buf_free(&l->rsp);
	l->number = 0;
}

/* What the daemon says first, so that an answer is whole before its reader. */
static void
serve(int listener, const char *daemon, const char *dir)
{
	struct pollfd p[1 + 2 * LINKS_MAX];

	p[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	for (int i = 0; i < LINKS_MAX; i++) {
		bool used = links[i].number != 0;

		p[1 + 2 * i] =
		    (struct pollfd){ .fd = used ? links[i].daemon : -1,
			    .events = POLLIN };
		p[2 + 2 * i] = (struct pollfd){ .fd = used ? links[i].peer : -1,
			.events = POLLIN };
	}
	if (poll(p, 1 + 2 * LINKS_MAX, -1) <= 0)
		return;
	for (int i = 0; i < LINKS_MAX; i++) {
		struct link *l = &links[i];
		bool open = true;

		if (l->number != 0 && p[1 + 2 * i].revents != 0)
			open = pass(l->daemon, l->peer, &l->rsp);
		else if (l->number != 0 && p[2 + 2 * i].revents != 0)
			open = pass(l->peer, l->daemon, &l->req);
		if (!open)
			close_link(l, dir);
	}
	if (p[0].revents != 0)
		open_link(listener, daemon);
}

int
main(int argc, char **argv)
{
	const struct sigaction term = { .sa_handler = on_term };
	int listener;

	if (argc != 4) {
		fputs("usage: record LISTEN CONNECT DIR\n", stderr);
		return 2;
	}
	sigaction(SIGTERM, &term, NULL);
	listener = listen_at(argv[1]);
	while (!stopped)
		serve(listener, argv[2], argv[3]);
	unlink(argv[1]);
	return 0;
}
