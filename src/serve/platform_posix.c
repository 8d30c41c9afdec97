#include "serve/platform.h"

#include <stdlib.h>
#include <string.h>

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
platform_keep_memory(void)
{
}

int
platform_backlog_max(void)
{
	return -1;
}
