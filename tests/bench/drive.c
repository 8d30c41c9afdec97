/*
 * drive SOCKET /PATH?QUERY WIDTH N PID...: the same picture N times from a
 * running daemon, one after the other, as nginx would ask: a connection a
 * request.  Every answer must be a 200 with a picture of that width and as
 * long as the first.  Prints what it cost: CPU milliseconds an image of all
 * the processes named, by their own clocks (finer than ps, and of threads
 * that ended too), and wall-clock milliseconds.  A process that ends on the
 * way is an error: its time would be lost.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/num.h"
#include "image/facts.h"

#define WARM       4 /* requests before the clocks are read */
#define PIDS_MAX   1024
#define PARAMS_MAX 8192
#define ANSWER_MAX ((size_t)64 << 20)
#define TIMEOUT_S  20

/* What FastCGI calls its records. */
enum record {
	BEGIN_REQUEST = 1,
	END_REQUEST = 3,
	PARAMS,
	STDIN,
	STDOUT
};

static struct sockaddr_un address = { .sun_family = AF_UNIX };
static struct buf request;

__attribute__((noreturn)) static void
give_up(const char *what)
{
	fprintf(stderr, "drive: %s\n", what);
	exit(2);
}

static void
add_record(struct buf *b, enum record type, const void *content, size_t len)
{
	const unsigned char head[8] = { 1, (unsigned char)type, 0, 1,
		(unsigned char)(len >> 8), (unsigned char)len };

	buf_add(b, head, sizeof head);
	if (len > 0)
		buf_add(b, content, len);
}

static void
add_length(struct buf *b, size_t n)
{
	const unsigned char wide[4] = { (unsigned char)(0x80 | n >> 24),
		(unsigned char)(n >> 16), (unsigned char)(n >> 8),
		(unsigned char)n };

	if (n < 128)
		buf_char(b, (char)n);
	else
		buf_add(b, wide, sizeof wide);
}

static void
add_param(struct buf *b, const char *name, const char *value, size_t len)
{
	add_length(b, strlen(name));
	add_length(b, len);
	buf_str(b, name);
	buf_add(b, value, len);
}

static void
make_request(const char *target)
{
	static const unsigned char responder[8] = { 0, 1 };
	const char *mark = strchr(target, '?');
	struct buf params;

	if (target[0] != '/' || mark == NULL)
		give_up("want /PATH?QUERY");
	buf_init(&params, PARAMS_MAX);
	add_param(&params, "REQUEST_METHOD", "GET", 3);
	add_param(&params, "DOCUMENT_URI", target, (size_t)(mark - target));
	add_param(&params, "QUERY_STRING", mark + 1, strlen(mark + 1));
	buf_init(&request, PARAMS_MAX * 2);
	add_record(&request, BEGIN_REQUEST, responder, sizeof responder);
	add_record(&request, PARAMS, params.data, params.len);
	add_record(&request, PARAMS, NULL, 0);
	add_record(&request, STDIN, NULL, 0);
	if (!buf_ok(&params) || !buf_ok(&request))
		give_up("too long a request");
	buf_free(&params);
}

/* All that the daemon says until it closes. */
static void
converse(struct buf *heard)
{
	static char part[65536];
	const struct timeval patience = { .tv_sec = TIMEOUT_S };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ssize_t n;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	        sizeof patience) != 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		give_up("cannot connect");
	/* A few hundred bytes: they fit into any socket's buffer. */
	if (write(fd, request.data, request.len) != (ssize_t)request.len)
		give_up("cannot send");
	while ((n = read(fd, part, sizeof part)) > 0)
		buf_add(heard, part, (size_t)n);
	if (n < 0 || !buf_ok(heard))
		give_up("no answer, or too long a one");
	close(fd);
}

/* The content of the STDOUT records; false unless the request ended. */
static bool
unwrap(const struct buf *heard, struct buf *text)
{
	const unsigned char *p = (const unsigned char *)heard->data;

	for (size_t at = 0; at + 8 <= heard->len;) {
		size_t len = (size_t)p[at + 4] << 8 | p[at + 5];

		if (len + p[at + 6] > heard->len - at - 8)
			return false;
		if (p[at + 1] == STDOUT)
			buf_add(text, p + at + 8, len);
		else if (p[at + 1] == END_REQUEST)
			return buf_ok(text);
		at += 8 + len + p[at + 6];
	}
	return false;
}

/* Bytes of the picture that one request brings; ends us if it is not so. */
static size_t
ask(int32_t width)
{
	struct buf heard, text;
	struct facts facts;
	struct why why;
	const char *body;
	size_t len;

	buf_init(&heard, ANSWER_MAX);
	buf_init(&text, ANSWER_MAX);
	converse(&heard);
	if (!unwrap(&heard, &text))
		give_up("the answer is no FastCGI");
	/* Without a Status it is a 200, with one it is a refusal. */
	if (strncmp(buf_cstr(&text), "Status: ", 8) == 0 ||
	    (body = strstr(buf_cstr(&text), "\r\n\r\n")) == NULL)
		give_up("the answer is no 200");
	body += 4;
	len = text.len - (size_t)(body - buf_cstr(&text));
	if (facts_read(&facts, (const unsigned char *)body, len, len, &why) !=
	        STATUS_OK ||
	    facts.width != width)
		give_up("the answer is no picture of that width");
	buf_free(&heard);
	buf_free(&text);
	return len;
}

static double
cpu_ms(const pid_t *pids, int count)
{
	double sum = 0;

	for (int i = 0; i < count; i++) {
		struct timespec ts;
		clockid_t id;

		if (clock_getcpuclockid(pids[i], &id) != 0 ||
		    clock_gettime(id, &ts) != 0)
			give_up("a process has ended");
		sum += (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
	}
	return sum;
}

static int32_t
number(const char *s, int32_t max)
{
	int64_t n;

	if (!num_parse(s, strlen(s), 1, max, &n))
		give_up("usage: drive SOCKET /PATH?QUERY WIDTH N PID...");
	return (int32_t)n;
}

int
main(int argc, char **argv)
{
	static pid_t pids[PIDS_MAX];
	int32_t width, count;
	int64_t start_us;
	double start_cpu;
	size_t len = 0;

	if (argc < 6 || argc - 5 > PIDS_MAX ||
	    strlen(argv[1]) >= sizeof address.sun_path)
		give_up("usage: drive SOCKET /PATH?QUERY WIDTH N PID...");
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	make_request(argv[2]);
	width = number(argv[3], 65535);
	count = number(argv[4], 1000000);
	for (int i = 5; i < argc; i++)
		pids[i - 5] = (pid_t)number(argv[i], INT32_MAX);
	for (int i = 0; i < WARM; i++)
		len = ask(width);
	start_us = clock_us();
	start_cpu = cpu_ms(pids, argc - 5);
	for (int32_t i = 0; i < count; i++) {
		if (ask(width) != len)
			give_up("the same request, another picture");
	}
	printf("images %d\nbytes %zu\ncpu_ms %.3f\nwall_ms %.3f\n", (int)count,
	    len, (cpu_ms(pids, argc - 5) - start_cpu) / count,
	    (double)(clock_us() - start_us) / 1e3 / count);
	buf_free(&request);
	return 0;
}
