#include "base/status.h"

#define T STATUS_TRANSIENT
#define E STATUS_EXPENSIVE

static const struct status_def table[STATUS_MAX] = {
	[STATUS_OK] = { "ok", 200, 0, "The picture." },
	[STATUS_NOT_MODIFIED] = { "not-modified", 304, 0,
	    "The visitor's copy is still the right one." },
	[STATUS_REDIRECT] = { "nearest", 302, 0,
	    "A value outside its list, sent on to the next allowed one "
	    "(policy = nearest)." },
	[STATUS_BAD_REQUEST] = { "bad-request", 400, 0,
	    "The request cannot be read, or has none of our parameters." },
	[STATUS_BAD_PARAM] = { "bad-parameter", 400, 0,
	    "A parameter is unknown, repeated or out of its bounds." },
	[STATUS_NOT_ALLOWED] = { "not-allowed", 403, 0,
	    "A value outside its list, or a parameter that is not open." },
	[STATUS_BAD_TOKEN] = { "bad-token", 403, 0,
	    "hash does not open: forged, for another picture, or no such "
	    "key." },
	[STATUS_EXPIRED] = { "expired", 410, 0, "exp has passed." },
	[STATUS_METHOD] = { "method", 405, 0, "Neither GET nor HEAD." },
	[STATUS_BODY] = { "body", 413, 0, "A request with a body." },
	[STATUS_NO_SITE] = { "no-site", 404, 0,
	    "IMGFCGI_SITE names no site of the configuration." },
	[STATUS_NOT_FOUND] = { "not-found", 404, 0, "No such original." },
	[STATUS_FORBIDDEN] = { "forbidden", 403, 0,
	    "The original leaves its root or may not be read." },
	[STATUS_NOT_REGULAR] = { "not-regular", 404, 0,
	    "A directory, a device or a pipe instead of a file." },
	[STATUS_TOO_LARGE] = { "too-large", 413, 0,
	    "The original has more than max-bytes." },
	[STATUS_UNSUPPORTED] = { "unsupported", 415, 0,
	    "The original is in no enabled format." },
	[STATUS_LIMIT] = { "limit", 413, E,
	    "The original's header exceeds a limit." },
	[STATUS_BROKEN] = { "broken", 422, E,
	    "The original cannot be decoded." },
	[STATUS_QUARANTINED] = { "quarantined", 422, E,
	    "The original has twice killed or overrun its converter." },
	[STATUS_ORIGIN] = { "origin-error", 503, T,
	    "The host of the originals does not answer as it should." },
	[STATUS_ORIGIN_TIMEOUT] = { "origin-timeout", 503, T,
	    "The host of the originals took longer than origin-timeout." },
	[STATUS_CHANGED] = { "changed", 503, T,
	    "The original kept changing while it was read." },
	[STATUS_BUSY] = { "busy", 503, T, "The queue is full." },
	[STATUS_QUEUE_TIMEOUT] = { "queue-timeout", 503, T,
	    "No converter became free within queue-timeout." },
	[STATUS_TIMEOUT] = { "timeout", 503, T,
	    "The conversion took longer than timeout." },
	[STATUS_CRASHED] = { "crashed", 503, T,
	    "The converter died over this job." },
	[STATUS_NO_MEMORY] = { "no-memory", 503, T, "Out of memory." },
	[STATUS_IO] = { "io", 503, T, "A read or write failed." },
	[STATUS_INTERNAL] = { "internal", 503, T, "A fault of our own." },
	[STATUS_GONE] = { "gone", 499, 0,
	    "The visitor left before the answer." },
};

#undef T
#undef E

const struct status_def *
status_def(enum status st)
{
	if ((unsigned int)st >= STATUS_MAX)
		st = STATUS_INTERNAL;
	return &table[st];
}

int
status_http(enum status st, bool precise)
{
	const struct status_def *def = status_def(st);

	if (precise || def->http < 400 || (def->flags & STATUS_TRANSIENT))
		return def->http;
	return 404;
}

void
status_dump(FILE *out, enum dump_style style)
{
	const char *const heads[] = { "cause", "code", "meaning" };
	struct dump d;
	char code[8];

	dump_begin(&d, out, style, heads, 3);
	for (int i = 0; i < STATUS_MAX; i++) {
		snprintf(code, sizeof code, "%d", table[i].http);
		dump_row(&d,
		    (const char *[]){ table[i].word, code, table[i].text });
	}
	dump_end(&d);
}
