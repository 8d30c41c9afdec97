/* The filters' programs, run row by row as the kernel would, for both arches.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "serve/filter_linux.h"
#include "test.h"

#define PID 4711U

#define ALLOW       SECCOMP_RET_ALLOW
#define KILL        SECCOMP_RET_KILL_PROCESS
#define FAILS(code) (SECCOMP_RET_ERRNO | (code))
#define BROKEN      0x12345U /* no verdict at all */

/* Is the jump at pc within the program? */
static bool
lands(size_t pc, const struct sock_filter *f, size_t count)
{
	return pc + 1 + f->jt < count && pc + 1 + f->jf < count;
}

/* Classic BPF, as far as the programs go; anything else is BROKEN. */
static uint32_t
verdict(const struct sock_filter *program, size_t count,
    const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *f = &program[pc];
		bool yes = false;

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (f->k % 4 != 0 || f->k >= sizeof *data)
				return BROKEN;
			memcpy(&a, (const char *)data + f->k, sizeof a);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			continue;
		case BPF_RET | BPF_K:
			return f->k;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == f->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= f->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > f->k;
			break;
		default:
			return BROKEN;
		}
		if (!lands(pc, f, count))
			return BROKEN;
		pc += yes ? f->jt : f->jf;
	}
	return BROKEN;
}

static const uint32_t audit[FILTER_ARCHES] = { AUDIT_ARCH_X86_64,
	AUDIT_ARCH_AARCH64 };

/* The lists' numbers once more, in an order of our own. */
enum call {
#define NAME(name, x86, arm) name##_,
#define OLD_NAME(name, x86)  name##_,
	FILTER_CALLS(NAME) FILTER_OLD_CALLS(OLD_NAME)
};
static const int numbers[][FILTER_ARCHES] = {
#define NUMBERS(name, x86, arm) { x86, arm },
#define OLD_NUMBERS(name, x86)  { x86, -1 },
	FILTER_CALLS(NUMBERS) FILTER_OLD_CALLS(OLD_NUMBERS)
};

static uint32_t
ask(enum sandbox_role role, int arch, uint32_t machine, uint32_t number,
    const uint64_t arg[6])
{
	struct sock_filter program[FILTER_MAX];
	size_t count = filter_build(program, (enum filter_arch)arch, role, PID);
	struct seccomp_data data = { .nr = (int)number, .arch = machine };

	memcpy(data.args, arg, sizeof data.args);
	return verdict(program, count, &data);
}

#define CONVERTER ROLE_CONVERTER
#define FRONT     ROLE_FRONT
#define FETCHER   ROLE_FETCHER
#define ALONE     ROLE_ALONE
#define LONE      ROLE_LONE_FETCHER
#define ONCE      ROLE_ONCE
#define RWX       7
#define PRIVATE   0x22 /* and anonymous */
#define SHARED    0x21
#define THREAD    0x3d0f00

static const struct {
	int line;
	enum sandbox_role role;
	enum call call;
	uint64_t arg[6];
	uint32_t want;
} rows[] = {
	/* A converter talks to its socket, and to nobody else. */
	{ __LINE__, CONVERTER, recvmsg_, { 3 }, ALLOW },
	{ __LINE__, CONVERTER, recvmsg_, { 4 }, KILL },
	{ __LINE__, CONVERTER, sendmsg_, { 3 }, ALLOW },
	{ __LINE__, CONVERTER, sendmsg_, { 0 }, KILL },
	/* The kernel sees an int: what stands above it must not help. */
	{ __LINE__, CONVERTER, sendmsg_, { 0x100000004 }, KILL },
	{ __LINE__, CONVERTER, write_, { 3 }, ALLOW },
	{ __LINE__, CONVERTER, write_, { 4 }, FAILS(EBADF) },
	{ __LINE__, CONVERTER, writev_, { 2 }, FAILS(EBADF) },
	{ __LINE__, CONVERTER, sendto_, { 3 }, KILL },
	{ __LINE__, CONVERTER, ppoll_, { 0 }, ALLOW },
	{ __LINE__, CONVERTER, socket_, { 1, 1 }, KILL },
	{ __LINE__, CONVERTER, socketpair_, { 1, 1 }, KILL },
	{ __LINE__, CONVERTER, connect_, { 3 }, KILL },
	/* Opens fail as if there were no files; nothing else takes a path. */
	{ __LINE__, CONVERTER, openat_, { 0 }, FAILS(ENOENT) },
	{ __LINE__, CONVERTER, open_, { 0 }, FAILS(ENOENT) },
	{ __LINE__, CONVERTER, newfstatat_, { 4 }, FAILS(ENOENT) },
	{ __LINE__, CONVERTER, statx_, { 4 }, FAILS(ENOENT) },
	{ __LINE__, CONVERTER, openat2_, { 0 }, KILL },
	{ __LINE__, CONVERTER, open_by_handle_at_, { 0 }, KILL },
	{ __LINE__, CONVERTER, memfd_create_, { 0 }, KILL },
	{ __LINE__, CONVERTER, fstat_, { 4 }, ALLOW },
	{ __LINE__, CONVERTER, pread64_, { 4 }, ALLOW },
	/* Memory of its own, but none that is shared or code. */
	{ __LINE__, CONVERTER, mmap_, { 0, 9, 3, PRIVATE }, ALLOW },
	{ __LINE__, CONVERTER, mmap_, { 0, 9, RWX, PRIVATE }, FAILS(EPERM) },
	{ __LINE__, CONVERTER, mprotect_, { 0, 9, 5 }, FAILS(EPERM) },
	{ __LINE__, CONVERTER, mprotect_, { 0, 9, 3 }, ALLOW },
	{ __LINE__, CONVERTER, mmap_, { 0, 9, 3, SHARED }, FAILS(EPERM) },
	{ __LINE__, CONVERTER, mmap_, { 0, 9, 3, 3 }, FAILS(EPERM) },
	{ __LINE__, CONVERTER, pkey_mprotect_, { 0 }, KILL },
	/* Threads, and no other process. */
	{ __LINE__, CONVERTER, clone3_, { 0 }, FAILS(ENOSYS) },
	{ __LINE__, CONVERTER, clone_, { THREAD }, ALLOW },
	{ __LINE__, CONVERTER, clone_, { THREAD | 0x400000 }, ALLOW },
	{ __LINE__, CONVERTER, clone_, { 17 }, KILL },
	{ __LINE__, CONVERTER, clone_, { THREAD | 0x10000000 }, KILL },
	{ __LINE__, CONVERTER, clone_, { 0 }, KILL },
	{ __LINE__, CONVERTER, fork_, { 0 }, KILL },
	{ __LINE__, CONVERTER, execve_, { 0 }, KILL },
	{ __LINE__, CONVERTER, execveat_, { 0 }, KILL },
	{ __LINE__, CONVERTER, tgkill_, { PID, PID, 6 }, ALLOW },
	{ __LINE__, CONVERTER, tgkill_, { PID + 1, PID, 6 }, KILL },
	{ __LINE__, CONVERTER, kill_, { PID, 9 }, KILL },
	{ __LINE__, CONVERTER, ptrace_, { 0 }, KILL },
	{ __LINE__, CONVERTER, process_vm_readv_, { PID }, KILL },
	{ __LINE__, CONVERTER, pidfd_getfd_, { 0 }, KILL },
	{ __LINE__, CONVERTER, io_uring_setup_, { 0 }, KILL },
	{ __LINE__, CONVERTER, bpf_, { 0 }, KILL },
	{ __LINE__, CONVERTER, prctl_, { 15 }, ALLOW },
	{ __LINE__, CONVERTER, prctl_, { 0x53564d41 }, ALLOW },
	{ __LINE__, CONVERTER, prctl_, { 4, 1 }, KILL },
	{ __LINE__, CONVERTER, ioctl_, { 0, 0x5412 }, FAILS(ENOTTY) },
	{ __LINE__, CONVERTER, prlimit64_, { 0 }, KILL },
	/* What a last word takes. */
	{ __LINE__, CONVERTER, sigaltstack_, { 0 }, ALLOW },
	{ __LINE__, CONVERTER, rt_sigaction_, { 0 }, ALLOW },
	{ __LINE__, CONVERTER, rt_sigreturn_, { 0 }, ALLOW },
	{ __LINE__, CONVERTER, rt_sigprocmask_, { 0 }, ALLOW },

	/* --once opens and prints, and has no socket. */
	{ __LINE__, ONCE, openat2_, { 0 }, ALLOW },
	{ __LINE__, ONCE, openat_, { 0 }, ALLOW },
	{ __LINE__, ONCE, write_, { 1 }, ALLOW },
	{ __LINE__, ONCE, ppoll_, { 0 }, ALLOW },
	{ __LINE__, ONCE, write_, { 2 }, ALLOW },
	{ __LINE__, ONCE, write_, { 3 }, FAILS(EBADF) },
	{ __LINE__, ONCE, fcntl_, { 5, 1030 }, ALLOW },
	{ __LINE__, ONCE, fcntl_, { 5, 4 }, KILL },
	{ __LINE__, CONVERTER, fcntl_, { 3, 1030 }, KILL },
	{ __LINE__, ONCE, sendmsg_, { 3 }, KILL },
	{ __LINE__, ONCE, recvmsg_, { 3 }, KILL },
	{ __LINE__, ONCE, socket_, { 2, 1 }, KILL },
	{ __LINE__, ONCE, execve_, { 0 }, KILL },
	{ __LINE__, ONCE, futex_, { 0 }, ALLOW },

	/* The front may do much, but these. */
	{ __LINE__, FRONT, openat2_, { 0 }, ALLOW },
	{ __LINE__, FRONT, sendmsg_, { 9 }, ALLOW },
	{ __LINE__, FRONT, write_, { 9 }, ALLOW },
	{ __LINE__, FRONT, clone_, { THREAD }, ALLOW },
	{ __LINE__, FRONT, clone_, { 17 }, KILL },
	{ __LINE__, FRONT, clone3_, { 0 }, FAILS(ENOSYS) },
	{ __LINE__, FRONT, execve_, { 0 }, KILL },
	{ __LINE__, FRONT, execveat_, { 0 }, KILL },
	{ __LINE__, FRONT, ptrace_, { 0 }, KILL },
	{ __LINE__, FRONT, kill_, { PID }, KILL },
	{ __LINE__, FRONT, tgkill_, { PID, PID, 12 }, ALLOW },
	{ __LINE__, FRONT, tgkill_, { 1, 1, 9 }, KILL },
	{ __LINE__, FRONT, bpf_, { 0 }, KILL },
	{ __LINE__, FRONT, mount_, { 0 }, KILL },
	{ __LINE__, FRONT, keyctl_, { 0 }, KILL },
	{ __LINE__, FRONT, io_uring_setup_, { 0 }, KILL },
	{ __LINE__, FRONT, unshare_, { 0 }, KILL },
	{ __LINE__, FRONT, open_by_handle_at_, { 0 }, KILL },
	{ __LINE__, FRONT, prlimit64_, { 0 }, ALLOW },
	{ __LINE__, FRONT, prlimit64_, { 1 }, KILL },
	{ __LINE__, FRONT, socketpair_, { 1, 1 }, ALLOW },
	{ __LINE__, FRONT, socketpair_, { 1, 1 | 0x80000 }, ALLOW },
	{ __LINE__, FRONT, socketpair_, { 1, 2 }, FAILS(EPERM) },
	{ __LINE__, FRONT, socketpair_, { 2, 1 }, FAILS(EPERM) },
	{ __LINE__, FRONT, socket_, { 2, 1 }, FAILS(EPERM) },
	{ __LINE__, FRONT, connect_, { 9 }, FAILS(EPERM) },
	{ __LINE__, FRONT, mmap_, { 0, 9, 3, PRIVATE }, ALLOW },
	{ __LINE__, FRONT, mmap_, { 0, 9, RWX, PRIVATE }, FAILS(EPERM) },
	{ __LINE__, FRONT, mprotect_, { 0, 9, 5 }, FAILS(EPERM) },
	{ __LINE__, FRONT, mprotect_, { 0, 9, 3 }, ALLOW },
	{ __LINE__, FRONT, ioctl_, { 2, 0x5412 }, KILL },
	{ __LINE__, FRONT, ioctl_, { 2, 0x541c }, KILL },
	{ __LINE__, FRONT, ioctl_, { 2, 0x5413 }, ALLOW },

	/* One that fetches has the internet's sockets. */
	{ __LINE__, FETCHER, socket_, { 2, 1 }, ALLOW },
	{ __LINE__, FETCHER, socket_, { 10, 2 }, ALLOW },
	{ __LINE__, FETCHER, socket_, { 1, 1 }, FAILS(EPERM) },
	{ __LINE__, FETCHER, socket_, { 16, 3 }, FAILS(EPERM) },
	{ __LINE__, FETCHER, socket_, { 17, 3 }, FAILS(EPERM) },
	{ __LINE__, FETCHER, connect_, { 9 }, ALLOW },
	{ __LINE__, FETCHER, bind_, { 9 }, FAILS(EPERM) },
	{ __LINE__, FETCHER, listen_, { 9 }, FAILS(EPERM) },
	{ __LINE__, FETCHER, execve_, { 0 }, KILL },
	{ __LINE__, FETCHER, memfd_create_, { 0 }, ALLOW },
	{ __LINE__, LONE, memfd_create_, { 0 }, ALLOW },
	{ __LINE__, LONE, socket_, { 2, 1 }, ALLOW },
	{ __LINE__, LONE, socket_, { 1, 2 }, ALLOW },
	{ __LINE__, LONE, execve_, { 0 }, KILL },
	{ __LINE__, FRONT, memfd_create_, { 0 }, KILL },

	/* All in one process: its syslog is found again. */
	{ __LINE__, ALONE, mmap_, { 0, 9, RWX, PRIVATE }, FAILS(EPERM) },
	{ __LINE__, ALONE, socket_, { 1, 2 }, ALLOW },
	{ __LINE__, ALONE, connect_, { 9 }, ALLOW },
	{ __LINE__, ALONE, execve_, { 0 }, KILL },
	{ __LINE__, ALONE, socket_, { 2, 1 }, FAILS(EPERM) },
};

static void
check_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int arch = 0; arch < FILTER_ARCHES; arch++) {
			int number = numbers[rows[i].call][arch];

			if (number >= 0)
				EQ_INT_AT(rows[i].line,
				    ask(rows[i].role, arch, audit[arch],
				        (uint32_t)number, rows[i].arg),
				    rows[i].want);
		}
	}
}

static const enum sandbox_role all[] = { CONVERTER, FRONT, FETCHER, ALONE, LONE,
	ONCE };
#define ALL (sizeof all / sizeof all[0])

/* Every number there may be: none is undecided, and strangers get nothing. */
static void
check_numbers(void)
{
	static const uint64_t none[6];
	static const uint32_t strangers[] = { AUDIT_ARCH_I386, AUDIT_ARCH_ARM,
		AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64, 0 };

	for (size_t r = 0; r < ALL; r++) {
		for (int arch = 0; arch < FILTER_ARCHES; arch++) {
			bool good = true;

			for (uint32_t n = 0; n < 1024; n++) {
				uint32_t v =
				    ask(all[r], arch, audit[arch], n, none);

				good = good &&
				    (v == ALLOW || v == KILL ||
				        v > SECCOMP_RET_ERRNO);
			}
			CHECK(good);
			for (size_t s = 0; s < 5; s++) {
				if (strangers[s] != audit[arch])
					EQ_INT(ask(all[r], arch, strangers[s],
					           0, none),
					    KILL);
			}
		}
	}
}

/* The same calls by their x32 numbers, and what is newer than the table. */
static void
check_other_numbers(void)
{
	static const uint64_t none[6];
	uint32_t machine = audit[FILTER_X86_64];
	bool killed = true;

	for (size_t r = 0; r < ALL; r++) {
		for (uint32_t n = 0; n < 600; n++)
			killed = killed &&
			    ask(all[r], FILTER_X86_64, machine, n | 0x40000000,
			        none) == KILL;
		EQ_INT(ask(all[r], FILTER_X86_64, machine, UINT32_MAX, none),
		    KILL);
		EQ_INT(ask(all[r], FILTER_X86_64, machine, 480, none),
		    all[r] == CONVERTER || all[r] == ONCE ? KILL
		                                          : FAILS(ENOSYS));
	}
	CHECK(killed);
}

/* The table against this machine's own header. */
static void
check_names(void)
{
#if defined(__x86_64__) && defined(__LP64__)
#define SAME(name, x86, arm) EQ_INT(x86, SYS_##name);
#define OLD_SAME(name, x86)  EQ_INT(x86, SYS_##name);
	FILTER_CALLS(SAME)
	FILTER_OLD_CALLS(OLD_SAME)
#elif defined(__aarch64__)
#define SAME(name, x86, arm) EQ_INT(arm, SYS_##name);
	FILTER_CALLS(SAME)
#else
	test_skip("no filter for this machine");
#endif
}

int
main(void)
{
	check_rows();
	check_numbers();
	check_other_numbers();
	check_names();
	return test_end("t_sandbox");
}
