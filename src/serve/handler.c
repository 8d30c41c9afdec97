#include "serve/handler.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/fresh.h"
#include "image/facts.h"
#include "image/pipeline.h"
#include "url/request.h"

/* Raised when our own code changes what a picture looks like. */
#define EPOCH 2

/* An undecodable source that is older than this is not being uploaded. */
#define SETTLED_S 60

#define RETRY_AFTER_S 2

/* Everything that becomes known of a request on its way down. */
struct story {
	const struct handler *h;
	struct request rq;
	const struct site *site;
	struct ask ask;
	struct source source;
	struct facts facts;
	enum format format;
	bool varies;
	char etag[FRESH_ETAG_MAX];
	struct picture picture;
	struct why why;
	int64_t began_us;
};

bool
handler_open(struct handler *h, const struct config *config,
    const struct seal_ring *rings, struct why *why)
{
	memset(h, 0, sizeof *h);
	h->config = config;
	h->rings = rings;
	for (uint32_t i = 0; i < config->sites; i++) {
		if (config->site[i].root[0] == '\0')
			continue;
		h->roots[i] = origin_open_root(config->site[i].root, why);
		if (h->roots[i] == NULL) {
			handler_close(h);
			return false;
		}
	}
	return true;
}

void
handler_close(struct handler *h)
{
	for (uint32_t i = 0; i < CONFIG_SITES_MAX; i++) {
		if (h->roots[i] != NULL)
			origin_close_root(h->roots[i]);
		h->roots[i] = NULL;
	}
}

static size_t
site_index(const struct story *s)
{
	return (size_t)(s->site - s->h->config->site);
}

static enum status
read_request(struct story *s, char *const *envp)
{
	enum status st = request_read(&s->rq, envp, &s->why);

	s->site = config_site(s->h->config, s->rq.site);
	if (s->site == NULL || s->h->roots[site_index(s)] == NULL) {
		why_set(&s->why, "no site '%s' with a root", s->rq.site);
		s->site = NULL;
		return STATUS_NO_SITE;
	}
	if (st != STATUS_OK)
		return st;
	if (strcmp(s->rq.method, "GET") != 0 &&
	    strcmp(s->rq.method, "HEAD") != 0)
		return STATUS_METHOD;
	return s->rq.body ? STATUS_BODY : STATUS_OK;
}

static enum status
open_source(struct story *s)
{
	const char *path = s->rq.path;
	size_t len = strlen(s->site->prefix);

	if (strncmp(path, s->site->prefix, len) != 0 || path[len] != '/') {
		why_set(&s->why, "path does not begin with prefix %s",
		    s->site->prefix);
		return STATUS_NOT_FOUND;
	}
	return origin_open(s->h->roots[site_index(s)], path + len,
	    s->site->limits.max_bytes, &s->source, &s->why);
}

/* The first bytes: a format we read, within the limits that they show. */
static enum status
judge_source(struct story *s)
{
	unsigned char *head = malloc(FACTS_HEAD);
	enum status st;
	size_t len;

	if (head == NULL)
		return STATUS_NO_MEMORY;
	st = source_head(&s->source, head, FACTS_HEAD, &len);
	if (st == STATUS_OK)
		st = facts_read(&s->facts, head, len,
		    (uint64_t)s->source.identity.size, &s->why);
	free(head);
	if (st == STATUS_OK)
		st = facts_check(&s->facts, &s->site->limits, s->site->inputs,
		    &s->why);
	return st;
}

/* All that decides the bytes of the answer, and nothing else. */
static void
make_etag(struct story *s)
{
	const struct site *site = s->site;
	struct fresh_etag e;
	struct buf text;

	buf_init(&text, PARAMS_TEXT_MAX);
	params_format(&s->ask.params, &text);
	fresh_etag_init(&e);
	fresh_etag_int(&e, EPOCH);
	fresh_etag_text(&e, s->h->versions);
	fresh_etag_text(&e, site->name);
	fresh_etag_text(&e, s->rq.path);
	fresh_etag_text(&e, buf_cstr(&text));
	fresh_etag_int(&e, s->format);
	fresh_etag_int(&e, s->source.identity.size);
	fresh_etag_int(&e, s->source.identity.mtime_ns);
	fresh_etag_int(&e, site->limits.output_side);
	fresh_etag_int(&e, site->limits.output_pixels);
	fresh_etag_int(&e, site->limits.animation_frames);
	fresh_etag_int(&e, site->limits.animation_pixels);
	fresh_etag_final(&e, s->etag);
	buf_free(&text);
}

static bool
is_current(const struct story *s)
{
	return fresh_matches(s->etag, s->source.identity.mtime_ns / 1000000000,
	    s->rq.if_none_match, s->rq.if_modified_since);
}

static enum status
convert(struct story *s, const struct pool_peer *peer)
{
	struct job job;

	memset(&job, 0, sizeof job);
	job.params = s->ask.params;
	job.format = (int32_t)s->format;
	job.inputs = s->site->inputs;
	job.limits = s->site->limits;
	return s->h->maker.convert(s->h->maker.arg, &job, &s->source, peer,
	    &s->picture, &s->why);
}

/* From the file to the picture; done again if the file changed meanwhile. */
static enum status
make_picture(struct story *s, const struct pool_peer *peer)
{
	enum status st = open_source(s);

	if (st == STATUS_OK)
		st = judge_source(s);
	if (st != STATUS_OK)
		return st;
	s->format = request_format(&s->ask, s->rq.accept, &s->site->policy,
	    (enum format)s->facts.format, s->facts.alpha, &s->varies);
	make_etag(s);
	if (is_current(s))
		return STATUS_NOT_MODIFIED;
	return convert(s, peer);
}

static enum status
tell(struct story *s, char *const *envp, const struct pool_peer *peer)
{
	enum status st = read_request(s, envp);

	if (st != STATUS_OK)
		return st;
	st = request_ask(&s->rq, &s->site->policy, &s->h->rings[site_index(s)],
	    clock_now(), &s->ask, &s->why);
	if (st != STATUS_OK)
		return st;
	st = make_picture(s, peer);
	if (st == STATUS_CHANGED) {
		source_close(&s->source);
		st = make_picture(s, peer);
	}
	return st;
}

static int64_t
shorter(int64_t seconds, int64_t left)
{
	return left < seconds ? left : seconds;
}

static struct response_facts
describe(const struct story *s)
{
	struct response_facts facts = { .etag = s->etag,
		.mtime = s->source.identity.mtime_ns / 1000000000,
		.fresh = s->site->fresh_ms / 1000,
		.max_age = s->site->max_age_ms / 1000,
		.varies = s->varies,
		.format = s->format,
		.path = s->rq.path };

	if (s->ask.params.exp != 0) {
		int64_t left = s->ask.params.exp - clock_now();

		left = left > 0 ? left : 0;
		facts.fresh = shorter(facts.fresh, left);
		facts.max_age = shorter(facts.max_age, left);
	}
	return facts;
}

static void
refuse(const struct story *s, enum status st, struct response *r)
{
	int64_t age = clock_now() - s->source.identity.mtime_ns / 1000000000;
	struct response_refusal refusal = { .status = st,
		.cause = status_def(st)->word,
		.precise = s->site != NULL && s->site->errors == ERRORS_PRECISE,
		.revalidation = request_revalidates(&s->rq),
		.settled = s->source.fd >= 0 && age > SETTLED_S,
		.retry_after = RETRY_AFTER_S };

	response_refusal(r, &refusal);
}

static void
answer(struct story *s, enum status st, struct response *r)
{
	struct response_facts facts;

	switch (st) {
	case STATUS_OK:
		facts = describe(s);
		response_picture(r, &facts, s->picture.bytes, s->picture.len);
		break;
	case STATUS_NOT_MODIFIED:
		facts = describe(s);
		response_not_modified(r, &facts);
		break;
	case STATUS_REDIRECT:
		response_redirect(r, s->rq.path, s->ask.nearest);
		break;
	default:
		refuse(s, st, r);
		break;
	}
}

static enum log_level
level_of(enum status st)
{
	if (status_def(st)->flags & STATUS_TRANSIENT)
		return LOG_LEVEL_WARN;
	return LOG_LEVEL_INFO;
}

static void
log_request(const struct story *s, enum status st, const struct response *r)
{
	int64_t us = clock_us() - s->began_us;

	log_line(level_of(st),
	    "%d %s %s%s%s%s%s %zu bytes %" PRId64 ".%03d ms"
	    " load %d encode %d us%s%s%s%s",
	    r->http, status_def(st)->word, s->rq.path,
	    s->rq.query[0] != '\0' ? "?" : "", s->rq.query,
	    s->rq.site[0] != '\0' ? " site " : "", s->rq.site, r->body_len,
	    us / 1000, (int)(us % 1000), (int)s->picture.load_us,
	    (int)s->picture.encode_us, s->rq.id[0] != '\0' ? " id " : "",
	    s->rq.id, s->why.text[0] != '\0' ? ": " : "", s->why.text);
}

enum status
handler_serve(const struct handler *h, char *const *envp,
    const struct visitor *visitor)
{
	struct story s = { .h = h,
		.source = { .fd = -1 },
		.began_us = clock_us() };
	struct response r;
	enum status st;

	response_init(&r);
	st = tell(&s, envp, &visitor->peer);
	answer(&s, st, &r);
	if (st != STATUS_GONE)
		visitor->send(visitor->peer.arg, &r);
	log_request(&s, st, &r);
	response_free(&r);
	source_close(&s.source);
	return st;
}
