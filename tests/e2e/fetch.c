/*
 * Originals of another host, without the daemon around them:
 *
 *	fetch [NAME=VALUE...] ORIGIN PATH...
 *
 * fetches each PATH in turn (threads=N: by so many threads at once, times=N:
 * so many times) and prints a line for each: the status, the bytes, what
 * they add up to, the version, the time in ms, and why.
 */
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "origin/fetch.h"
#include "origin/remote.h"

#define THREADS_MAX 64

static struct {
	const char *name;
	long long value;
} numbers[] = { { "timeout", 2000 }, { "fresh", 0 }, { "fetches", 4 },
	{ "max", 1 << 24 }, { "memory", 1 << 25 }, { "private", 0 },
	{ "redirects", 0 }, { "threads", 1 }, { "times", 1 }, { "bytes", 1 },
	{ "pause", 0 } };

static struct {
	const char *name, *value;
} texts[] = { { "ca", "" }, { "endpoint", "" }, { "region", "" },
	{ "keys", "" }, { "style", "auto" } };

static struct memory *memory;
static struct remote *remote;
static char **paths;

static long long
number(const char *name)
{
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		if (strcmp(numbers[i].name, name) == 0)
			return numbers[i].value;
	}
	errx(2, "no number %s", name);
}

static const char *
text(const char *name)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (strcmp(texts[i].name, name) == 0)
			return texts[i].value;
	}
	errx(2, "no text %s", name);
}

static void
set(const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		if (strlen(numbers[i].name) == len &&
		    memcmp(numbers[i].name, word, len) == 0) {
			numbers[i].value = atoll(word + len + 1);
			return;
		}
	}
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (strlen(texts[i].name) == len &&
		    memcmp(texts[i].name, word, len) == 0) {
			texts[i].value = word + len + 1;
			return;
		}
	}
	errx(2, "no word %s", word);
}

static unsigned int
sum_of(const void *bytes, int64_t len)
{
	const unsigned char *s = bytes;
	unsigned int sum = 0;

	for (int64_t i = 0; i < len; i++)
		sum = (sum >> 1 | (sum & 1) << 15) + s[i];
	return sum & 0xffff;
}

static void
fetch_one(const char *path)
{
	int64_t began = clock_ms();
	struct why why = { "" };
	struct source s;
	const void *bytes = NULL;
	enum status st =
	    remote_open(remote, path, number("bytes") != 0, &s, &why);

	if (st == STATUS_OK && s.fd != -1)
		st = source_read(s.fd, &s.identity, &bytes, &why);
	printf("%s %lld %u [%s] %lld: %s\n", status_def(st)->word,
	    bytes != NULL ? (long long)s.identity.size : -1LL,
	    bytes != NULL ? sum_of(bytes, s.identity.size) : 0, s.version,
	    (long long)(clock_ms() - began), why.text);
	source_free(bytes, &s.identity);
	source_close(&s);
}

static void *
fetch_all(void *arg)
{
	(void)arg;
	for (long long i = 0; i < number("times"); i++) {
		for (char **path = paths; *path != NULL; path++) {
			fetch_one(*path);
			usleep((useconds_t)number("pause") * 1000);
		}
	}
	return NULL;
}

static void
open_remote(const char *origin)
{
	const char *style = text("style");
	static struct s3_keys keys;
	struct target_words words = { origin, text("endpoint"), text("region"),
		strcmp(style, "host") == 0       ? TARGET_HOST
		    : strcmp(style, "path") == 0 ? TARGET_PATH
		                                 : TARGET_AUTO };
	struct remote_setup setup = { .keys = &keys,
		.ca = text("ca"),
		.fetches = (int32_t)number("fetches"),
		.inside_max = (int32_t)number("fetches") * 5,
		.fresh_ms = number("fresh"),
		.timeout_ms = number("timeout"),
		.max_bytes = number("max"),
		.private_ok = number("private") != 0,
		.redirects = number("redirects") != 0 };
	struct why why;

	if (!fetch_init(&why) || !target_read(&setup.target, &words, &why) ||
	    (setup.target.s3 && !s3_keys_load(&keys, text("keys"), &why)))
		errx(1, "%s", why.text);
	memory = memory_new(number("memory"), 1000);
	setup.memory = memory;
	remote = remote_new(&setup);
	if (remote == NULL)
		errx(1, "out of memory");
}

int
main(int argc, char **argv)
{
	pthread_t id[THREADS_MAX];
	long long threads;
	int i = 1;

	for (; i < argc && argv[i][strcspn(argv[i], "=:")] == '='; i++)
		set(argv[i]);
	if (argc - i < 2)
		errx(2, "usage: fetch [NAME=VALUE...] ORIGIN PATH...");
	open_remote(argv[i]);
	paths = argv + i + 1;
	threads = number("threads");
	if (threads < 1 || threads > THREADS_MAX)
		errx(2, "threads is from 1 to %d", THREADS_MAX);
	for (long long n = 0; n < threads; n++) {
		if (pthread_create(&id[n], NULL, fetch_all, NULL) != 0)
			errx(1, "no thread");
	}
	for (long long n = 0; n < threads; n++)
		pthread_join(id[n], NULL);
	remote_free(remote);
	memory_free(memory);
	return 0;
}
