#include "serve/quarantine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "serve/fatal.h"

#define STRIKES 2 /* one may be chance */

struct place {
	struct suspect suspect;
	char cause[QUARANTINE_CAUSE];
	int strikes; /* 0: free */
	int64_t until_ms;
};

/* Half of what is to be known of a death, or a closed case. */
struct death {
	uint32_t serial; /* 0: none */
	bool has_suspect, has_status;
	struct suspect suspect;
	int status;
};

struct quarantine {
	pthread_mutex_t lock;
	int64_t sentence_ms;
	struct place places[QUARANTINE_PLACES];
	struct death deaths[QUARANTINE_CASES]; /* the oldest is overwritten */
	size_t next_death;
};

/* FNV-1a.  Who finds two equal names still has to forge an inode. */
static uint64_t
add_hash(uint64_t hash, const char *s)
{
	do {
		hash = (hash ^ (unsigned char)*s) * UINT64_C(1099511628211);
	} while (*s++ != '\0');
	return hash;
}

void
suspect_make(struct suspect *s, const char *site, const char *path,
    const struct identity *identity)
{
	memset(s, 0, sizeof *s);
	s->name =
	    add_hash(add_hash(UINT64_C(14695981039346656037), site), path);
	s->device = identity->device;
	s->inode = identity->inode;
	s->size = identity->size;
	s->mtime_ns = identity->mtime_ns;
	snprintf(s->text, sizeof s->text, "%s%s%s", site,
	    site[0] != '\0' ? " " : "", path);
}

struct quarantine *
quarantine_new(int64_t sentence_ms)
{
	struct quarantine *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	pthread_mutex_init(&q->lock, NULL);
	q->sentence_ms = sentence_ms;
	return q;
}

void
quarantine_free(struct quarantine *q)
{
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static bool
is_same(const struct suspect *a, const struct suspect *b)
{
	return a->name == b->name && a->device == b->device &&
	    a->inode == b->inode && a->size == b->size &&
	    a->mtime_ns == b->mtime_ns;
}

/* What is past counts no more. */
static struct place *
find_place(struct quarantine *q, const struct suspect *s, int64_t now_ms)
{
	for (size_t i = 0; i < QUARANTINE_PLACES; i++) {
		struct place *p = &q->places[i];

		if (p->strikes > 0 && p->until_ms <= now_ms)
			p->strikes = 0;
		if (p->strikes > 0 && is_same(&p->suspect, s))
			return p;
	}
	return NULL;
}

/* Who leaves for another: a free place, a first strike, the oldest of each. */
static struct place *
find_room(struct quarantine *q)
{
	struct place *best = &q->places[0];

	for (size_t i = 1; i < QUARANTINE_PLACES; i++) {
		struct place *p = &q->places[i];

		if (p->strikes < best->strikes ||
		    (p->strikes == best->strikes &&
		        p->until_ms < best->until_ms))
			best = p;
	}
	return best;
}

/* The lock is held.  True if it is convicted by this. */
static bool
strike(struct quarantine *q, const struct suspect *s, const char *cause,
    int64_t now_ms)
{
	struct place *p = find_place(q, s, now_ms);

	if (q->sentence_ms == 0)
		return false;
	if (p == NULL) {
		p = find_room(q);
		p->suspect = *s;
		p->strikes = 0;
	}
	snprintf(p->cause, sizeof p->cause, "%s", cause);
	p->until_ms = now_ms + q->sentence_ms;
	if (p->strikes == STRIKES)
		return false;
	p->strikes++;
	return p->strikes == STRIKES;
}

/* Outside of the lock: a log may take its time. */
static bool
tell(const struct quarantine *q, bool convicted, const struct suspect *s,
    const char *cause)
{
	if (convicted)
		log_line(LOG_LEVEL_WARN,
		    "%s is refused for %lld s: its job %s, not for the first "
		    "time",
		    s->text, (long long)(q->sentence_ms / 1000), cause);
	return convicted;
}

bool
quarantine_strike(struct quarantine *q, const struct suspect *s,
    const char *cause, int64_t now_ms)
{
	bool convicted;

	pthread_mutex_lock(&q->lock);
	convicted = strike(q, s, cause, now_ms);
	pthread_mutex_unlock(&q->lock);
	return tell(q, convicted, s, cause);
}

bool
quarantine_holds(struct quarantine *q, const struct suspect *s, int64_t now_ms)
{
	const struct place *p;
	bool held;

	pthread_mutex_lock(&q->lock);
	p = find_place(q, s, now_ms);
	held = p != NULL && p->strikes == STRIKES;
	pthread_mutex_unlock(&q->lock);
	return held;
}

/* The case of this serial; a new one takes the place of the oldest. */
static struct death *
open_case(struct quarantine *q, uint32_t serial)
{
	struct death *d;

	for (size_t i = 0; i < QUARANTINE_CASES; i++) {
		if (q->deaths[i].serial == serial)
			return &q->deaths[i];
	}
	d = &q->deaths[q->next_death];
	q->next_death = (q->next_death + 1) % QUARANTINE_CASES;
	*d = (struct death){ .serial = serial };
	return d;
}

/*
 * What a job does to its own process: those signals that can be caught were
 * reported if somebody sent them.  SIGKILL is anybody's, or the kernel's for
 * want of memory.
 */
static bool
read_status(int status, char cause[QUARANTINE_CAUSE])
{
	const char *name =
	    WIFSIGNALED(status) ? fatal_name(WTERMSIG(status)) : NULL;

	if (WIFEXITED(status))
		snprintf(cause, QUARANTINE_CAUSE,
		    "ended its converter with status %d", WEXITSTATUS(status));
	else if (name != NULL)
		snprintf(cause, QUARANTINE_CAUSE,
		    "ended its converter by %s, which left no report", name);
	return WIFEXITED(status) || name != NULL;
}

/* Judge once both halves are there; the lock is held. */
static bool
judge(struct quarantine *q, const struct death *d, char cause[QUARANTINE_CAUSE],
    int64_t now_ms)
{
	return d->has_suspect && d->has_status &&
	    read_status(d->status, cause) &&
	    strike(q, &d->suspect, cause, now_ms);
}

bool
quarantine_lost(struct quarantine *q, uint32_t serial, const struct suspect *s,
    int64_t now_ms)
{
	char cause[QUARANTINE_CAUSE] = "";
	struct death *d;
	bool convicted;

	pthread_mutex_lock(&q->lock);
	d = open_case(q, serial);
	d->suspect = *s;
	d->has_suspect = true;
	convicted = judge(q, d, cause, now_ms);
	pthread_mutex_unlock(&q->lock);
	return tell(q, convicted, s, cause);
}

bool
quarantine_died(struct quarantine *q, uint32_t serial, int wait_status,
    int64_t now_ms)
{
	char cause[QUARANTINE_CAUSE] = "";
	struct suspect suspect;
	struct death *d;
	bool convicted;

	pthread_mutex_lock(&q->lock);
	d = open_case(q, serial);
	d->status = wait_status;
	d->has_status = true;
	convicted = judge(q, d, cause, now_ms);
	suspect = d->suspect;
	pthread_mutex_unlock(&q->lock);
	return tell(q, convicted, &suspect, cause);
}

size_t
quarantine_list(struct quarantine *q, struct convict *convicts, size_t max,
    int64_t now_ms)
{
	size_t n = 0;

	pthread_mutex_lock(&q->lock);
	for (size_t i = 0; i < QUARANTINE_PLACES; i++) {
		const struct place *p = &q->places[i];

		if (p->strikes < STRIKES || p->until_ms <= now_ms)
			continue;
		if (n < max) {
			convicts[n].left_ms = p->until_ms - now_ms;
			memcpy(convicts[n].text, p->suspect.text,
			    sizeof convicts[n].text);
			memcpy(convicts[n].cause, p->cause,
			    sizeof convicts[n].cause);
		}
		n++;
	}
	pthread_mutex_unlock(&q->lock);
	return n;
}
