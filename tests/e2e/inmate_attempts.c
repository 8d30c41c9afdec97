#include "inmate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/sandbox.h"

#define X32 0x40000000L

const char *inmate_root;

long
in_root(const char *name, int flags)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", inmate_root, name);
	return open(path, flags, 0600);
}

long
open_secret(void)
{
	return open("/proc/self/maps", O_RDONLY);
}

long
open_lookup(void)
{
	return open("/etc/passwd", O_RDONLY);
}

long
open_memory(void)
{
	return open("/proc/self/mem", O_RDWR);
}

long
open_inside(void)
{
	return in_root("inside", O_RDONLY);
}

long
open_beneath(void)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = { O_RDONLY, 0, 8 /* RESOLVE_BENEATH */ };

	return syscall(SYS_openat2, ROOT_HELD, "inside", &how, sizeof how);
}

long
open_way_out(void)
{
	return in_root("way-out", O_RDONLY);
}

long
write_inside(void)
{
	return in_root("inside", O_WRONLY);
}

long
create_inside(void)
{
	return in_root("new", O_WRONLY | O_CREAT);
}

long
list_root(void)
{
	return in_root(".", O_RDONLY | O_DIRECTORY);
}

long
remove_inside(void)
{
	return unlinkat(ROOT_HELD, "inside", 0);
}

long
stat_secret(void)
{
	struct stat st;

	return fstatat(AT_FDCWD, "/etc/passwd", &st, 0);
}

long
execute(void)
{
	char word[] = "true";
	char *argv[] = { word, NULL };

	return execv("/bin/true", argv);
}

long
fork_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

long
trace_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

long
read_parent(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { &inmate_root, 1 };

	return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

long
kill_parent(void)
{
	return kill(getppid(), 0);
}

long
signal_parent(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0);
}

long
signal_self(void)
{
	return syscall(SYS_tgkill, getpid(), getpid(), 0);
}

long
open_pidfd(void)
{
	return syscall(434, getppid(), 0);
}

long
inet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

long
unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

long
netlink_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

long
socket_pair(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

long
datagram_pair(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
}

long
connect_held(void)
{
	const struct sockaddr_un to = { AF_UNIX, "/nowhere" };

	return connect(SOCKET_HELD, (const struct sockaddr *)&to, sizeof to);
}

long
bind_held(void)
{
	const struct sockaddr_un at = { AF_UNIX, "" };

	return bind(SOCKET_HELD, (const struct sockaddr *)&at,
	    sizeof at.sun_family);
}

static long
say(int fd)
{
	return write(fd, "x", 1);
}

long
write_file(void)
{
	return say(FILE_HELD);
}

long
write_stderr(void)
{
	return say(STDERR_FILENO);
}

long
write_other(void)
{
	return say(SOCKET_HELD);
}

long
write_own(void)
{
	return say(CONVERTER_SOCKET);
}

long
pwrite_file(void)
{
	return pwrite(FILE_HELD, "x", 1, 0);
}

long
writev_file(void)
{
	struct iovec piece = { (char[]){ 'x' }, 1 };

	return writev(FILE_HELD, &piece, 1);
}

long
cut_file(void)
{
	return ftruncate(FILE_HELD, 0);
}

long
send_other(void)
{
	return send(SOCKET_HELD, "x", 1, 0);
}

long
map_file(void)
{
	void *p = mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, FILE_HELD, 0);

	return p == MAP_FAILED ? -1 : 0;
}

long
map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

long
anonymous_file(void)
{
	return syscall(SYS_memfd_create, "x", 0);
}

/* A little more than it may have, when most of that is taken. */
long
take_memory(void)
{
	size_t most = (size_t)MEMORY / 16 * 15;

	if (malloc(most) == NULL)
		return 0;
	return malloc(most / 10) == NULL ? -1 : 0;
}

long
take_descriptors(void)
{
	int fd = CONVERTER_SOCKET;

	return fcntl(fd, F_DUPFD, 0);
}

long
more_descriptors(void)
{
	const struct rlimit limit = { 64, 64 };

	return setrlimit(RLIMIT_NOFILE, &limit);
}

long
become_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

long
new_namespace(void)
{
	return syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */);
}

long
new_keys(void)
{
	return syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

long
new_ring(void)
{
	char params[256] = { 0 };

	return syscall(425, 1, params);
}

long
load_program(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

long
by_handle(void)
{
	return syscall(SYS_open_by_handle_at, ROOT_HELD, NULL, 0);
}

long
mount_nothing(void)
{
	return syscall(SYS_mount, "", "/", "tmpfs", 0, NULL);
}

long
type_into_terminal(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, "x");
}

/* open("/etc/passwd") by a thread, which libc makes without clone3. */
static void *
open_aside(void *arg)
{
	long *r = arg;

	*r = open_secret();
	if (*r < 0)
		*r = -errno;
	return NULL;
}

long
open_by_thread(void)
{
	pthread_t thread;
	long r = 0;

	if (pthread_create(&thread, NULL, open_aside, &r) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return 0;
	if (r < 0)
		errno = (int)-r;
	return r < 0 ? -1 : 0;
}

#if defined(__x86_64__) && defined(__LP64__)
long
call_x32(void)
{
	return syscall(X32 | SYS_getpid);
}

/* getpid() of 32-bit programs has the number of writev(). */
long
call_i386(void)
{
	long r = 20;

	__asm__ volatile("int $0x80" : "+a"(r) : : "memory");
	return r;
}
#endif
