/*
 * The whole story of one request at a shell: no nginx, no FastCGI, no other
 * process.
 */
#ifndef SERVE_ONCE_H
#define SERVE_ONCE_H

#include "serve/settings.h"

struct once_request {
	const char *target; /* "/path?query", percent-encoded as in a URL */
	const char *site;   /* NULL: the site without a name */
	const char *accept; /* the format token, or NULL */
	const char *etag;   /* If-None-Match, or NULL */
};

/* Headers to stderr, body to stdout.  0 if there is a picture or 304, else 1.
 */
int once_run(const struct settings *, const struct once_request *);

#endif
