#include "serve/fcgi.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "base/clock.h"
#include "base/log.h"

#define RECORD_HEAD  8
#define PEEK_MAX     (64 * 1024)
#define CHUNK_MAX    65528 /* a record's content: a multiple of 8, unpadded */
#define DRAIN_MAX    (64 * 1024)
#define DRAIN_MS     200
#define IOV_MAX_OURS 64

/* FastCGI 1.0, section 8. */
enum {
	TYPE_BEGIN = 1,
	TYPE_END = 3,
	TYPE_PARAMS = 4,
	TYPE_STDIN = 5,
	TYPE_STDOUT = 6,
	ROLE_RESPONDER = 1
};

struct fcgi {
	int listener;
	int io_timeout_ms;
	FCGX_Request request;
	int fd; /* the connection; libfcgi may read elsewhere */
	unsigned int id;
	bool ended; /* the end of STDIN has arrived */
	unsigned char head[PEEK_MAX];
};

/* What a look at the waiting bytes says. */
enum look {
	LOOK_MORE, /* not all there yet */
	LOOK_GOOD, /* a whole request head */
	LOOK_BAD
};

bool
fcgi_init(void)
{
	return FCGX_Init() == 0;
}

struct fcgi *
fcgi_new(int listener, int io_timeout_ms)
{
	struct fcgi *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->listener = listener;
	f->io_timeout_ms = io_timeout_ms;
	if (FCGX_InitRequest(&f->request, -1, 0) != 0) {
		free(f);
		return NULL;
	}
	return f;
}

void
fcgi_free(struct fcgi *f)
{
	free(f);
}

/* Is the record at p the one that may come next? */
static bool
is_next(struct fcgi *f, const unsigned char *p, int next)
{
	unsigned int id = (unsigned int)p[2] << 8 | p[3];

	if (next == TYPE_BEGIN)
		f->id = id;
	return id == f->id && p[1] == next;
}

/*
 * Walk the records up to the end of PARAMS, and see whether STDIN ended.
 * BEGIN comes first, then PARAMS until an empty one, then STDIN.
 */
static enum look
look_at(struct fcgi *f, size_t len)
{
	const unsigned char *p = f->head, *end = f->head + len;
	int next = TYPE_BEGIN;

	while (end - p >= RECORD_HEAD) {
		size_t content = (size_t)p[4] << 8 | p[5];
		size_t whole = RECORD_HEAD + content + p[6];

		if (p[0] != 1 || (p[2] | p[3]) == 0)
			return LOOK_BAD;
		if (!is_next(f, p, next))
			return next == TYPE_STDIN ? LOOK_GOOD : LOOK_BAD;
		if (next == TYPE_BEGIN && content != 8)
			return LOOK_BAD;
		if (content == 0) {
			f->ended = next == TYPE_STDIN;
			if (f->ended)
				return LOOK_GOOD;
			next = TYPE_STDIN;
		}
		if (whole > (size_t)(end - p))
			break;
		if (next == TYPE_BEGIN) {
			if ((p[8] << 8 | p[9]) != ROLE_RESPONDER)
				return LOOK_BAD;
			next = TYPE_PARAMS;
		}
		p += whole;
	}
	if (next == TYPE_STDIN)
		return LOOK_GOOD;
	return len == PEEK_MAX ? LOOK_BAD : LOOK_MORE;
}

/* Room for a whole head in a socket, where systems give 8 KiB by default. */
#define RELAY_BUFFER (2 * PEEK_MAX)

/*
 * Read what comes until the request head is whole.  Only for peers that do
 * not send it in one piece: what lies unread in a socket can fill it with
 * few bytes if they came one by one, so looking alone would wait for ever.
 */
static bool
read_head(struct fcgi *f, size_t *len)
{
	int64_t deadline = clock_ms() + f->io_timeout_ms;
	struct pollfd p = { .fd = f->fd, .events = POLLIN };

	*len = 0;
	for (;;) {
		ssize_t n;

		if (poll(&p, 1, clock_left(deadline)) <= 0)
			return false;
		n = recv(f->fd, f->head + *len, PEEK_MAX - *len, MSG_DONTWAIT);
		if (n <= 0)
			return false;
		*len += (size_t)n;
		switch (look_at(f, *len)) {
		case LOOK_GOOD:
			return true;
		case LOOK_BAD:
			return false;
		case LOOK_MORE:
			break;
		}
	}
}

/* Let libfcgi read from fd, which it closes if it does not like it. */
static bool
parse(struct fcgi *f, int fd)
{
	f->request.ipcFd = fd;
	/* So that neither its bookkeeping nor its errors linger. */
	f->request.keepConnection = 1;
	FCGX_Detach(&f->request);
	return FCGX_Accept_r(&f->request) == 0;
}

/* Hand over a head that we have read ourselves. */
static bool
relay(struct fcgi *f, size_t len)
{
	int pair[2], size = RELAY_BUFFER;
	bool good;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return false;
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(pair[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	good = send(pair[0], f->head, len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)len;
	close(pair[0]);
	if (!good) {
		close(pair[1]);
		return false;
	}
	if (!parse(f, pair[1]))
		return false;
	close(pair[1]);
	return true;
}

/*
 * Look at what has come without taking a byte.  nginx sends a head in one
 * piece: libfcgi then reads it where it lies.
 */
static bool
take_head(struct fcgi *f)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	ssize_t n;
	size_t len;

	f->ended = false;
	if (poll(&p, 1, f->io_timeout_ms) <= 0)
		return false;
	n = recv(f->fd, f->head, PEEK_MAX, MSG_PEEK | MSG_DONTWAIT);
	if (n <= 0)
		return false;
	switch (look_at(f, (size_t)n)) {
	case LOOK_GOOD:
		if (parse(f, f->fd))
			return true;
		f->fd = -1; /* closed by libfcgi */
		return false;
	case LOOK_MORE:
		return read_head(f, &len) && relay(f, len);
	default:
		return false;
	}
}

static void
nap(int ms)
{
	struct timespec ts = { 0, (long)ms * 1000000 };

	nanosleep(&ts, NULL);
}

static void
set_timeouts(int fd, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = (ms % 1000) * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
}

/* Errors of accept that a pause may cure; anything else is told, too. */
static void
survive(int error)
{
	if (error == EINTR || error == ECONNABORTED)
		return;
	log_line(LOG_LEVEL_WARN, "accept: %s", strerror(error));
	nap(20);
}

static bool
may_enter(const struct fcgi *f, struct fcgi_door *door)
{
	struct pollfd p = { f->listener, POLLIN, 0 };

	if (!atomic_load(&door->closed))
		return true;
	return poll(&p, 1, 0) == 1 && atomic_fetch_sub(&door->waiting, 1) > 0;
}

char *const *
fcgi_accept(struct fcgi *f, struct fcgi_door *door)
{
	while (may_enter(f, door)) {
		int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			/* Somebody else made our listener non-blocking. */
			struct pollfd p = { f->listener, POLLIN, 0 };

			poll(&p, 1, 1000);
			continue;
		}
		if (fd < 0) {
			survive(errno);
			continue;
		}
		set_timeouts(fd, f->io_timeout_ms);
		f->fd = fd;
		if (take_head(f))
			return f->request.envp;
		if (f->fd >= 0)
			close(f->fd);
	}
	return NULL;
}

bool
fcgi_gone(const struct fcgi *f)
{
	char c;
	ssize_t n = recv(f->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 ||
	    (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK &&
	        errno != EINTR);
}

static void
put_record(unsigned char *p, int type, unsigned int id, size_t content)
{
	p[0] = 1;
	p[1] = (unsigned char)type;
	p[2] = (unsigned char)(id >> 8);
	p[3] = (unsigned char)id;
	p[4] = (unsigned char)(content >> 8);
	p[5] = (unsigned char)content;
	p[6] = 0;
	p[7] = 0;
}

/* Write all of it before the deadline; changes iov. */
static bool
write_all(int fd, struct iovec *iov, size_t count, int64_t deadline)
{
	while (count > 0) {
		/* A type that fits POSIX' int and Linux' size_t. */
		struct msghdr msg = { .msg_iov = iov,
			.msg_iovlen = (uint16_t)count };
		ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		/* EAGAIN: the peer took nothing for a whole io-timeout. */
		if (n < 0 || clock_left(deadline) == 0)
			return false;
		while (count > 0 && (size_t)n >= iov->iov_len) {
			n -= (ssize_t)iov->iov_len;
			iov++;
			count--;
		}
		if (count > 0) {
			iov->iov_base = (char *)iov->iov_base + n;
			iov->iov_len -= (size_t)n;
		}
	}
	return true;
}

static bool
send_records(const struct fcgi *f, const void *head, size_t head_len,
    const void *body, size_t body_len, bool bodyless)
{
	/* Each record takes two pieces; the first three, the end one. */
	unsigned char heads[IOV_MAX_OURS][RECORD_HEAD];
	unsigned char end[3 * RECORD_HEAD] = { 0 };
	int64_t deadline = clock_ms() + (int64_t)f->io_timeout_ms * 6;
	struct iovec iov[IOV_MAX_OURS + 4];
	const char *next = body;
	char length[48];
	size_t n = 0, records = 0, first, used;

	used = bodyless ? 0
	                : (size_t)snprintf(length, sizeof length,
	                      "Content-Length: %zu\r\n", body_len);
	first = CHUNK_MAX - used - head_len;
	if (first > body_len)
		first = body_len;
	put_record(heads[0], TYPE_STDOUT, f->id, used + head_len + first);
	iov[n++] = (struct iovec){ heads[records++], RECORD_HEAD };
	iov[n++] = (struct iovec){ length, used };
	iov[n++] = (struct iovec){ (void *)(uintptr_t)head, head_len };
	iov[n++] = (struct iovec){ (void *)(uintptr_t)next, first };
	next += first;
	body_len -= first;
	while (body_len > 0) {
		size_t chunk = body_len < CHUNK_MAX ? body_len : CHUNK_MAX;

		if (n + 3 > IOV_MAX_OURS) {
			if (!write_all(f->fd, iov, n, deadline))
				return false;
			n = records = 0;
		}
		put_record(heads[records], TYPE_STDOUT, f->id, chunk);
		iov[n++] = (struct iovec){ heads[records++], RECORD_HEAD };
		iov[n++] = (struct iovec){ (void *)(uintptr_t)next, chunk };
		next += chunk;
		body_len -= chunk;
	}
	put_record(end, TYPE_STDOUT, f->id, 0);
	put_record(end + RECORD_HEAD, TYPE_END, f->id, 8);
	iov[n++] = (struct iovec){ end, sizeof end };
	return write_all(f->fd, iov, n, deadline);
}

/*
 * Read what the peer still sends: a unix socket that is closed with bytes
 * unread is reset, and nginx then loses an answer that it already has.
 */
static void
drain(const struct fcgi *f)
{
	int64_t deadline = clock_ms() + DRAIN_MS;
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	char junk[4096];
	size_t taken = 0;

	while (taken < DRAIN_MAX) {
		ssize_t n = recv(f->fd, junk, sizeof junk, MSG_DONTWAIT);

		if (n > 0) {
			taken += (size_t)n;
			continue;
		}
		if (n == 0 || f->ended)
			return;
		if (poll(&p, 1, clock_left(deadline)) <= 0)
			return;
	}
}

static void
hang_up(struct fcgi *f)
{
	drain(f);
	close(f->fd);
	f->fd = -1;
}

bool
fcgi_send(struct fcgi *f, const void *head, size_t head_len, const void *body,
    size_t body_len, bool bodyless)
{
	bool sent = send_records(f, head, head_len, body, body_len, bodyless);

	hang_up(f);
	return sent;
}

void
fcgi_finish(struct fcgi *f)
{
	if (f->fd >= 0)
		hang_up(f);
	FCGX_Free(&f->request, 0);
	f->request.ipcFd = -1;
}
