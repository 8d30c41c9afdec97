#include "config.h"

#include "serve/fatal.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/wire.h"
#include "test.h"

/* What a child does of which its parent hears. */
enum deed {
	FAULT,
	OVERFLOW,
	ABORT,
	RAISE,
	BE_SHOT,
	BE_SHOT_IDLE,
	BE_SHOT_ANSWERING
};

static volatile int depth;

/* Deeper than any stack; the compiler must not see through it. */
static int
fall(volatile char *above)
{
	volatile char frame[4096];

	frame[0] = above[0];
	depth++;
	return depth > 0 ? fall(frame) + frame[0] : 0;
}

static void
wait_for_shot(enum fatal_state state, int fd)
{
	char byte = 'x';

	fatal_enter(state);
	if (write(fd, &byte, 1) != 1)
		_exit(90);
	for (int i = 0; i < 50; i++)
		usleep(10000);
	/* What came while an answer was on its way comes now. */
	fatal_enter(FATAL_IDLE);
	_exit(91);
}

static _Noreturn void
do_deed(enum deed deed, int fd)
{
	static volatile uintptr_t nowhere = 16;
	volatile char top = 0;

	fatal_catch(fd);
	fatal_enter(FATAL_WORKING);
	switch (deed) {
	case FAULT:
		*(volatile int *)nowhere = 1;
		break;
	case OVERFLOW:
		fall(&top);
		break;
	case ABORT:
		abort();
	case RAISE:
		raise(SIGFPE);
		break;
	case BE_SHOT:
		wait_for_shot(FATAL_WORKING, fd);
		break;
	case BE_SHOT_IDLE:
		wait_for_shot(FATAL_IDLE, fd);
		break;
	case BE_SHOT_ANSWERING:
		wait_for_shot(FATAL_ANSWERING, fd);
		break;
	}
	_exit(92);
}

static void
hear(int line, enum deed deed, int sig, bool working, bool foreign,
    uint64_t address)
{
	struct wire_fatal last = { 0 };
	struct wire_head head = { 0 };
	int pair[2], passed, status = 0;
	char byte;
	pid_t pid;

	CHECK(wire_pair(pair));
	pid = fork();
	if (pid == 0) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		close(pair[0]);
		do_deed(deed, pair[1]);
	}
	close(pair[1]);
	if (deed >= BE_SHOT) {
		EQ_INT_AT(line, read(pair[0], &byte, 1), 1);
		kill(pid, sig);
	}
	EQ_INT_AT(line, wire_recv_head(pair[0], &head, &passed, WIRE_FOREVER),
	    WIRE_OK);
	EQ_INT_AT(line, head.type, WIRE_FATAL);
	EQ_INT_AT(line, (int64_t)head.len, sizeof last);
	EQ_INT_AT(line,
	    wire_recv_body(pair[0], &last, sizeof last, WIRE_FOREVER), WIRE_OK);
	EQ_INT_AT(line, last.signal, sig);
	EQ_INT_AT(line, last.working, working);
	EQ_INT_AT(line, last.foreign, foreign);
	EQ_INT_AT(line, last.sender, foreign ? getpid() : 0);
	if (deed != OVERFLOW)
		EQ_INT_AT(line, (int64_t)last.address, (int64_t)address);
	EQ_INT_AT(line, wire_recv_head(pair[0], &head, &passed, WIRE_FOREVER),
	    WIRE_END);
	CHECK_AT(line, waitpid(pid, &status, 0) == pid);
	/* And it dies of it all the same; a sanitizer does so in its way. */
#ifndef SANITIZED
	CHECK_AT(line, WIFSIGNALED(status) && WTERMSIG(status) == sig);
#endif
	close(pair[0]);
}

static void
names(void)
{
	EQ_STR(fatal_name(SIGSEGV), "SIGSEGV");
	EQ_STR(fatal_name(SIGSYS), "SIGSYS");
	CHECK(fatal_name(SIGKILL) == NULL);
	CHECK(fatal_name(SIGTERM) == NULL);
	CHECK(fatal_name(0) == NULL);
}

int
main(void)
{
	names();
	hear(__LINE__, FAULT, SIGSEGV, true, false, 16);
	hear(__LINE__, ABORT, SIGABRT, true, false, 0);
	hear(__LINE__, RAISE, SIGFPE, true, false, 0);
	hear(__LINE__, BE_SHOT, SIGSEGV, true, true, 0);
	hear(__LINE__, BE_SHOT, SIGABRT, true, true, 0);
	hear(__LINE__, BE_SHOT_IDLE, SIGSEGV, false, true, 0);
	hear(__LINE__, BE_SHOT_ANSWERING, SIGBUS, false, true, 0);
#ifndef SANITIZED
	hear(__LINE__, OVERFLOW, SIGSEGV, true, false, 0);
#endif
	return test_end("t_fatal");
}
