/*
 * The configuration: immutable once loaded, one value for a generation.
 *
 * A plain file of "option = value" lines; "[site NAME]" starts a site, which
 * begins as a copy of what stands above the first section.  The options
 * table (options.h) drives file and command line alike.
 */
#ifndef SERVE_CONFIG_H
#define SERVE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "image/facts.h"
#include "url/policy.h"
#include "url/seal.h"

#define CONFIG_PATH_MAX       1024
#define CONFIG_NAME_MAX       64
#define CONFIG_SITES_MAX      64
#define CONFIG_CONVERTERS_MAX 256
#define CONFIG_TEXT_MAX       131072 /* bytes of a file, and of config_format() */

enum isolation {
	ISOLATION_PROCESS,
	ISOLATION_NONE
};

enum sandbox {
	SANDBOX_AUTO,
	SANDBOX_REQUIRED,
	SANDBOX_OFF
};

enum errors {
	ERRORS_OPAQUE,
	ERRORS_PRECISE
};

enum s3_style {
	S3_STYLE_AUTO,
	S3_STYLE_PATH,
	S3_STYLE_HOST
};

/* What may differ from site to site. */
struct site {
	char name[CONFIG_NAME_MAX]; /* "" for the one without a section */
	char root[CONFIG_PATH_MAX];
	char prefix[CONFIG_PATH_MAX]; /* cut off the path; "" or "/img" */
	char key_file[CONFIG_PATH_MAX];
	struct policy policy;
	struct limits limits;
	uint32_t inputs; /* FORMAT_BIT of source formats */
	enum errors errors;
	int64_t fresh_ms, max_age_ms;
	/* Originals of another host; asked when root, if any, has none. */
	char origin[CONFIG_PATH_MAX];
	char origin_ca[CONFIG_PATH_MAX];
	int64_t origin_fresh_ms, origin_timeout_ms;
	int32_t fetches;
	enum s3_style s3_style;
	char s3_endpoint[CONFIG_PATH_MAX];
	char s3_region[CONFIG_NAME_MAX];
	char s3_keys[CONFIG_PATH_MAX];
	char fallback[CONFIG_PATH_MAX]; /* a file: shown in their place */
	bool origin_private, origin_redirects;
};

struct config {
	char socket[CONFIG_PATH_MAX]; /* "" : inherited, else the default */
	char user[CONFIG_NAME_MAX], group[CONFIG_NAME_MAX];
	char socket_owner[CONFIG_NAME_MAX], socket_group[CONFIG_NAME_MAX];
	int32_t socket_mode; /* permission bits */
	int32_t backlog;
	bool tcp; /* socket may be 127.0.0.1:PORT or [::1]:PORT */
	int32_t threads, converters; /* 0: derived by config_settle() */
	int32_t queue;
	int64_t queue_timeout_ms, timeout_ms, io_timeout_ms;
	int64_t quarantine_ms; /* 0: off */
	int32_t converter_jobs;
	int64_t converter_memory; /* bytes beyond what it starts with */
	int64_t slow_ms;          /* 0: off */
	int64_t origin_memory;    /* bytes of fetched originals */
	enum isolation isolation;
	enum sandbox sandbox;
	char log[CONFIG_PATH_MAX]; /* "stderr", "syslog" or a path */
	enum log_level log_level;
	uint32_t sites;
	struct site site[CONFIG_SITES_MAX]; /* [0] has no name */
};

/* Large (about 700 KB): kept on the heap.  NULL when out of memory. */
struct config *config_new(void); /* with every default of the table */
void config_free(struct config *);

/*
 * Read a file over config.  overrides: "name=value" words of the command
 * line, NULL-terminated, applied after the lines above the first section and
 * before the sections.  path may be NULL: overrides alone.  False with one
 * line in why ("FILE:LINE: …"); config is then useless.
 */
bool config_load(struct config *, const char *path,
    const char *const *overrides, struct why *);

/* The same from text; name stands for the file in messages. */
bool config_parse(struct config *, const char *name, const char *text,
    const char *const *overrides, struct why *);

/*
 * Derive what was left open (threads, converters from the machine), and
 * check what the table alone cannot: threads ≥ converters + queue + 16 and
 * those that may wait for origins, a root or an origin for at least one site,
 * sizes that contradict each other.
 */
bool config_settle(struct config *, struct why *);

/* The text that config_parse() reads back as the same configuration. */
void config_format(const struct config *, struct buf *);

/* FORMAT_BIT of what any site reads. */
uint32_t config_inputs(const struct config *);

/* True if the site has originals at all. */
bool config_serves(const struct site *);

/* Requests that may fetch or wait for a fetch of this site's originals. */
int32_t config_fetchers(const struct site *);

/* Whether any site has originals on another host. */
bool config_fetches(const struct config *);

/* NULL if no site has that name. */
const struct site *config_site(const struct config *, const char *name);

#endif
