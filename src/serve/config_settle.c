#include "serve/config.h"

#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/num.h"
#include "serve/options.h"

#define SPARE_THREADS  16 /* for the cheap answers, at least */
#define WANTED_THREADS 32

/* A socket that is no path is an address: ours are on loopback alone. */
static bool
check_socket(const struct config *config, struct why *why)
{
	static const char *const loopback[] = { "127.0.0.1:", "[::1]:" };
	const char *s = config->socket;
	size_t len = strlen(s);
	int64_t port;

	if (strchr(s, '/') != NULL || strchr(s, ':') == NULL) {
		if (len < sizeof((struct sockaddr_un *)0)->sun_path)
			return true;
		why_set(why, "socket: a path longer than %zu bytes",
		    sizeof((struct sockaddr_un *)0)->sun_path - 1);
		return false;
	}
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(loopback[i]);

		if (strncmp(s, loopback[i], n) != 0 ||
		    !num_parse(s + n, len - n, 1, 65535, &port))
			continue;
		if (!config->tcp)
			why_set(why, "socket: %s is TCP and needs tcp = yes",
			    s);
		return config->tcp;
	}
	why_set(why, "socket: '%.64s' is no path, 127.0.0.1:PORT or [::1]:PORT",
	    s);
	return false;
}

static bool
check_list(const struct site *site, const char *name,
    const struct policy_list *list, struct why *why)
{
	int32_t side = site->limits.output_side;

	for (int32_t i = 0; i < list->count; i++) {
		if (list->value[i] <= side)
			continue;
		why_set(why, "%s%s%s: %d is larger than output-side = %d",
		    site->name, *site->name != '\0' ? ": " : "", name,
		    (int)list->value[i], (int)side);
		return false;
	}
	return true;
}

/* Always false. */
static bool
refuse_site(const struct site *site, struct why *why, const char *what)
{
	why_set(why, "%s%s%s", site->name, *site->name != '\0' ? ": " : "",
	    what);
	return false;
}

static bool
check_site(const struct site *site, struct why *why)
{
	if (!check_list(site, "widths", &site->policy.widths, why) ||
	    !check_list(site, "heights", &site->policy.heights, why))
		return false;
	/* HTTP counts seconds: half of one would become none. */
	if (site->fresh_ms % 1000 != 0 || site->max_age_ms % 1000 != 0)
		return refuse_site(site, why,
		    "fresh and max-age are whole seconds");
	if (site->policy.open == PARAM_BIT(PARAM_HASH) &&
	    *site->key_file == '\0')
		return refuse_site(site, why,
		    "open: sealed URLs alone need a key-file");
	return true;
}

/* Sites without originals are never asked; one at least must have some. */
static bool
check_sites(const struct config *config, struct why *why)
{
	bool serves = false;

	for (uint32_t i = 0; i < config->sites; i++) {
		const struct site *site = &config->site[i];

		if (!config_serves(site))
			continue;
		serves = true;
		if (!check_site(site, why))
			return false;
		if (*site->origin != '\0' &&
		    config->origin_memory < site->limits.max_bytes)
			return refuse_site(site, why,
			    "origin-memory is less than max-bytes");
	}
	if (!serves)
		why_set(why, "no site has a root: give --root=DIR");
	return serves;
}

/* The other roles read the configuration as text of that size. */
static bool
check_size(const struct config *config, struct why *why)
{
	struct buf text;
	bool ok;

	buf_init(&text, CONFIG_TEXT_MAX);
	config_format(config, &text);
	ok = buf_ok(&text);
	buf_free(&text);
	if (!ok)
		why_set(why, "the configuration is longer than %d bytes",
		    CONFIG_TEXT_MAX);
	return ok;
}

static int32_t
count_cores(void)
{
	size_t len = strlen("converters");
	int64_t max = option_find("converters", len)->max;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (cores < 1)
		return 1;
	return (int32_t)(cores < max ? cores : max);
}

bool
config_settle(struct config *config, struct why *why)
{
	int32_t fetchers = 0, least;

	if (config->converters == 0)
		config->converters = count_cores();
	for (uint32_t i = 0; i < config->sites; i++)
		fetchers += config_fetchers(&config->site[i]);
	least = config->converters + config->queue + fetchers + SPARE_THREADS;
	if (config->threads == 0)
		config->threads = least - SPARE_THREADS + WANTED_THREADS;
	if (*config->group != '\0' && *config->user == '\0') {
		why_set(why, "group = %s needs a user", config->group);
		return false;
	}
	if (config->threads < least) {
		why_set(why,
		    "threads = %d is too few: %d converters and a queue of "
		    "%d%s need at least %d",
		    (int)config->threads, (int)config->converters,
		    (int)config->queue,
		    fetchers > 0 ? " and the fetches from origins" : "",
		    (int)least);
		return false;
	}
	return check_socket(config, why) && check_sites(config, why) &&
	    check_size(config, why);
}
