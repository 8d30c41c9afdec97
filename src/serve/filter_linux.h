/*
 * The system calls that each role may make, as programs for seccomp: rows of
 * a table, and their translation into classic BPF.  Pure, and for both
 * architectures wherever it is built, so that a test can run every row.
 */
#ifndef SERVE_FILTER_LINUX_H
#define SERVE_FILTER_LINUX_H

#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#include "serve/sandbox_impl.h"

/* What is not here has no filter. */
enum filter_arch {
	FILTER_X86_64,
	FILTER_ARM64,
	FILTER_ARCHES
};

#define FILTER_MAX 512 /* instructions */

/*
 * Every call that a row names, with its number on x86-64 and on arm64; the
 * second list is of those that only x86-64 still has.
 */
#define FILTER_CALLS(X)                                                        \
	X(read, 0, 63)                                                         \
	X(write, 1, 64)                                                        \
	X(close, 3, 57)                                                        \
	X(fstat, 5, 80)                                                        \
	X(lseek, 8, 62)                                                        \
	X(mmap, 9, 222)                                                        \
	X(mprotect, 10, 226)                                                   \
	X(munmap, 11, 215)                                                     \
	X(brk, 12, 214)                                                        \
	X(rt_sigaction, 13, 134)                                               \
	X(rt_sigprocmask, 14, 135)                                             \
	X(rt_sigreturn, 15, 139)                                               \
	X(ioctl, 16, 29)                                                       \
	X(pread64, 17, 67)                                                     \
	X(writev, 20, 66)                                                      \
	X(sched_yield, 24, 124)                                                \
	X(mremap, 25, 216)                                                     \
	X(madvise, 28, 233)                                                    \
	X(nanosleep, 35, 101)                                                  \
	X(getpid, 39, 172)                                                     \
	X(socket, 41, 198)                                                     \
	X(connect, 42, 203)                                                    \
	X(sendto, 44, 206)                                                     \
	X(recvfrom, 45, 207)                                                   \
	X(sendmsg, 46, 211)                                                    \
	X(recvmsg, 47, 212)                                                    \
	X(bind, 49, 200)                                                       \
	X(listen, 50, 201)                                                     \
	X(getpeername, 52, 205)                                                \
	X(socketpair, 53, 199)                                                 \
	X(clone, 56, 220)                                                      \
	X(execve, 59, 221)                                                     \
	X(exit, 60, 93)                                                        \
	X(kill, 62, 129)                                                       \
	X(fcntl, 72, 25)                                                       \
	X(umask, 95, 166)                                                      \
	X(gettimeofday, 96, 169)                                               \
	X(getrusage, 98, 165)                                                  \
	X(sysinfo, 99, 179)                                                    \
	X(ptrace, 101, 117)                                                    \
	X(rt_sigqueueinfo, 129, 138)                                           \
	X(sigaltstack, 131, 132)                                               \
	X(personality, 135, 92)                                                \
	X(statfs, 137, 43)                                                     \
	X(pivot_root, 155, 41)                                                 \
	X(prctl, 157, 167)                                                     \
	X(chroot, 161, 51)                                                     \
	X(acct, 163, 89)                                                       \
	X(settimeofday, 164, 170)                                              \
	X(mount, 165, 40)                                                      \
	X(umount2, 166, 39)                                                    \
	X(swapon, 167, 224)                                                    \
	X(swapoff, 168, 225)                                                   \
	X(reboot, 169, 142)                                                    \
	X(init_module, 175, 105)                                               \
	X(delete_module, 176, 106)                                             \
	X(gettid, 186, 178)                                                    \
	X(tkill, 200, 130)                                                     \
	X(futex, 202, 98)                                                      \
	X(sched_getaffinity, 204, 123)                                         \
	X(restart_syscall, 219, 128)                                           \
	X(clock_settime, 227, 112)                                             \
	X(clock_gettime, 228, 113)                                             \
	X(clock_nanosleep, 230, 115)                                           \
	X(exit_group, 231, 94)                                                 \
	X(tgkill, 234, 131)                                                    \
	X(kexec_load, 246, 104)                                                \
	X(add_key, 248, 217)                                                   \
	X(request_key, 249, 218)                                               \
	X(keyctl, 250, 219)                                                    \
	X(openat, 257, 56)                                                     \
	X(newfstatat, 262, 79)                                                 \
	X(readlinkat, 267, 78)                                                 \
	X(faccessat, 269, 48)                                                  \
	X(ppoll, 271, 73)                                                      \
	X(unshare, 272, 97)                                                    \
	X(set_robust_list, 273, 99)                                            \
	X(rt_tgsigqueueinfo, 297, 240)                                         \
	X(perf_event_open, 298, 241)                                           \
	X(prlimit64, 302, 261)                                                 \
	X(open_by_handle_at, 304, 265)                                         \
	X(clock_adjtime, 305, 266)                                             \
	X(setns, 308, 268)                                                     \
	X(getcpu, 309, 168)                                                    \
	X(process_vm_readv, 310, 270)                                          \
	X(process_vm_writev, 311, 271)                                         \
	X(kcmp, 312, 272)                                                      \
	X(finit_module, 313, 273)                                              \
	X(getrandom, 318, 278)                                                 \
	X(memfd_create, 319, 279)                                              \
	X(kexec_file_load, 320, 294)                                           \
	X(bpf, 321, 280)                                                       \
	X(execveat, 322, 281)                                                  \
	X(userfaultfd, 323, 282)                                               \
	X(pkey_mprotect, 329, 288)                                             \
	X(statx, 332, 291)                                                     \
	X(rseq, 334, 293)                                                      \
	X(pidfd_send_signal, 424, 424)                                         \
	X(io_uring_setup, 425, 425)                                            \
	X(io_uring_enter, 426, 426)                                            \
	X(io_uring_register, 427, 427)                                         \
	X(open_tree, 428, 428)                                                 \
	X(move_mount, 429, 429)                                                \
	X(fsopen, 430, 430)                                                    \
	X(fsconfig, 431, 431)                                                  \
	X(fsmount, 432, 432)                                                   \
	X(fspick, 433, 433)                                                    \
	X(pidfd_open, 434, 434)                                                \
	X(clone3, 435, 435)                                                    \
	X(openat2, 437, 437)                                                   \
	X(pidfd_getfd, 438, 438)                                               \
	X(faccessat2, 439, 439)

#define FILTER_OLD_CALLS(X)                                                    \
	X(open, 2)                                                             \
	X(stat, 4)                                                             \
	X(lstat, 6)                                                            \
	X(poll, 7)                                                             \
	X(access, 21)                                                          \
	X(fork, 57)                                                            \
	X(vfork, 58)                                                           \
	X(readlink, 89)                                                        \
	X(modify_ldt, 154)                                                     \
	X(iopl, 172)                                                           \
	X(ioperm, 173)                                                         \
	X(time, 201)

/*
 * The program of a role; pid is its process, socket a converter's.  How many
 * instructions it has; never more than FILTER_MAX.
 */
size_t filter_build(struct sock_filter program[FILTER_MAX], enum filter_arch,
    enum sandbox_role, uint32_t pid);

#endif
