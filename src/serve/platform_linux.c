#include "serve/platform.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

const char *
platform_self(const char *argv0, char *path, size_t size)
{
	(void)argv0;
	/* Names the file we run even after an upgrade has replaced it. */
	snprintf(path, size, "/proc/self/exe");
	return path;
}

void
platform_die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int
platform_backlog_max(void)
{
	FILE *f = fopen("/proc/sys/net/core/somaxconn", "re");
	int max = -1;

	if (f == NULL)
		return -1;
	if (fscanf(f, "%d", &max) != 1)
		max = -1;
	fclose(f);
	return max;
}
