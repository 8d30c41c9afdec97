#include "origin/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "base/clock.h"
#include "origin/beneath.h"
#include "test.h"

#define L         __LINE__
#define MAX_BYTES 1000
#define NOBODY    65534

/* The working directory is a private folder; the root is "root" in it. */
static char base[256];
static struct origin *origin;
static int root;

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

/* A file of a past year, so that reading it does not wait. */
static void
put_file(const char *path, const char *text)
{
	const struct timespec past[2] = { { .tv_sec = 1000000000 },
		{ .tv_sec = 1000000000, .tv_nsec = 5 } };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	size_t n = strlen(text);

	must(fd != -1 && write(fd, text, n) == (ssize_t)n, path);
	must(futimens(fd, past) == 0, path);
	close(fd);
}

static void
put_socket(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(name.sun_path, path, strlen(path));
	must(fd != -1 && bind(fd, (void *)&name, sizeof name) == 0, path);
	close(fd);
}

static void
put_big(const char *path, off_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	must(fd != -1 && ftruncate(fd, size) == 0, path);
	close(fd);
}

static const char *const odd[] = { "a b.jpg", "\"q'`$(x).jpg", "line\nfeed",
	"\xc3\xa4\xe2\x82\xac.png", "\xff\xfe", "photo.jpg[Q=1]", "a%2fb",
	"a\\b", "...", "..x", "x..", "-rf", "*?" };

static void
make_tree(void)
{
	const char *tmp = getenv("TMPDIR");
	static const char *const links[][2] = {
		{ "photo.jpg", "root/in" },
		{ "../photo.jpg", "root/sub/up" },
		{ "sub", "root/insub" },
		{ "../outside", "root/out" },
		{ "..", "root/outdir" },
		{ "../../outside", "root/sub/out" },
		{ "/etc/passwd", "root/absolute" },
		{ "/dev/zero", "root/zero" },
		{ "loop", "root/loop" },
		{ "nowhere", "root/dangling" },
		{ "/proc/self/root", "root/magic" },
	};
	size_t i;
	char path[300];

	snprintf(base, sizeof base, "%s/t_origin.XXXXXX",
	    tmp != NULL && strlen(tmp) < 200 ? tmp : "/tmp");
	must(mkdtemp(base) != NULL && chdir(base) == 0, base);
	must(chmod(".", 0755) == 0, base);
	must(mkdir("root", 0755) == 0 && mkdir("root/sub", 0755) == 0, "mkdir");
	must(mkdir("root/closed", 0755) == 0, "mkdir");
	must(mkdir("root/search", 0755) == 0, "mkdir");
	put_file("outside", "secret");
	put_file("root/photo.jpg", "photo");
	put_file("root/sub/deep.jpg", "deep");
	put_file("root/empty", "");
	put_file("root/unreadable", "x");
	put_file("root/closed/a", "closed");
	put_file("root/search/a", "search");
	must(chmod("root/unreadable", 0) == 0, "chmod");
	must(chmod("root/closed", 0) == 0, "chmod");
	must(chmod("root/search", 0711) == 0, "chmod");
	put_big("root/limit", MAX_BYTES);
	put_big("root/limit1", MAX_BYTES + 1);
	put_big("root/sparse", (off_t)4 << 30);
	must(mkfifo("root/fifo", 0666) == 0, "mkfifo");
	put_socket("root/socket");
	for (i = 0; i < sizeof links / sizeof links[0]; i++)
		must(symlink(links[i][0], links[i][1]) == 0, links[i][1]);
	for (i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		snprintf(path, sizeof path, "root/%s", odd[i]);
		put_file(path, odd[i]);
	}
}

#define OK        STATUS_OK
#define NOT_FOUND STATUS_NOT_FOUND
#define FORBIDDEN STATUS_FORBIDDEN
#define NOT_FILE  STATUS_NOT_REGULAR
#define LARGE     STATUS_TOO_LARGE

/* walk: where links are refused; the same as by the kernel but for those. */
static const struct row {
	int line;
	const char *path;
	enum status kernel, walk;
	int64_t size;
} paths[] = {
	{ L, "/photo.jpg", OK, OK, 5 },
	{ L, "//photo.jpg", OK, OK, 5 },
	{ L, "/sub/deep.jpg", OK, OK, 4 },
	{ L, "/sub//deep.jpg", OK, OK, 4 },
	{ L, "/./sub/././deep.jpg", OK, OK, 4 },
	{ L, "/empty", OK, OK, 0 },
	{ L, "/limit", OK, OK, MAX_BYTES },
	{ L, "/limit1", LARGE, LARGE, 0 },
	{ L, "/sparse", LARGE, LARGE, 0 },
	{ L, "/missing", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "/missing/a", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "/PHOTO.JPG", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "/photo.jpg/a", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "/photo.jpg/.", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "photo.jpg", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "/etc/passwd", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "//etc/passwd", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "/", NOT_FILE, NOT_FILE, 0 },
	{ L, "///", NOT_FILE, NOT_FILE, 0 },
	{ L, "/.", NOT_FILE, NOT_FILE, 0 },
	{ L, "/sub", NOT_FILE, NOT_FILE, 0 },
	{ L, "/sub/", NOT_FILE, NOT_FILE, 0 },
	{ L, "/sub/.", NOT_FILE, NOT_FILE, 0 },
	{ L, "/photo.jpg/", NOT_FILE, NOT_FILE, 0 },
	{ L, "/missing/", NOT_FILE, NOT_FILE, 0 },
	{ L, "/fifo", NOT_FILE, NOT_FILE, 0 },
	{ L, "/socket", NOT_FILE, NOT_FILE, 0 },
	{ L, "/..", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/../", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/../outside", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/../root/photo.jpg", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/sub/../photo.jpg", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/missing/../photo.jpg", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/sub//..", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/./../outside", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/in", OK, FORBIDDEN, 5 },
	{ L, "/sub/up", OK, FORBIDDEN, 5 },
	{ L, "/insub/deep.jpg", OK, FORBIDDEN, 4 },
	{ L, "/insub", NOT_FILE, FORBIDDEN, 0 },
	{ L, "/out", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/outdir", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/outdir/outside", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/outdir/root/photo.jpg", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/sub/out", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/insub/out", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/absolute", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/zero", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/magic/etc/passwd", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/loop", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/loop/a", FORBIDDEN, FORBIDDEN, 0 },
	{ L, "/dangling", NOT_FOUND, FORBIDDEN, 0 },
	{ L, "/a%2fb", OK, OK, 5 },
	{ L, "/a/b", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "/photo.jpg%00.png", NOT_FOUND, NOT_FOUND, 0 },
	{ L, "/%2e%2e/outside", NOT_FOUND, NOT_FOUND, 0 },
};

static void
open_rows(bool by_kernel)
{
	const struct row *r;
	struct source s;
	struct why why;
	enum status want, got;
	int64_t start, took;
	int i;

	for (r = paths; r < paths + sizeof paths / sizeof paths[0]; r++) {
		want = by_kernel ? r->kernel : r->walk;
		took = INT64_MAX;
		/* The fastest of three: a busy machine is not our fault. */
		for (i = 0; i < 3; i++) {
			why.text[0] = '\0';
			start = clock_us();
			got = origin_open(origin, r->path, MAX_BYTES, &s, &why);
			if (clock_us() - start < took)
				took = clock_us() - start;
			EQ_INT_AT(r->line, got, want);
			CHECK_AT(r->line, (s.fd == -1) == (got != OK));
			CHECK_AT(r->line, (why.text[0] == '\0') == (got == OK));
			if (got == OK)
				EQ_INT_AT(r->line, s.identity.size, r->size);
			source_close(&s);
			CHECK_AT(r->line, s.fd == -1);
		}
		CHECK_AT(r->line, took < 5000);
	}
}

static void
odd_names(void)
{
	struct source s;
	char path[300], head[64];
	size_t i, n;
	int fd;

	for (i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		snprintf(path, sizeof path, "/%s", odd[i]);
		EQ_INT(origin_open(origin, path, 100, &s, NULL), OK);
		EQ_INT(source_head(&s, head, sizeof head, &n), OK);
		CHECK(n == strlen(odd[i]) && memcmp(head, odd[i], n) == 0);
		source_close(&s);
		fd = beneath_walk(root, odd[i]);
		CHECK(fd != -1);
		close(fd);
	}
}

/* What stands between the walk and the caller's own checks. */
static void
walk_errors(void)
{
	static const struct {
		int line;
		const char *path;
		int error;
	} rows[] = {
		{ L, "photo.jpg", 0 },
		{ L, "sub/", 0 },
		{ L, ".", 0 },
		{ L, "fifo", 0 },
		{ L, "", ENOENT },
		{ L, "/photo.jpg", EXDEV },
		{ L, "/", EXDEV },
		{ L, "..", EXDEV },
		{ L, "sub/..", EXDEV },
		{ L, "sub/../photo.jpg", EXDEV },
		{ L, "./../outside", EXDEV },
		{ L, "photo.jpg/", ENOTDIR },
		{ L, "photo.jpg/./.", ENOTDIR },
		{ L, "sub/missing", ENOENT },
		{ L, "in", ELOOP },
		{ L, "in/", ELOOP },
		{ L, "insub/", ELOOP },
		{ L, "outdir/outside", ELOOP },
	};
	size_t i;
	int fd;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		errno = 0;
		fd = beneath_walk(root, rows[i].path);
		EQ_INT_AT(rows[i].line, fd == -1 ? errno : 0, rows[i].error);
		if (fd == -1)
			continue;
		CHECK_AT(rows[i].line, (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		CHECK_AT(rows[i].line, (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
		close(fd);
	}
}

/* path: of size bytes, pattern over and over; both ways refuse it as want. */
static void
long_path(const char *pattern, size_t size, enum status want)
{
	char *path = malloc(size + 1);
	struct source s;
	int64_t start = clock_ms();
	size_t i;
	int fd;

	must(path != NULL, "malloc");
	for (i = 0; i < size; i++)
		path[i] = pattern[i % strlen(pattern)];
	path[size] = '\0';
	EQ_INT(origin_open(origin, path, MAX_BYTES, &s, NULL), want);
	fd = beneath_walk(root, path + 1);
	CHECK(fd == -1);
	/* Two refusals and the making of the path. */
	CHECK(clock_ms() - start < 100);
	free(path);
}

static void
long_paths(void)
{
	long_path("/a234567", 1 << 20, NOT_FOUND);
	long_path("/.", (1 << 20) + 1, NOT_FILE);
	long_path("/./x", 4000, NOT_FOUND);
	long_path("/../", 1 << 20, FORBIDDEN);
	long_path("/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	    257, NOT_FOUND);
}

/* Runs check in a child, whose failures count as ours. */
static void
in_child(void (*check)(void))
{
	int state = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		test_failed = 0;
		check();
		fflush(stdout);
		_exit(test_failed > 0);
	}
	must(pid != -1 && waitpid(pid, &state, 0) == pid, "fork");
	CHECK(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

static void
as_nobody(void)
{
	struct origin *o;
	struct source s;
	struct why why;
	int fd;

	if (geteuid() == 0)
		must(setgid(NOBODY) == 0 && setuid(NOBODY) == 0, "setuid");
	EQ_INT(origin_open(origin, "/unreadable", 99, &s, NULL), FORBIDDEN);
	EQ_INT(origin_open(origin, "/closed/a", 99, &s, NULL), FORBIDDEN);
	EQ_INT(origin_open(origin, "/search/a", 99, &s, NULL), OK);
	source_close(&s);
	EQ_INT(beneath_walk(root, "unreadable"), -1);
	EQ_INT(errno, EACCES);
	EQ_INT(beneath_walk(root, "closed/a"), -1);
	EQ_INT(errno, EACCES);
	/* Looking a name up needs search permission alone. */
	fd = beneath_walk(root, "search/a");
	CHECK(fd != -1);
	close(fd);
	why.text[0] = '\0';
	o = origin_open_root("root/closed", &why);
	CHECK(o == NULL && strstr(why.text, "permission denied") != NULL);
	o = origin_open_root("root/search", &why);
	CHECK(o != NULL);
	origin_close_root(o);
}

#if defined(__linux__) && defined(SYS_openat2)
static unsigned int filter_error;

/* A container whose filter does not know openat2. */
static void
without_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | filter_error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof code[0], code };

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
	    "seccomp");
	open_rows(false);
	odd_names();
}
#endif

static void
lookups(void)
{
	int fd = beneath_open(root, "in");

	if (fd == -1)
		test_skip("no kernel help: links within the root are refused");
	open_rows(fd != -1);
	if (fd != -1)
		close(fd);
	odd_names();
	walk_errors();
	long_paths();
	in_child(as_nobody);
#if defined(__linux__) && defined(SYS_openat2)
	filter_error = ENOSYS;
	in_child(without_openat2);
	filter_error = EPERM;
	in_child(without_openat2);
#endif
}

static void
roots(void)
{
	static const struct {
		int line;
		const char *path, *why;
	} rows[] = {
		{ L, "", "no such file: " },
		{ L, "none", "no such file: none" },
		{ L, "outside", "a part of the path is no folder: outside" },
		{ L, "/dev/null",
		    "a part of the path is no folder: /dev/null" },
	};
	struct origin *o;
	struct source s;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK_AT(rows[i].line,
		    origin_open_root(rows[i].path, &why) == NULL);
		EQ_STR_AT(rows[i].line, why.text, rows[i].why);
	}
	/* The administrator may say the root by a link; NULL is no origin. */
	o = origin_open_root("root/insub", NULL);
	CHECK(o != NULL);
	EQ_INT(origin_open(o, "/deep.jpg", 4, &s, NULL), OK);
	source_close(&s);
	EQ_INT(origin_open(o, "/up", 99, &s, NULL), FORBIDDEN);
	origin_close_root(o);
	origin_close_root(NULL);
}

static int
count_open(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

int
main(void)
{
	int before;

	make_tree();
	before = count_open();
	origin = origin_open_root("root", NULL);
	root = open("root", BENEATH_FOLDER);
	must(origin != NULL && root != -1, "root");
	lookups();
	roots();
	close(root);
	origin_close_root(origin);
	EQ_INT(count_open(), before);
	must(chmod("root/closed", 0700) == 0, "chmod");
	must(nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, base);
	return test_end("origin");
}
