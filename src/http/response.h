/*
 * An answer as a value: status, header text and body.  No I/O here.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/format.h"
#include "base/status.h"

#define RESPONSE_HEAD_MAX 16384

/* What a picture's headers say. */
struct response_facts {
	const char *etag;       /* with quotes */
	int64_t mtime;          /* seconds: Last-Modified; 0: not known */
	int64_t fresh, max_age; /* seconds, exp already heard */
	bool varies;            /* Vary: Accept */
	const char *fallback;   /* a word: why this picture stands in; NULL */
	enum format format;
	const char *path; /* Content-Disposition's name comes from here */
};

/* How errors are answered. */
struct response_refusal {
	enum status status;
	const char *cause;   /* for X-Imgfcgi-Error; a word */
	bool precise;        /* errors = precise */
	bool revalidation;   /* the peer holds a copy: cached 1 s, not 0 */
	bool settled;        /* an EXPENSIVE cause may be cached briefly */
	bool costly;         /* another host was asked: likewise, any cause */
	int64_t retry_after; /* seconds, for 503 */
};

/*
 * head: "Status: 200\r\nContent-Type: …\r\n\r\n".  body: borrowed, or owned
 * and freed by response_free().
 */
struct response {
	const char *id; /* X-Imgfcgi-Id, the caller's word; NULL: none */
	enum status status;
	int http;
	struct buf head;
	const void *body;
	size_t body_len;
	void *owned;
};

void response_init(struct response *);
void response_free(struct response *);

/* 200 with a picture.  Takes ownership of bytes (malloc'd). */
void response_picture(struct response *, const struct response_facts *,
    void *bytes, size_t len);

/* 304 with the headers that a 200 would have had. */
void response_not_modified(struct response *, const struct response_facts *);

/* 302 to path?query (path decoded: it is encoded here). */
void response_redirect(struct response *, const char *path, const char *query);

/* 200 with a text for the administrator, which nobody shall keep; borrowed. */
void response_text(struct response *, const char *mime, const struct buf *);

/* A refusal: the same bare page for all, in opaque mode. */
void response_refusal(struct response *, const struct response_refusal *);

#endif
