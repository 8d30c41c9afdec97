#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"

/* False once the request has had its time. */
static bool
wait_for(struct link *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int64_t left = c->deadline_us - clock_us();

	if (left <= 0)
		return false;
	return poll(&p, 1, (int)(left / 1000) + 1) > 0;
}

/*
 * 127.x.y.z number n of the rotation; x from 1, so never 127.0.0.1.  Linux
 * owns them all; elsewhere they must be aliases of the loopback interface.
 */
static struct in_addr
source_address(int64_t n)
{
	struct in_addr a;

	a.s_addr =
	    htonl(0x7f010001 + (uint32_t)(n / 254 << 8) + (uint32_t)(n % 254));
	return a;
}

bool
link_open(struct link *c, int port, int64_t from_number)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	struct sockaddr_in from = { .sin_family = AF_INET };
	int one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd == -1)
		return false;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	from.sin_addr = source_address(from_number);
	if (from_number >= 0 &&
	    bind(c->fd, (struct sockaddr *)&from, sizeof from) == -1)
		return false;
	return connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0 ||
	    errno == EINPROGRESS;
}

void
link_close(struct link *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
}

bool
link_send(struct link *c, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n;

		if (!wait_for(c, POLLOUT))
			return false;
		n = send(c->fd, p, len, MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* Bytes that came, 0 at the peer's end, -1 for an error or lateness. */
static ssize_t
receive(struct link *c, char *p, size_t len)
{
	for (;;) {
		ssize_t n;

		if (!wait_for(c, POLLIN))
			return -1;
		n = recv(c->fd, p, len, 0);
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return n;
	}
}

/* The value of a header in a NUL-terminated head, or NULL. */
static const char *
find_header(const char *head, const char *name)
{
	size_t n = strlen(name);

	while ((head = strstr(head, "\r\n")) != NULL) {
		head += 2;
		if (strncasecmp(head, name, n) == 0 && head[n] == ':')
			return head + n + 1 + strspn(head + n + 1, " ");
	}
	return NULL;
}

/* Bytes of the body that the head announces; -1: until the end. */
static int64_t
body_length(const char *head, int status)
{
	const char *v = find_header(head, "Content-Length");
	int64_t n;

	if (status == 304 || status == 204)
		return 0;
	if (v == NULL || !num_parse(v, strcspn(v, " \r"), 0, INT64_MAX, &n))
		return -1;
	return n;
}

static bool
read_body(struct link *c, int64_t left)
{
	static _Thread_local char part[16384];
	bool whole = left >= 0;

	while (!whole || left > 0) {
		ssize_t n = receive(c, part, sizeof part);

		if (n <= 0)
			return n == 0 && !whole;
		c->bytes += n;
		left -= n;
		if (whole && left < 0)
			return false;
	}
	return true;
}

static bool
says_close(const char *head)
{
	const char *v = find_header(head, "Connection");

	return v != NULL && strncasecmp(v, "close", 5) == 0;
}

int
link_answer(struct link *c, bool keep)
{
	size_t len = 0;
	char *end = NULL;
	int64_t status, body;

	while (end == NULL) {
		ssize_t n;

		if (len == LINK_HEAD_MAX)
			return 0;
		n = receive(c, c->head + len, LINK_HEAD_MAX - len);
		if (n <= 0)
			return 0;
		c->bytes += n;
		len += (size_t)n;
		c->head[len] = '\0';
		end = strstr(c->head, "\r\n\r\n");
	}
	end += 2;
	if (strncmp(c->head, "HTTP/1.", 7) != 0 || end - c->head < 14 ||
	    !num_parse(c->head + 9, 3, 100, 599, &status))
		return 0;
	end[0] = '\0';
	body = body_length(c->head, (int)status);
	if (body < 0 && keep)
		return 0;
	len -= (size_t)(end + 2 - c->head);
	if (body >= 0 && (int64_t)len > body)
		return 0;
	if (!read_body(c, body >= 0 ? body - (int64_t)len : -1))
		return 0;
	if (body < 0 || says_close(c->head))
		link_close(c);
	return (int)status;
}
