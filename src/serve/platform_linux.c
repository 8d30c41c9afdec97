#include "serve/platform.h"

#include <malloc.h>
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

void
platform_keep_memory(void)
{
#ifdef __GLIBC__
	/* The most that glibc takes from its heap, and twice that kept. */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
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
