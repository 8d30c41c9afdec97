#include "serve/filter_linux.h"

#include <errno.h>
#include <stddef.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

/* x86-64's second ABI numbers its calls from here. */
#define X32_BIT 0x40000000U
/*
 * Linux 5.8: the newest call that was weighed.  libc lives without any that
 * is newer, since it runs on older kernels, too.
 */
#define NEWEST 439U

#define ALLOW SECCOMP_RET_ALLOW
#define KILL  SECCOMP_RET_KILL_PROCESS
#define ERR   SECCOMP_RET_ERRNO

/* What arguments are compared with; the kernel's words, fixed for ever. */
#define PROT_EXEC_BIT   0x4U
#define MAP_TYPE_BITS   0x3U
#define MAP_PRIVATE_BIT 0x2U
#define INT_BITS        0xffffffffU
/* clone() as pthread_create() calls it; musl adds a bit without effect. */
#define THREAD_FLAGS 0x3d0f00U
#define CLONE_BITS   (~0x400000U)
#define SET_NAME     15U         /* PR_SET_NAME: codecs name their threads */
#define SET_VMA      0x53564d41U /* PR_SET_VMA: malloc names its memory */
#define UNIX_DOMAIN  1U
#define INET_DOMAIN  2U
#define INET6_DOMAIN 10U
#define STREAM       1U
#define TYPE_BITS    0xfU
#define DUP_FD       1030U   /* F_DUPFD_CLOEXEC */
#define TIOCSTI_CALL 0x5412U /* types into the terminal that started us */
#define TIOCL_CALL   0x541cU /* pastes into it */

enum call {
#define NAME(name, x86, arm) CALL_##name,
#define OLD_NAME(name, x86)  CALL_##name,
	FILTER_CALLS(NAME) FILTER_OLD_CALLS(OLD_NAME) CALLS
#undef NAME
#undef OLD_NAME
};

#define NONE (-1)

static const int16_t numbers[CALLS][FILTER_ARCHES] = {
#define NUMBERS(name, x86, arm) { x86, arm },
#define OLD_NUMBERS(name, x86)  { x86, NONE },
	FILTER_CALLS(NUMBERS) FILTER_OLD_CALLS(OLD_NUMBERS)
#undef NUMBERS
#undef OLD_NUMBERS
};

enum when {
	ALWAYS,
	IF,     /* the argument's masked bits are the value */
	UNLESS, /* they are not */
	IF_SELF /* the argument is our own pid */
};

/* The first row of a call that applies decides. */
struct row {
	enum call call;
	uint32_t verdict;
	enum when when;
	unsigned int argument;
	uint32_t mask, value;
};

#define ROW(name, verdict, ...)                                                \
	{                                                                      \
		CALL_##name, (verdict), __VA_ARGS__                            \
	}
#define YES(name)           ROW(name, ALLOW, ALWAYS, 0, 0, 0)
#define NO(name)            ROW(name, KILL, ALWAYS, 0, 0, 0)
#define FAILS(name, errno_) ROW(name, ERR | (errno_), ALWAYS, 0, 0, 0)
#define ABSENT(name)        FAILS(name, ENOENT)

/* What every role shares. */
static const struct row common[] = {
	/* No memory becomes code. */
	ROW(mmap, ERR | EPERM, IF, 2, PROT_EXEC_BIT, PROT_EXEC_BIT),
	ROW(mprotect, ERR | EPERM, IF, 2, PROT_EXEC_BIT, PROT_EXEC_BIT),
	NO(pkey_mprotect),
	/* Threads alone; clone3 hides its flags, libc then takes clone. */
	FAILS(clone3, ENOSYS),
	ROW(clone, KILL, UNLESS, 0, CLONE_BITS, THREAD_FLAGS),
	/* raise(), abort() and pthread_kill(). */
	ROW(tgkill, ALLOW, IF_SELF, 0, INT_BITS, 0),
	NO(tgkill),
};

/*
 * What decoding and encoding take.  Found with every format in and out, and
 * with their threads.
 */
static const struct row decoder[] = {
	/* Locks first: they are nine of ten calls. */
	YES(futex),
	/* Memory that RLIMIT_DATA counts: shared memory would not be. */
	ROW(mmap, ERR | EPERM, UNLESS, 3, MAP_TYPE_BITS, MAP_PRIVATE_BIT),
	YES(mmap),
	YES(mprotect),
	YES(munmap),
	YES(mremap),
	YES(madvise),
	YES(brk),
	/* The source, which was passed open. */
	YES(pread64),
	YES(read),
	YES(lseek),
	/* Until the front, or whoever reads a line of log, is ready. */
	YES(poll),
	YES(ppoll),
	YES(fstat),
	YES(close),
	/* Threads: begin, names, end. */
	YES(clone),
	YES(set_robust_list),
	YES(rseq),
	YES(sched_getaffinity),
	YES(sched_yield),
	YES(getcpu),
	YES(gettid),
	ROW(prctl, ALLOW, IF, 0, INT_BITS, SET_NAME),
	ROW(prctl, ALLOW, IF, 0, INT_BITS, SET_VMA),
	YES(exit),
	YES(exit_group),
	/* Signals, for a last word and a death by the right one. */
	YES(rt_sigprocmask),
	YES(rt_sigaction),
	YES(rt_sigreturn),
	YES(sigaltstack),
	YES(getpid),
	/* Time, where libc has to ask the kernel, and chance. */
	YES(clock_gettime),
	YES(gettimeofday),
	YES(time),
	YES(clock_nanosleep),
	YES(nanosleep),
	YES(restart_syscall),
	YES(getrandom),
	/* What it takes from the machine; qsort() asks for its memory. */
	YES(getrusage),
	YES(sysinfo),
	/* What libc and codecs ask for and live without. */
	ABSENT(openat),
	ABSENT(open),
	ABSENT(newfstatat),
	ABSENT(statx),
	ABSENT(stat),
	ABSENT(lstat),
	ABSENT(faccessat),
	ABSENT(faccessat2),
	ABSENT(access),
	ABSENT(readlinkat),
	ABSENT(readlink),
	ABSENT(statfs),
	YES(umask),
	FAILS(ioctl, ENOTTY),
	FAILS(getpeername, ENOTSOCK),
	FAILS(write, EBADF),
	FAILS(writev, EBADF),
};

/* A converter's conversation with the front. */
static const struct row converter[] = {
	ROW(recvmsg, ALLOW, IF, 0, INT_BITS, CONVERTER_SOCKET),
	ROW(sendmsg, ALLOW, IF, 0, INT_BITS, CONVERTER_SOCKET),
	ROW(write, ALLOW, IF, 0, INT_BITS, CONVERTER_SOCKET),
};

/*
 * --once opens below the roots, and Landlock holds it there; a fallback is
 * open already.
 */
static const struct row once[] = {
	ROW(fcntl, ALLOW, IF, 1, INT_BITS, DUP_FD),
	YES(openat2),
	YES(openat),
	YES(newfstatat),
	ROW(write, ALLOW, IF, 0, INT_BITS, 1),
	ROW(write, ALLOW, IF, 0, INT_BITS, 2),
};

/* No new sockets but the pair that a split request head goes through. */
static const struct row no_sockets[] = {
	ROW(socketpair, ERR | EPERM, UNLESS, 0, INT_BITS, UNIX_DOMAIN),
	ROW(socketpair, ERR | EPERM, UNLESS, 1, TYPE_BITS, STREAM),
	FAILS(socket, EPERM),
	FAILS(connect, EPERM),
	FAILS(bind, EPERM),
	FAILS(listen, EPERM),
};

/* A syslog that was away is connected to again. */
static const struct row syslog[] = {
	ROW(socket, ALLOW, IF, 0, INT_BITS, UNIX_DOMAIN),
	YES(connect),
};

/* Before the rest is refused: the internet, and files in memory alone. */
static const struct row outward[] = {
	YES(memfd_create),
	ROW(socket, ALLOW, IF, 0, INT_BITS, INET_DOMAIN),
	ROW(socket, ALLOW, IF, 0, INT_BITS, INET6_DOMAIN),
	YES(connect),
};

/* What a front never does.  The rest it may. */
static const struct row front[] = {
	/* Other programs and processes. */
	NO(execve),
	NO(execveat),
	NO(fork),
	NO(vfork),
	NO(kill),
	NO(tkill),
	NO(rt_sigqueueinfo),
	NO(rt_tgsigqueueinfo),
	NO(pidfd_open),
	NO(pidfd_getfd),
	NO(pidfd_send_signal),
	NO(ptrace),
	NO(process_vm_readv),
	NO(process_vm_writev),
	NO(kcmp),
	ROW(prlimit64, KILL, UNLESS, 0, INT_BITS, 0),
	/* The terminal of whoever started us. */
	ROW(ioctl, KILL, IF, 1, INT_BITS, TIOCSTI_CALL),
	ROW(ioctl, KILL, IF, 1, INT_BITS, TIOCL_CALL),
	/* Wide surfaces of the kernel. */
	NO(bpf),
	NO(perf_event_open),
	NO(userfaultfd),
	NO(io_uring_setup),
	NO(io_uring_enter),
	NO(io_uring_register),
	NO(add_key),
	NO(request_key),
	NO(keyctl),
	NO(memfd_create),
	NO(open_by_handle_at),
	NO(personality),
	NO(modify_ldt),
	/* Namespaces, mounts, and the machine itself. */
	NO(unshare),
	NO(setns),
	NO(chroot),
	NO(pivot_root),
	NO(mount),
	NO(umount2),
	NO(open_tree),
	NO(move_mount),
	NO(fsopen),
	NO(fsconfig),
	NO(fsmount),
	NO(fspick),
	NO(swapon),
	NO(swapoff),
	NO(acct),
	NO(reboot),
	NO(kexec_load),
	NO(kexec_file_load),
	NO(init_module),
	NO(finit_module),
	NO(delete_module),
	NO(settimeofday),
	NO(clock_settime),
	NO(clock_adjtime),
	NO(iopl),
	NO(ioperm),
};

struct list {
	const struct row *row;
	size_t count;
};

#define LIST(rows)                                                             \
	{                                                                      \
		rows, sizeof(rows) / sizeof((rows)[0])                         \
	}
#define LISTS_MAX 5

/* Which lists make a role, in this order, and what becomes of the rest. */
static const struct {
	uint32_t rest;
	struct list list[LISTS_MAX];
} roles[] = {
	[ROLE_CONVERTER] = { KILL,
	    { LIST(common), LIST(converter), LIST(decoder) } },
	[ROLE_ONCE] = { KILL, { LIST(common), LIST(once), LIST(decoder) } },
	[ROLE_FRONT] = { ALLOW,
	    { LIST(common), LIST(front), LIST(no_sockets) } },
	[ROLE_FETCHER] = { ALLOW,
	    { LIST(common), LIST(outward), LIST(front), LIST(no_sockets) } },
	[ROLE_ALONE] = { ALLOW,
	    { LIST(common), LIST(front), LIST(syslog), LIST(no_sockets) } },
	[ROLE_LONE_FETCHER] = { ALLOW,
	    { LIST(common), LIST(outward), LIST(front), LIST(syslog),
	        LIST(no_sockets) } },
};

static const uint32_t audit_arch[FILTER_ARCHES] = {
	[FILTER_X86_64] = AUDIT_ARCH_X86_64,
	[FILTER_ARM64] = AUDIT_ARCH_AARCH64,
};

struct program {
	struct sock_filter *at;
	size_t count;
};

static void
emit(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	p->at[p->count++] = (struct sock_filter){ code, yes, no, k };
}

static void
load(struct program *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Where what was loaded is value (or is not), this verdict. */
static void
decide(struct program *p, uint32_t value, bool is, uint32_t verdict)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, value, is ? 0 : 1, is ? 1 : 0);
	emit(p, BPF_RET | BPF_K, verdict, 0, 0);
}

/*
 * The lower half of an argument says it all: descriptors, flags and numbers
 * of processes have 32 bits for the kernel, too.
 */
static size_t
low_half(unsigned int argument)
{
	return offsetof(struct seccomp_data, args) + argument * 8;
}

/* Begins and ends with the call's number loaded. */
static void
translate(struct program *p, const struct row *row, uint32_t number,
    uint32_t pid)
{
	if (row->when == ALWAYS) {
		decide(p, number, true, row->verdict);
		return;
	}
	/* Another call steps over the five that follow. */
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 5);
	load(p, low_half(row->argument));
	emit(p, BPF_ALU | BPF_AND | BPF_K, row->mask, 0, 0);
	decide(p, row->when == IF_SELF ? pid : row->value, row->when != UNLESS,
	    row->verdict);
	load(p, offsetof(struct seccomp_data, nr));
}

size_t
filter_build(struct sock_filter program[FILTER_MAX], enum filter_arch arch,
    enum sandbox_role role, uint32_t pid)
{
	struct program p = { program, 0 };

	load(&p, offsetof(struct seccomp_data, arch));
	decide(&p, audit_arch[arch], false, KILL);
	load(&p, offsetof(struct seccomp_data, nr));
	if (arch == FILTER_X86_64) {
		emit(&p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
		emit(&p, BPF_RET | BPF_K, KILL, 0, 0);
	}
	for (size_t i = 0; i < LISTS_MAX; i++) {
		const struct list *list = &roles[role].list[i];

		for (size_t j = 0; j < list->count; j++) {
			int number = numbers[list->row[j].call][arch];

			if (number != NONE)
				translate(&p, &list->row[j], (uint32_t)number,
				    pid);
		}
	}
	if (roles[role].rest == ALLOW) {
		emit(&p, BPF_JMP | BPF_JGT | BPF_K, NEWEST, 0, 1);
		emit(&p, BPF_RET | BPF_K, ERR | ENOSYS, 0, 0);
	}
	emit(&p, BPF_RET | BPF_K, roles[role].rest, 0, 0);
	return p.count;
}
