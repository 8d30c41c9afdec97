#include "origin/remote.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "origin/fetch.h"

struct remote {
	struct remote_setup setup;
	struct fetch *fetch;
	atomic_int inside; /* requests that fetch or wait */
};

/* One question on its way. */
struct quest {
	struct remote *remote;
	const char *url, *key;
	bool bytes;
	int64_t deadline_ms;
};

struct remote *
remote_new(const struct remote_setup *setup)
{
	struct remote *r = calloc(1, sizeof *r);
	struct fetch_setup fetch;

	if (r == NULL)
		return NULL;
	r->setup = *setup;
	fetch = (struct fetch_setup){ .target = &r->setup.target,
		.keys = setup->keys,
		.ca = setup->ca,
		.memory = setup->memory,
		.count = setup->fetches,
		.timeout_ms = setup->timeout_ms,
		.max_bytes = setup->max_bytes,
		.private_ok = setup->private_ok,
		.redirects = setup->redirects };
	r->fetch = fetch_new(&fetch);
	if (r->fetch != NULL)
		return r;
	free(r);
	return NULL;
}

void
remote_free(struct remote *r)
{
	if (r == NULL)
		return;
	fetch_free(r->fetch);
	free(r);
}

/* What tells these bytes from others, in the origin's own words. */
static void
put_version(const struct known *k, char version[SOURCE_VERSION_MAX])
{
	if (k->etag[0] != '\0')
		snprintf(version, SOURCE_VERSION_MAX, "etag %s", k->etag);
	else if (k->modified[0] != '\0')
		snprintf(version, SOURCE_VERSION_MAX, "date %s", k->modified);
	else
		snprintf(version, SOURCE_VERSION_MAX, "bytes %s", k->digest);
}

static bool
has_validator(const struct known *k)
{
	return k->etag[0] != '\0' || k->modified[0] != '\0';
}

/* What is known becomes the source; the use of its bytes passes on. */
static enum status
become(const struct known *k, struct source *source, struct why *why)
{
	if (k->status != STATUS_OK) {
		if (why != NULL)
			*why = k->why;
		blob_release(k->blob);
		return k->status;
	}
	put_version(k, source->version);
	source->modified = k->mtime;
	if (k->blob == NULL || source_of_memory(source, k->blob))
		return STATUS_OK;
	why_set(why, "a file in memory: %s", strerror(errno));
	blob_release(k->blob);
	return STATUS_IO;
}

/*
 * Ask for as little as answers: nothing but the head where the version is
 * enough, a condition where what we have may still hold.  Without a validator
 * only the bytes tell versions apart.
 */
static enum status
ask_origin(const struct quest *q, const struct known *was, struct known *now,
    bool *unchanged)
{
	bool known = was->status == STATUS_OK && has_validator(was);
	bool conditional = known && (!q->bytes || was->blob != NULL);
	struct fetch_ask ask = { .url = q->url,
		.etag = conditional ? was->etag : "",
		.modified = conditional ? was->modified : "",
		.head = !known && !q->bytes && was->digest[0] == '\0',
		.deadline_ms = q->deadline_ms };
	enum status st = fetch_original(q->remote->fetch, &ask, now, unchanged);

	if (!ask.head || st != STATUS_OK || has_validator(now))
		return st;
	ask.head = false;
	return fetch_original(q->remote->fetch, &ask, now, unchanged);
}

/* Our turn to ask for all who want it.  known: what there was, what there is.
 */
static void
fetch_known(const struct quest *q, struct known *known)
{
	struct known was = *known;
	bool unchanged;

	memset(known, 0, sizeof *known);
	ask_origin(q, &was, known, &unchanged);
	if (unchanged)
		*known = was;
	else
		blob_release(was.blob);
	memory_tell(q->remote->setup.memory, q->key, known);
}

static void
find_out(const struct quest *q, struct known *known)
{
	const struct remote_setup *s = &q->remote->setup;

	switch (memory_ask(s->memory, q->key, q->bytes, s->fresh_ms,
	    q->deadline_ms, known)) {
	case MEMORY_KNOWN:
		return;
	case MEMORY_YOURS:
		fetch_known(q, known);
		return;
	case MEMORY_LATE:
		known->status = STATUS_ORIGIN_TIMEOUT;
		why_set(&known->why, "another request's fetch took too long");
	}
}

/* Within the bound of those who may hold a thread for this origin. */
static void
enter(const struct quest *q, struct known *known)
{
	struct remote *r = q->remote;

	if (atomic_fetch_add(&r->inside, 1) < r->setup.inside_max)
		find_out(q, known);
	else {
		known->status = STATUS_BUSY;
		why_set(&known->why, "too many wait for this origin");
	}
	atomic_fetch_sub(&r->inside, 1);
}

enum status
remote_open(struct remote *r, const char *path, bool bytes,
    struct source *source, struct why *why)
{
	char key[MEMORY_KEY_MAX];
	struct quest q = { .remote = r,
		.key = key,
		.bytes = bytes,
		.deadline_ms = clock_ms() + r->setup.timeout_ms };
	struct known known;
	struct buf url;
	enum status st;
	int n;

	memset(source, 0, sizeof *source);
	source->fd = -1;
	n = snprintf(key, sizeof key, "%u%s", r->setup.id, path);
	if (n < 0 || (size_t)n >= sizeof key) {
		why_set(why, "a path of more than %zu bytes", sizeof key);
		return STATUS_NOT_FOUND;
	}
	buf_init(&url, TARGET_URL_MAX);
	st = target_url(&r->setup.target, path, &url, why);
	if (st == STATUS_OK) {
		q.url = buf_cstr(&url);
		memset(&known, 0, sizeof known);
		if (!memory_peek(r->setup.memory, key, bytes, r->setup.fresh_ms,
		        &known))
			enter(&q, &known);
		st = become(&known, source, why);
	}
	buf_free(&url);
	return st;
}
