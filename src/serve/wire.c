#include "serve/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * One descriptor's worth of ancillary data, aligned as it must be.  Where
 * alignment leaves room for a second one, a peer may send it.
 */
union control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

bool
wire_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		return false;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return true;
}

/* Wait until fd is ready for events. */
static enum wire_result
wait_ready(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int left =
		    deadline_ms == WIRE_FOREVER ? -1 : clock_left(deadline_ms);
		int n = poll(&p, 1, left);

		if (n > 0)
			return WIRE_OK;
		if (n == 0)
			return WIRE_LATE;
		if (errno != EINTR)
			return WIRE_ERROR;
	}
}

/* count: of a type that fits msg_iovlen, POSIX' int as Linux' size_t. */
static enum wire_result
send_all(int fd, struct iovec *iov, uint16_t count, int passed,
    int64_t deadline_ms)
{
	union control control;
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = count };

	if (passed >= 0) {
		memset(&control, 0, sizeof control);
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof control.space;
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &passed, sizeof passed);
	}
	while (msg.msg_iovlen > 0) {
		ssize_t n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		enum wire_result r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			return errno == EPIPE || errno == ECONNRESET
			    ? WIRE_END
			    : WIRE_ERROR;
		if (n < 0) {
			r = wait_ready(fd, POLLOUT, deadline_ms);
			if (r != WIRE_OK)
				return r;
			continue;
		}
		/* The descriptor went with the first byte. */
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
		while (
		    msg.msg_iovlen > 0 && (size_t)n >= msg.msg_iov->iov_len) {
			n -= (ssize_t)msg.msg_iov->iov_len;
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
		if (msg.msg_iovlen > 0) {
			msg.msg_iov->iov_base =
			    (char *)msg.msg_iov->iov_base + n;
			msg.msg_iov->iov_len -= (size_t)n;
		}
	}
	return WIRE_OK;
}

enum wire_result
wire_send2(int fd, enum wire_type type, uint32_t serial, const void *first,
    size_t first_len, const void *second, size_t second_len, int passed,
    int64_t deadline_ms)
{
	struct wire_head head = { .type = (uint32_t)type,
		.serial = serial,
		.len = first_len + second_len };
	struct iovec iov[3] = {
		{ &head, sizeof head },
		{ (void *)(uintptr_t)first, first_len },
		{ (void *)(uintptr_t)second, second_len },
	};

	return send_all(fd, iov, 3, passed, deadline_ms);
}

enum wire_result
wire_send(int fd, enum wire_type type, uint32_t serial, const void *body,
    size_t len, int passed, int64_t deadline_ms)
{
	return wire_send2(fd, type, serial, body, len, NULL, 0, passed,
	    deadline_ms);
}

static int
received_fd(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd[2] = { -1, -1 };

	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN(sizeof(int)) ||
	    c->cmsg_len > CMSG_LEN(sizeof fd))
		return -1;
	memcpy(fd, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	if (fd[1] >= 0)
		close(fd[1]);
	return fd[0];
}

static enum wire_result
recv_all(int fd, void *bytes, size_t len, int *passed, int64_t deadline_ms)
{
	union control control;
	size_t got = 0;

	while (got < len) {
		struct iovec iov = { (char *)bytes + got, len - got };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		enum wire_result r;
		ssize_t n;

		if (passed != NULL && *passed < 0) {
			msg.msg_control = control.space;
			msg.msg_controllen = sizeof control.space;
		}
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n == 0)
			return WIRE_END;
		/* Linux tells; elsewhere it is an end like any other. */
		if (n < 0 && errno == ECONNRESET)
			return WIRE_UNREAD;
		if (n > 0) {
			if (msg.msg_controllen > 0)
				*passed = received_fd(&msg);
			got += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return WIRE_ERROR;
		r = wait_ready(fd, POLLIN, deadline_ms);
		if (r != WIRE_OK)
			return r;
	}
	return WIRE_OK;
}

enum wire_result
wire_recv_head(int fd, struct wire_head *head, int *passed, int64_t deadline_ms)
{
	enum wire_result r;

	*passed = -1;
	r = recv_all(fd, head, sizeof *head, passed, deadline_ms);
	if (r != WIRE_OK && *passed >= 0) {
		close(*passed);
		*passed = -1;
	}
	return r;
}

enum wire_result
wire_recv_body(int fd, void *bytes, size_t len, int64_t deadline_ms)
{
	return recv_all(fd, bytes, len, NULL, deadline_ms);
}
