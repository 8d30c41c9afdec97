#include "serve/platform.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

const char *
platform_self(const char *argv0, char *path, size_t size)
{
	char *real = strchr(argv0, '/') != NULL ? realpath(argv0, NULL) : NULL;

	if (real == NULL || strlen(real) >= size) {
		free(real);
		return NULL;
	}
	memcpy(path, real, strlen(real) + 1);
	free(real);
	return path;
}

/* Children of a dead master end by the end of their control socket. */
void
platform_die_with_parent(void)
{
}

void
platform_set_memory(void)
{
}

void
platform_share_memory(void)
{
}

void
platform_trim_memory(void)
{
}

int
platform_backlog_max(void)
{
	return -1;
}

int64_t
platform_resident(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	return (int64_t)usage.ru_maxrss * 1024;
}
