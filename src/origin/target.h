/*
 * Where a remote origin is: its URL and the prefix below which everything
 * lies.  A request adds a path; nothing of it ever chooses scheme, host or
 * port.
 */
#ifndef ORIGIN_TARGET_H
#define ORIGIN_TARGET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/status.h"

#define TARGET_URL_MAX    16384 /* bytes of a whole URL */
#define TARGET_BASE_MAX   2048
#define TARGET_REGION_MAX 64

/* How an S3 bucket is named: in the path, or before the endpoint's host. */
enum target_style {
	TARGET_AUTO, /* host at AWS, path anywhere else */
	TARGET_PATH,
	TARGET_HOST
};

/* What the configuration says; empty strings for what it does not. */
struct target_words {
	const char *origin;   /* https://host/prefix, s3://bucket/prefix */
	const char *endpoint; /* s3: https://host[:port]; AWS without */
	const char *region;   /* s3: us-east-1 without */
	enum target_style style;
};

struct target {
	char base[TARGET_BASE_MAX]; /* scheme://host:port/prefix, no last / */
	char region[TARGET_REGION_MAX];
	bool s3;      /* requests are signed */
	bool literal; /* the host is an address: whoever wrote it meant it */
};

/*
 * False with the reason: any scheme but http, https and s3, user names,
 * queries, fragments, dots that climb, bytes that no URL has.
 */
bool target_read(struct target *, const struct target_words *, struct why *);

/* The URL of path (absolute, decoded).  FORBIDDEN if it climbs. */
enum status target_url(const struct target *, const char *path, struct buf *,
    struct why *);

/* True if url is of the same scheme, host and port and below the prefix. */
bool target_holds(const struct target *, const char *url);

#endif
