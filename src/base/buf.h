/*
 * A byte buffer that is born with a ceiling.  Adding past the ceiling (or out
 * of memory) sets a sticky flag and adds nothing more; callers build whole
 * texts and look at buf_ok() once, at the end.  Owned by one thread.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* NULL until something is added */
	size_t len; /* bytes used, without the closing NUL */
	size_t cap;
	size_t max; /* len never exceeds it */
	bool failed;
};

/* An empty buffer that will hold at most max bytes.  Allocates nothing. */
void buf_init(struct buf *, size_t max);

/* Give the memory back; the buffer is as after buf_init(). */
void buf_free(struct buf *);

/* Forget the content and the failure, keep the memory. */
void buf_clear(struct buf *);

void buf_add(struct buf *, const void *, size_t);
void buf_char(struct buf *, char);
void buf_str(struct buf *, const char *);
void buf_printf(struct buf *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* The content as a C string; "" while empty, always NUL-terminated. */
const char *buf_cstr(const struct buf *);

/* False once anything did not fit. */
bool buf_ok(const struct buf *);

#endif
