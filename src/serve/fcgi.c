#include "serve/fcgi.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "base/clock.h"
#include "base/log.h"
#include "serve/fcgi_head.h"

#define CHUNK_MAX    65528 /* a record's content: a multiple of 8, unpadded */
#define DRAIN_MAX    (64 * 1024)
#define DRAIN_MS     200
#define LATE_MS      1000 /* for a head that is late once the door is closed */
#define IOV_MAX_OURS 64

struct fcgi {
	int listener;
	int io_timeout_ms;
	FCGX_Request request;
	int fd;           /* the connection; libfcgi may read elsewhere */
	int64_t deadline; /* of the head */
	struct fcgi_head head;
	unsigned char bytes[FCGI_HEAD_MAX];
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

/* Wait for fd; signals, which wake threads that accept, change nothing. */
static bool
wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do
		n = poll(&p, 1, clock_left(deadline));
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/*
 * Wait for more of a head, in all as long as io-timeout: a peer that sends a
 * byte now and then has no more time than a silent one.  Once the door is
 * closed, what nginx is about to send still gets a moment.
 */
static bool
wait_head(struct fcgi *f, const struct fcgi_door *door)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };

	for (;;) {
		int n = poll(&p, 1, clock_left(f->deadline));

		if (n >= 0 || errno != EINTR)
			return n > 0;
		if (atomic_load(&door->closed) &&
		    clock_left(f->deadline) > LATE_MS)
			f->deadline = clock_ms() + LATE_MS;
	}
}

/* Room for a whole head in a socket, where systems give 8 KiB by default. */
#define RELAY_BUFFER (2 * FCGI_HEAD_MAX)

/*
 * Read what comes until the request head is whole.  Only for peers that do
 * not send it in one piece: what lies unread in a socket can fill it with
 * few bytes if they came one by one, so looking alone would wait for ever.
 */
static bool
read_head(struct fcgi *f, const struct fcgi_door *door, size_t *len)
{
	enum fcgi_look look;

	*len = 0;
	fcgi_head_init(&f->head);
	do {
		ssize_t n;

		if (!wait_head(f, door))
			return false;
		n = recv(f->fd, f->bytes + *len, FCGI_HEAD_MAX - *len,
		    MSG_DONTWAIT);
		if (n <= 0)
			return false;
		*len += (size_t)n;
		look = fcgi_head_look(&f->head, f->bytes, *len);
	} while (look == FCGI_LOOK_MORE);
	return look == FCGI_LOOK_GOOD;
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
	good = send(pair[0], f->bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
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

/* Look at what has come without taking a byte. */
static ssize_t
peek(struct fcgi *f)
{
	return recv(f->fd, f->bytes, FCGI_HEAD_MAX, MSG_PEEK | MSG_DONTWAIT);
}

/* nginx sends a head in one piece: libfcgi then reads it where it lies. */
static bool
take_head(struct fcgi *f, const struct fcgi_door *door)
{
	ssize_t n = peek(f);
	size_t len;

	f->deadline = clock_ms() + f->io_timeout_ms;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) &&
	    wait_head(f, door))
		n = peek(f);
	if (n <= 0)
		return false;
	fcgi_head_init(&f->head);
	switch (fcgi_head_look(&f->head, f->bytes, (size_t)n)) {
	case FCGI_LOOK_GOOD:
		if (parse(f, f->fd))
			return true;
		f->fd = -1; /* closed by libfcgi */
		return false;
	case FCGI_LOOK_MORE:
		return read_head(f, door, &len) && relay(f, len);
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

/* Errors of accept that a pause may cure: one line a second for all threads. */
static void
survive(int error)
{
	static atomic_llong told;
	long long now = clock_ms(), last = atomic_load(&told);

	if (error == EINTR || error == ECONNABORTED)
		return;
	if (now - last >= 1000 &&
	    atomic_compare_exchange_strong(&told, &last, now))
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
		f->fd = fd;
		if (take_head(f, door))
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

/*
 * Write all of it before the deadline; changes iov.  Nothing here blocks: a
 * blocking write waits anew for each piece that a slow peer takes.
 */
static bool
write_all(int fd, struct iovec *iov, size_t count, int64_t deadline)
{
	while (count > 0) {
		/* A type that fits POSIX' int and Linux' size_t. */
		struct msghdr msg = { .msg_iov = iov,
			.msg_iovlen = (uint16_t)count };
		ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK &&
		    errno != EINTR)
			return false;
		if (n < 0) {
			if (clock_left(deadline) == 0 ||
			    !wait_for(fd, POLLOUT, deadline))
				return false;
			continue;
		}
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
	unsigned char heads[IOV_MAX_OURS][FCGI_RECORD_HEAD];
	unsigned char end[3 * FCGI_RECORD_HEAD] = { 0 };
	int64_t deadline = clock_ms() + f->io_timeout_ms;
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
	fcgi_head_put(heads[0], FCGI_TYPE_STDOUT, f->head.id,
	    used + head_len + first);
	iov[n++] = (struct iovec){ heads[records++], FCGI_RECORD_HEAD };
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
		fcgi_head_put(heads[records], FCGI_TYPE_STDOUT, f->head.id,
		    chunk);
		iov[n++] = (struct iovec){ heads[records++], FCGI_RECORD_HEAD };
		iov[n++] = (struct iovec){ (void *)(uintptr_t)next, chunk };
		next += chunk;
		body_len -= chunk;
	}
	fcgi_head_put(end, FCGI_TYPE_STDOUT, f->head.id, 0);
	fcgi_head_put(end + FCGI_RECORD_HEAD, FCGI_TYPE_END, f->head.id, 8);
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
	char junk[4096];
	size_t taken = 0;

	while (taken < DRAIN_MAX && clock_left(deadline) > 0) {
		ssize_t n = recv(f->fd, junk, sizeof junk, MSG_DONTWAIT);

		if (n > 0) {
			taken += (size_t)n;
			continue;
		}
		if (n == 0 || f->head.ended ||
		    !wait_for(f->fd, POLLIN, deadline))
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
