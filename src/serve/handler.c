#include "serve/handler.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/fresh.h"
#include "image/cost.h"
#include "image/facts.h"
#include "image/pipeline.h"
#include "serve/metrics.h"
#include "serve/platform.h"
#include "serve/statuspage.h"
#include "url/request.h"

/* Raised when our own code changes what a picture looks like. */
#define EPOCH 3

/* An undecodable source that is older than this is not being uploaded. */
#define SETTLED_S 60

#define RETRY_AFTER_S 2

#define ID_MAX 64

/* The original may be there the next moment. */
#define FALLBACK_S 10

/* Everything that becomes known of a request on its way down. */
struct story {
	const struct handler *h;
	struct request rq;
	const struct site *site;
	struct ask ask;
	struct source source;
	bool costly;          /* another host was asked for it */
	const char *fallback; /* why another picture stands in; or NULL */
	struct facts facts;
	enum format format;
	bool varies;
	char etag[FRESH_ETAG_MAX];
	bool asked; /* a converter, for picture */
	struct picture picture;
	struct buf page; /* of a role that is no picture */
	const char *page_type;
	char id[ID_MAX + 1];
	struct why why;
	int64_t began_us, total_us;
};

bool
handler_open(struct handler *h, const struct config *config,
    const struct seal_ring *rings, const struct s3_keys *s3, struct why *why)
{
	memset(h, 0, sizeof *h);
	platform_resident(); /* opens what a sandbox may not let it */
	h->opened_ms = clock_ms();
	h->opened_s = clock_now();
	h->config = config;
	h->rings = rings;
	h->origins = origins_open(config, s3, why);
	return h->origins != NULL;
}

void
handler_close(struct handler *h)
{
	origins_close(h->origins);
	h->origins = NULL;
}

static uint32_t
site_index(const struct story *s)
{
	return (uint32_t)(s->site - s->h->config->site);
}

static enum status
read_request(struct story *s, char *const *envp)
{
	enum status st = request_read(&s->rq, envp, &s->why);

	if (s->rq.role[0] != '\0')
		return STATUS_OK;
	s->site = config_site(s->h->config, s->rq.site);
	if (s->site == NULL || !config_serves(s->site)) {
		why_set(&s->why, "no site '%s' with originals", s->rq.site);
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
find_source(struct story *s, bool bytes)
{
	const char *path = s->rq.path;
	size_t len = strlen(s->site->prefix);

	if (strncmp(path, s->site->prefix, len) != 0 || path[len] != '/') {
		why_set(&s->why, "path does not begin with prefix %s",
		    s->site->prefix);
		return STATUS_NOT_FOUND;
	}
	return origins_find(s->h->origins, site_index(s), path + len, bytes,
	    &s->source, &s->costly, &s->why);
}

/*
 * Whether another picture may stand in.  A fault of the moment is better
 * hidden by the old picture that the peer still has.
 */
static bool
may_fall_back(const struct story *s, enum status st)
{
	switch (st) {
	case STATUS_NOT_FOUND:
	case STATUS_FORBIDDEN:
		return true;
	case STATUS_ORIGIN:
	case STATUS_ORIGIN_TIMEOUT:
		return !request_revalidates(&s->rq);
	default:
		return false;
	}
}

/* bytes: they are wanted, and not the version alone. */
static enum status
open_source(struct story *s, bool bytes)
{
	enum status st;

	source_close(&s->source);
	st = find_source(s, bytes);
	if (!may_fall_back(s, st) ||
	    !origins_fallback(s->h->origins, site_index(s), &s->source))
		return st;
	s->fallback = status_def(st)->word;
	return STATUS_OK;
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

/*
 * All that decides the bytes of the answer, and nothing else: known before a
 * byte of the original is, so what the format depends on stands here for it.
 */
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
	if (s->ask.params.format == FORMAT_AUTO) {
		fresh_etag_text(&e, s->rq.accept);
		fresh_etag_int(&e, site->policy.formats);
	}
	fresh_etag_text(&e, s->source.version);
	fresh_etag_int(&e, site->limits.output_side);
	fresh_etag_int(&e, site->limits.output_pixels);
	fresh_etag_int(&e, site->limits.enlarge);
	fresh_etag_int(&e, site->limits.animation_frames);
	fresh_etag_int(&e, site->limits.animation_pixels);
	fresh_etag_final(&e, s->etag);
	buf_free(&text);
}

static bool
is_current(const struct story *s)
{
	/* Where no date is known, none is matched. */
	int64_t modified =
	    s->source.modified != 0 ? s->source.modified : INT64_MAX;

	return fresh_matches(s->etag, modified, s->rq.if_none_match,
	    s->rq.if_modified_since);
}

static int64_t
shorter(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
guess_cost(const struct story *s)
{
	return cost_estimate(&s->facts, s->source.identity.size, s->format,
	    &s->ask.params, &s->site->limits);
}

static enum status
convert(struct story *s, const struct pool_peer *peer)
{
	int64_t timeout = cost_patience(&s->facts, s->h->config->timeout_ms);
	struct job job;
	const struct order order = { .job = &job,
		.source = &s->source,
		.site = s->site->name,
		.path = s->rq.path,
		/* No job takes longer than it may. */
		.cost_ms = shorter(guess_cost(s), timeout),
		.timeout_ms = timeout,
		.peer = peer };

	memset(&job, 0, sizeof job);
	job.params = s->ask.params;
	job.format = (int32_t)s->format;
	job.inputs = s->site->inputs;
	job.limits = s->site->limits;
	s->asked = true;
	return s->h->maker.convert(s->h->maker.arg, &order, &s->picture,
	    &s->why);
}

/* Whether the peer has it: its version may be enough to tell. */
static enum status
ask_version(struct story *s)
{
	bool conditional = request_revalidates(&s->rq);
	enum status st = open_source(s, !conditional);

	if (st != STATUS_OK)
		return st;
	make_etag(s);
	s->varies = s->ask.params.format == FORMAT_AUTO;
	if (is_current(s))
		return STATUS_NOT_MODIFIED;
	if (s->source.fd != -1)
		return STATUS_OK;
	st = open_source(s, true);
	if (st == STATUS_OK)
		make_etag(s);
	return st;
}

/* From the file to the picture; done again if the file changed meanwhile. */
static enum status
make_picture(struct story *s, const struct pool_peer *peer)
{
	enum status st = ask_version(s);

	if (st == STATUS_OK)
		st = judge_source(s);
	if (st != STATUS_OK)
		return st;
	s->format = request_format(&s->ask, s->rq.accept, &s->site->policy,
	    (enum format)s->facts.format, s->facts.alpha, &s->varies);
	return convert(s, peer);
}

static enum status
write_status(struct story *s, enum page_style style)
{
	const struct maker *maker = &s->h->maker;
	struct page_view *view = calloc(1, sizeof *view);

	if (view == NULL)
		return STATUS_NO_MEMORY;
	if (maker->look != NULL)
		maker->look(maker->arg, view);
	metrics_set(METRIC_UPTIME, (clock_ms() - s->h->opened_ms) / 1000);
	statuspage_write(&s->page, style, view);
	free(view);
	return buf_ok(&s->page) ? STATUS_OK : STATUS_NO_MEMORY;
}

/*
 * nginx's own word, which no visitor can say: these are answered without
 * waiting for anything.
 */
static enum status
play_role(struct story *s)
{
	const char *role = s->rq.role;

	s->page_type = "text/plain";
	if (strcmp(role, "status") == 0)
		return write_status(s, PAGE_STYLE_TEXT);
	if (strcmp(role, "ping") == 0) {
		buf_str(&s->page, "ok\n");
		return STATUS_OK;
	}
	if (strcmp(role, "status-json") != 0) {
		why_set(&s->why, "no role '%.64s'", role);
		return STATUS_BAD_REQUEST;
	}
	s->page_type = "application/json";
	return write_status(s, PAGE_STYLE_JSON);
}

static enum status
tell(struct story *s, char *const *envp, const struct pool_peer *peer)
{
	enum status st = read_request(s, envp);

	if (st != STATUS_OK)
		return st;
	if (s->rq.role[0] != '\0')
		return play_role(s);
	st = request_ask(&s->rq, &s->site->policy, &s->h->rings[site_index(s)],
	    clock_now(), &s->ask, &s->why);
	if (st != STATUS_OK)
		return st;
	st = make_picture(s, peer);
	if (st == STATUS_CHANGED)
		st = make_picture(s, peer);
	return st;
}

static struct response_facts
describe(const struct story *s)
{
	struct response_facts facts = { .etag = s->etag,
		.mtime = s->source.modified,
		.fresh = s->site->fresh_ms / 1000,
		.max_age = s->site->max_age_ms / 1000,
		.fallback = s->fallback,
		.varies = s->varies,
		.format = s->format,
		.path = s->rq.path };

	if (s->fallback != NULL) {
		facts.fresh = shorter(facts.fresh, FALLBACK_S);
		facts.max_age = shorter(facts.max_age, FALLBACK_S);
	}
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
	int64_t age = clock_now() - s->source.modified;
	struct response_refusal refusal = { .status = st,
		.cause = status_def(st)->word,
		.precise = s->site != NULL && s->site->errors == ERRORS_PRECISE,
		.revalidation = request_revalidates(&s->rq),
		.settled = s->source.fd >= 0 && age > SETTLED_S,
		.costly = s->costly,
		.retry_after = RETRY_AFTER_S };

	response_refusal(r, &refusal);
}

static void
answer(struct story *s, enum status st, struct response *r)
{
	struct response_facts facts;

	switch (st) {
	case STATUS_OK:
		if (s->rq.role[0] != '\0') {
			response_text(r, s->page_type, &s->page);
			break;
		}
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

/* nginx's id of the request where it sends one, else one of ours. */
static void
choose_id(struct story *s)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
	                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	static atomic_ullong count;
	size_t len = strlen(s->rq.id);

	if (len > 0 && len <= ID_MAX && strspn(s->rq.id, good) == len)
		memcpy(s->id, s->rq.id, len + 1);
	else
		snprintf(s->id, sizeof s->id, "%llx-%lx-%llx",
		    (unsigned long long)s->h->opened_s, (long)getpid(),
		    atomic_fetch_add(&count, 1));
}

static bool
is_slow(const struct story *s)
{
	int64_t slow = s->h->config->slow_ms;

	return slow > 0 && s->total_us > slow * 1000;
}

static enum log_level
level_of(const struct story *s, enum status st)
{
	if (s->rq.role[0] != '\0')
		return LOG_LEVEL_DEBUG;
	if (is_slow(s) || (status_def(st)->flags & STATUS_TRANSIENT))
		return LOG_LEVEL_WARN;
	return LOG_LEVEL_INFO;
}

/* Stage times, of a request that a converter was asked for. */
static void
put_stages(const struct story *s, char *text, size_t size)
{
	const struct picture *p = &s->picture;

	text[0] = '\0';
	if (s->asked)
		snprintf(text, size,
		    " wait %.1f read %.1f load %.1f encode %.1f",
		    (double)p->wait_us / 1e3, p->read_us / 1e3,
		    p->load_us / 1e3, p->encode_us / 1e3);
}

static void
log_request(const struct story *s, enum status st, const struct response *r)
{
	char stages[128];

	put_stages(s, stages, sizeof stages);
	log_line(level_of(s, st),
	    "%d %s %s%s%s%s%s %zu bytes %.3f ms%s id %s%s%s%s", r->http,
	    status_def(st)->word, s->rq.path, s->rq.query[0] != '\0' ? "?" : "",
	    s->rq.query, s->rq.site[0] != '\0' ? " site " : "", s->rq.site,
	    r->body_len, (double)s->total_us / 1e3, stages, s->id,
	    is_slow(s) ? " slow" : "", s->why.text[0] != '\0' ? ": " : "",
	    s->why.text);
}

/* The administrator's own questions are no part of what they ask about. */
static void
count_request(const struct story *s, enum status st, const struct response *r)
{
	metrics_add(METRIC_ACTIVE, -1);
	if (s->rq.role[0] != '\0')
		return;
	metrics_add(METRIC_REQUESTS, 1);
	metrics_answer(st);
	metrics_add(METRIC_BYTES, (int64_t)r->body_len);
	metrics_add(METRIC_SLOW, is_slow(s));
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

	metrics_add(METRIC_ACTIVE, 1);
	response_init(&r);
	buf_init(&s.page, STATUSPAGE_MAX);
	st = tell(&s, envp, &visitor->peer);
	choose_id(&s);
	r.id = s.id;
	answer(&s, st, &r);
	if (st != STATUS_GONE)
		visitor->send(visitor->peer.arg, &r);
	s.total_us = clock_us() - s.began_us;
	count_request(&s, st, &r);
	log_request(&s, st, &r);
	response_free(&r);
	buf_free(&s.page);
	source_close(&s.source);
	return st;
}
