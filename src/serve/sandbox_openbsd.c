#include "serve/sandbox_impl.h"

#include <sys/types.h>

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * pledge(2): what is not promised ends the process.  sendfd and recvfd: open
 * sources go from the front to a converter.
 */
static const char *const promises[] = {
	[ROLE_CONVERTER] = "stdio recvfd",
	[ROLE_FRONT] = "stdio rpath unix inet sendfd recvfd",
	[ROLE_FETCHER] = "stdio rpath unix inet dns sendfd recvfd",
	[ROLE_ALONE] = "stdio rpath wpath cpath unix inet",
	[ROLE_LONE_FETCHER] = "stdio rpath wpath cpath unix inet dns",
	[ROLE_ONCE] = "stdio rpath",
};

bool
platform_sandbox(char text[SANDBOX_TEXT_MAX])
{
	snprintf(text, SANDBOX_TEXT_MAX, "pledge, unveil");
	return true;
}

/* Counts mappings, too; what is there already is small beside it. */
bool
platform_bound_memory(int64_t bytes)
{
	const struct rlimit limit = { (rlim_t)bytes, (rlim_t)bytes };

	return setrlimit(RLIMIT_DATA, &limit) == 0;
}

/* Of the file system the roots stay, to be read. */
static bool
hide_files(const struct config *roots, struct why *why)
{
	for (uint32_t i = 0; roots != NULL && i < roots->sites; i++) {
		const char *root = roots->site[i].root;

		if (root[0] != '\0' && unveil(root, "r") != 0)
			return sandbox_fail(why, root);
	}
	/* Where no root was named, everything would still be there. */
	return (unveil("/", "") == 0 && unveil(NULL, NULL) == 0) ||
	    sandbox_fail(why, "unveil");
}

bool
platform_confine(enum sandbox_role role, const struct config *config,
    struct why *why)
{
	/* A log file is opened again by its path where all is one process. */
	if (!sandbox_is_alone(role) && !hide_files(config, why))
		return false;
	return pledge(promises[role], NULL) == 0 || sandbox_fail(why, "pledge");
}
