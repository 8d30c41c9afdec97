#include "origin/memory.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define BUCKETS   4096
#define BLOBS_MAX 1024 /* descriptors that lie here unused */

/* A refusal is believed no longer than this. */
#define REFUSAL_MS 10000

struct entry {
	struct entry *next;          /* of its bucket */
	struct entry *newer, *older; /* by their last use */
	struct known known;          /* blob: the memory's own, no use */
	bool said;                   /* known comes from the origin */
	int64_t said_ms;             /* when */
	bool flying;                 /* somebody is asking */
	int users;                   /* who must find it again */
	uint64_t flights;            /* answers so far */
	enum status failed;          /* the last flight's transient fault */
	struct why why;
	char *key; /* behind the entry */
};

struct memory {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int64_t bytes, max_bytes;
	uint32_t entries, max_entries;
	int idle_blobs;
	struct entry ends; /* both ends of the list by use */
	struct blob idle;  /* likewise, of the blobs nobody uses */
	struct entry *bucket[BUCKETS];
};

struct memory *
memory_new(int64_t max_bytes, uint32_t max_entries)
{
	struct memory *m = calloc(1, sizeof *m);
	pthread_condattr_t monotonic;

	if (m == NULL)
		return NULL;
	m->max_bytes = max_bytes;
	m->max_entries = max_entries;
	m->ends.newer = m->ends.older = &m->ends;
	m->idle.newer = m->idle.older = &m->idle;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&m->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return m;
}

/* False past the deadline. */
static bool
wait_changed(struct memory *m, int64_t deadline_ms)
{
	struct timespec t = { .tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000) * 1000000 };

	return pthread_cond_timedwait(&m->changed, &m->lock, &t) != ETIMEDOUT;
}

/* --- blobs; the lock is held ------------------------------------------- */

static void
blob_park(struct memory *m, struct blob *b)
{
	b->older = m->idle.older;
	b->newer = &m->idle;
	b->older->newer = b;
	m->idle.older = b;
	m->idle_blobs++;
}

static void
blob_unpark(struct memory *m, struct blob *b)
{
	b->older->newer = b->newer;
	b->newer->older = b->older;
	m->idle_blobs--;
}

static void
blob_drop(struct memory *m, struct blob *b)
{
	if (b->home != NULL)
		*b->home = NULL;
	m->bytes -= b->size;
	close(b->fd);
	free(b);
	pthread_cond_broadcast(&m->changed);
}

/* The one that was used least recently; false if all are in use. */
static bool
drop_oldest(struct memory *m)
{
	struct blob *b = m->idle.newer;

	if (b == &m->idle)
		return false;
	blob_unpark(m, b);
	blob_drop(m, b);
	return true;
}

static bool
make_room(struct memory *m, int64_t bytes)
{
	while (m->bytes + bytes > m->max_bytes) {
		if (!drop_oldest(m))
			return false;
	}
	m->bytes += bytes;
	return true;
}

static void
blob_use(struct memory *m, struct blob *b)
{
	if (b != NULL && b->users++ == 0)
		blob_unpark(m, b);
}

/* The memory itself no longer remembers it. */
static void
blob_forget(struct memory *m, struct blob *b)
{
	if (b == NULL)
		return;
	b->home = NULL;
	if (b->users == 0) {
		blob_unpark(m, b);
		blob_drop(m, b);
	}
}

void
blob_release(struct blob *b)
{
	struct memory *m;

	if (b == NULL)
		return;
	m = b->memory;
	pthread_mutex_lock(&m->lock);
	if (--b->users == 0) {
		if (b->home == NULL)
			blob_drop(m, b);
		else
			blob_park(m, b);
		if (m->idle_blobs > BLOBS_MAX)
			drop_oldest(m);
		/* What lies idle makes room for who waits. */
		pthread_cond_broadcast(&m->changed);
	}
	pthread_mutex_unlock(&m->lock);
}

bool
memory_reserve(struct memory *m, int64_t bytes, int64_t deadline_ms)
{
	bool got;

	pthread_mutex_lock(&m->lock);
	while (!(got = make_room(m, bytes))) {
		if (bytes > m->max_bytes || !wait_changed(m, deadline_ms))
			break;
	}
	pthread_mutex_unlock(&m->lock);
	return got;
}

bool
memory_grow(struct memory *m, int64_t bytes)
{
	bool got;

	pthread_mutex_lock(&m->lock);
	got = make_room(m, bytes);
	pthread_mutex_unlock(&m->lock);
	return got;
}

void
memory_return(struct memory *m, int64_t bytes)
{
	pthread_mutex_lock(&m->lock);
	m->bytes -= bytes;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

struct blob *
memory_blob(struct memory *m, int fd, int64_t size)
{
	struct blob *b = calloc(1, sizeof *b);

	if (b != NULL)
		*b = (struct blob){ .fd = fd,
			.size = size,
			.memory = m,
			.users = 1 };
	return b;
}

int64_t
memory_bytes(struct memory *m)
{
	int64_t bytes;

	pthread_mutex_lock(&m->lock);
	bytes = m->bytes;
	pthread_mutex_unlock(&m->lock);
	return bytes;
}

/* --- entries; the lock is held ------------------------------------------ */

/* FNV-1a: keys are our own texts, and a full bucket only costs time. */
static struct entry **
bucket_of(struct memory *m, const char *key)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(1099511628211);
	return &m->bucket[(h ^ h >> 32) % BUCKETS];
}

static struct entry *
find(struct memory *m, const char *key)
{
	struct entry *e = *bucket_of(m, key);

	while (e != NULL && strcmp(e->key, key) != 0)
		e = e->next;
	return e;
}

static void
unlink_use(struct entry *e)
{
	e->older->newer = e->newer;
	e->newer->older = e->older;
}

static void
touch(struct memory *m, struct entry *e)
{
	e->older = m->ends.older;
	e->newer = &m->ends;
	e->older->newer = e;
	m->ends.older = e;
}

static void
drop_entry(struct memory *m, struct entry *e)
{
	struct entry **at = bucket_of(m, e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlink_use(e);
	blob_forget(m, e->known.blob);
	free(e);
	m->entries--;
}

/* Entries in use may exceed the bound: they are bounded by who uses them. */
static void
trim(struct memory *m)
{
	struct entry *e = m->ends.newer, *next;

	for (; e != &m->ends && m->entries >= m->max_entries; e = next) {
		next = e->newer;
		if (e->users == 0)
			drop_entry(m, e);
	}
}

static struct entry *
find_or_add(struct memory *m, const char *key)
{
	struct entry *e = find(m, key), **bucket = bucket_of(m, key);
	size_t len = strlen(key);

	if (e != NULL) {
		unlink_use(e);
		touch(m, e);
		return e;
	}
	trim(m);
	e = calloc(1, sizeof *e + len + 1);
	if (e == NULL)
		return NULL;
	e->key = (char *)(e + 1);
	memcpy(e->key, key, len + 1);
	e->next = *bucket;
	*bucket = e;
	touch(m, e);
	m->entries++;
	return e;
}

static void
hand_out(struct memory *m, struct entry *e, struct known *known)
{
	*known = e->known;
	blob_use(m, e->known.blob);
}

/* Whether what is remembered answers the question. */
static bool
suffices(const struct entry *e, bool bytes)
{
	return e->said &&
	    (e->known.status != STATUS_OK || !bytes || e->known.blob != NULL);
}

static bool
is_fresh(const struct entry *e, int64_t fresh_ms)
{
	if (e->known.status != STATUS_OK && fresh_ms > REFUSAL_MS)
		fresh_ms = REFUSAL_MS;
	return clock_ms() - e->said_ms < fresh_ms;
}

bool
memory_peek(struct memory *m, const char *key, bool bytes, int64_t fresh_ms,
    struct known *known)
{
	struct entry *e;
	bool good;

	pthread_mutex_lock(&m->lock);
	e = find(m, key);
	good = e != NULL && suffices(e, bytes) && is_fresh(e, fresh_ms);
	if (good) {
		unlink_use(e);
		touch(m, e);
		hand_out(m, e, known);
	}
	pthread_mutex_unlock(&m->lock);
	return good;
}

/* An answer for this caller, now; or false. */
static bool
answer(struct memory *m, struct entry *e, bool bytes, int64_t fresh_ms,
    bool waited, struct known *known)
{
	if (waited && e->failed != STATUS_OK) {
		memset(known, 0, sizeof *known);
		known->status = e->failed;
		known->why = e->why;
		return true;
	}
	if (!suffices(e, bytes) || !(waited || is_fresh(e, fresh_ms)))
		return false;
	hand_out(m, e, known);
	return true;
}

static enum memory_answer
ask(struct memory *m, struct entry *e, bool bytes, int64_t fresh_ms,
    int64_t deadline_ms, struct known *known)
{
	uint64_t flights = e->flights;

	while (e->flying) {
		if (!wait_changed(m, deadline_ms) && e->flying)
			return MEMORY_LATE;
	}
	if (answer(m, e, bytes, fresh_ms, e->flights != flights, known))
		return MEMORY_KNOWN;
	e->flying = true;
	e->users++;
	hand_out(m, e, known);
	return MEMORY_YOURS;
}

enum memory_answer
memory_ask(struct memory *m, const char *key, bool bytes, int64_t fresh_ms,
    int64_t deadline_ms, struct known *known)
{
	enum memory_answer a = MEMORY_KNOWN;
	struct entry *e;

	memset(known, 0, sizeof *known);
	pthread_mutex_lock(&m->lock);
	e = find_or_add(m, key);
	if (e == NULL) {
		known->status = STATUS_NO_MEMORY;
		why_set(&known->why, "out of memory");
	} else {
		e->users++;
		a = ask(m, e, bytes, fresh_ms, deadline_ms, known);
		e->users--;
	}
	pthread_mutex_unlock(&m->lock);
	return a;
}

static void
remember(struct memory *m, struct entry *e, const struct known *known)
{
	struct blob *was = e->known.blob, *now = known->blob;

	e->known = *known;
	e->said = true;
	e->said_ms = clock_ms();
	if (was != now) {
		blob_forget(m, was);
		if (now != NULL)
			now->home = &e->known.blob;
	}
}

void
memory_tell(struct memory *m, const char *key, const struct known *known)
{
	struct entry *e;

	pthread_mutex_lock(&m->lock);
	e = find(m, key);
	e->failed = STATUS_OK;
	if (status_def(known->status)->flags & STATUS_TRANSIENT) {
		e->failed = known->status;
		e->why = known->why;
	} else
		remember(m, e, known);
	e->flights++;
	e->flying = false;
	e->users--;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

void
memory_free(struct memory *m)
{
	if (m == NULL)
		return;
	while (m->ends.newer != &m->ends)
		drop_entry(m, m->ends.newer);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	free(m);
}
