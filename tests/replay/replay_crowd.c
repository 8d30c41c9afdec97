#include "replay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define TICK_MS  10
#define READY_MS 60000

/* One of many that play the same part, again and again. */
struct peer {
	int fd; /* -1: not there (yet) */
	bool came;
	struct sending say;
	int64_t sip; /* no read before it */
	bool heard;  /* an answer has begun */
};

static bool
peer_come(const struct talk *t, struct peer *p)
{
	size_t end = t->stop < t->stream->len ? t->stop : t->stream->len;

	if (p->came && !t->again)
		return true;
	p->came = true;
	p->fd = wire_connect(t->socket, t->timeout_ms);
	p->say = (struct sending){ 0, end, 0 };
	return p->fd != -1;
}

/* What is left of the say, and a sip of the answer; it may have been left. */
static void
peer_act(const struct talk *t, struct peer *p)
{
	struct pollfd poll_fd = { .fd = p->fd, .events = POLLIN };
	int64_t now = clock_ms();
	char sip[4096];

	if (p->say.sent < p->say.end && now >= p->say.due)
		wire_say(t, p->fd, &p->say);
	poll(&poll_fd, 1, 0);
	p->heard |= (poll_fd.revents & POLLIN) != 0;
	if (t->sip > 0 && now >= p->sip) {
		recv(p->fd, sip, (size_t)t->sip, MSG_DONTWAIT);
		p->sip = now + t->pause_ms;
	}
	if ((poll_fd.revents & (POLLHUP | POLLERR)) ||
	    (t->leave && p->say.sent == p->say.end)) {
		close(p->fd);
		p->fd = -1;
	}
}

/* All have come, and have been answered where that is waited for. */
static bool
is_ready(const struct peer *peer, int count, bool answered)
{
	for (int i = 0; i < count; i++) {
		if (answered && !peer[i].heard)
			return false;
	}
	return true;
}

/* The child: until the parent is gone or lets go of its end of the pipe. */
static void
play_crowd(const struct talk *t, int count, bool answered, int fd)
{
	struct peer *peer = calloc((size_t)count, sizeof *peer);
	struct pollfd parent = { .fd = fd, .events = POLLIN };
	bool told = false;

	if (peer == NULL)
		_exit(1);
	for (int i = 0; i < count; i++)
		peer[i].fd = -1;
	while (poll(&parent, 1, TICK_MS) == 0) {
		for (int i = 0; i < count; i++) {
			if (peer[i].fd == -1 && !peer_come(t, &peer[i]))
				_exit(1);
			if (peer[i].fd != -1)
				peer_act(t, &peer[i]);
		}
		if (!told && is_ready(peer, count, answered))
			told = send(fd, "r", 1, MSG_NOSIGNAL) == 1;
	}
	_exit(0);
}

bool
crowd_start(struct crowd *c, const struct talk *t, int count, bool answered)
{
	struct pollfd p = { .events = POLLIN };
	char word;
	int pair[2];

	*c = (struct crowd){ .fd = -1, .pid = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		return false;
	c->pid = fork();
	if (c->pid == 0) {
		close(pair[0]);
		play_crowd(t, count, answered, pair[1]);
	}
	close(pair[1]);
	c->fd = p.fd = pair[0];
	return c->pid != -1 && poll(&p, 1, READY_MS) > 0 &&
	    recv(c->fd, &word, 1, 0) == 1;
}

bool
crowd_stop(struct crowd *c)
{
	int status = -1;

	close(c->fd);
	if (c->pid == -1)
		return false;
	while (waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
