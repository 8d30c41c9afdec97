#include "serve/fcgi_head.h"

#include <stdlib.h>

#include "test.h"

#define BYTES_MAX (3 * FCGI_HEAD_MAX)

/* A stream in parts, one behind the other. */
static struct stream {
	unsigned char bytes[BYTES_MAX];
	size_t len;
} s;

static void
raw(const void *bytes, size_t len)
{
	memcpy(s.bytes + s.len, bytes, len);
	s.len += len;
}

static void
record(int version, int type, int id, const void *content, size_t len, int pad)
{
	unsigned char head[FCGI_RECORD_HEAD];

	fcgi_head_put(head, (enum fcgi_type)type, (unsigned int)id, len);
	head[0] = (unsigned char)version;
	head[6] = (unsigned char)pad;
	raw(head, sizeof head);
	raw(content, len);
	memset(s.bytes + s.len, 0, (size_t)pad);
	s.len += (size_t)pad;
}

#define BEGIN "\0\1\0\0\0\0\0\0"

static void
begin(int id)
{
	s.len = 0;
	record(1, FCGI_TYPE_BEGIN, id, BEGIN, 8, 0);
}

static void
params(int id, const void *content, size_t len)
{
	record(1, FCGI_TYPE_PARAMS, id, content, len, 0);
}

static void
body(int id, const void *content, size_t len)
{
	record(1, FCGI_TYPE_STDIN, id, content, len, 0);
}

static struct fcgi_head h;

/* The stream's first len bytes, in pieces of step. */
static enum fcgi_look
look(size_t len, size_t step)
{
	enum fcgi_look found = FCGI_LOOK_MORE;

	fcgi_head_init(&h);
	for (size_t to = 0; found == FCGI_LOOK_MORE && to < len;) {
		unsigned char *part;

		to = len - to > step ? to + step : len;
		part = malloc(to);
		if (part == NULL)
			return FCGI_LOOK_BAD;
		memcpy(part, s.bytes, to);
		found = fcgi_head_look(&h, part, to);
		free(part);
	}
	return found;
}

static enum fcgi_look
look_whole(void)
{
	enum fcgi_look whole = look(s.len, s.len);

	EQ_INT(look(s.len, 7), whole);
	EQ_INT(look(s.len, 1), whole);
	return whole;
}

/* As nginx sends it; every prefix of the head waits for more. */
static void
good(void)
{
	size_t head;

	begin(1);
	record(1, FCGI_TYPE_PARAMS, 1, "\1\2aBC\0\0\2\0xx", 11, 5);
	params(1, "", 0);
	head = s.len;
	body(1, "", 0);
	for (size_t len = 1; len <= s.len; len++)
		EQ_INT(look(len, len),
		    len < head ? FCGI_LOOK_MORE : FCGI_LOOK_GOOD);
	EQ_INT(look_whole(), FCGI_LOOK_GOOD);
	EQ_INT(look(s.len, s.len), FCGI_LOOK_GOOD);
	CHECK(h.ended);
	EQ_INT(h.id, 1);
	EQ_INT((int64_t)h.at, (int64_t)s.len);
	EQ_INT(look(head, head), FCGI_LOOK_GOOD);
	CHECK(!h.ended);
	EQ_INT((int64_t)h.at, (int64_t)head);
}

/* A body is walked to its end; what else comes is not looked at. */
static void
behind_the_head(void)
{
	begin(0x1234);
	params(0x1234, "", 0);
	body(0x1234, "abc", 3);
	body(0x1234, "", 0);
	EQ_INT(look(s.len, s.len), FCGI_LOOK_GOOD);
	CHECK(h.ended);
	EQ_INT(h.id, 0x1234);

	begin(1);
	params(1, "", 0);
	record(1, 9, 0, "\16\0FCGI_MAX_CONNS", 16, 0);
	body(1, "", 0);
	EQ_INT(look_whole(), FCGI_LOOK_GOOD);
	CHECK(!h.ended);

	begin(1);
	params(1, "", 0);
	memset(s.bytes + s.len, 0xff, 1000);
	s.len += 1000;
	EQ_INT(look_whole(), FCGI_LOOK_GOOD);
}

/* One wrong record, in front of what would be right. */
static void
wrong_records(void)
{
	static const struct row {
		int line, version, type, id;
		const char *content;
		size_t len;
	} rows[] = {
		{ __LINE__, 2, 1, 1, BEGIN, 8 },
		{ __LINE__, 0, 1, 1, BEGIN, 8 },
		{ __LINE__, 1, 1, 0, BEGIN, 8 },
		{ __LINE__, 1, 1, 1, "\0\2\0\0\0\0\0\0", 8 },
		{ __LINE__, 1, 1, 1, "\0\3\0\0\0\0\0\0", 8 },
		{ __LINE__, 1, 1, 1, "\1\1\0\0\0\0\0\0", 8 },
		{ __LINE__, 1, 1, 1, BEGIN, 7 },
		{ __LINE__, 1, 1, 1, BEGIN "\0", 9 },
		{ __LINE__, 1, 1, 1, "", 0 },
		{ __LINE__, 1, 2, 1, "", 0 },
		{ __LINE__, 1, 4, 1, "", 0 },
		{ __LINE__, 1, 5, 1, "", 0 },
		{ __LINE__, 1, 9, 0, "\16\0FCGI_MAX_CONNS", 16 },
		{ __LINE__, 1, 99, 0, "", 0 },
		{ __LINE__, 'G', 'E', 0x5420, "/", 1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];

		s.len = 0;
		record(r->version, r->type, r->id, r->content, r->len, 0);
		record(1, FCGI_TYPE_BEGIN, 1, BEGIN, 8, 0);
		params(1, "", 0);
		EQ_INT_AT(r->line, look_whole(), FCGI_LOOK_BAD);
		/* Behind BEGIN, where only PARAMS may stand. */
		if (r->type == 4)
			continue;
		begin(1);
		record(r->version, r->type, r->id, r->content, r->len, 0);
		params(1, "", 0);
		EQ_INT_AT(r->line, look_whole(), FCGI_LOOK_BAD);
	}
	begin(1);
	params(2, "", 0);
	EQ_INT(look_whole(), FCGI_LOOK_BAD);
	begin(1);
	params(0x101, "", 0);
	EQ_INT(look_whole(), FCGI_LOOK_BAD);
}

static void
pairs(void)
{
	static const struct row {
		int line;
		const char *content;
		size_t len;
		enum fcgi_look want;
	} rows[] = {
		{ __LINE__, "\0\0", 2, FCGI_LOOK_GOOD },
		{ __LINE__, "\1\0a", 3, FCGI_LOOK_GOOD },
		{ __LINE__, "\x80\0\0\1\x80\0\0\1ab", 10, FCGI_LOOK_GOOD },
		{ __LINE__, "\0", 1, FCGI_LOOK_BAD },
		{ __LINE__, "\1\0", 2, FCGI_LOOK_BAD },
		{ __LINE__, "\0\1", 2, FCGI_LOOK_BAD },
		{ __LINE__, "\1\1a", 3, FCGI_LOOK_BAD },
		{ __LINE__, "\x80\0", 2, FCGI_LOOK_BAD },
		{ __LINE__, "\x80\0\0", 3, FCGI_LOOK_BAD },
		{ __LINE__, "\0\x80\0\0", 4, FCGI_LOOK_BAD },
		{ __LINE__, "\x80\0\0\0\x80\0\0", 7, FCGI_LOOK_BAD },
		{ __LINE__, "\x80\0\0\0\x80\0\0\0", 8, FCGI_LOOK_GOOD },
		{ __LINE__, "\xff\xff\xff\xff\xff\xff\xff\xff", 8,
		    FCGI_LOOK_BAD },
		{ __LINE__, "\xff\xff\xff\xf0", 4, FCGI_LOOK_BAD },
		{ __LINE__, "\0\xff\xff\xff\xff", 5, FCGI_LOOK_BAD },
		{ __LINE__, "\x80\1\0\1", 4, FCGI_LOOK_BAD },
		{ __LINE__, "\x80\1\0\0", 4, FCGI_LOOK_BAD },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];

		begin(1);
		params(1, r->content, r->len);
		params(1, "", 0);
		EQ_INT_AT(r->line, look_whole(), r->want);
		/* Cut into records of one byte it is the same. */
		begin(1);
		for (size_t k = 0; k < r->len; k++)
			params(1, r->content + k, 1);
		params(1, "", 0);
		EQ_INT_AT(r->line, look_whole(), r->want);
	}
	/* What no head can hold is refused before it comes. */
	begin(1);
	params(1, "\xff\xff\xff\xf0\0", 5);
	EQ_INT(look_whole(), FCGI_LOOK_BAD);
}

/* A pair of a name of 1 and a value of size, in one record or several. */
static void
params_of(size_t size, size_t record_max)
{
	static unsigned char content[BYTES_MAX];
	size_t len = 6 + size, at = 0;

	memset(content, 'a', sizeof content);
	content[0] = 1;
	content[1] = 0x80;
	content[2] = (unsigned char)(size >> 16);
	content[3] = (unsigned char)(size >> 8);
	content[4] = (unsigned char)size;
	while (at < len) {
		size_t n = len - at < record_max ? len - at : record_max;

		params(1, content + at, n);
		at += n;
	}
	params(1, "", 0);
}

static void
limits(void)
{
	/* BEGIN, one record's head, lengths and name, the end. */
	size_t most = FCGI_HEAD_MAX - 16 - 8 - 6 - 8;

	begin(1);
	params_of(most, 65535);
	EQ_INT((int64_t)s.len, FCGI_HEAD_MAX);
	EQ_INT(look(s.len, s.len), FCGI_LOOK_GOOD);
	EQ_INT(look(s.len, 4096), FCGI_LOOK_GOOD);
	EQ_INT(look(s.len - 1, 4096), FCGI_LOOK_MORE);
	begin(1);
	params_of(most + 1, 65535);
	EQ_INT(look(FCGI_HEAD_MAX, 4096), FCGI_LOOK_BAD);
	begin(1);
	params_of(100000, 8000);
	EQ_INT(look(FCGI_HEAD_MAX, 4096), FCGI_LOOK_BAD);
	s.len = 0;
	record(1, FCGI_TYPE_BEGIN, 1, BEGIN, 8, 8);
	params(1, "", 0);
	EQ_INT(look_whole(), FCGI_LOOK_BAD);
	/* A record that cannot end in time is refused at its head. */
	begin(1);
	params(1, "\0\0", 2);
	record(1, FCGI_TYPE_PARAMS, 1, "", 0, 0);
	s.bytes[s.len - 4] = 0xff;
	s.bytes[s.len - 3] = 0xff;
	EQ_INT(look_whole(), FCGI_LOOK_BAD);
	/* Padding counts, and must be there. */
	begin(1);
	for (int i = 0; i < 300; i++)
		record(1, FCGI_TYPE_PARAMS, 1, "\0\0", 2, 255);
	EQ_INT(look(FCGI_HEAD_MAX, FCGI_HEAD_MAX), FCGI_LOOK_BAD);
	begin(1);
	record(1, FCGI_TYPE_PARAMS, 1, "", 0, 9);
	EQ_INT(look(s.len - 1, s.len), FCGI_LOOK_MORE);
	EQ_INT(look(s.len, s.len), FCGI_LOOK_GOOD);
}

static void
put(void)
{
	unsigned char p[FCGI_RECORD_HEAD];

	fcgi_head_put(p, FCGI_TYPE_STDOUT, 0x102, 0x304);
	CHECK(memcmp(p, "\1\6\1\2\3\4\0\0", sizeof p) == 0);
}

int
main(void)
{
	good();
	behind_the_head();
	wrong_records();
	pairs();
	limits();
	put();
	return test_end("t_fcgi_head");
}
