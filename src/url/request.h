/*
 * One request as it arrives, and what it asks for once its query is read,
 * its token opened and the site's policy heard.
 */
#ifndef URL_REQUEST_H
#define URL_REQUEST_H

#include "url/params.h"
#include "url/policy.h"
#include "url/seal.h"

#define REQUEST_PATH_MAX  4096
#define REQUEST_QUERY_MAX 2048

/* Views into the caller's environment; never NULL after request_read(). */
struct request {
	const char *method;
	const char *path;              /* DOCUMENT_URI: decoded, normalised */
	const char *query;             /* QUERY_STRING: the key's own text */
	const char *site;              /* IMGFCGI_SITE */
	const char *accept;            /* IMGFCGI_ACCEPT: the format token */
	const char *role;              /* IMGFCGI_ROLE: of nginx, no picture */
	const char *if_none_match;     /* HTTP_IF_NONE_MATCH */
	const char *if_modified_since; /* HTTP_IF_MODIFIED_SINCE */
	const char *id;                /* REQUEST_ID, for the log */
	bool body;                     /* CONTENT_LENGTH says there is one */
};

/* envp: "NAME=value" strings, NULL-terminated, that outlive the request. */
enum status request_read(struct request *, char *const *envp, struct why *);

/* True if the peer revalidates a copy that it holds. */
bool request_revalidates(const struct request *);

/* What is asked for, after policy and seal. */
struct ask {
	struct params params; /* normalised: sealed first, then clear */
	bool sealed;          /* a token was opened */
	char nearest[REQUEST_QUERY_MAX]; /* REDIRECT: the query to use */
};

/*
 * Read query and token under policy.  now: seconds, judges exp.
 * OK, REDIRECT, or a refusal with its reason.
 */
enum status request_ask(const struct request *, const struct policy *,
    const struct seal_ring *, int64_t now, struct ask *, struct why *);

/*
 * The format to write: what was asked, or by token for auto, or the
 * source's own, or the nearest web format.  varies: the token had a say.
 */
enum format request_format(const struct ask *, const char *accept,
    const struct policy *, enum format source, bool alpha, bool *varies);

#endif
