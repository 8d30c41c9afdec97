/*
 * hostile DIR: every file of a MANIFEST.tsv through the pipeline, each in a
 * process of its own that may take two seconds and 300 MB: a picture or a
 * refusal as the list says, never a crash.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/test.h"
#include "reference.h"

#define HOSTILE_SECONDS 2
#define HOSTILE_KIB     (300 * 1024)

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

/* In a process of its own: 0 for a picture, 1 refused, else a signal. */
static int
convert_hostile(const char *dir, const char *name)
{
	static const enum format formats[] = { FORMAT_JPEG, FORMAT_WEBP };
	struct picture p;
	struct file f;
	enum status st = STATUS_INTERNAL;

	if (!pipeline_init(DEFAULT_INPUTS, NULL) ||
	    !reference_read(&f, dir, name))
		return 3;
	alarm(HOSTILE_SECONDS);
	for (size_t i = 0; i < VIPS_NUMBER(formats); i++) {
		struct job job = make_job(formats[i], 640, 0, FIT_INSIDE);

		job.inputs = DEFAULT_INPUTS;
		st = run_job(&job, &f, &p);
		free(p.bytes);
	}
	g_free(f.bytes);
	if (st == STATUS_OK)
		return 0;
	return st == STATUS_UNSUPPORTED || st == STATUS_LIMIT ||
	        st == STATUS_BROKEN
	    ? 1
	    : 2;
}

static void
check_hostile(const char *dir, const char *name, const char *expected)
{
	struct rusage use;
	enum format format = FORMAT_NONE;
	struct file f;
	int state = 0;
	pid_t pid;
	bool ok;

	if (!CHECK(reference_read(&f, dir, name)))
		return;
	format = facts_sniff((unsigned char *)f.bytes, f.len);
	g_free(f.bytes);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(convert_hostile(dir, name));
	if (!CHECK(pid > 0 && wait4(pid, &state, 0, &use) == pid))
		return;
	ok = WIFEXITED(state) && WEXITSTATUS(state) <= 1;
	if (!(FORMAT_BIT(format) & DEFAULT_INPUTS))
		expected = "reject";
	if (strncmp(expected, "reject-or-ok", 12) != 0)
		ok = ok &&
		    WEXITSTATUS(state) ==
		        (strncmp(expected, "ok", 2) == 0 ? 0 : 1);
	if (!CHECK(ok))
		printf("\t%s: want %s, got %s %d\n", name, expected,
		    WIFEXITED(state) ? "exit" : "signal",
		    WIFEXITED(state) ? WEXITSTATUS(state) : WTERMSIG(state));
#ifndef SANITIZED
	if (!CHECK(use.ru_maxrss < HOSTILE_KIB))
		printf("\t%s: %ld KiB\n", name, use.ru_maxrss);
#endif
}

/* The list says for each file what is to become of it, in its last column. */
static void
check_hostiles(const char *dir)
{
	char path[4096 + 16], line[4096];
	FILE *list;

	snprintf(path, sizeof(path), "%.4096s/MANIFEST.tsv", dir);
	list = fopen(path, "r");
	if (list == NULL) {
		test_skip("no list of hostile files");
		return;
	}
	while (fgets(line, sizeof(line), list) != NULL) {
		char *end = strchr(line, '\t'), *last = strrchr(line, '\t');

		if (end == NULL || strncmp(line, "file\t", 5) == 0)
			continue;
		*end = '\0';
		check_hostile(dir, line, last + 1);
	}
	fclose(list);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: hostile DIR\n");
		return 2;
	}
	check_hostiles(argv[1]);
	return test_end("hostile");
}
