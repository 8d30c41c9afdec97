#include "serve/fatal.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "serve/wire.h"

#define STACK 65536

static const struct {
	int signal;
	const char *name;
} table[] = {
	{ SIGSEGV, "SIGSEGV" },
	{ SIGBUS, "SIGBUS" },
	{ SIGFPE, "SIGFPE" },
	{ SIGILL, "SIGILL" },
	{ SIGABRT, "SIGABRT" },
	{ SIGTRAP, "SIGTRAP" },
	{ SIGSYS, "SIGSYS" },
};

#define ROWS (sizeof table / sizeof table[0])

static int report_fd = -1;
static volatile sig_atomic_t state;
static struct sigaction before[ROWS]; /* a sanitizer's, or the default */

const char *
fatal_name(int sig)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (table[i].signal == sig)
			return table[i].name;
	}
	return NULL;
}

/* Sent by a process, and not by this one. */
static bool
is_foreign(const siginfo_t *si)
{
	switch (si->si_code) {
	case SI_USER:
	case SI_QUEUE:
#ifdef SI_TKILL
	case SI_TKILL:
#endif
#ifdef SI_LWP
	case SI_LWP:
#endif
		return si->si_pid != getpid();
	default:
		return false;
	}
}

/* Whether returning runs into the same fault again. */
static bool
is_fault(const siginfo_t *si)
{
	switch (si->si_signo) {
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
		return si->si_code > 0 && !is_foreign(si);
	default:
		return false;
	}
}

static void
report(int sig, siginfo_t *si, void *context)
{
	struct wire_fatal body = { .signal = sig,
		.working = state == FATAL_WORKING,
		.foreign = is_foreign(si) };
	struct wire_head head = { .type = WIRE_FATAL, .len = sizeof body };
	struct iovec iov[2] = { { &head, sizeof head },
		{ &body, sizeof body } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	(void)context;
	if (body.foreign)
		body.sender = si->si_pid;
	else if (is_fault(si))
		body.address = (uint64_t)(uintptr_t)si->si_addr;
	/* There is nobody to tell of an error; an end without words says it. */
	(void)!sendmsg(report_fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	for (size_t i = 0; i < ROWS; i++)
		sigaction(table[i].signal, &before[i], NULL);
	if (!is_fault(si))
		raise(sig);
}

void
fatal_catch(int fd)
{
	/* Not the stack that the fault may have been about. */
	static _Alignas(16) char stack[STACK];
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_sigaction = report,
		.sa_flags = SA_SIGINFO | SA_ONSTACK };

	report_fd = fd;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ROWS; i++)
		sigaddset(&action.sa_mask, table[i].signal);
	sigaltstack(&own, NULL);
	for (size_t i = 0; i < ROWS; i++)
		sigaction(table[i].signal, &action, &before[i]);
}

void
fatal_enter(enum fatal_state next)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ROWS; i++)
		sigaddset(&set, table[i].signal);
	if (next == FATAL_ANSWERING)
		sigprocmask(SIG_BLOCK, &set, NULL);
	state = (sig_atomic_t)next;
	if (next == FATAL_IDLE)
		sigprocmask(SIG_UNBLOCK, &set, NULL);
}
