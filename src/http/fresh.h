/*
 * Freshness: a strong ETag decided before any pixel, and the conditions that
 * a request may put on it (RFC 9110 §8.8.3, §13.1).
 */
#ifndef HTTP_FRESH_H
#define HTTP_FRESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRESH_ETAG_MAX 25 /* 22 characters, two quotes, NUL */

/* A hash under construction; parts are length-prefixed, so never run together.
 */
struct fresh_etag {
	uint64_t state[64]; /* opaque: libsodium's hash state, aligned inside */
};

void fresh_etag_init(struct fresh_etag *);
void fresh_etag_bytes(struct fresh_etag *, const void *, size_t);
void fresh_etag_text(struct fresh_etag *, const char *);
void fresh_etag_int(struct fresh_etag *, int64_t);
void fresh_etag_final(struct fresh_etag *, char text[FRESH_ETAG_MAX]);

/*
 * True if the peer's copy is current, so that 304 is the answer.  An
 * If-None-Match (lists, W/, *) silences If-Modified-Since; empty strings
 * count as absent; what cannot be parsed matches nothing.
 */
bool fresh_matches(const char *etag, int64_t mtime, const char *if_none_match,
    const char *if_modified_since);

#endif
