#include "serve/sandbox_impl.h"

#include <sys/capsicum.h>
#include <sys/param.h>
#include <sys/procctl.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/user.h>

#include <stdio.h>
#include <unistd.h>

bool
platform_sandbox(char text[SANDBOX_TEXT_MAX])
{
	size_t size = 0;
	bool has = sysctlbyname("kern.features.security_capability_mode", NULL,
	               &size, NULL, 0) == 0;

	snprintf(text, SANDBOX_TEXT_MAX, "%s",
	    has ? "capsicum" : "no capsicum");
	return has;
}

/* RLIMIT_DATA counts brk() alone here. */
bool
platform_bound_memory(int64_t bytes)
{
	int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)getpid() };
	struct kinfo_proc self;
	size_t size = sizeof self;
	struct rlimit limit;

	if (sysctl(name, 4, &self, &size, NULL, 0) != 0)
		return false;
	limit.rlim_cur = (rlim_t)self.ki_size + (rlim_t)bytes;
	limit.rlim_max = limit.rlim_cur;
	return setrlimit(RLIMIT_AS, &limit) == 0;
}

/* A converter talks and waits; its socket can do nothing else. */
static bool
limit_socket(struct why *why)
{
	cap_rights_t rights;

	cap_rights_init(&rights, CAP_SEND, CAP_RECV, CAP_EVENT);
	if (cap_rights_limit(CONVERTER_SOCKET, &rights) != 0)
		return sandbox_fail(why, "cap_rights_limit");
	return true;
}

/* No debugger, and no program with more rights than ours. */
static bool
stay_low(struct why *why)
{
	int value = PROC_TRACE_CTL_DISABLE;

	if (procctl(P_PID, getpid(), PROC_TRACE_CTL, &value) != 0)
		return sandbox_fail(why, "PROC_TRACE_CTL");
#ifdef PROC_NO_NEW_PRIVS_CTL
	value = PROC_NO_NEW_PRIVS_ENABLE;
	if (procctl(P_PID, getpid(), PROC_NO_NEW_PRIVS_CTL, &value) != 0)
		return sandbox_fail(why, "PROC_NO_NEW_PRIVS_CTL");
#endif
	return true;
}

bool
platform_confine(enum sandbox_role role, const struct config *config,
    struct why *why)
{
	char text[SANDBOX_TEXT_MAX];

	(void)config; /* roots are descriptors, and stay what they are */
	if (!stay_low(why) || (role == ROLE_CONVERTER && !limit_socket(why)))
		return false;
	/*
	 * From here nothing is looked up but below a descriptor.  A log file
	 * is opened again by its path where all is one process, and hosts
	 * are reached by their names.
	 */
	if (sandbox_is_alone(role) || sandbox_fetches(role) ||
	    !platform_sandbox(text))
		return true;
	return cap_enter() == 0 || sandbox_fail(why, "cap_enter");
}
