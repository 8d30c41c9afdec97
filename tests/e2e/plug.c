/*
 * Preloaded into a daemon, this makes decoders go wrong on purpose: a
 * converter that reads a file with "imgfcgi-plug WORD" in it does what WORD
 * says.  The daemon itself has no such door.  Converters alone are meddled
 * with: they have a name of their own.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

ssize_t
pread64(int fd, void *bytes, size_t len, off_t at)
{
	return pread(fd, bytes, len, at);
}
