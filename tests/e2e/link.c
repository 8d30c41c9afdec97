#include "tests/e2e/link.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	int fd;
	char in[LINK_BODY_MAX * 2];
	size_t used;
} peer;

void
link_open(int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (peer.fd == -1 ||
	    connect(peer.fd, (struct sockaddr *)&sin, sizeof sin) == -1)
		err(1, "link: connect");
}

void
link_send(const char *s, size_t len)
{
	while (len > 0) {
		ssize_t n = send(peer.fd, s, len, MSG_NOSIGNAL);

		if (n <= 0)
			err(1, "link: send");
		s += n;
		len -= (size_t)n;
	}
}

/* Until the buffer holds at least so much. */
static void
link_fill(const char *wanted)
{
	ssize_t n;

	if (peer.used >= sizeof peer.in - 1)
		errx(1, "link: no %s in an answer", wanted);
	n = read(peer.fd, peer.in + peer.used, sizeof peer.in - 1 - peer.used);
	if (n <= 0)
		errx(1, "link: nginx left before %s", wanted);
	peer.used += (size_t)n;
	peer.in[peer.used] = '\0';
}

int
link_read(char body[LINK_BODY_MAX])
{
	char *end, *length;
	size_t head, len;
	int status = 0;

	peer.in[peer.used] = '\0';
	while ((end = strstr(peer.in, "\r\n\r\n")) == NULL)
		link_fill("headers");
	head = (size_t)(end + 4 - peer.in);
	length = strstr(peer.in, "Content-Length: ");
	if (sscanf(peer.in, "HTTP/1.1 %d", &status) != 1 || length == NULL ||
	    length > end)
		errx(1, "link: strange answer: %.200s", peer.in);
	len = (size_t)strtoul(length + 16, NULL, 10);
	if (len >= LINK_BODY_MAX)
		errx(1, "link: answer of %zu bytes", len);
	while (peer.used < head + len)
		link_fill("body");
	memcpy(body, peer.in + head, len);
	body[len] = '\0';
	peer.used -= head + len;
	memmove(peer.in, peer.in + head + len, peer.used);
	return status;
}
