/*
 * A host of originals that behaves as badly as it is told to.
 *
 *	host PORT LOG DIR
 *
 * Listens on 127.0.0.1:PORT (0: any that is free) and prints the port.  The
 * first part of a path says how to answer, the last one which file of
 * DIR with; the table below has them all.  LOG
 * gets a line a request: method, path, its place on its connection, and the
 * condition, if any.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 8192
#define PATIENCE 60000 /* milliseconds until the worst of us gives up */

static const char *dir, *log_path;
static int port;

/* One request and what it is answered with. */
struct call {
	int fd;
	int nth; /* on this connection */
	char head[HEAD_MAX];
	char method[8], path[1024];
	char how[64], name[256]; /* first and last part of path */
	char *bytes;             /* the file's; NULL: there is none */
	size_t size;
	char etag[64], date[64];
	bool again; /* the condition says that the peer has it */
};

static void
nap(int ms)
{
	poll(NULL, 0, ms);
}

static bool
send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
send_text(int fd, const char *text)
{
	return send_all(fd, text, strlen(text));
}

/* Until the peer leaves, but not for ever. */
static void
hang(const struct call *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	char byte;

	while (poll(&p, 1, PATIENCE) == 1 && read(c->fd, &byte, 1) > 0)
		continue;
}

/* What follows is a reset, not an orderly end. */
static void
reset_at_close(const struct call *c)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

static bool
send_head(const struct call *c, int code, const char *extra, long long length)
{
	char head[2048];
	int n = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\n%s", code, extra);

	if (length >= 0)
		n += snprintf(head + n, sizeof head - (size_t)n,
		    "Content-Length: %lld\r\n", length);
	n += snprintf(head + n, sizeof head - (size_t)n, "\r\n");
	return send_all(c->fd, head, (size_t)n);
}

/* --- ways to answer: true keeps the connection -------------------------- */

static bool
answer_file(struct call *c, bool etag, bool date)
{
	char extra[512];

	if (c->bytes == NULL)
		return send_head(c, 404, "", 0);
	snprintf(extra, sizeof extra, "%s%s%s%s%s%s", etag ? "ETag: " : "",
	    etag ? c->etag : "", etag ? "\r\n" : "",
	    date ? "Last-Modified: " : "", date ? c->date : "",
	    date ? "\r\n" : "");
	if (c->again && (etag || date))
		return send_head(c, 304, extra, -1);
	if (!send_head(c, 200, extra, (long long)c->size))
		return false;
	return strcmp(c->method, "HEAD") == 0 ||
	    send_all(c->fd, c->bytes, c->size);
}

static bool
ok(struct call *c)
{
	return answer_file(c, true, true);
}

static bool
date(struct call *c)
{
	return answer_file(c, false, true);
}

static bool
bare(struct call *c)
{
	return answer_file(c, false, false);
}

static bool
delay(struct call *c)
{
	nap(300);
	return ok(c);
}

static bool
no_head(struct call *c)
{
	if (strcmp(c->method, "HEAD") == 0)
		return send_head(c, 405, "", 0);
	return ok(c);
}

/* No length: in pieces of 1000 bytes. */
static bool
chunked(struct call *c)
{
	send_head(c, 200, "ETag: \"c\"\r\nTransfer-Encoding: chunked\r\n", -1);
	for (size_t at = 0; at < c->size; at += 1000) {
		size_t n = c->size - at < 1000 ? c->size - at : 1000;
		char line[16];

		snprintf(line, sizeof line, "%zx\r\n", n);
		if (!send_text(c->fd, line) ||
		    !send_all(c->fd, c->bytes + at, n) ||
		    !send_text(c->fd, "\r\n"))
			return false;
	}
	return send_text(c->fd, "0\r\n\r\n");
}

/* Half of it, then a reset. */
static bool
reset(struct call *c)
{
	send_head(c, 200, "", (long long)c->size);
	send_all(c->fd, c->bytes, c->size / 2);
	nap(50);
	reset_at_close(c);
	return false;
}

static bool
stall(struct call *c)
{
	hang(c);
	return false;
}

/* Two million bytes are promised, half of them come. */
static bool
million(struct call *c)
{
	static char zeros[1000000];

	send_head(c, 200, "", 2000000);
	send_all(c->fd, zeros, sizeof zeros);
	hang(c);
	return false;
}

static void
flood(const struct call *c)
{
	static char zeros[65536];

	while (send_all(c->fd, zeros, sizeof zeros))
		continue;
}

static bool
endless(struct call *c)
{
	send_head(c, 200, "Connection: close\r\n", -1);
	flood(c);
	return false;
}

static bool
endless_error(struct call *c)
{
	send_head(c, 500, "Connection: close\r\n", -1);
	flood(c);
	return false;
}

static bool
endless_head(struct call *c)
{
	send_text(c->fd, "HTTP/1.1 200 OK\r\n");
	while (send_text(c->fd, "X-More: and more and more and more\r\n"))
		continue;
	return false;
}

/* A length that is too great. */
static bool
promise(struct call *c)
{
	send_head(c, 200, "", (long long)c->size + 1000);
	send_all(c->fd, c->bytes, c->size);
	return false;
}

/* … that is too small by ten bytes. */
static bool
excess(struct call *c)
{
	send_head(c, 200, "", (long long)c->size - 10);
	send_all(c->fd, c->bytes, c->size);
	return false;
}

static bool
gzip(struct call *c)
{
	send_head(c, 200, "Content-Encoding: gzip\r\n", (long long)c->size);
	return send_all(c->fd, c->bytes, c->size);
}

/* Thirty seconds, always a little more. */
static bool
slow(struct call *c)
{
	send_head(c, 200, "", (long long)c->size);
	for (size_t i = 0; i < 300; i++) {
		size_t from = c->size * i / 300, to = c->size * (i + 1) / 300;

		if (!send_all(c->fd, c->bytes + from, to - from))
			return false;
		nap(100);
	}
	return true;
}

static bool
loopback(struct call *c)
{
	char extra[600];

	snprintf(extra, sizeof extra, "Location: http://127.0.0.1:%d/ok/%s\r\n",
	    port, c->name);
	return send_head(c, 302, extra, 0);
}

static bool
metadata(struct call *c)
{
	return send_head(c, 302,
	    "Location: http://169.254.169.254/latest/meta-data/\r\n", 0);
}

static bool
moved(struct call *c)
{
	char extra[600];

	snprintf(extra, sizeof extra, "Location: /ok/%s\r\n", c->name);
	return send_head(c, 302, extra, 0);
}

static bool
circle(struct call *c)
{
	char extra[1200];

	snprintf(extra, sizeof extra, "Location: %s\r\n", c->path);
	return send_head(c, 302, extra, 0);
}

/* Answers once, and takes a second request for the end. */
static bool
die(struct call *c)
{
	if (c->nth > 1) {
		reset_at_close(c);
		return false;
	}
	return ok(c);
}

/* A second request finds bytes that are no answer to it. */
static bool
late(struct call *c)
{
	if (c->nth > 1) {
		send_text(c->fd, "of before ");
		return false;
	}
	return ok(c);
}

static const struct way {
	const char *name;
	bool (*answer)(struct call *);
} ways[] = {
	{ "ok", ok },
	{ "date", date },
	{ "bare", bare },
	{ "delay", delay },
	{ "no-head", no_head },
	{ "chunked", chunked },
	{ "reset", reset },
	{ "stall", stall },
	{ "million", million },
	{ "endless", endless },
	{ "endless-error", endless_error },
	{ "endless-head", endless_head },
	{ "promise", promise },
	{ "excess", excess },
	{ "gzip", gzip },
	{ "slow", slow },
	{ "loopback", loopback },
	{ "metadata", metadata },
	{ "moved", moved },
	{ "circle", circle },
	{ "die", die },
	{ "late", late },
};

/* --- requests ----------------------------------------------------------- */

/* A number for a name is the code to answer. */
static bool
answer(struct call *c)
{
	int code = atoi(c->how);

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		if (strcmp(ways[i].name, c->how) == 0)
			return ways[i].answer(c);
	}
	return send_head(c, code >= 200 && code < 600 ? code : 404, "", 0);
}

static bool
read_head(struct call *c)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(c->fd, c->head + len, 1);

		if (n <= 0 || ++len == sizeof c->head)
			return false;
		c->head[len] = '\0';
		if (len >= 4 && strcmp(c->head + len - 4, "\r\n\r\n") == 0)
			return true;
	}
}

/* The header's value, up to its line's end; "" if there is none. */
static void
header(const struct call *c, const char *name, char *value, size_t size)
{
	char key[64];
	const char *s;

	snprintf(key, sizeof key, "\r\n%s: ", name);
	s = strcasestr(c->head, key);
	value[0] = '\0';
	if (s == NULL)
		return;
	s += strlen(key);
	snprintf(value, size, "%.*s", (int)strcspn(s, "\r\n"), s);
}

static void
load_file(struct call *c)
{
	char path[2048];
	struct stat st;
	struct tm tm;
	int fd;

	c->bytes = NULL;
	c->size = 0;
	snprintf(path, sizeof path, "%s/%s", dir, c->name);
	fd = open(path, O_RDONLY);
	if (fd == -1)
		return;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return;
	}
	c->size = (size_t)st.st_size;
	c->bytes = malloc(c->size + 1);
	if (c->bytes == NULL || read(fd, c->bytes, c->size) != (ssize_t)c->size)
		err(1, "%s", path);
	close(fd);
	snprintf(c->etag, sizeof c->etag, "\"%llx-%llx\"",
	    (unsigned long long)st.st_mtim.tv_sec, (unsigned long long)c->size);
	gmtime_r(&st.st_mtim.tv_sec, &tm);
	strftime(c->date, sizeof c->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static void
write_log(const struct call *c, const char *condition)
{
	char line[2048];
	int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int n = snprintf(line, sizeof line, "%s %s %d%s%s\n", c->method,
	    c->path, c->nth, *condition != '\0' ? " if " : "", condition);

	if (fd == -1 || write(fd, line, (size_t)n) != n)
		err(1, "%s", log_path);
	close(fd);
}

static bool
serve(struct call *c)
{
	char match[128], since[128];
	const char *slash;
	bool keep;

	if (!read_head(c) ||
	    sscanf(c->head, "%7s %1023s", c->method, c->path) != 2)
		return false;
	slash = strrchr(c->path, '/');
	if (slash == NULL || sscanf(c->path, "/%63[^/]", c->how) != 1)
		c->how[0] = '\0';
	snprintf(c->name, sizeof c->name, "%s", slash != NULL ? slash + 1 : "");
	load_file(c);
	header(c, "If-None-Match", match, sizeof match);
	header(c, "If-Modified-Since", since, sizeof since);
	c->again = (*match != '\0' && strcmp(match, c->etag) == 0) ||
	    (*match == '\0' && *since != '\0' && strcmp(since, c->date) == 0);
	write_log(c, *match != '\0' ? match : since);
	keep = answer(c);
	free(c->bytes);
	return keep;
}

static int
listen_at(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof in;
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((uint16_t)atoi(text));
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(fd, (struct sockaddr *)&in, sizeof in) != 0 ||
	    listen(fd, 512) != 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) != 0)
		err(1, "127.0.0.1:%s", text);
	port = ntohs(in.sin_port);
	printf("%d\n", port);
	fflush(stdout);
	return fd;
}

int
main(int argc, char **argv)
{
	static struct call c;
	int listener, on = 1;

	if (argc != 4)
		errx(2, "usage: host PORT LOG DIR");
	log_path = argv[2];
	dir = argv[3];
	signal(SIGCHLD, SIG_IGN);
	/* Whoever ends us ends all that we have started. */
	if (setpgid(0, 0) != 0)
		err(1, "setpgid");
	listener = listen_at(argv[1]);
	while ((c.fd = accept(listener, NULL, NULL)) != -1 || errno == EINTR) {
		if (c.fd == -1)
			continue;
		if (fork() == 0) {
			close(listener);
			setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on,
			    sizeof on);
			do
				c.nth++;
			while (serve(&c));
			_exit(0);
		}
		close(c.fd);
	}
	err(1, "accept");
}
