#include "serve/platform.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/num.h"

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
platform_set_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_PERTURB, 0xff); /* its complement is what malloc gives */
	/* The most that glibc takes from its heap, and twice that kept. */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	/*
	 * Threads otherwise get heaps of their own, and what ended ones leave
	 * stays.  Codecs start threads for one job at a time: with one heap a
	 * converter is half the size, and no slower.
	 */
	mallopt(M_ARENA_MAX, 1);
#endif
}

void
platform_share_memory(void)
{
#ifdef __GLIBC__
	/* Each heap would keep the largest pictures that it ever had. */
	mallopt(M_ARENA_MAX, 1);
	/* glibc's own beginnings, which it otherwise raises as it goes. */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 128 << 10);
#endif
}

void
platform_trim_memory(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
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

static int statm = -1;

static void
open_statm(void)
{
	statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

/* Kept open: a sandbox shuts /proc. */
int64_t
platform_resident(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char text[128], *second;
	int64_t pages;
	ssize_t n;

	pthread_once(&once, open_statm);
	n = pread(statm, text, sizeof text - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	second = strchr(text, ' ');
	if (second == NULL ||
	    !num_parse(second + 1, strcspn(second + 1, " "), 0, INT64_MAX >> 20,
	        &pages))
		return 0;
	return pages * sysconf(_SC_PAGESIZE);
}
