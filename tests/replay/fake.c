/*
 * A responder that answers as its request tells it to, well or badly: it
 * proves that the harness notices.  fake SOCKET; one conversation at a time,
 * for at most a minute.
 *
 * Parameters: STATUS (default 200), HEADERS (lines with CR LF), BODY, and
 * FAULT, a word of the table below.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"

#define LIFE_SECONDS 60
#define BYTES_MAX    ((size_t)4 << 20)

struct fault {
	const char *word;
	int version;    /* added to the record's */
	int id;         /* added to the request's */
	int length;     /* added to Content-Length */
	int app_status; /* of END_REQUEST */
	int ends;       /* END_REQUEST records added to the one */
	int linger_ms;  /* before the close */
	bool no_status, no_length, no_out_end, late_out, cut, tail, mute;
	bool in_bytes; /* no fault: a record for every byte */
	bool chatty;   /* no fault: STDERR beside it */
};

static const struct fault faults[] = {
	{ .word = "" },
	{ .word = "app-status", .app_status = 1 },
	{ .word = "chatty", .chatty = true },
	{ .word = "cut", .cut = true },
	{ .word = "in-bytes", .in_bytes = true },
	{ .word = "late-out", .late_out = true },
	{ .word = "linger", .linger_ms = 1500 },
	{ .word = "long", .length = -1 },
	{ .word = "mute", .mute = true },
	{ .word = "no-end", .ends = -1 },
	{ .word = "no-length", .no_length = true },
	{ .word = "no-out-end", .no_out_end = true },
	{ .word = "no-status", .no_status = true },
	{ .word = "other-id", .id = 1 },
	{ .word = "short", .length = 1 },
	{ .word = "silent", .mute = true, .linger_ms = 700 },
	{ .word = "tail", .tail = true },
	{ .word = "two-ends", .ends = 1 },
	{ .word = "version", .version = 1 },
};

struct asked {
	int id;
	struct buf params; /* content of all PARAMS records */
};

/* Read records up to the end of STDIN; false when the peer leaves before. */
static bool
read_request(FILE *in, struct asked *q)
{
	static unsigned char content[65535 + 255];
	unsigned char h[8];

	while (fread(h, sizeof h, 1, in) == 1) {
		size_t len = (size_t)(h[4] << 8 | h[5]);

		if (fread(content, 1, len + h[6], in) != len + h[6])
			return false;
		q->id = h[2] << 8 | h[3];
		if (h[1] == 4)
			buf_add(&q->params, content, len);
		if (h[1] == 5 && len == 0)
			return true;
	}
	return false;
}

static size_t
read_length(const unsigned char **p)
{
	const unsigned char *q = *p;

	*p += q[0] < 128 ? 1 : 4;
	if (q[0] < 128)
		return q[0];
	return (size_t)(q[0] & 127) << 24 | (size_t)q[1] << 16 |
	    (size_t)q[2] << 8 | q[3];
}

/* The value of a parameter; the harness that made them is trusted. */
static const char *
param(const struct asked *q, const char *name, size_t *len)
{
	const unsigned char *p = (const unsigned char *)buf_cstr(&q->params);
	const unsigned char *end = p + q->params.len;

	while (p < end) {
		size_t n = read_length(&p), v = read_length(&p);

		if (n == strlen(name) && memcmp(p, name, n) == 0) {
			*len = v;
			return (const char *)p + n;
		}
		p += n + v;
	}
	*len = 0;
	return "";
}

static const struct fault *
find_fault(const struct asked *q)
{
	size_t len;
	const char *word = param(q, "FAULT", &len);

	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		if (strlen(faults[i].word) == len &&
		    memcmp(faults[i].word, word, len) == 0)
			return &faults[i];
	}
	fprintf(stderr, "fake: no fault '%.*s'\n", (int)len, word);
	exit(2);
}

static void
add_record(struct buf *b, const struct fault *f, int type, int id,
    const void *data, size_t len)
{
	unsigned char h[8] = { (unsigned char)(1 + f->version),
		(unsigned char)type, (unsigned char)((id + f->id) >> 8),
		(unsigned char)(id + f->id), (unsigned char)(len >> 8),
		(unsigned char)len, 0, 0 };

	buf_add(b, h, sizeof h);
	buf_add(b, data, len);
}

static void
build_output(struct buf *b, const struct asked *q, const struct fault *f)
{
	size_t status_len, head_len, body_len;
	const char *status = param(q, "STATUS", &status_len);
	const char *head = param(q, "HEADERS", &head_len);
	const char *body = param(q, "BODY", &body_len);

	if (!f->no_status)
		buf_printf(b, "Status: %.*s\r\n",
		    status_len > 0 ? (int)status_len : 3,
		    status_len > 0 ? status : "200");
	buf_add(b, head, head_len);
	if (!f->no_length)
		buf_printf(b, "Content-Length: %d\r\n",
		    (int)body_len + f->length);
	buf_str(b, "\r\n");
	buf_add(b, body, body_len);
}

static void
build_answer(struct buf *b, const struct asked *q, const struct fault *f)
{
	const unsigned char end[8] = { 0, 0, 0, (unsigned char)f->app_status };
	size_t step = f->in_bytes ? 1 : 60000;
	struct buf out;

	buf_init(&out, BYTES_MAX);
	build_output(&out, q, f);
	if (f->chatty)
		add_record(b, f, 7, q->id, "a word\n", 7);
	for (size_t i = 0; i < out.len; i += step) {
		size_t n = out.len - i < step ? out.len - i : step;

		add_record(b, f, 6, q->id, out.data + i, n);
	}
	buf_free(&out);
	if (!f->no_out_end)
		add_record(b, f, 6, q->id, "", 0);
	if (f->late_out)
		add_record(b, f, 6, q->id, "late", 4);
	for (int i = 0; i < 1 + f->ends; i++)
		add_record(b, f, 3, q->id, end, sizeof end);
	if (f->tail)
		buf_char(b, 'x');
}

static void
serve(int fd)
{
	FILE *in = fdopen(fd, "r+");
	const struct fault *f;
	struct asked q = { .id = 0 };
	struct buf b;

	if (in == NULL)
		exit(2);
	buf_init(&q.params, BYTES_MAX);
	buf_init(&b, BYTES_MAX);
	if (read_request(in, &q)) {
		f = find_fault(&q);
		if (!f->mute)
			build_answer(&b, &q, f);
		if (b.len > 0)
			send(fd, b.data, f->cut ? b.len / 2 : b.len,
			    MSG_NOSIGNAL);
		poll(NULL, 0, f->linger_ms);
	}
	fclose(in);
	buf_free(&b);
	buf_free(&q.params);
}

int
main(int argc, char **argv)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, peer;

	if (argc != 2 || strlen(argv[1]) >= sizeof sun.sun_path) {
		fprintf(stderr, "usage: fake SOCKET\n");
		return 2;
	}
	memcpy(sun.sun_path, argv[1], strlen(argv[1]));
	alarm(LIFE_SECONDS);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sun, sizeof sun) == -1 ||
	    listen(fd, 64) == -1) {
		perror("fake");
		return 2;
	}
	while ((peer = accept(fd, NULL, NULL)) != -1)
		serve(peer);
	perror("fake");
	return 2;
}
