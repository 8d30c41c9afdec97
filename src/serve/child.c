#include "serve/child.h"

/* configure's; the quoted name is our neighbour's. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "origin/s3.h"
#include "serve/platform.h"
#include "serve/wire.h"

#define NICE        5    /* cheap answers come before conversions */
#define BACK_OFF_MS 1000 /* between two tries of what dies at its start */
#define RETRY_MS    500  /* of a start that the system refused */

/* Where a role finds what is its own. */
enum {
	CHILD_SOCKET = 3,
	CHILD_LISTENER = 4
};

static void
place(int from, int to)
{
	if (from < 0 || dup2(from, to) < 0)
		_exit(1);
}

/* In the child: descriptors in place, signals as a role expects, exec. */
static _Noreturn void
become(const struct child_setup *setup, const struct settings *settings,
    const char *role, const char *argument, int log, int sock)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	bool front = strcmp(role, "front") == 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), listener = -1;
	char title[64], option[80];
	sigset_t none;

	snprintf(title, sizeof title, "imgfcgi: %s", role);
	snprintf(option, sizeof option, "--role=%s%s", role, argument);
	/* Out of the way of what they are copied to. */
	sock = fcntl(sock, F_DUPFD_CLOEXEC, 20);
	if (front)
		listener = fcntl(setup->listener, F_DUPFD_CLOEXEC, 20);
	place(null, STDIN_FILENO);
	place(null, STDOUT_FILENO);
#ifdef SANITIZED
	place(log, STDERR_FILENO);
#else
	place(front ? log : null, STDERR_FILENO);
#endif
	place(sock, CHILD_SOCKET);
	if (front)
		place(listener, CHILD_LISTENER);
	else if (setpriority(PRIO_PROCESS, 0, NICE) != 0)
		_exit(1);
	if (!settings_drop(settings))
		_exit(1);
	/* After the change of user, which would clear it. */
	platform_die_with_parent();
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	s3_keys_hide();
	execl(setup->self, title, option, (char *)NULL);
	_exit(127);
}

int
child_start(struct child *c, struct child_setup *setup,
    const struct settings *settings, const char *role, const char *argument,
    int log)
{
	int pair[2];

	c->again_ms = clock_ms() + RETRY_MS;
	if (!wire_pair(pair)) {
		log_line(LOG_LEVEL_ERROR, "socketpair: %s", strerror(errno));
		return -1;
	}
	c->pid = fork();
	if (c->pid == 0)
		become(setup, settings, role, argument, log, pair[1]);
	close(pair[1]);
	if (c->pid < 0) {
		log_line(LOG_LEVEL_ERROR, "fork: %s", strerror(errno));
		c->pid = 0;
		close(pair[0]);
		return -1;
	}
	c->serial = ++setup->serial;
	c->ready = false;
	return pair[0];
}

/* Something that dies before it was ready will die again. */
void
child_bury(struct child *c, const char *role, int status)
{
	c->died.serial = c->serial;
	c->died.status = status;
	if (WIFSIGNALED(status))
		snprintf(c->died.text, sizeof c->died.text,
		    "%s %u (pid %ld) died: %s", role, c->serial, (long)c->pid,
		    strsignal(WTERMSIG(status)));
	else
		snprintf(c->died.text, sizeof c->died.text,
		    "%s %u (pid %ld) ended with status %d", role, c->serial,
		    (long)c->pid, WEXITSTATUS(status));
	c->pid = 0;
	c->again_ms = c->ready ? 0 : clock_ms() + BACK_OFF_MS;
}

void
child_kill(const struct child *c)
{
	if (c->pid > 0)
		kill(c->pid, SIGKILL);
}
