#include "serve/sandbox_impl.h"

#include <stdio.h>
#include <sys/resource.h>

bool
platform_sandbox(char text[SANDBOX_TEXT_MAX])
{
	snprintf(text, SANDBOX_TEXT_MAX, "none on this system");
	return false;
}

bool
platform_bound_memory(int64_t bytes)
{
	const struct rlimit limit = { (rlim_t)bytes, (rlim_t)bytes };

	return setrlimit(RLIMIT_DATA, &limit) == 0;
}

bool
platform_confine(enum sandbox_role role, const struct config *config,
    struct why *why)
{
	(void)role;
	(void)config;
	(void)why;
	return true;
}
