/*
 * Preloaded into a daemon, this makes decoders go wrong on purpose: a
 * converter that reads a file with "imgfcgi-plug WORD" in it does what WORD
 * says.  The daemon itself has no such door.  Converters alone are meddled
 * with: they have a name of their own.
 *
 * And it sets the wall clock of all processes: by as many seconds as the file
 * named by IMGFCGI_PLUG_CLOCK has bytes, back.
 */
#include <sys/stat.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "serve/wire.h"

#define FRONT 3 /* a converter's socket */

static const char mark[] = "imgfcgi-plug ";

static void
crash(void)
{
	static volatile size_t nowhere = 16;

	*(volatile int *)nowhere = 1;
}

static void
stall(void)
{
	for (;;)
		poll(NULL, 0, 1000);
}

/* Slow, but they end. */
static void
two_seconds(void)
{
	poll(NULL, 0, 2000);
}

static void
eight_seconds(void)
{
	poll(NULL, 0, 8000);
}

static void
leave(void)
{
	exit(3);
}

static volatile int depth;

static int
fall(volatile char *above)
{
	volatile char frame[4096];

	frame[0] = above[0];
	depth++;
	return depth > 0 ? fall(frame) + frame[0] : 0;
}

static void *
fall_in_thread(void *arg)
{
	volatile char top = 0;

	(void)arg;
	fall(&top);
	return NULL;
}

/* Where there is no stack left there is no report either. */
static void
overflow(void)
{
	pthread_t id;

	if (pthread_create(&id, NULL, fall_in_thread, NULL) == 0)
		pthread_join(id, NULL);
}

/* No head at all. */
static void
garbage(void)
{
	char bytes[65536];

	memset(bytes, 0xa5, sizeof bytes);
	(void)!write(FRONT, bytes, sizeof bytes);
}

/* A good head that promises more than there is memory. */
static void
promise(void)
{
	const struct wire_head head = { .type = WIRE_REPLY,
		.len = UINT64_C(1) << 60 };

	(void)!write(FRONT, &head, sizeof head);
}

/* A good head, and a picture that is none. */
static void
lie(void)
{
	static struct {
		struct wire_head head;
		struct wire_reply reply;
		char bytes[1000];
	} all;

	all.head.type = WIRE_REPLY;
	all.head.len = sizeof all.reply + sizeof all.bytes;
	all.reply = (struct wire_reply){ .width = 1, .height = 1, .frames = 1 };
	(void)!write(FRONT, &all.head, sizeof all.head);
	(void)!write(FRONT, &all.reply, sizeof all.reply);
	(void)!write(FRONT, all.bytes, sizeof all.bytes);
}

static const struct {
	const char *word;
	void (*act)(void);
} acts[] = {
	{ "crash", crash },
	{ "abort", abort },
	{ "stall", stall },
	{ "2s", two_seconds },
	{ "8s", eight_seconds },
	{ "exit", leave },
	{ "overflow", overflow },
	{ "garbage", garbage },
	{ "promise", promise },
	{ "lie", lie },
};

static void
look_for_mark(const void *bytes, size_t len)
{
	const char *at = memmem(bytes, len, mark, sizeof mark - 1);
	const char *end = (const char *)bytes + len;

	if (at == NULL)
		return;
	at += sizeof mark - 1;
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		size_t n = strlen(acts[i].word);

		if ((size_t)(end - at) >= n && memcmp(at, acts[i].word, n) == 0)
			acts[i].act();
	}
}

ssize_t
pread(int fd, void *bytes, size_t len, off_t at)
{
	static ssize_t (*real)(int, void *, size_t, off_t);
	ssize_t n;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "pread");
	n = real(fd, bytes, len, at);
	if (n > 0 && strstr(program_invocation_name, "converter") != NULL) {
		int saved = errno;

		look_for_mark(bytes, (size_t)n);
		errno = saved;
	}
	return n;
}

/* The file is opened before any sandbox; its size is looked at each time. */
static int clock_fd = -1;

__attribute__((constructor)) static void
open_clock(void)
{
	const char *path = getenv("IMGFCGI_PLUG_CLOCK");

	if (path != NULL)
		clock_fd = fcntl(open(path, O_RDONLY), F_DUPFD_CLOEXEC, 100);
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	static int (*real)(clockid_t, struct timespec *);
	struct stat st;
	int r;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	r = real(id, t);
	if (id == CLOCK_REALTIME && clock_fd >= 0 && fstat(clock_fd, &st) == 0)
		t->tv_sec -= st.st_size;
	return r;
}

ssize_t
pread64(int fd, void *bytes, size_t len, off_t at)
{
	return pread(fd, bytes, len, at);
}
