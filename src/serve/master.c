#include "serve/master.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/platform.h"
#include "serve/wire.h"

#define NICE        5     /* cheap answers come before conversions */
#define BACK_OFF_MS 1000  /* between two tries of what dies at its start */
#define SEND_MS     10000 /* a front that does not listen so long is dead */
#define SLACK_MS    5000  /* what a drain may take beyond its requests */

enum {
	CHILD_SOCKET = 3,
	CHILD_LISTENER = 4
};

struct child {
	pid_t pid; /* 0: none runs */
	uint32_t serial;
	bool ready;       /* the front has heard its hello */
	int64_t again_ms; /* not started before */
	char died[128];   /* how the last one in this place ended */
};

struct master {
	const struct master_setup *setup;
	struct child front;
	struct child *converters;
	int count;   /* of converters */
	int control; /* the front's socket, or -1 */
	int log;
	uint32_t serial;
	bool served; /* some front was ready once */
	bool stopping;
	bool failed;
	int64_t stop_by_ms;
};

static volatile sig_atomic_t got_stop, got_reopen, got_hup;

static void
on_signal(int sig)
{
	if (sig == SIGTERM || sig == SIGINT)
		got_stop = 1;
	else if (sig == SIGUSR1)
		got_reopen = 1;
	else if (sig == SIGHUP)
		got_hup = 1;
}

int
master_open_log(const struct config *config, struct why *why)
{
	int fd;

	if (strcmp(config->log, "stderr") == 0)
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	fd = open(config->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		why_set(why, "log %s: %s", config->log, strerror(errno));
	return fd;
}

/* In the child: descriptors in place, signals as a role expects, exec. */
static void
become(const struct master *m, const char *role, const char *argument, int sock)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	bool front = strcmp(role, "front") == 0;
	char title[64], option[64];
	int null, listener = -1;
	sigset_t none;

	platform_die_with_parent();
	snprintf(title, sizeof title, "imgfcgi: %s", role);
	snprintf(option, sizeof option, "--role=%s%s", role, argument);
	sock = fcntl(sock, F_DUPFD_CLOEXEC, 20);
	if (front)
		listener = fcntl(m->setup->listener, F_DUPFD_CLOEXEC, 20);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || sock < 0 || (front && listener < 0))
		_exit(1);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
#ifdef SANITIZED
	dup2(m->log, STDERR_FILENO);
#else
	dup2(front ? m->log : null, STDERR_FILENO);
#endif
	dup2(sock, CHILD_SOCKET);
	if (front)
		dup2(listener, CHILD_LISTENER);
	else if (setpriority(PRIO_PROCESS, 0, NICE) != 0)
		_exit(1);
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execl(m->setup->self, title, option, (char *)NULL);
	_exit(127);
}

/* Start a role; our end of its socketpair, or -1. */
static int
start(struct master *m, struct child *c, const char *role, const char *argument,
    int *theirs)
{
	int pair[2];

	if (!wire_pair(pair))
		return -1;
	c->pid = fork();
	if (c->pid == 0)
		become(m, role, argument, pair[1]);
	if (c->pid < 0) {
		log_line(LOG_LEVEL_ERROR, "fork: %s", strerror(errno));
		c->pid = 0;
		c->again_ms = clock_ms() + BACK_OFF_MS;
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	c->serial = ++m->serial;
	c->ready = false;
	*theirs = pair[1];
	return pair[0];
}

/* A front that does not take our word is replaced. */
static void
tell_front(struct master *m, enum wire_type type, uint32_t serial,
    const void *body, size_t len, int passed)
{
	if (m->control < 0 ||
	    wire_send(m->control, type, serial, body, len, passed,
	        clock_ms() + SEND_MS) == WIRE_OK)
		return;
	if (m->front.pid > 0)
		kill(m->front.pid, SIGKILL);
}

static void
start_front(struct master *m)
{
	const struct config *config = m->setup->config;
	struct buf text;
	int theirs;

	m->control = start(m, &m->front, "front", "", &theirs);
	if (m->control < 0)
		return;
	close(theirs);
	buf_init(&text, CONFIG_TEXT_MAX);
	config_format(config, &text);
	tell_front(m, WIRE_CONFIG, 0, buf_cstr(&text), text.len, -1);
	buf_free(&text);
	tell_front(m, WIRE_KEYS, 0, m->setup->rings,
	    config->sites * sizeof *m->setup->rings, -1);
}

static void
start_converter(struct master *m, struct child *c)
{
	char argument[16];
	int ours, theirs;

	snprintf(argument, sizeof argument, ":%u",
	    config_inputs(m->setup->config));
	ours = start(m, c, "converter", argument, &theirs);
	if (ours < 0)
		return;
	close(theirs);
	/* Its end goes to the front; the master keeps none. */
	tell_front(m, WIRE_CONVERTER, c->serial, c->died, strlen(c->died),
	    ours);
	close(ours);
	c->died[0] = '\0';
}

/* Start whatever is missing and may start now. */
static void
start_missing(struct master *m)
{
	int64_t now = clock_ms();

	if (m->stopping)
		return;
	if (m->front.pid == 0 && now >= m->front.again_ms) {
		start_front(m);
		for (int i = 0; i < m->count; i++)
			m->converters[i].again_ms = 0;
	}
	if (m->control < 0)
		return;
	for (int i = 0; i < m->count; i++) {
		struct child *c = &m->converters[i];

		if (c->pid == 0 && now >= c->again_ms)
			start_converter(m, c);
	}
}

static void
describe_death(struct child *c, const char *role, int status)
{
	if (WIFSIGNALED(status))
		snprintf(c->died, sizeof c->died, "%s %u (pid %ld) died: %s",
		    role, c->serial, (long)c->pid, strsignal(WTERMSIG(status)));
	else
		snprintf(c->died, sizeof c->died,
		    "%s %u (pid %ld) ended with status %d", role, c->serial,
		    (long)c->pid, WEXITSTATUS(status));
}

static void
kill_converters(const struct master *m)
{
	for (int i = 0; i < m->count; i++) {
		if (m->converters[i].pid > 0)
			kill(m->converters[i].pid, SIGKILL);
	}
}

/* Something that dies before anything was ever served will die again. */
static void
bury(struct master *m, struct child *c, const char *role, int status)
{
	bool front = c == &m->front;

	describe_death(c, role, status);
	c->pid = 0;
	c->again_ms = c->ready ? 0 : clock_ms() + BACK_OFF_MS;
	if (front) {
		close(m->control);
		m->control = -1;
		kill_converters(m);
	}
	if (m->stopping)
		return;
	if (front || !m->served)
		log_line(LOG_LEVEL_ERROR, "%s", c->died);
	if (front)
		c->died[0] = '\0';
	if (m->served)
		return;
	log_line(LOG_LEVEL_ERROR, "cannot start; imgfcgi -t may say why");
	m->failed = true;
	got_stop = 1;
}

static void
reap(struct master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == m->front.pid)
			bury(m, &m->front, "front", status);
		for (int i = 0; i < m->count; i++) {
			if (pid == m->converters[i].pid)
				bury(m, &m->converters[i], "converter", status);
		}
	}
}

/* READY and KILL name a converter; READY of 0 is the front itself. */
static void
hear_front(struct master *m)
{
	struct wire_head head;
	int passed;

	if (wire_recv_head(m->control, &head, &passed, clock_ms() + SEND_MS) !=
	    WIRE_OK) {
		/* It is dying; waitpid() tells. */
		kill(m->front.pid, SIGKILL);
		return;
	}
	if (passed >= 0)
		close(passed);
	if (head.type == WIRE_READY && head.serial == 0) {
		m->front.ready = true;
		if (!m->served)
			log_line(LOG_LEVEL_INFO,
			    "ready: %d threads, %d converters",
			    m->setup->config->threads, m->count);
		m->served = true;
	}
	for (int i = 0; i < m->count; i++) {
		struct child *c = &m->converters[i];

		if (head.serial == 0 || c->serial != head.serial)
			continue;
		if (head.type == WIRE_READY)
			c->ready = true;
		/* Only one that is not yet reaped has a pid here. */
		if (head.type == WIRE_KILL && c->pid > 0)
			kill(c->pid, SIGKILL);
	}
}

static void
reopen_log(struct master *m)
{
	struct why why;
	int fd = master_open_log(m->setup->config, &why);

	if (fd < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", why.text);
		return;
	}
	dup2(fd, m->log);
	fcntl(m->log, F_SETFD, FD_CLOEXEC); /* dup2 has cleared it */
	tell_front(m, WIRE_LOG, 0, NULL, 0, fd);
	close(fd);
}

static void
begin_stop(struct master *m)
{
	const struct config *config = m->setup->config;

	m->stopping = true;
	m->stop_by_ms = clock_ms() + config->queue_timeout_ms +
	    config->timeout_ms + config->io_timeout_ms + SLACK_MS;
	log_line(LOG_LEVEL_INFO, "stopping");
	tell_front(m, WIRE_DRAIN, 0, NULL, 0, -1);
}

static void
hear_signals(struct master *m)
{
	if (got_stop && !m->stopping)
		begin_stop(m);
	if (got_reopen) {
		got_reopen = 0;
		reopen_log(m);
	}
	if (got_hup) {
		got_hup = 0;
		log_line(LOG_LEVEL_WARN,
		    "SIGHUP: restart to read the configuration again");
	}
}

static bool
all_ended(const struct master *m)
{
	bool ended = m->front.pid == 0;

	for (int i = 0; i < m->count; i++)
		ended = ended && m->converters[i].pid == 0;
	return ended;
}

static void
catch_signals(sigset_t *waiting)
{
	static const int caught[] = { SIGTERM, SIGINT, SIGUSR1, SIGHUP,
		SIGCHLD };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
		sigaddset(&set, caught[i]);
		sigaction(caught[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
	/* Signals come only while we wait: nothing is missed in between. */
	sigprocmask(SIG_BLOCK, &set, waiting);
	for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
		sigdelset(waiting, caught[i]);
}

int
master_run(const struct master_setup *setup)
{
	struct master m = { .setup = setup,
		.control = -1,
		.log = setup->log,
		.count = setup->config->converters };
	const struct timespec tick = { 0, 100000000 };
	const struct timespec calm = { 1, 0 };
	sigset_t waiting;

	m.converters = calloc((size_t)m.count, sizeof *m.converters);
	if (m.converters == NULL)
		return 1;
	catch_signals(&waiting);
	for (;;) {
		struct pollfd p = { .fd = m.control, .events = POLLIN };

		start_missing(&m);
		p.fd = m.control;
		if (ppoll(&p, 1, m.served && !m.stopping ? &calm : &tick,
		        &waiting) > 0)
			hear_front(&m);
		hear_signals(&m);
		reap(&m);
		if (m.stopping && all_ended(&m))
			break;
		if (m.stopping && m.front.pid == 0)
			kill_converters(&m);
		if (m.stopping && clock_ms() >= m.stop_by_ms && m.front.pid > 0)
			kill(m.front.pid, SIGKILL);
	}
	log_line(LOG_LEVEL_INFO, "stopped");
	free(m.converters);
	return m.failed ? 1 : 0;
}
