/*
 * A FastCGI responder that says what it is told and writes down what it
 * heard: the tests of nginx's side of the contract speak through it.
 *
 *	fake SOCKET ANSWER LOG
 *
 * ANSWER is read anew for every request: header lines, as CGI has them; the
 * body is the request's path, query, token and site.  Lines for us:
 *
 *	!sleep MS	think before the answer
 *	!close		leave without an answer
 *	!short		promise more than the body has
 *
 * If the request carries a validator and ANSWER.again exists, that file
 * answers.  LOG gets one line a request: its parameters, tab-separated.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FCGI_END    3
#define FCGI_PARAMS 4
#define FCGI_STDIN  5
#define FCGI_STDOUT 6

#define PARAMS_MAX 65536
#define TEXT_MAX   8192

struct asked {
	char bytes[PARAMS_MAX]; /* "NAME=VALUE" and NUL, one after another */
	size_t len;
};

static bool
read_all(int fd, void *to, size_t len)
{
	char *p = to;

	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static size_t
read_length(const unsigned char **p)
{
	const unsigned char *s = *p;

	if (s[0] < 128) {
		*p += 1;
		return s[0];
	}
	*p += 4;
	return (size_t)(s[0] & 127) << 24 | (size_t)s[1] << 16 |
	    (size_t)s[2] << 8 | s[3];
}

/* nginx is the only peer: it is believed. */
static void
unpack(struct asked *asked, const unsigned char *p, const unsigned char *end)
{
	asked->len = 0;
	while (p < end) {
		size_t name = read_length(&p);
		size_t value = read_length(&p);

		if (name + value > (size_t)(end - p) ||
		    asked->len + name + value + 2 > sizeof asked->bytes)
			return;
		asked->len += (size_t)snprintf(asked->bytes + asked->len,
		                  sizeof asked->bytes - asked->len, "%.*s=%.*s",
		                  (int)name, (const char *)p, (int)value,
		                  (const char *)p + name) +
		    1;
		p += name + value;
	}
}

/* To the end of STDIN: what is left unread would reset the connection. */
static bool
read_request(int fd, struct asked *asked)
{
	static unsigned char params[PARAMS_MAX], other[PARAMS_MAX];
	unsigned char head[8], padding[256];
	size_t used = 0;

	while (read_all(fd, head, sizeof head)) {
		bool mine = head[1] == FCGI_PARAMS;
		size_t len = (size_t)head[4] << 8 | head[5];

		if (used + len > sizeof params ||
		    !read_all(fd, mine ? params + used : other, len) ||
		    !read_all(fd, padding, head[6]))
			return false;
		used += mine ? len : 0;
		if (head[1] == FCGI_STDIN && len == 0) {
			unpack(asked, params, params + used);
			return true;
		}
	}
	return false;
}

static const char *
value_of(const struct asked *asked, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < asked->len; i += strlen(asked->bytes + i) + 1) {
		if (strncmp(asked->bytes + i, name, n) == 0 &&
		    asked->bytes[i + n] == '=')
			return asked->bytes + i + n + 1;
	}
	return "";
}

static void
write_log(const char *path, const struct asked *asked)
{
	static char line[PARAMS_MAX];
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (fd == -1)
		return;
	for (size_t i = 0; i < asked->len; i++) {
		line[i] = asked->bytes[i] == '\0' ? '\t' : asked->bytes[i];
		if (line[i] == '\n')
			line[i] = '?';
	}
	line[asked->len] = '\n';
	if (write(fd, line, asked->len + 1) == -1)
		warn("%s", path);
	close(fd);
}

static void
send_record(int fd, int type, const char *bytes, size_t len)
{
	const unsigned char head[8] = { 1, (unsigned char)type, 0, 1,
		(unsigned char)(len >> 8), (unsigned char)len, 0, 0 };

	if (write(fd, head, sizeof head) == -1 ||
	    (len > 0 && write(fd, bytes, len) == -1))
		_exit(0); /* nginx has left */
}

/* What ANSWER says to do; false if the request gets none. */
static bool
compose(FILE *answer, char *text, size_t *len, size_t *promise)
{
	char line[512];

	*len = 0;
	while (fgets(line, sizeof line, answer) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "!sleep ", 7) == 0)
			poll(NULL, 0, atoi(line + 7));
		else if (strcmp(line, "!close") == 0)
			return false;
		else if (strcmp(line, "!short") == 0)
			*promise = 1000;
		else
			*len += (size_t)snprintf(text + *len, TEXT_MAX - *len,
			    "%s\r\n", line);
	}
	return true;
}

static void
answer(int fd, const char *path, const struct asked *asked)
{
	static char text[TEXT_MAX], body[PARAMS_MAX], again[1024];
	size_t len, promise = 0, body_len;
	FILE *f = NULL;

	if (*value_of(asked, "HTTP_IF_NONE_MATCH") != '\0') {
		snprintf(again, sizeof again, "%s.again", path);
		f = fopen(again, "r");
	}
	if (f == NULL)
		f = fopen(path, "r");
	if (f == NULL || !compose(f, text, &len, &promise))
		return;
	fclose(f);
	body_len = (size_t)snprintf(body, 32768, "%s|%s|%s|%s\n",
	    value_of(asked, "DOCUMENT_URI"), value_of(asked, "QUERY_STRING"),
	    value_of(asked, "IMGFCGI_ACCEPT"), value_of(asked, "IMGFCGI_SITE"));
	if (strncmp(text, "Status: 304", 11) == 0 ||
	    strcmp(value_of(asked, "REQUEST_METHOD"), "HEAD") == 0)
		body_len = 0;
	len += (size_t)snprintf(text + len, sizeof text - len,
	    "Content-Length: %zu\r\n\r\n", body_len + promise);
	send_record(fd, FCGI_STDOUT, text, len);
	if (body_len > 0)
		send_record(fd, FCGI_STDOUT, body, body_len);
	send_record(fd, FCGI_STDOUT, "", 0);
	send_record(fd, FCGI_END, "\0\0\0\0\0\0\0\0", 8);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd == -1 || strlen(path) >= sizeof sun.sun_path)
		err(1, "%s", path);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof sun) == -1 ||
	    listen(fd, 128) == -1)
		err(1, "%s", path);
	return fd;
}

int
main(int argc, char **argv)
{
	static struct asked asked;
	int listener, fd;

	if (argc != 4)
		errx(2, "usage: fake SOCKET ANSWER LOG");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	listener = listen_at(argv[1]);
	while ((fd = accept(listener, NULL, NULL)) != -1) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			if (read_request(fd, &asked)) {
				write_log(argv[3], &asked);
				answer(fd, argv[2], &asked);
			}
			_exit(0);
		}
		close(fd);
	}
	err(1, "accept");
}
