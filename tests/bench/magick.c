/*
 * magick SOCKET PROCESSES PROGRAM: ImageMagick behind FastCGI as scripts use
 * it, a process an image; for the bench alone.  So many at a time, each on one
 * thread.  nginx says what is wanted in parameters of ours: FILE, WIDTH,
 * FORMAT, QUALITY and EFFORT; the last two may be empty.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "base/num.h"

#define ARGUMENTS_MAX 16

static const char *program;

/* What a format is called there, and how its effort. */
static const struct {
	const char *format, *name, *effort;
	bool speed; /* 9 less the effort */
} formats[] = {
	{ "jpg", "jpeg", NULL, false },
	{ "webp", "webp", "webp:method", false },
	{ "avif", "avif", "heic:speed", true },
};

static const char *
param(const FCGX_Request *request, const char *name)
{
	const char *value = FCGX_GetParam(name, request->envp);

	return value != NULL ? value : "";
}

/* In the child: become the program. */
__attribute__((noreturn)) static void
become(const FCGX_Request *request, size_t row)
{
	const char *quality = param(request, "QUALITY");
	const char *effort = param(request, "EFFORT");
	const char *argv[ARGUMENTS_MAX] = { program, "-limit", "thread", "1",
		param(request, "FILE"), "-auto-orient", "-strip", "-resize" };
	char width[32], define[64], out[16];
	int argc = 8;
	int64_t n;

	snprintf(width, sizeof width, "%sx", param(request, "WIDTH"));
	snprintf(out, sizeof out, "%s:-", formats[row].name);
	argv[argc++] = width;
	if (quality[0] != '\0') {
		argv[argc++] = "-quality";
		argv[argc++] = quality;
	}
	if (formats[row].effort != NULL &&
	    num_parse(effort, strlen(effort), 0, 9, &n)) {
		snprintf(define, sizeof define, "%s=%d", formats[row].effort,
		    (int)(formats[row].speed ? 9 - n : n));
		argv[argc++] = "-define";
		argv[argc++] = define;
	}
	argv[argc++] = out;
	execv(program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* Pass on what the program writes; false if that is nothing. */
static bool
pass_on(FCGX_Request *request, int fd, const char *name)
{
	static char part[65536];
	bool any = false;
	ssize_t n;

	while ((n = read(fd, part, sizeof part)) > 0 ||
	    (n == -1 && errno == EINTR)) {
		if (n > 0 && !any)
			FCGX_FPrintF(request->out,
			    "Content-Type: image/%s\r\n\r\n", name);
		any = any || n > 0;
		FCGX_PutStr(part, (int)n, request->out);
	}
	return any;
}

static void
answer(FCGX_Request *request)
{
	const char *format = param(request, "FORMAT");
	int pipe_fds[2], status;
	size_t row = 0;
	pid_t pid;

	while (row < 3 && strcmp(formats[row].format, format) != 0)
		row++;
	if (row == 3 || pipe(pipe_fds) != 0 || (pid = fork()) == -1) {
		FCGX_FPrintF(request->out, "Status: 404\r\n\r\n");
		return;
	}
	if (pid == 0) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		become(request, row);
	}
	close(pipe_fds[1]);
	if (!pass_on(request, pipe_fds[0], formats[row].name))
		FCGX_FPrintF(request->out, "Status: 500\r\n\r\n");
	close(pipe_fds[0]);
	waitpid(pid, &status, 0);
}

__attribute__((noreturn)) static void
serve(int fd)
{
	FCGX_Request request;

	FCGX_Init();
	FCGX_InitRequest(&request, fd, 0);
	while (FCGX_Accept_r(&request) == 0) {
		answer(&request);
		FCGX_Finish_r(&request);
	}
	_exit(0);
}

int
main(int argc, char **argv)
{
	int64_t processes;
	int fd;

	if (argc != 4 ||
	    !num_parse(argv[2], strlen(argv[2]), 1, 1024, &processes)) {
		fputs("usage: magick SOCKET PROCESSES PROGRAM\n", stderr);
		return 2;
	}
	program = argv[3];
	if ((fd = FCGX_OpenSocket(argv[1], 1024)) == -1)
		return 1;
	for (int64_t i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid == -1)
			return 1;
		if (pid == 0)
			serve(fd);
	}
	close(fd);
	while (wait(NULL) > 0 || errno == EINTR)
		continue;
	return 0;
}
