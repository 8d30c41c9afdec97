#include "origin/body.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "origin/origin.h"
#include "test.h"

#define MB (INT64_C(1) << 20)

static struct memory *memory;
static char bytes[4 << 20];

/* total bytes in pieces; the last status. */
static enum status
pour(struct body *b, int64_t length, bool digest, int64_t total, size_t piece,
    struct known *known)
{
	struct why why = { "" };
	enum status st = body_begin(b, length, digest, &why);
	int64_t done = 0;

	memset(known, 0, sizeof *known);
	while (st == STATUS_OK && done < total) {
		size_t n = (size_t)(total - done);

		n = n < piece ? n : piece;
		st = body_add(b, bytes + done, n, &why);
		done += (int64_t)n;
	}
	if (st == STATUS_OK)
		st = body_end(b, known, &why);
	CHECK((st == STATUS_OK) == (why.text[0] == '\0'));
	body_free(b);
	return st;
}

static enum status
fetch(int64_t max, int64_t length, int64_t total, struct known *known)
{
	struct body b;

	body_init(&b, memory, max, clock_ms() + 50);
	return pour(&b, length, true, total, 10000, known);
}

/* What a converter reads is what came, and it need not wait for it. */
static void
whole(void)
{
	struct source s = { .fd = -1 };
	struct identity lasting, again;
	struct known k;
	int64_t began;
	const void *read;

	EQ_INT(fetch(2 * MB, MB, MB, &k), STATUS_OK);
	EQ_INT(k.blob->size, MB);
	EQ_INT(memory_bytes(memory), MB);
	CHECK(source_of_memory(&s, k.blob));
	EQ_INT(s.identity.size, MB);
	began = clock_ms();
	EQ_INT(source_read(s.fd, &s.identity, &read, NULL), STATUS_OK);
	CHECK(clock_ms() - began < 90);
	CHECK(memcmp(read, bytes, (size_t)MB) == 0);
	source_free(read, &s.identity);
	lasting = source_lasting(&s);
	source_close(&s);
	EQ_INT(s.fd, -1);
	/* Fetched again: other memory, the same original. */
	EQ_INT(fetch(2 * MB, MB, MB, &k), STATUS_OK);
	CHECK(source_of_memory(&s, k.blob));
	again = source_lasting(&s);
	CHECK(lasting.device == again.device && lasting.inode == again.inode);
	CHECK(lasting.size == again.size);
	EQ_INT(lasting.mtime_ns, again.mtime_ns);
	s.version[0] = 'x';
	again = source_lasting(&s);
	CHECK(lasting.inode != again.inode);
	source_close(&s);
	EQ_INT(memory_bytes(memory), 0);
}

static void
sealed(void)
{
	struct known k;
	char c = 'x';

	EQ_INT(fetch(2 * MB, -1, 1000, &k), STATUS_OK);
	CHECK(pwrite(k.blob->fd, &c, 1, 0) == -1);
	CHECK(ftruncate(k.blob->fd, 0) == -1);
	CHECK(ftruncate(k.blob->fd, MB) == -1);
	CHECK(mmap(NULL, 1000, PROT_READ | PROT_WRITE, MAP_SHARED, k.blob->fd,
	          0) == MAP_FAILED);
	blob_release(k.blob);
}

static void
empty(void)
{
	struct known k;

	EQ_INT(fetch(MB, 0, 0, &k), STATUS_OK);
	EQ_INT(k.blob->size, 0);
	blob_release(k.blob);
	EQ_INT(fetch(MB, -1, 0, &k), STATUS_OK);
	EQ_INT(k.blob->size, 0);
	blob_release(k.blob);
	EQ_INT(memory_bytes(memory), 0);
}

/* Announced or not, the limit holds, and nothing is kept. */
static void
limits(void)
{
	struct known k;

	EQ_INT(fetch(MB, MB, MB, &k), STATUS_OK);
	blob_release(k.blob);
	EQ_INT(fetch(MB, -1, MB, &k), STATUS_OK);
	blob_release(k.blob);
	EQ_INT(fetch(MB, MB + 1, MB, &k), STATUS_TOO_LARGE);
	EQ_INT(fetch(MB, -1, MB + 1, &k), STATUS_TOO_LARGE);
	EQ_INT(fetch(MB, 10, MB + 1, &k), STATUS_TOO_LARGE);
	/* More than was announced, less than is allowed. */
	EQ_INT(fetch(MB, 10, 20, &k), STATUS_OK);
	blob_release(k.blob);
	EQ_INT(memory_bytes(memory), 0);
}

static void
room(void)
{
	struct known k, other;

	EQ_INT(fetch(4 * MB, 3 * MB, 3 * MB, &k), STATUS_OK);
	EQ_INT(fetch(4 * MB, 2 * MB, 2 * MB, &other), STATUS_BUSY);
	EQ_INT(fetch(4 * MB, -1, 2 * MB, &other), STATUS_BUSY);
	EQ_INT(fetch(4 * MB, MB, MB, &other), STATUS_OK);
	blob_release(other.blob);
	blob_release(k.blob);
	EQ_INT(memory_bytes(memory), 0);
}

/* The digest is of the bytes, however they came. */
static void
digests(void)
{
	static const size_t pieces[] = { 1, 1000, 65535, 65536, 65537, 200000 };
	char first[FRESH_ETAG_MAX] = "";
	struct known k;
	struct body b;

	for (size_t i = 0; i < 6; i++) {
		body_init(&b, memory, MB, clock_ms() + 50);
		EQ_INT(pour(&b, -1, true, 200000, pieces[i], &k), STATUS_OK);
		if (i == 0)
			memcpy(first, k.digest, sizeof first);
		EQ_STR(k.digest, first);
		blob_release(k.blob);
	}
	for (int64_t n = 199999; n <= 200001; n += 2) {
		EQ_INT(fetch(MB, -1, n, &k), STATUS_OK);
		CHECK(strcmp(k.digest, first) != 0);
		blob_release(k.blob);
	}
	body_init(&b, memory, MB, clock_ms() + 50);
	EQ_INT(pour(&b, -1, false, 1000, 1000, &k), STATUS_OK);
	EQ_STR(k.digest, "");
	blob_release(k.blob);
}

int
main(void)
{
	memory = memory_new(4 * MB, 10);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 31 >> 3);
	whole();
	sealed();
	empty();
	limits();
	room();
	digests();
	memory_free(memory);
	return test_end("t_body");
}
