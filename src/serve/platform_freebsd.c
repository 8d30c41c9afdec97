#include "serve/platform.h"

#include <sys/procctl.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/types.h>

#include <signal.h>

const char *
platform_self(const char *argv0, char *path, size_t size)
{
	int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1 };

	(void)argv0;
	if (sysctl(name, 4, path, &size, NULL, 0) != 0)
		return NULL;
	return path;
}

void
platform_die_with_parent(void)
{
	int sig = SIGKILL;

	procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &sig);
}

/* jemalloc's, read when it starts: bytes are 0. */
const char *malloc_conf = "zero:true";

/* It keeps memory for seconds: for us neither too short nor too long. */
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
	int max = -1;
	size_t size = sizeof max;

	if (sysctlbyname("kern.ipc.soacceptqueue", &max, &size, NULL, 0) != 0)
		return -1;
	return max;
}

int64_t
platform_resident(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	return (int64_t)usage.ru_maxrss * 1024;
}
