#include "serve/fcgi_head.h"

#include <string.h>

#define VERSION        1
#define ROLE_RESPONDER 1
#define BEGIN_CONTENT  8

void
fcgi_head_init(struct fcgi_head *h)
{
	memset(h, 0, sizeof *h);
	h->next = FCGI_TYPE_BEGIN;
}

/* The next byte of a length: one below 128, or four with the top bit set. */
static void
take_length(struct fcgi_head *h, unsigned char byte)
{
	if (h->more > 0) {
		h->length = h->length << 8 | byte;
		h->more--;
	} else if (byte >= 128) {
		h->length = byte & 127;
		h->more = 3;
	} else
		h->length = byte;
	if (h->more > 0)
		return;
	h->sum += h->length;
	if (h->value) {
		h->skip = h->sum;
		h->sum = 0;
	}
	h->value = !h->value;
}

/*
 * Content of PARAMS.  libfcgi allocates what a length announces, 4 GB if it
 * says so, and aborts when there is no memory: no length may announce more
 * than a head can have.
 */
static bool
take_pairs(struct fcgi_head *h, const unsigned char *p, size_t len)
{
	while (len > 0) {
		size_t n = 1;

		if (h->skip > 0) {
			n = h->skip < len ? (size_t)h->skip : len;
			h->skip -= n;
		} else
			take_length(h, *p);
		if (h->sum > FCGI_HEAD_MAX || h->skip > FCGI_HEAD_MAX)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/*
 * May the record at p come now, as far as its head tells?  libfcgi takes the
 * padding of BEGIN_REQUEST for PARAMS; no peer of ours pads it.
 */
static bool
is_next(struct fcgi_head *h, const unsigned char *p, size_t content)
{
	unsigned int id = (unsigned int)p[2] << 8 | p[3];

	if (p[0] != VERSION || id == 0 || p[1] != h->next)
		return false;
	if (h->next != FCGI_TYPE_BEGIN)
		return id == h->id;
	h->id = id;
	return content == BEGIN_CONTENT && p[6] == 0;
}

/* Take a whole record that may come now. */
static bool
take_record(struct fcgi_head *h, const unsigned char *p, size_t content)
{
	p += FCGI_RECORD_HEAD;
	switch (h->next) {
	case FCGI_TYPE_BEGIN:
		h->next = FCGI_TYPE_PARAMS;
		return (p[0] << 8 | p[1]) == ROLE_RESPONDER;
	case FCGI_TYPE_PARAMS:
		if (content > 0)
			return take_pairs(h, p, content);
		h->next = FCGI_TYPE_STDIN;
		return h->skip == 0 && h->more == 0 && !h->value;
	default:
		h->ended = content == 0;
		return true;
	}
}

enum fcgi_look
fcgi_head_look(struct fcgi_head *h, const unsigned char *bytes, size_t len)
{
	while (!h->ended && len - h->at >= FCGI_RECORD_HEAD) {
		const unsigned char *p = bytes + h->at;
		size_t content = (size_t)p[4] << 8 | p[5];
		size_t whole = FCGI_RECORD_HEAD + content + p[6];
		bool body = h->next == FCGI_TYPE_STDIN;

		/* What comes behind a whole head is not read. */
		if (!is_next(h, p, content))
			return body ? FCGI_LOOK_GOOD : FCGI_LOOK_BAD;
		if (!body && h->at + whole > FCGI_HEAD_MAX)
			return FCGI_LOOK_BAD;
		if (whole > len - h->at)
			break;
		if (!take_record(h, p, content))
			return FCGI_LOOK_BAD;
		h->at += whole;
	}
	if (h->next == FCGI_TYPE_STDIN)
		return FCGI_LOOK_GOOD;
	return len >= FCGI_HEAD_MAX ? FCGI_LOOK_BAD : FCGI_LOOK_MORE;
}

void
fcgi_head_put(unsigned char p[FCGI_RECORD_HEAD], enum fcgi_type type,
    unsigned int id, size_t content)
{
	p[0] = VERSION;
	p[1] = (unsigned char)type;
	p[2] = (unsigned char)(id >> 8);
	p[3] = (unsigned char)id;
	p[4] = (unsigned char)(content >> 8);
	p[5] = (unsigned char)content;
	p[6] = 0;
	p[7] = 0;
}
