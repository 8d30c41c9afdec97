#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

#define SEEN_MAX 60

/* Validators of the answers so far: a dump names them, it does not hold them.
 */
static struct {
	struct buf text, path;
	char name[16];
} seen[SEEN_MAX];
static int seen_count;

/* A request, taken apart. */
struct asked {
	int id, keep;
	struct buf params, body;
	const char *path, *query; /* in params */
	size_t path_len, query_len;
};

/* Headers whose value is part of what the daemon promises. */
static const char *const promised[] = { "Content-Type", "Cache-Control",
	"X-Accel-Expires", "X-Content-Type-Options", "Content-Disposition",
	"Vary", "Location", "Retry-After", "Allow", "X-Imgfcgi-Error" };

static const struct validator {
	const char *header, *name, *param;
} validators[] = {
	{ "ETag", "etag", "HTTP_IF_NONE_MATCH" },
	{ "Last-Modified", "changed", "HTTP_IF_MODIFIED_SINCE" },
};

static bool
is_text(const struct buf *b, const char *p, size_t len)
{
	return b->len == len && memcmp(buf_cstr(b), p, len) == 0;
}

/* Files may have been made in the same second: what counts is path and text. */
static const char *
find_seen(const struct asked *q, const char *text, size_t len)
{
	for (int i = 0; i < seen_count; i++) {
		if (is_text(&seen[i].text, text, len) &&
		    is_text(&seen[i].path, q->path, q->path_len))
			return seen[i].name;
	}
	return NULL;
}

static const char *
add_seen(const struct asked *q, const char *kind, const char *text, size_t len)
{
	if (seen_count == SEEN_MAX)
		return NULL;
	buf_init(&seen[seen_count].text, REPLAY_BYTES_MAX);
	buf_init(&seen[seen_count].path, REPLAY_BYTES_MAX);
	buf_add(&seen[seen_count].text, text, len);
	buf_add(&seen[seen_count].path, q->path, q->path_len);
	snprintf(seen[seen_count].name, sizeof seen[0].name, "%s%d", kind,
	    seen_count + 1);
	return seen[seen_count++].name;
}

/* A value in replay's spelling. */
static void
put_text(FILE *f, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];
		bool edge = i == 0 || i + 1 == len;

		if (c < ' ' || c >= 127 || (c == ' ' && edge) || c == '$')
			fprintf(f, "\\x%02x", (unsigned int)c);
		else
			fprintf(f, c == '\\' ? "\\\\" : "%c", c);
	}
}

/* A validator of the visitor's: as a name, if one of ours gave it. */
static void
put_validator(FILE *f, const struct asked *q, const char *p, size_t len)
{
	size_t weak = len > 2 && memcmp(p, "W/", 2) == 0 ? 2 : 0;
	const char *name = find_seen(q, p + weak, len - weak);

	if (name == NULL)
		put_text(f, p, len);
	else
		fprintf(f, "%s${%s}", weak ? "W/" : "", name);
}

static size_t
read_length(const unsigned char **p, const unsigned char *end)
{
	const unsigned char *q = *p;

	if (q == end || (q[0] >= 128 && end - q < 4))
		return SIZE_MAX / 4;
	*p += q[0] < 128 ? 1 : 4;
	if (q[0] < 128)
		return q[0];
	return (size_t)(q[0] & 127) << 24 | (size_t)q[1] << 16 |
	    (size_t)q[2] << 8 | q[3];
}

/* Each parameter; NULL f: only whether they are well-formed. */
static bool
put_params(FILE *f, const struct asked *q)
{
	const unsigned char *p = (const unsigned char *)q->params.data;
	const unsigned char *end = p + q->params.len;

	while (p < end) {
		size_t n = read_length(&p, end), v = read_length(&p, end);
		const char *name = (const char *)p, *value = name + n;
		bool known = false;

		if (n == 0 || n + v > (size_t)(end - p) ||
		    memchr(name, ' ', n) != NULL)
			return false;
		p += n + v;
		if (f == NULL)
			continue;
		for (size_t i = 0; i < sizeof validators / sizeof *validators;
		     i++)
			known |= strlen(validators[i].param) == n &&
			    memcmp(validators[i].param, name, n) == 0;
		fprintf(f, "%.*s:%s", (int)n, name, v > 0 ? " " : "");
		if (known)
			put_validator(f, q, value, v);
		else
			put_text(f, value, v);
		fputc('\n', f);
	}
	return true;
}

/* The first value of a parameter; "" if there is none. */
static const char *
get_param(const struct buf *params, const char *want, size_t *len)
{
	const unsigned char *p = (const unsigned char *)params->data;
	const unsigned char *end = p + params->len;

	while (p < end) {
		size_t n = read_length(&p, end), v = read_length(&p, end);

		if (n + v > (size_t)(end - p))
			break;
		if (n == strlen(want) && memcmp(p, want, n) == 0) {
			*len = v;
			return (const char *)p + n;
		}
		p += n + v;
	}
	*len = 0;
	return "";
}

static void
read_record(struct asked *q, const unsigned char *h, size_t len)
{
	if (h[1] == RECORD_BEGIN && len == 8) {
		q->id = h[2] << 8 | h[3];
		q->keep = h[10];
	} else if (h[1] == RECORD_PARAMS)
		buf_add(&q->params, h + 8, len);
	else if (h[1] == RECORD_STDIN)
		buf_add(&q->body, h + 8, len);
}

/* True if replay would make the same bytes of what is left of them. */
static bool
is_plain(const struct asked *q, const struct buf *req)
{
	const unsigned char begin[8] = { 0, 1, (unsigned char)q->keep };
	struct buf again;
	bool same;

	buf_init(&again, REPLAY_BYTES_MAX);
	wire_add(&again, RECORD_BEGIN, q->id, begin, sizeof begin);
	if (q->params.len > 0)
		wire_add(&again, RECORD_PARAMS, q->id, q->params.data,
		    q->params.len);
	wire_add(&again, RECORD_PARAMS, q->id, NULL, 0);
	if (q->body.len > 0)
		wire_add(&again, RECORD_STDIN, q->id, q->body.data,
		    q->body.len);
	wire_add(&again, RECORD_STDIN, q->id, NULL, 0);
	same = again.len == req->len &&
	    memcmp(buf_cstr(&again), buf_cstr(req), req->len) == 0;
	buf_free(&again);
	return same && put_params(NULL, q);
}

static void
read_request(struct asked *q, const struct buf *req)
{
	const unsigned char *p = (const unsigned char *)req->data;
	size_t at = 0;

	*q = (struct asked){ .id = 1 };
	buf_init(&q->params, REPLAY_BYTES_MAX);
	buf_init(&q->body, REPLAY_BYTES_MAX);
	while (req->len - at >= 8) {
		size_t len = (size_t)(p[at + 4] << 8 | p[at + 5]);
		size_t whole = 8 + len + p[at + 6];

		if (whole > req->len - at)
			break;
		read_record(q, p + at, len);
		at += whole;
	}
	q->path = get_param(&q->params, "DOCUMENT_URI", &q->path_len);
	q->query = get_param(&q->params, "QUERY_STRING", &q->query_len);
}

static void
put_request(FILE *f, int number, const struct asked *q, const struct buf *req)
{
	fprintf(f, "== %03d ", number);
	put_text(f, q->path, q->path_len);
	fputs(q->query_len > 0 ? "?" : "", f);
	put_text(f, q->query, q->query_len);
	fputc('\n', f);
	if (!is_plain(q, req)) {
		fprintf(f, "@raw %03d.req.bin\n", number);
		return;
	}
	put_params(f, q);
	if (q->id != 1)
		fprintf(f, "@id %d\n", q->id);
	if (q->keep)
		fprintf(f, "@keep 1\n");
	if (q->body.len > 0) {
		fputs("@body ", f);
		put_text(f, q->body.data, q->body.len);
		fputc('\n', f);
	}
}

static void
put_headers(FILE *f, const struct asked *q, const struct answer *a)
{
	const char *v, *name;
	size_t len;

	for (size_t i = 0; i < sizeof promised / sizeof *promised; i++) {
		if ((v = answer_header(a, promised[i], &len)) == NULL) {
			fprintf(f, "> absent %s\n", promised[i]);
			continue;
		}
		fprintf(f, "> header %s ", promised[i]);
		put_text(f, v, len);
		fputc('\n', f);
	}
	for (size_t i = 0; i < sizeof validators / sizeof *validators; i++) {
		const char *header = validators[i].header;

		if ((v = answer_header(a, header, &len)) == NULL)
			fprintf(f, "> absent %s\n", header);
		else if ((name = find_seen(q, v, len)) != NULL)
			fprintf(f, "> header %s ${%s}\n", header, name);
		else if ((name = add_seen(q, validators[i].name, v, len)) !=
		    NULL)
			fprintf(f, "= %s %s\n", name, header);
		else
			fprintf(f, "> present %s\n", header);
	}
}

static void
put_answer(FILE *f, const struct asked *q, const struct answer *a)
{
	size_t len;
	const void *body = answer_body(a, &len);
	enum format format;
	int width, height;

	fprintf(f, "> status %d\n", a->status);
	put_headers(f, q, a);
	if (a->status == 200 &&
	    image_measure(body, len, &format, &width, &height))
		fprintf(f, "> image %dx%d %s\n", width, height,
		    format_def(format)->name);
	else
		fprintf(f, "> body %zu\n", len);
}

static bool
put_case(FILE *f, int number, const struct buf *req, const struct buf *rsp)
{
	struct asked q;
	struct talk talk = { 0 };
	struct answer a;

	read_request(&q, req);
	put_request(f, number, &q, req);
	talk.id = q.id;
	talk.keep = q.keep;
	answer_read(&a, &talk, rsp);
	if (a.fault.text[0] != '\0')
		/* It left before it had all of the answer. */
		fprintf(f, "@abort %zu\n> alive 2000\n", req->len);
	else
		put_answer(f, &q, &a);
	answer_free(&a);
	buf_free(&q.params);
	buf_free(&q.body);
	return !ferror(f);
}

static FILE *
create(const char *dir, int number, const char *extension)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%03d.%s", dir, number, extension);
	return fopen(path, "w");
}

static bool
put_bytes(const char *dir, int number, const char *extension,
    const struct buf *bytes)
{
	FILE *f = create(dir, number, extension);
	bool good = f != NULL &&
	    fwrite(buf_cstr(bytes), 1, bytes->len, f) == bytes->len;

	return f != NULL && fclose(f) == 0 && good;
}

bool
record_write(const char *dir, int number, const struct buf *req,
    const struct buf *rsp)
{
	char from[4096], to[4096];
	FILE *f;
	bool good;

	if (!put_bytes(dir, number, "req.bin", req) ||
	    !put_bytes(dir, number, "rsp.bin", rsp) ||
	    (f = create(dir, number, "part")) == NULL)
		return false;
	good = put_case(f, number, req, rsp);
	snprintf(from, sizeof from, "%s/%03d.part", dir, number);
	snprintf(to, sizeof to, "%s/%03d.req", dir, number);
	return fclose(f) == 0 && good && rename(from, to) == 0;
}
