#include "origin/fetch.h"

#include <curl/curl.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "origin/body.h"
#include "origin/curl_rules.h"
#include "origin/guard.h"
#include "origin/reply.h"

#define HOPS_MAX   3     /* redirects within the origin */
#define ERROR_KEPT 4096  /* bytes of an error's text */
#define ERROR_MAX  65536 /* … that are read at all */
#define EMPTY_SHA256                                                           \
	"e3b0c44298fc1c149afbf4c8996fb924"                                     \
	"27ae41e4649b934ca495991b7852b855"

/* One connection to the origin, kept between requests; one user at a time. */
struct line {
	struct line *next; /* while idle */
	CURL *curl;
	char error[CURL_ERROR_SIZE];
	/* Of the request that is under way: */
	const struct fetch *fetch;
	const struct fetch_ask *ask;
	struct reply reply;
	struct body body;
	char text[ERROR_KEPT + 1]; /* an error's */
	size_t text_len, text_seen;
	enum status status; /* why we stopped it, or OK */
	struct why *why;
	const char *guard; /* what the name led to */
	int64_t heard_ms;  /* when the last byte came */
	struct curl_slist *headers;
	bool head; /* validators alone */
};

struct fetch {
	struct fetch_setup setup;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct line *idle;
	struct line line[];
};

bool
fetch_possible(struct why *why)
{
	(void)why;
	return true;
}

bool
fetch_init(struct why *why)
{
	const curl_version_info_data *info;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		why_set(why, "libcurl does not start");
		return false;
	}
	info = curl_version_info(CURLVERSION_NOW);
	if (info->features & CURL_VERSION_ASYNCHDNS)
		return true;
	why_set(why, "this libcurl looks names up without a time-out");
	return false;
}

const char *
fetch_version(void)
{
	return curl_version();
}

/* --- what libcurl calls ------------------------------------------------- */

static size_t
on_header(char *bytes, size_t one, size_t len, void *arg)
{
	struct line *l = arg;

	(void)one;
	l->heard_ms = clock_ms();
	if (reply_line(&l->reply, bytes, len))
		return len;
	why_set(l->why, "the head of the answer is too long");
	l->status = STATUS_ORIGIN;
	return 0;
}

/* The text of an error: its beginning is kept, an endless one is cut. */
static size_t
keep_error(struct line *l, const char *bytes, size_t len)
{
	size_t n = ERROR_KEPT - l->text_len;

	if (n > len)
		n = len;
	memcpy(l->text + l->text_len, bytes, n);
	l->text_len += n;
	l->text[l->text_len] = '\0';
	l->text_seen += len;
	return l->text_seen <= ERROR_MAX ? len : 0;
}

static enum status
take_bytes(struct line *l, const char *bytes, size_t len)
{
	const struct reply *r = &l->reply;

	if (!l->body.open) {
		bool nameless = r->etag[0] == '\0' && r->modified[0] == '\0';
		enum status st =
		    body_begin(&l->body, r->length, nameless, l->why);

		if (st != STATUS_OK)
			return st;
	}
	return body_add(&l->body, bytes, len, l->why);
}

static size_t
on_body(char *bytes, size_t one, size_t len, void *arg)
{
	struct line *l = arg;

	(void)one;
	l->heard_ms = clock_ms();
	if (l->reply.http != 200 || l->reply.encoded)
		return keep_error(l, bytes, len);
	l->status = take_bytes(l, bytes, len);
	/* Waiting for room was our doing. */
	l->heard_ms = clock_ms();
	return l->status == STATUS_OK ? len : 0;
}

/* Silence of half the time-out is too much, before or within the answer. */
static int
on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
    curl_off_t up)
{
	struct line *l = arg;
	int64_t silent = clock_ms() - l->heard_ms;

	(void)total;
	(void)now;
	(void)up_total;
	(void)up;
	if (silent < l->fetch->setup.timeout_ms / 2)
		return 0;
	why_set(l->why, "the origin was silent for %d ms, after %lld bytes",
	    (int)silent, (long long)l->body.size);
	l->status = STATUS_ORIGIN_TIMEOUT;
	return 1;
}

/*
 * The last moment before connect(2): what is judged here is what is
 * connected to, whatever the name said a moment ago.
 */
static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct line *l = arg;
	const char *word = NULL;

	(void)purpose;
	if (!l->fetch->setup.private_ok && !l->fetch->setup.target->literal)
		word = guard_private(&address->addr);
	if (word != NULL) {
		l->guard = word;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

/* --- lines -------------------------------------------------------------- */

static bool
set_calls(struct line *l)
{
	CURL *c = l->curl;

	return curl_easy_setopt(c, CURLOPT_ERRORBUFFER, l->error) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HEADERDATA, l) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_WRITEDATA, l) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_XFERINFODATA, l) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket) ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, l) == CURLE_OK;
}

static bool
open_line(struct fetch *f, struct line *l)
{
	l->fetch = f;
	l->curl = curl_easy_init();
	return l->curl != NULL && set_calls(l) &&
	    curl_rules(l->curl, &f->setup);
}

struct fetch *
fetch_new(const struct fetch_setup *setup)
{
	size_t count = (size_t)setup->count;
	struct fetch *f = calloc(1, sizeof *f + count * sizeof f->line[0]);
	pthread_condattr_t monotonic;

	if (f == NULL)
		return NULL;
	f->setup = *setup;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&f->freed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (size_t i = 0; i < count; i++) {
		if (!open_line(f, &f->line[i])) {
			fetch_free(f);
			return NULL;
		}
		f->line[i].next = f->idle;
		f->idle = &f->line[i];
	}
	return f;
}

void
fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	for (int32_t i = 0; i < f->setup.count; i++)
		curl_easy_cleanup(f->line[i].curl);
	pthread_cond_destroy(&f->freed);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* The one used last: its connection is the likeliest to live. */
static struct line *
take_line(struct fetch *f, int64_t deadline_ms)
{
	struct timespec t = { .tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000) * 1000000 };
	struct line *l;
	int error = 0;

	pthread_mutex_lock(&f->lock);
	while (f->idle == NULL && error == 0)
		error = pthread_cond_timedwait(&f->freed, &f->lock, &t);
	l = f->idle;
	if (l != NULL)
		f->idle = l->next;
	pthread_mutex_unlock(&f->lock);
	return l;
}

static void
put_line(struct fetch *f, struct line *l)
{
	pthread_mutex_lock(&f->lock);
	l->next = f->idle;
	f->idle = l;
	pthread_cond_signal(&f->freed);
	pthread_mutex_unlock(&f->lock);
}

/* --- one request -------------------------------------------------------- */

/* False when out of memory. */
static bool
add_header(struct line *l, const char *name, const char *value)
{
	struct curl_slist *longer;
	struct buf text;

	if (value[0] == '\0')
		return true;
	buf_init(&text, 2 * sizeof(struct s3_keys));
	buf_printf(&text, "%s: %s", name, value);
	longer = buf_ok(&text) ? curl_slist_append(l->headers, buf_cstr(&text))
	                       : NULL;
	buf_free(&text);
	if (longer != NULL)
		l->headers = longer;
	return longer != NULL;
}

static bool
add_headers(struct line *l)
{
	const struct fetch_setup *s = &l->fetch->setup;

	if (s->target->s3 &&
	    (!add_header(l, "x-amz-content-sha256", EMPTY_SHA256) ||
	        !add_header(l, "x-amz-security-token", s->keys->token)))
		return false;
	/* RFC 9110 §13.1.3: the date is not looked at beside an ETag. */
	if (l->ask->etag[0] != '\0')
		return add_header(l, "If-None-Match", l->ask->etag);
	return add_header(l, "If-Modified-Since", l->ask->modified);
}

static bool
prepare(struct line *l, const char *url, int left_ms)
{
	CURL *c = l->curl;
	int64_t connect_ms = l->fetch->setup.timeout_ms / 4;

	/* Away from HEAD it must be told twice. */
	return add_headers(l) &&
	    curl_easy_setopt(c, CURLOPT_HTTPHEADER, l->headers) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_NOBODY, l->head ? 1L : 0L) ==
	    CURLE_OK &&
	    (l->head || curl_easy_setopt(c, CURLOPT_HTTPGET, 1L) == CURLE_OK) &&
	    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)left_ms) ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms) ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK;
}

/* What a transfer that did not end well means. */
static enum status
explain(struct line *l, CURLcode code)
{
	if (l->status != STATUS_OK)
		return l->status;
	if (l->guard != NULL) {
		why_set(l->why,
		    "the origin's name leads to a %s address; "
		    "origin-private = yes would allow it",
		    l->guard);
		return STATUS_ORIGIN;
	}
	why_set(l->why, "the origin: %s",
	    l->error[0] != '\0' ? l->error : curl_easy_strerror(code));
	return code == CURLE_OPERATION_TIMEDOUT ? STATUS_ORIGIN_TIMEOUT
	                                        : STATUS_ORIGIN;
}

static void
begin(struct line *l, const struct fetch_ask *ask, struct known *known)
{
	l->ask = ask;
	l->why = &known->why;
	l->why->text[0] = '\0';
	l->error[0] = '\0';
	l->text_len = l->text_seen = 0;
	l->text[0] = '\0';
	l->status = STATUS_OK;
	l->guard = NULL;
	l->heard_ms = clock_ms();
	l->headers = NULL;
	reply_init(&l->reply);
	body_init(&l->body, l->fetch->setup.memory, l->fetch->setup.max_bytes,
	    ask->deadline_ms);
}

/*
 * A connection used before may still hold what the origin sent beyond the
 * length that it promised; libcurl, which asks again where one died idle,
 * takes that for the head of this answer.
 */
static bool
hears_the_last_answer(struct line *l, CURLcode code)
{
	long made = 1;

	curl_easy_getinfo(l->curl, CURLINFO_NUM_CONNECTS, &made);
	return made == 0 && l->reply.http == 0 &&
	    (code == CURLE_UNSUPPORTED_PROTOCOL ||
	        code == CURLE_WEIRD_SERVER_REPLY);
}

static CURLcode
perform(struct line *l)
{
	CURLcode code = curl_easy_perform(l->curl);
	int left = clock_left(l->ask->deadline_ms);

	if (!hears_the_last_answer(l, code) || left == 0)
		return code;
	l->error[0] = '\0';
	curl_easy_setopt(l->curl, CURLOPT_TIMEOUT_MS, (long)left);
	curl_easy_setopt(l->curl, CURLOPT_FRESH_CONNECT, 1L);
	code = curl_easy_perform(l->curl);
	curl_easy_setopt(l->curl, CURLOPT_FRESH_CONNECT, 0L);
	return code;
}

static enum status
transfer(struct line *l, const char *url)
{
	int left = clock_left(l->ask->deadline_ms);
	CURLcode code;

	if (left == 0) {
		why_set(l->why, "no connection to the origin became free");
		return STATUS_ORIGIN_TIMEOUT;
	}
	if (!prepare(l, url, left)) {
		why_set(l->why, "out of memory");
		return STATUS_NO_MEMORY;
	}
	code = perform(l);
	/* An endless error is an error all the same. */
	if (code != CURLE_OK && l->text_seen <= ERROR_MAX)
		return explain(l, code);
	return reply_judge(&l->reply,
	    l->ask->etag[0] != '\0' || l->ask->modified[0] != '\0', l->text,
	    l->why);
}

/* The next URL, if the answer leads on to one that may be asked. */
static const char *
redirect(struct line *l)
{
	const struct fetch_setup *s = &l->fetch->setup;
	char *to = NULL;

	/* Some origins know no HEAD. */
	if (l->head && (l->reply.http == 405 || l->reply.http == 501)) {
		l->head = false;
		curl_easy_getinfo(l->curl, CURLINFO_EFFECTIVE_URL, &to);
		return to;
	}
	if (l->reply.http < 301 || l->reply.http > 308 || l->reply.http == 304)
		return NULL;
	curl_easy_getinfo(l->curl, CURLINFO_REDIRECT_URL, &to);
	if (to == NULL)
		return NULL;
	if (s->redirects && !s->target->s3 && target_holds(s->target, to))
		return to;
	why_set(l->why, "the origin redirects %s: %.150s",
	    s->redirects ? "out of itself" : "(origin-redirects = no)", to);
	return NULL;
}

static enum status
finish(struct line *l, struct known *known)
{
	const struct reply *r = &l->reply;
	enum status st = STATUS_OK;

	memcpy(known->etag, r->etag, sizeof known->etag);
	memcpy(known->modified, r->modified, sizeof known->modified);
	known->mtime = r->mtime;
	known->digest[0] = '\0';
	known->blob = NULL;
	if (l->head)
		return STATUS_OK;
	/* Not a byte came: an empty original is still one. */
	if (!l->body.open)
		st = take_bytes(l, "", 0);
	return st == STATUS_OK ? body_end(&l->body, known, l->why) : st;
}

static enum status
ask_origin(struct line *l, const struct fetch_ask *ask, struct known *known,
    bool *unchanged)
{
	char url[TARGET_URL_MAX + 1];
	const char *next = ask->url;
	enum status st = STATUS_ORIGIN;

	l->head = ask->head;
	for (int hop = 0; next != NULL && hop <= HOPS_MAX; hop++) {
		size_t len = strlen(next);

		if (len >= sizeof url)
			break;
		memcpy(url, next, len + 1);
		begin(l, ask, known);
		st = transfer(l, url);
		curl_slist_free_all(l->headers);
		next = redirect(l);
		*unchanged = st == STATUS_OK && l->reply.http == 304;
		if (st == STATUS_OK && !*unchanged)
			st = finish(l, known);
		body_free(&l->body);
	}
	return st;
}

enum status
fetch_original(struct fetch *f, const struct fetch_ask *ask,
    struct known *known, bool *unchanged)
{
	struct line *l = take_line(f, ask->deadline_ms);

	*unchanged = false;
	if (l == NULL) {
		why_set(&known->why, "no connection to the origin became free");
		known->status = STATUS_BUSY;
		return known->status;
	}
	known->status = ask_origin(l, ask, known, unchanged);
	put_line(f, l);
	return known->status;
}
