#include "serve/sandbox.h"

/* configure's; the quoted name is our neighbour's. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "serve/sandbox_impl.h"

/*
 * Its socket, the three below it, one source, and one more that a peer may
 * pass where one belongs; codecs open nothing.
 */
#define CONVERTER_FILES 8

#ifdef SANITIZED
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static bool
describe(enum sandbox mode, enum isolation isolation,
    char text[SANDBOX_TEXT_MAX], struct why *why)
{
	bool whole = false;

	if (mode == SANDBOX_OFF)
		snprintf(text, SANDBOX_TEXT_MAX, "off");
	else if (sanitized)
		snprintf(text, SANDBOX_TEXT_MAX, "none in sanitizer builds");
	else if (isolation == ISOLATION_NONE)
		snprintf(text, SANDBOX_TEXT_MAX,
		    "none around decoders without isolation");
	else
		whole = platform_sandbox(text);
	if (mode != SANDBOX_REQUIRED || whole)
		return true;
	why_set(why, "sandbox = required, but there is: %s", text);
	return false;
}

bool
sandbox_describe(const struct config *config, char text[SANDBOX_TEXT_MAX],
    struct why *why)
{
	return describe(config->sandbox, config->isolation, text, why);
}

bool
sandbox_fail(struct why *why, const char *what)
{
	why_set(why, "%s: %s", what, strerror(errno));
	return false;
}

/* tell: to the log, where there is one. */
static bool
enter(enum sandbox mode, enum sandbox_role role, const struct config *config,
    bool tell, struct why *why)
{
	const struct rlimit none = { 0, 0 };
	char text[SANDBOX_TEXT_MAX];

	if (!describe(mode,
	        sandbox_is_alone(role) ? ISOLATION_NONE : ISOLATION_PROCESS,
	        text, why))
		return false;
	if (tell)
		log_line(LOG_LEVEL_INFO, "sandbox: %s", text);
	if (mode == SANDBOX_OFF || sanitized)
		return true;
	/* Keys and visitors' requests have no business in a core file. */
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return sandbox_fail(why, "RLIMIT_CORE");
	return platform_confine(role, config, why);
}

bool
sandbox_is_alone(enum sandbox_role role)
{
	return role == ROLE_ALONE || role == ROLE_LONE_FETCHER;
}

bool
sandbox_fetches(enum sandbox_role role)
{
	return role == ROLE_FETCHER || role == ROLE_LONE_FETCHER;
}

bool
sandbox_converter(enum sandbox mode, int64_t memory, struct why *why)
{
	const struct rlimit none = { 0, 0 };
	const struct rlimit files = { CONVERTER_FILES, CONVERTER_FILES };

	if (mode != SANDBOX_OFF && !sanitized &&
	    (setrlimit(RLIMIT_NOFILE, &files) != 0 ||
	        setrlimit(RLIMIT_FSIZE, &none) != 0 ||
	        !platform_bound_memory(memory)))
		return sandbox_fail(why, "a converter's limits");
	return enter(mode, ROLE_CONVERTER, NULL, false, why);
}

bool
sandbox_front(const struct config *config, struct why *why)
{
	return enter(config->sandbox,
	    config_fetches(config) ? ROLE_FETCHER : ROLE_FRONT, config, true,
	    why);
}

bool
sandbox_alone(const struct config *config, struct why *why)
{
	return enter(config->sandbox,
	    config_fetches(config) ? ROLE_LONE_FETCHER : ROLE_ALONE, config,
	    true, why);
}

bool
sandbox_once(const struct config *config, struct why *why)
{
	return enter(config->sandbox,
	    config_fetches(config) ? ROLE_FETCHER : ROLE_ONCE, config, false,
	    why);
}
