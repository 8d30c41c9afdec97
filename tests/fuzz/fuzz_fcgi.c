/*
 * Any bytes as a FastCGI connection.  The first two bytes say how the rest is
 * cut.  However it is cut, the walk says the same; and whatever it lets pass,
 * libfcgi takes apart at once from these bytes alone: it neither waits for
 * more nor answers by itself nor dies of it.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "serve/fcgi_head.h"

#include "fuzz.h"

#define SOCKET_ROOM (4 * FCGI_HEAD_MAX)

/* Walk the bytes as they would come, in pieces of step. */
static enum fcgi_look
walk(struct fcgi_head *h, const uint8_t *data, size_t len, size_t step)
{
	size_t to = 0;
	enum fcgi_look look;

	fcgi_head_init(h);
	do {
		/* Of its own, so that a read behind the piece is seen. */
		uint8_t *part;

		to = len - to > step ? to + step : len;
		part = malloc(to > 0 ? to : 1);
		MUST(part != NULL);
		if (to > 0)
			memcpy(part, data, to);
		look = fcgi_head_look(h, part, to);
		free(part);
		MUST(h->at <= to);
	} while (look == FCGI_LOOK_MORE && to < len);
	return look;
}

/* The bytes wait in the socket, as nginx would have left them. */
static void
feed(int fd, const uint8_t *data, size_t len)
{
	int room = SOCKET_ROOM;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	MUST(send(fd, data, len, MSG_DONTWAIT) == (ssize_t)len);
}

static void
ask_libfcgi(const uint8_t *data, size_t len)
{
	struct timeval second = { 1, 0 };
	FCGX_Request r;
	int pair[2];
	char byte;

	MUST(FCGX_InitRequest(&r, -1, 0) == 0);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
	feed(pair[0], data, len);
	r.ipcFd = pair[1];
	r.keepConnection = 1;
	FCGX_Detach(&r);
	/* One that waited would end here after a second, and fail. */
	MUST(FCGX_Accept_r(&r) == 0);
	for (char **p = r.envp; *p != NULL; p++)
		MUST(strlen(*p) < FCGI_HEAD_MAX);
	MUST(recv(pair[0], &byte, 1, MSG_DONTWAIT) < 0);
	FCGX_Free(&r, 0);
	close(pair[0]);
	close(pair[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int ready;
	struct fcgi_head whole, cut;
	enum fcgi_look look;
	size_t step;

	if (!ready)
		MUST(FCGX_Init() == 0);
	ready = 1;
	if (len < 2 || len - 2 > FCGI_HEAD_MAX)
		return 0;
	step = 1 + ((size_t)data[0] << 8 | data[1]);
	data += 2;
	len -= 2;
	look = walk(&whole, data, len, len + 1);
	MUST(look == walk(&cut, data, len, step < len / 64 ? len / 64 : step));
	if (look != FCGI_LOOK_GOOD)
		return 0;
	MUST(whole.id != 0 && whole.id == cut.id);
	ask_libfcgi(data, whole.at);
	return 0;
}
