#include "origin/body.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Where no length is announced, room is taken in such steps. */
#define STEP  (INT64_C(1) << 20)
#define PIECE 65536

void
body_init(struct body *b, struct memory *memory, int64_t max_bytes,
    int64_t deadline_ms)
{
	memset(b, 0, sizeof *b);
	b->memory = memory;
	b->max_bytes = max_bytes;
	b->deadline_ms = deadline_ms;
}

void
body_free(struct body *b)
{
	if (b->open)
		memfile_close(&b->file);
	if (b->reserved > 0)
		memory_return(b->memory, b->reserved);
	b->open = false;
	b->reserved = 0;
}

static enum status
refuse_size(const struct body *b, int64_t size, struct why *why)
{
	why_set(why, "%lld bytes%s, at most %lld are read", (long long)size,
	    b->length < 0 ? " so far" : "", (long long)b->max_bytes);
	return STATUS_TOO_LARGE;
}

static enum status
refuse_room(struct why *why)
{
	why_set(why, "no room within origin-memory: too much is in use");
	return STATUS_BUSY;
}

enum status
body_begin(struct body *b, int64_t length, bool digest, struct why *why)
{
	b->length = length;
	b->digests = digest;
	if (length > b->max_bytes)
		return refuse_size(b, length, why);
	/* All at once: two that each hold half would wait for each other. */
	if (length > 0 && !memory_reserve(b->memory, length, b->deadline_ms))
		return refuse_room(why);
	b->reserved = length > 0 ? length : 0;
	b->open = memfile_open(&b->file);
	if (!b->open) {
		why_set(why, "no file in memory: %s", strerror(errno));
		return STATUS_NO_MEMORY;
	}
	return STATUS_OK;
}

static bool
take_room(struct body *b, int64_t size)
{
	while (b->reserved < size) {
		if (!memory_grow(b->memory, STEP))
			return false;
		b->reserved += STEP;
	}
	return true;
}

static bool
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return false;
		n = n < 0 ? 0 : n;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

enum status
body_add(struct body *b, const void *bytes, size_t len, struct why *why)
{
	int64_t size = b->size + (int64_t)len;

	if (size > b->max_bytes)
		return refuse_size(b, size, why);
	if (!take_room(b, size))
		return refuse_room(why);
	if (!write_all(b->file.writer, bytes, len)) {
		why_set(why, "a file in memory: %s", strerror(errno));
		return STATUS_NO_MEMORY;
	}
	b->size = size;
	return STATUS_OK;
}

/* In pieces of one size: how the bytes came must not show. */
static bool
digest_file(int fd, char text[FRESH_ETAG_MAX])
{
	struct fresh_etag e;
	unsigned char piece[PIECE];
	size_t used = 0;
	off_t at = 0;
	ssize_t n;

	fresh_etag_init(&e);
	while ((n = pread(fd, piece + used, sizeof piece - used, at)) != 0) {
		if (n < 0 && errno != EINTR)
			return false;
		n = n < 0 ? 0 : n;
		at += n;
		used += (size_t)n;
		if (used == sizeof piece) {
			fresh_etag_bytes(&e, piece, used);
			used = 0;
		}
	}
	fresh_etag_bytes(&e, piece, used);
	fresh_etag_final(&e, text);
	return true;
}

enum status
body_end(struct body *b, struct known *known, struct why *why)
{
	int fd;

	if (b->reserved > b->size) {
		memory_return(b->memory, b->reserved - b->size);
		b->reserved = b->size;
	}
	fd = memfile_seal(&b->file);
	b->open = false;
	if (fd != -1)
		known->blob = memory_blob(b->memory, fd, b->size);
	if (known->blob == NULL) {
		why_set(why, "out of memory");
		if (fd != -1)
			close(fd);
		return STATUS_NO_MEMORY;
	}
	b->reserved = 0;
	if (!b->digests || digest_file(fd, known->digest))
		return STATUS_OK;
	why_set(why, "a file in memory: %s", strerror(errno));
	blob_release(known->blob);
	known->blob = NULL;
	return STATUS_IO;
}
