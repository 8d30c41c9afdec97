#include "serve/sandbox_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "serve/filter_linux.h"

/*
 * Landlock in the kernel's own words, spelt here: they are fixed for ever,
 * and headers lag behind kernels.  Calls have the same number everywhere.
 */
#define CREATE_RULESET 444
#define ADD_RULE       445
#define RESTRICT_SELF  446
#define ABI_VERSION    1U
#define PATH_BENEATH   1
#define FS_READ_FILE   (UINT64_C(1) << 2)
#define TCP_BIND       UINT64_C(1)
#define TCP            UINT64_C(3) /* bind, connect */
#define SCOPES         UINT64_C(3) /* abstract sockets, signals */

struct ruleset {
	uint64_t fs, net, scoped;
};

struct beneath {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

/* How much of it an ABI knows: 1 refer, 2 truncate, 4 net, 5 ioctl, 6 scope. */
static const struct knowledge {
	int abi;
	size_t size;
	unsigned int fs_bits;
} known[] = {
	{ 6, 24, 16 },
	{ 5, 16, 16 },
	{ 4, 16, 15 },
	{ 3, 8, 15 },
	{ 2, 8, 14 },
	{ 1, 8, 13 },
};

#if defined(__x86_64__) && defined(__LP64__)
static const int native = FILTER_X86_64;
#elif defined(__aarch64__) && defined(__AARCH64EL__)
static const int native = FILTER_ARM64;
#else
static const int native = FILTER_ARCHES; /* none */
#endif

/* 0: this kernel has none, or it is switched off. */
static int
landlock_abi(void)
{
	long abi = syscall(CREATE_RULESET, NULL, (size_t)0, ABI_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static bool
has_seccomp(void)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return native != FILTER_ARCHES &&
	    syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

bool
platform_sandbox(char text[SANDBOX_TEXT_MAX])
{
	int abi = landlock_abi();
	bool seccomp = has_seccomp();
	char landlock[32] = "no landlock";

	if (abi > 0)
		snprintf(landlock, sizeof landlock, "landlock abi %d", abi);
	snprintf(text, SANDBOX_TEXT_MAX, "%s, %s", landlock,
	    seccomp ? "seccomp" : "no seccomp");
	return abi > 0 && seccomp;
}

/*
 * RLIMIT_DATA counts what can be written and is not shared, which is all that
 * a converter can get.  RLIMIT_AS would count the room that malloc reserves
 * for each thread, 64 MiB of nothing.
 */
bool
platform_bound_memory(int64_t bytes)
{
	FILE *f = fopen("/proc/self/statm", "re");
	struct rlimit limit;
	long pages;
	int n;

	if (f == NULL)
		return false;
	n = fscanf(f, "%*d %*d %*d %*d %*d %ld", &pages);
	fclose(f);
	if (n != 1) {
		errno = EIO;
		return false;
	}
	limit.rlim_cur =
	    (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)bytes;
	limit.rlim_max = limit.rlim_cur;
	return setrlimit(RLIMIT_DATA, &limit) == 0;
}

/* What hosts' names and authorities are looked up in, where it is there. */
static const char *const lookups[] = {
	"/etc",
	"/run/systemd/resolve",
	"/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates",
};

/* A folder, or a file, that may be read. */
static bool
add_root(int ruleset, const char *path, struct why *why)
{
	struct beneath rule = { .allowed = FS_READ_FILE };
	long r;

	rule.folder = open(path, O_PATH | O_CLOEXEC);
	if (rule.folder < 0)
		return sandbox_fail(why, path);
	r = syscall(ADD_RULE, ruleset, PATH_BENEATH, &rule, 0);
	close(rule.folder);
	return r == 0 || sandbox_fail(why, "landlock_add_rule");
}

static bool
add_roots(int ruleset, const struct config *config, struct why *why)
{
	for (uint32_t i = 0; i < config->sites; i++) {
		const char *root = config->site[i].root;

		if (root[0] != '\0' && !add_root(ruleset, root, why))
			return false;
	}
	return true;
}

/* origin-ca is read anew with every connection. */
static bool
add_lookups(int ruleset, const struct config *config, struct why *why)
{
	for (size_t i = 0; i < sizeof lookups / sizeof lookups[0]; i++) {
		if (access(lookups[i], F_OK) == 0 &&
		    !add_root(ruleset, lookups[i], why))
			return false;
	}
	for (uint32_t i = 0; i < config->sites; i++) {
		const char *ca = config->site[i].origin_ca;

		if (ca[0] != '\0' && !add_root(ruleset, ca, why))
			return false;
	}
	return true;
}

/* No file but for reading below the roots; no TCP, no signal, no ptrace. */
static bool
confine_paths(enum sandbox_role role, const struct config *roots,
    struct why *why)
{
	int abi = landlock_abi(), fd;
	const struct knowledge *k = known;
	struct ruleset set = { .net = sandbox_fetches(role) ? TCP_BIND : TCP,
		.scoped = SCOPES };
	bool good;

	if (abi == 0)
		return true;
	while (k->abi > abi)
		k++;
	set.fs = (UINT64_C(1) << k->fs_bits) - 1;
	fd = (int)syscall(CREATE_RULESET, &set, k->size, 0);
	if (fd < 0)
		return sandbox_fail(why, "landlock_create_ruleset");
	good = (roots == NULL || add_roots(fd, roots, why)) &&
	    (!sandbox_fetches(role) || add_lookups(fd, roots, why));
	if (good && syscall(RESTRICT_SELF, fd, 0) != 0)
		good = sandbox_fail(why, "landlock_restrict_self");
	close(fd);
	return good;
}

static bool
confine_calls(enum sandbox_role role, struct why *why)
{
	struct sock_filter program[FILTER_MAX];
	struct sock_fprog all = { .filter = program };
	/*
	 * Threads that a library has started are in it as well.  What the
	 * kernel does against speculation where it sees a filter costs time
	 * and would guard nothing: a process has no secrets from itself.
	 */
	const unsigned int flags =
	    SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	if (!has_seccomp())
		return true;
	all.len = (unsigned short)filter_build(program,
	    (enum filter_arch)native, role, (uint32_t)getpid());
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &all) != 0)
		return sandbox_fail(why, "seccomp");
	return true;
}

bool
platform_confine(enum sandbox_role role, const struct config *config,
    struct why *why)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return sandbox_fail(why, "PR_SET_NO_NEW_PRIVS");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return sandbox_fail(why, "PR_SET_DUMPABLE");
	/* A log file is opened again by its path where all is one process. */
	if (!sandbox_is_alone(role) && !confine_paths(role, config, why))
		return false;
	return confine_calls(role, why);
}
