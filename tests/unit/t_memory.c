#include "origin/memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "test.h"

#define FRESH  10000
#define MANY   20
#define KB     INT64_C(1024)
#define ROUNDS 300

static int
any_file(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Bytes that nobody else has; exits where the test itself is wrong. */
static struct blob *
new_blob(struct memory *m, int64_t size)
{
	struct blob *b;

	if (!memory_reserve(m, size, clock_ms() + 1000))
		exit(1);
	b = memory_blob(m, any_file(), size);
	if (b == NULL)
		exit(1);
	return b;
}

/* The story of one fetch that brings size bytes of a version. */
static void
learn(struct memory *m, const char *key, const char *etag, int64_t size)
{
	struct known k;

	EQ_INT(memory_ask(m, key, true, FRESH, clock_ms() + 1000, &k),
	    MEMORY_YOURS);
	blob_release(k.blob);
	memset(&k, 0, sizeof k);
	snprintf(k.etag, sizeof k.etag, "%s", etag);
	if (size > 0)
		k.blob = new_blob(m, size);
	memory_tell(m, key, &k);
	blob_release(k.blob);
}

static bool
has_bytes(struct memory *m, const char *key)
{
	struct known k;

	if (!memory_peek(m, key, true, FRESH, &k))
		return false;
	blob_release(k.blob);
	return true;
}

static bool
knows(struct memory *m, const char *key, int64_t fresh_ms)
{
	struct known k;

	if (!memory_peek(m, key, false, fresh_ms, &k))
		return false;
	blob_release(k.blob);
	return true;
}

static void
remembers(void)
{
	struct memory *m = memory_new(100 * KB, 100);
	struct known k;

	CHECK(!memory_peek(m, "a", false, FRESH, &k));
	learn(m, "a", "\"1\"", 10 * KB);
	CHECK(memory_peek(m, "a", true, FRESH, &k));
	EQ_STR(k.etag, "\"1\"");
	EQ_INT(k.blob->size, 10 * KB);
	/* A use outlives what displaces it. */
	EQ_INT(memory_ask(m, "a", true, 0, clock_ms() + 1000, &k),
	    MEMORY_YOURS);
	EQ_STR(k.etag, "\"1\"");
	blob_release(k.blob);
	blob_release(k.blob);
	k.blob = new_blob(m, 20 * KB);
	memory_tell(m, "a", &k);
	EQ_INT(memory_bytes(m), 20 * KB);
	blob_release(k.blob);
	EQ_INT(memory_bytes(m), 20 * KB);

	/* Validators without bytes answer those who want none. */
	learn(m, "b", "\"2\"", 0);
	CHECK(knows(m, "b", FRESH));
	CHECK(!has_bytes(m, "b"));
	CHECK(!knows(m, "b", 0));
	memory_free(m);
}

static void
refusals(void)
{
	struct memory *m = memory_new(100 * KB, 100);
	struct known k;

	learn(m, "a", "\"1\"", 10 * KB);
	/* For the moment only: what was known stays known. */
	EQ_INT(memory_ask(m, "a", true, 0, clock_ms() + 1000, &k),
	    MEMORY_YOURS);
	blob_release(k.blob);
	memset(&k, 0, sizeof k);
	k.status = STATUS_ORIGIN;
	memory_tell(m, "a", &k);
	CHECK(has_bytes(m, "a"));
	/* For good: it displaces the bytes. */
	EQ_INT(memory_ask(m, "a", true, 0, clock_ms() + 1000, &k),
	    MEMORY_YOURS);
	blob_release(k.blob);
	memset(&k, 0, sizeof k);
	k.status = STATUS_NOT_FOUND;
	memory_tell(m, "a", &k);
	EQ_INT(memory_bytes(m), 0);
	CHECK(memory_peek(m, "a", true, FRESH, &k));
	EQ_INT(k.status, STATUS_NOT_FOUND);
	memory_free(m);
}

/* Bytes: the ones used last stay, those in use are not touched. */
static void
bounded_bytes(void)
{
	struct memory *m = memory_new(100 * KB, 100);
	struct known k;

	learn(m, "a", "a", 40 * KB);
	learn(m, "b", "b", 40 * KB);
	CHECK(has_bytes(m, "a"));
	learn(m, "c", "c", 40 * KB);
	EQ_INT(memory_bytes(m), 80 * KB);
	CHECK(has_bytes(m, "a"));
	CHECK(!has_bytes(m, "b"));
	CHECK(has_bytes(m, "c"));
	CHECK(knows(m, "b", FRESH));

	CHECK(memory_peek(m, "a", true, FRESH, &k));
	CHECK(memory_grow(m, 60 * KB));
	CHECK(!has_bytes(m, "c"));
	CHECK(!memory_grow(m, 1));
	CHECK(!memory_reserve(m, 1, clock_ms() + 20));
	CHECK(!memory_reserve(m, 101 * KB, clock_ms() + 100000));
	memory_return(m, 60 * KB);
	blob_release(k.blob);
	EQ_INT(memory_bytes(m), 40 * KB);
	memory_free(m);
}

static void
bounded_entries(void)
{
	struct memory *m = memory_new(100 * KB, 10);
	struct known k;
	char key[16];
	int known = 0;

	EQ_INT(memory_ask(m, "busy", true, FRESH, clock_ms() + 1000, &k),
	    MEMORY_YOURS);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "%d", i);
		learn(m, key, key, i % 2 ? KB : 0);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "%d", i);
		known += knows(m, key, FRESH);
	}
	EQ_INT(known, 9);
	EQ_INT(memory_bytes(m), 5 * KB);
	/* Whoever is asking finds the place again. */
	k.status = STATUS_NOT_FOUND;
	memory_tell(m, "busy", &k);
	CHECK(knows(m, "busy", FRESH));
	memory_free(m);
}

/* --- many threads ------------------------------------------------------- */

struct asker {
	struct memory *m;
	pthread_t id;
	enum memory_answer answer;
	enum status status;
	bool bytes, late, got;
};

static atomic_int fetches;

static void *
ask_once(void *arg)
{
	struct asker *a = arg;
	int64_t deadline = clock_ms() + (a->late ? 50 : 5000);
	struct known k;

	a->answer = memory_ask(a->m, "one", a->bytes, FRESH, deadline, &k);
	a->status = k.status;
	if (a->answer == MEMORY_YOURS) {
		atomic_fetch_add(&fetches, 1);
		memset(&k, 0, sizeof k);
		if (a->bytes)
			k.blob = new_blob(a->m, KB);
		memory_tell(a->m, "one", &k);
	}
	a->got = k.blob != NULL;
	blob_release(k.blob);
	return NULL;
}

static void
start(struct asker *a, int n, struct memory *m, bool bytes, bool late)
{
	for (int i = 0; i < n; i++) {
		a[i] = (struct asker){ .m = m, .bytes = bytes, .late = late };
		pthread_create(&a[i].id, NULL, ask_once, &a[i]);
	}
}

static void
end(struct asker *a, int n)
{
	for (int i = 0; i < n; i++)
		pthread_join(a[i].id, NULL);
}

/* Ten widths at once: one fetch, and all have its answer. */
static void
shared(enum status status)
{
	struct memory *m = memory_new(100 * KB, 10);
	struct asker a[MANY];
	struct known k;

	atomic_store(&fetches, 0);
	EQ_INT(memory_ask(m, "one", true, FRESH, clock_ms() + 1000, &k),
	    MEMORY_YOURS);
	start(a, MANY, m, true, false);
	usleep(50000);
	memset(&k, 0, sizeof k);
	k.status = status;
	if (status == STATUS_OK)
		k.blob = new_blob(m, KB);
	memory_tell(m, "one", &k);
	blob_release(k.blob);
	end(a, MANY);
	EQ_INT(atomic_load(&fetches), 0);
	for (int i = 0; i < MANY; i++) {
		EQ_INT(a[i].answer, MEMORY_KNOWN);
		EQ_INT(a[i].status, status);
		CHECK(a[i].got == (status == STATUS_OK));
	}
	EQ_INT(memory_bytes(m), status == STATUS_OK ? KB : 0);
	memory_free(m);
}

/* An answer without bytes does not serve those who want them: one asks. */
static void
bytes_wanted(void)
{
	struct memory *m = memory_new(100 * KB, 10);
	struct asker a[MANY];
	struct known k;

	atomic_store(&fetches, 0);
	EQ_INT(memory_ask(m, "one", false, FRESH, clock_ms() + 1000, &k),
	    MEMORY_YOURS);
	start(a, MANY, m, true, false);
	usleep(50000);
	memset(&k, 0, sizeof k);
	memory_tell(m, "one", &k);
	end(a, MANY);
	EQ_INT(atomic_load(&fetches), 1);
	for (int i = 0; i < MANY; i++)
		CHECK(a[i].got);
	memory_free(m);
}

static void
late(void)
{
	struct memory *m = memory_new(100 * KB, 10);
	struct asker a[3];
	struct known k;

	EQ_INT(memory_ask(m, "one", true, FRESH, clock_ms() + 1000, &k),
	    MEMORY_YOURS);
	start(a, 3, m, true, true);
	end(a, 3);
	for (int i = 0; i < 3; i++)
		EQ_INT(a[i].answer, MEMORY_LATE);
	memory_tell(m, "one", &k);
	memory_free(m);
}

/* Room comes when another's bytes go. */
static void *
release_soon(void *arg)
{
	usleep(50000);
	blob_release(arg);
	return NULL;
}

static void
waits_for_room(void)
{
	struct memory *m = memory_new(10 * KB, 10);
	struct blob *b = new_blob(m, 10 * KB);
	pthread_t id;

	pthread_create(&id, NULL, release_soon, b);
	CHECK(memory_reserve(m, 10 * KB, clock_ms() + 5000));
	pthread_join(id, NULL);
	memory_return(m, 10 * KB);
	EQ_INT(memory_bytes(m), 0);
	memory_free(m);
}

static void *
live(void *arg)
{
	struct memory *m = arg;
	unsigned int seed = (unsigned int)(uintptr_t)&seed;
	char key[8];

	for (int i = 0; i < ROUNDS; i++) {
		struct known k;
		int64_t size;

		seed = seed * 1103515245U + 12345U;
		size = (int64_t)(seed >> 16) % (8 * KB) + 1;
		snprintf(key, sizeof key, "%u", (seed >> 8) % 30);
		if (memory_ask(m, key, true, 1, clock_ms() + 5000, &k) !=
		    MEMORY_YOURS) {
			blob_release(k.blob);
			continue;
		}
		blob_release(k.blob);
		memset(&k, 0, sizeof k);
		k.status = seed % 7 == 0 ? STATUS_ORIGIN : STATUS_OK;
		if (k.status == STATUS_OK &&
		    memory_reserve(m, size, clock_ms() + 5000))
			k.blob = memory_blob(m, any_file(), size);
		memory_tell(m, key, &k);
		if (memory_bytes(m) > 64 * KB)
			abort();
		blob_release(k.blob);
	}
	return NULL;
}

static void
crowd(void)
{
	struct memory *m = memory_new(64 * KB, 20);
	pthread_t id[MANY];

	for (int i = 0; i < MANY; i++)
		pthread_create(&id[i], NULL, live, m);
	for (int i = 0; i < MANY; i++)
		pthread_join(id[i], NULL);
	CHECK(memory_bytes(m) <= 64 * KB);
	/* Nothing is in use: all of it can go. */
	CHECK(memory_reserve(m, 64 * KB, clock_ms() + 1000));
	memory_free(m);
}

int
main(void)
{
	remembers();
	refusals();
	bounded_bytes();
	bounded_entries();
	shared(STATUS_OK);
	shared(STATUS_NOT_FOUND);
	shared(STATUS_ORIGIN);
	bytes_wanted();
	late();
	waits_for_room();
	crowd();
	return test_end("t_memory");
}
