#include "serve/origins.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "origin/body.h"
#include "origin/fetch.h"
#include "origin/remote.h"

/* Originals whose validators are remembered, of all sites together. */
#define REMEMBERED 16384

struct place {
	struct origin *root;
	struct remote *remote;
	struct source fallback; /* fd -1: none */
};

struct origins {
	const struct config *config;
	struct memory *memory;    /* of remote originals */
	struct memory *fallbacks; /* their pictures, for ever */
	struct place place[CONFIG_SITES_MAX];
};

static bool
is_s3(const struct site *site)
{
	return strncmp(site->origin, "s3://", 5) == 0;
}

struct s3_keys *
origins_keys(const struct config *config, bool *wanted, struct why *why)
{
	struct s3_keys *keys = NULL;
	struct why detail = { "out of memory" };

	*wanted = false;
	for (uint32_t i = 0; i < config->sites; i++) {
		if (!is_s3(&config->site[i]))
			continue;
		if (keys == NULL)
			keys = calloc(config->sites, sizeof *keys);
		*wanted = true;
		if (keys != NULL &&
		    s3_keys_load(&keys[i], config->site[i].s3_keys, &detail))
			continue;
		why_set(why, "s3-keys, for %.60s: %.150s",
		    config->site[i].origin, detail.text);
		free(keys);
		return NULL;
	}
	return keys;
}

static bool
read_target(const struct site *site, struct target *target, struct why *why)
{
	static const enum target_style styles[] = {
		[S3_STYLE_AUTO] = TARGET_AUTO,
		[S3_STYLE_PATH] = TARGET_PATH,
		[S3_STYLE_HOST] = TARGET_HOST,
	};
	const struct target_words words = { .origin = site->origin,
		.endpoint = site->s3_endpoint,
		.region = site->s3_region,
		.style = styles[site->s3_style] };

	return target_read(target, &words, why);
}

static bool
open_remote(struct origins *o, uint32_t i, const struct s3_keys *keys,
    struct why *why)
{
	const struct config *config = o->config;
	const struct site *site = &config->site[i];
	struct remote_setup setup = { .keys = keys != NULL ? &keys[i] : NULL,
		.ca = site->origin_ca,
		.memory = o->memory,
		.id = i,
		.fetches = site->fetches,
		.inside_max = config_fetchers(site),
		.fresh_ms = site->origin_fresh_ms,
		.timeout_ms = site->origin_timeout_ms,
		.max_bytes = site->limits.max_bytes,
		.private_ok = site->origin_private,
		.redirects = site->origin_redirects };

	if (!read_target(site, &setup.target, why))
		return false;
	o->place[i].remote = remote_new(&setup);
	if (o->place[i].remote == NULL)
		why_set(why, "origin = %.80s: out of memory", site->origin);
	return o->place[i].remote != NULL;
}

/* Into memory, so that no file need be opened later, and none can change. */
static enum status
keep_file(struct memory *memory, int fd, int64_t size, struct source *source,
    struct why *why)
{
	struct known known = { .status = STATUS_OK };
	char piece[65536];
	enum status st;
	struct body b;
	ssize_t n = 0;

	body_init(&b, memory, size, 0);
	st = body_begin(&b, -1, true, why);
	while (st == STATUS_OK && (n = read(fd, piece, sizeof piece)) > 0)
		st = body_add(&b, piece, (size_t)n, why);
	if (st == STATUS_OK && n == 0)
		st = body_end(&b, &known, why);
	else if (st == STATUS_OK)
		st = STATUS_IO;
	body_free(&b);
	if (st != STATUS_OK)
		return st;
	snprintf(source->version, sizeof source->version, "fallback %s",
	    known.digest);
	return source_of_memory(source, known.blob) ? STATUS_OK : STATUS_IO;
}

static bool
open_fallback(struct origins *o, uint32_t i, struct why *why)
{
	const struct site *site = &o->config->site[i];
	int64_t max = site->limits.max_bytes;
	struct why detail = { "cannot be read" };
	enum status st = STATUS_IO;
	struct stat s;
	int fd = open(site->fallback, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd != -1 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode)) {
		o->place[i].fallback.modified = s.st_mtime;
		st = keep_file(o->fallbacks, fd, max, &o->place[i].fallback,
		    &detail);
	}
	if (fd != -1)
		close(fd);
	if (st != STATUS_OK)
		why_set(why, "fallback = %.100s: %.100s", site->fallback,
		    detail.text);
	return st == STATUS_OK;
}

static bool
open_place(struct origins *o, uint32_t i, const struct s3_keys *keys,
    struct why *why)
{
	const struct site *site = &o->config->site[i];
	struct place *place = &o->place[i];

	if (site->root[0] != '\0') {
		place->root = origin_open_root(site->root, why);
		if (place->root == NULL)
			return false;
	}
	if (site->origin[0] != '\0' && !open_remote(o, i, keys, why))
		return false;
	return site->fallback[0] == '\0' || !config_serves(site) ||
	    open_fallback(o, i, why);
}

struct origins *
origins_open(const struct config *config, const struct s3_keys *keys,
    struct why *why)
{
	struct origins *o = calloc(1, sizeof *o);

	if (o == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	o->config = config;
	for (uint32_t i = 0; i < CONFIG_SITES_MAX; i++)
		o->place[i].fallback.fd = -1;
	if (config_fetches(config) && !fetch_init(why)) {
		free(o);
		return NULL;
	}
	o->memory = memory_new(config->origin_memory, REMEMBERED);
	o->fallbacks = memory_new(INT64_MAX / 2, 1);
	if (o->memory == NULL || o->fallbacks == NULL) {
		why_set(why, "out of memory");
		origins_close(o);
		return NULL;
	}
	for (uint32_t i = 0; i < config->sites; i++) {
		if (open_place(o, i, keys, why))
			continue;
		origins_close(o);
		return NULL;
	}
	return o;
}

void
origins_close(struct origins *o)
{
	if (o == NULL)
		return;
	for (uint32_t i = 0; i < CONFIG_SITES_MAX; i++) {
		origin_close_root(o->place[i].root);
		remote_free(o->place[i].remote);
		source_close(&o->place[i].fallback);
	}
	memory_free(o->memory);
	memory_free(o->fallbacks);
	free(o);
}

static bool
check_root(const struct site *site, struct why *why)
{
	struct origin *root;
	struct why detail;

	if (site->root[0] == '\0')
		return true;
	root = origin_open_root(site->root, &detail);
	if (root == NULL)
		why_set(why, "root: %s", detail.text);
	origin_close_root(root);
	return root != NULL;
}

static bool
check_remote(const struct site *site, struct why *why)
{
	struct target target;
	struct why detail;

	if (site->origin[0] == '\0')
		return true;
	if (fetch_possible(&detail))
		return read_target(site, &target, why);
	why_set(why, "origin = %.80s: %.100s", site->origin, detail.text);
	return false;
}

static bool
check_file(const char *option, const char *path, struct why *why)
{
	if (path[0] == '\0' || access(path, R_OK) == 0)
		return true;
	why_set(why, "%s = %.100s: %s", option, path, strerror(errno));
	return false;
}

bool
origins_check(const struct config *config, struct why *why)
{
	for (uint32_t i = 0; i < config->sites; i++) {
		const struct site *site = &config->site[i];

		if (!check_root(site, why) || !check_remote(site, why) ||
		    !check_file("origin-ca", site->origin_ca, why) ||
		    !check_file("fallback", site->fallback, why))
			return false;
	}
	return true;
}

enum status
origins_find(const struct origins *o, uint32_t site, const char *path,
    bool bytes, struct source *source, bool *costly, struct why *why)
{
	const struct place *place = &o->place[site];
	enum status st = STATUS_NOT_FOUND;

	if (place->root != NULL)
		st = origin_open(place->root, path,
		    o->config->site[site].limits.max_bytes, source, why);
	if (st != STATUS_NOT_FOUND || place->remote == NULL)
		return st;
	*costly = true;
	why_set(why, "%s", "");
	return remote_open(place->remote, path, bytes, source, why);
}

bool
origins_fallback(const struct origins *o, uint32_t site, struct source *source)
{
	const struct source *s = &o->place[site].fallback;

	if (s->fd == -1)
		return false;
	/* The use of the bytes is ours; a closed copy must not end it. */
	*source = *s;
	source->blob = NULL;
	source->fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
	return source->fd != -1;
}
