#include "replay.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"

#define RECORD_CONTENT 65528 /* the largest that needs no padding */

static void
add_record(struct buf *b, enum record type, int id, const void *data,
    size_t len)
{
	static const char zeros[8];
	size_t pad = (8 - len % 8) % 8;
	unsigned char head[8] = { 1, (unsigned char)type,
		(unsigned char)(id >> 8), (unsigned char)id,
		(unsigned char)(len >> 8), (unsigned char)len,
		(unsigned char)pad, 0 };

	buf_add(b, head, sizeof head);
	buf_add(b, data, len);
	buf_add(b, zeros, pad);
}

void
wire_add(struct buf *b, enum record type, int id, const void *data, size_t len)
{
	const char *p = data;

	while (len > RECORD_CONTENT) {
		add_record(b, type, id, p, RECORD_CONTENT);
		p += RECORD_CONTENT;
		len -= RECORD_CONTENT;
	}
	add_record(b, type, id, p != NULL ? p : "", len);
}

static void
add_length(struct buf *b, size_t n)
{
	if (n < 128)
		buf_char(b, (char)n);
	else {
		unsigned char four[4] = { (unsigned char)(n >> 24 | 0x80),
			(unsigned char)(n >> 16), (unsigned char)(n >> 8),
			(unsigned char)n };

		buf_add(b, four, sizeof four);
	}
}

void
wire_pair(struct buf *b, const char *name, size_t name_len, const char *value,
    size_t value_len)
{
	add_length(b, name_len);
	add_length(b, value_len);
	buf_add(b, name, name_len);
	buf_add(b, value, value_len);
}

int
wire_connect(const char *path, int timeout_ms)
{
	struct timeval tv = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, saved;

	if (len >= sizeof sun.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun.sun_path, path, len);
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
	if (connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void
answer_fault(struct answer *a, const char *what)
{
	if (a->fault.text[0] == '\0')
		why_set(&a->fault, "%s", what);
}

static void
take_end(struct answer *a, const unsigned char *content, size_t len)
{
	static const unsigned char good[5];

	if (len != 8)
		answer_fault(a, "END_REQUEST is not 8 bytes long");
	else if (memcmp(content, good, sizeof good) != 0)
		answer_fault(a, "END_REQUEST reports a failure");
	else if (!a->out_ended)
		answer_fault(a, "END_REQUEST before the end of STDOUT");
	a->ended = true;
}

/* One whole record at h; nothing is forgiven. */
static void
take_record(struct answer *a, int id, const unsigned char *h, size_t len)
{
	if (a->ended)
		answer_fault(a, "bytes after END_REQUEST");
	else if (h[0] != 1 || h[7] != 0)
		answer_fault(a, "a record of another version");
	else if ((h[2] << 8 | h[3]) != id)
		answer_fault(a, "a record of another request");
	else if (h[1] == RECORD_END)
		take_end(a, h + 8, len);
	else if (h[1] == RECORD_STDOUT && a->out_ended)
		answer_fault(a, "STDOUT after its end");
	else if (h[1] == RECORD_STDOUT && len == 0)
		a->out_ended = true;
	else if (h[1] == RECORD_STDOUT)
		buf_add(&a->out, h + 8, len);
	else if (h[1] != RECORD_STDERR)
		answer_fault(a, "a record of a type that answers nothing");
}

static void
take_records(struct answer *a, int id)
{
	const unsigned char *raw = (const unsigned char *)a->raw.data;

	while (a->raw.len - a->parsed >= 8) {
		const unsigned char *h = raw + a->parsed;
		size_t len = (size_t)(h[4] << 8 | h[5]);

		if (a->raw.len - a->parsed < 8 + len + h[6])
			return;
		take_record(a, id, h, len);
		a->parsed += 8 + len + h[6];
	}
}

/* False once the peer has closed; it may do so with our bytes unread. */
static bool
receive(const struct talk *t, int fd, struct answer *a)
{
	static char part[65536];
	size_t most = t->sip > 0 ? (size_t)t->sip : sizeof part;
	ssize_t n = recv(fd, part, most, MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) {
		a->closed = true;
		return false;
	}
	buf_add(&a->raw, part, (size_t)n);
	if (!buf_ok(&a->raw)) {
		answer_fault(a, "more bytes than any answer has");
		return false;
	}
	take_records(a, t->id);
	return true;
}

/* Where the write that starts at sent has to end. */
static size_t
next_cut(const struct talk *t, size_t sent, size_t end)
{
	if (t->every)
		return sent + 1;
	for (size_t i = 0; i < t->cuts; i++) {
		if (t->cut[i] > sent)
			return t->cut[i] < end ? t->cut[i] : end;
	}
	return end;
}

void
wire_say(const struct talk *t, int fd, struct sending *s)
{
	size_t to = next_cut(t, s->sent, s->end);
	ssize_t n = send(fd, t->stream->data + s->sent, to - s->sent,
	    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n == -1) {
		if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
			s->end = s->sent;
		return;
	}
	s->sent += (size_t)n;
	if (s->sent == to)
		s->due = clock_ms() + t->pause_ms;
}

/* When the wait for the peer ends: deadline, linger or the next write. */
static int64_t
wake_at(const struct answer *a, const struct sending *s, int64_t ended,
    int64_t deadline)
{
	if (a->ended && ended + REPLAY_LINGER_MS < deadline)
		return ended + REPLAY_LINGER_MS;
	if (!a->ended && s->sent < s->end && s->due < deadline)
		return s->due;
	return deadline;
}

static void
converse(const struct talk *t, int fd, struct answer *a, int64_t start)
{
	struct sending s = { 0, t->stream->len, start };
	int64_t deadline = start + t->timeout_ms;
	bool open = true;

	if (t->stop < s.end)
		s.end = t->stop;
	while (open && (s.sent < s.end || !t->leave)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t now = clock_ms();
		int64_t wake = wake_at(a, &s, start + a->ms, deadline);

		if (now >= deadline || (a->ended && (t->keep || now >= wake)))
			break;
		if (s.sent < s.end && now >= s.due) {
			p.events |= POLLOUT;
			wake = deadline;
		}
		poll(&p, 1, clock_left(wake));
		if (!a->ended)
			a->ms = clock_ms() - start;
		if (p.revents & POLLOUT)
			wire_say(t, fd, &s);
		if (p.revents & ~POLLOUT)
			open = receive(t, fd, a);
		if (t->sip > 0)
			poll(NULL, 0, t->pause_ms);
	}
}

const char *
answer_header(const struct answer *a, const char *name, size_t *len)
{
	const char *p = a->out.data, *end = p + a->body;
	size_t n = strlen(name);

	while (p != NULL && p < end) {
		const char *eol = memchr(p, '\r', (size_t)(end - p));

		if ((size_t)(eol - p) > n && p[n] == ':' &&
		    strncasecmp(p, name, n) == 0) {
			for (p += n + 1; p < eol && *p == ' '; p++)
				;
			*len = (size_t)(eol - p);
			return p;
		}
		p = eol + 2;
	}
	return NULL;
}

/* Every line is "Name: value", in printable bytes, and ends in CR LF. */
static bool
check_lines(const char *p, const char *end)
{
	while (p < end) {
		const char *eol = memchr(p, '\r', (size_t)(end - p));
		const char *colon;

		if (eol == NULL || eol + 1 >= end || eol[1] != '\n')
			return false;
		colon = memchr(p, ':', (size_t)(eol - p));
		if (colon == NULL || colon == p ||
		    memchr(p, ' ', (size_t)(colon - p)) != NULL)
			return false;
		for (; p < eol; p++) {
			if ((unsigned char)*p < ' ' || *p == 127)
				return false;
		}
		p = eol + 2;
	}
	return true;
}

static int
count_lines(const char *p, const char *end, const char *name)
{
	size_t n = strlen(name);
	int count = 0;

	for (; p < end;
	     p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1)
		count += strncasecmp(p, name, n) == 0;
	return count;
}

/* Head and body: nginx trusts Content-Length alone to notice a cut. */
static void
judge_output(const struct talk *t, struct answer *a)
{
	const char *p = buf_cstr(&a->out), *end = p, *v;
	size_t len, body;
	int64_t n;

	for (size_t i = 0; i + 4 <= a->out.len && end == p; i++) {
		if (memcmp(p + i, "\r\n\r\n", 4) == 0)
			end = p + i + 2;
	}
	if (end == p || !check_lines(p, end)) {
		answer_fault(a, "no head, or one that is not well-formed");
		return;
	}
	a->body = (size_t)(end - p);
	v = answer_header(a, "Status", &len);
	if (v == NULL || len < 3 || !num_parse(v, 3, 200, 599, &n) ||
	    count_lines(p, end, "Status:") != 1)
		answer_fault(a, "not one Status of three digits");
	else
		a->status = (int)n;
	body = a->out.len - a->body - 2;
	a->body += 2;
	if (a->status == 304) {
		if (body > 0)
			answer_fault(a, "a 304 with a body");
		return;
	}
	v = answer_header(a, "Content-Length", &len);
	if (v == NULL || !num_parse(v, len, 0, INT64_MAX, &n) ||
	    count_lines(p, end, "Content-Length:") != 1)
		answer_fault(a, "not one Content-Length");
	else if ((size_t)n != body && !(t->head && body == 0))
		answer_fault(a, "Content-Length is not the body's");
}

/* The form of an answer that has ended, or has not. */
static void
judge_end(const struct talk *t, struct answer *a)
{
	if (!a->ended && a->closed)
		answer_fault(a, "closed in the middle of an answer");
	else if (!a->ended)
		answer_fault(a, "no end of an answer in time");
	else if (a->parsed != a->raw.len)
		answer_fault(a, "bytes after END_REQUEST");
	else if (!t->keep && !a->closed)
		answer_fault(a, "not closed after the answer");
	if (a->ended)
		judge_output(t, a);
}

void
answer_read(struct answer *a, const struct talk *t, const struct buf *raw)
{
	*a = (struct answer){ .closed = true };
	buf_init(&a->raw, REPLAY_BYTES_MAX);
	buf_init(&a->out, REPLAY_BYTES_MAX);
	buf_add(&a->raw, raw->data, raw->len);
	take_records(a, t->id);
	judge_end(t, a);
}

bool
wire_talk(const struct talk *t, struct answer *a)
{
	int64_t start = clock_ms();
	int fd = wire_connect(t->socket, t->timeout_ms);

	*a = (struct answer){ .status = 0 };
	buf_init(&a->raw, REPLAY_BYTES_MAX);
	buf_init(&a->out, REPLAY_BYTES_MAX);
	if (fd == -1) {
		why_set(&a->fault, "connect %s: %s", t->socket,
		    strerror(errno));
		return false;
	}
	converse(t, fd, a, start);
	close(fd);
	if (!t->leave && !(a->closed && a->raw.len == 0))
		judge_end(t, a);
	return true;
}

const void *
answer_body(const struct answer *a, size_t *len)
{
	*len = a->out.len - a->body;
	return a->out.data != NULL ? a->out.data + a->body : "";
}

void
answer_free(struct answer *a)
{
	buf_free(&a->raw);
	buf_free(&a->out);
}
