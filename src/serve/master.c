#include "serve/master.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/generation.h"
#include "serve/logfile.h"
#include "serve/notify.h"

enum {
	CURRENT, /* serves, or is the first that tries to */
	NEXT,    /* of a reload, until it serves */
	OLD,     /* drains */
	GENERATIONS
};

struct master {
	const struct master_setup *setup;
	struct child_setup children;
	struct generation *generation[GENERATIONS]; /* NULL: none */
	bool reload; /* wanted, and not yet begun */
	bool stopping;
	bool failed;
};

static volatile sig_atomic_t got_stop, got_reopen, got_reload;

static void
on_signal(int sig)
{
	if (sig == SIGTERM || sig == SIGINT)
		got_stop = 1;
	else if (sig == SIGUSR1)
		got_reopen = 1;
	else if (sig == SIGHUP)
		got_reload = 1;
}

/* The syslog that the master's own lines go to is gone. */
static void
on_lost(void)
{
	got_reopen = 1;
}

static const struct config *
config_of(const struct master *m)
{
	return generation_settings(m->generation[CURRENT])->config;
}

/* Every generation opens its own, the master the current one's. */
static void
reopen_log(struct master *m)
{
	struct why why;

	if (!logfile_reopen(config_of(m), &why))
		log_line(LOG_LEVEL_ERROR, "%s", why.text);
	for (int i = 0; i < GENERATIONS; i++) {
		struct generation *g = m->generation[i];

		if (g != NULL && !generation_reopen_log(g, &why))
			log_line(LOG_LEVEL_ERROR, "%s", why.text);
	}
}

static void
refuse_reload(const struct why *why)
{
	log_line(LOG_LEVEL_ERROR,
	    "reload refused, the old configuration serves on: %s", why->text);
	notify_manager("READY=1");
}

static void
begin_reload(struct master *m)
{
	const struct master_setup *setup = m->setup;
	struct settings *settings;
	struct why why;

	m->reload = false;
	notify_manager("RELOADING=1");
	settings = settings_load(setup->config_path, setup->overrides, &why);
	if (settings == NULL) {
		refuse_reload(&why);
		return;
	}
	settings_keep_fixed(settings,
	    generation_settings(m->generation[CURRENT]));
	m->generation[NEXT] = generation_new(&m->children, settings, &why);
	if (m->generation[NEXT] == NULL)
		refuse_reload(&why);
	else
		log_line(LOG_LEVEL_INFO, "reloading");
}

/* The new generation serves: the old one may go. */
static void
finish_reload(struct master *m)
{
	struct why why;

	m->generation[OLD] = m->generation[CURRENT];
	m->generation[CURRENT] = m->generation[NEXT];
	m->generation[NEXT] = NULL;
	generation_drain(m->generation[OLD], false);
	if (!logfile_reopen(config_of(m), &why))
		log_line(LOG_LEVEL_ERROR, "%s", why.text);
	logfile_use(config_of(m), log_fd());
	log_line(LOG_LEVEL_INFO, "reloaded");
	notify_manager("READY=1");
}

static void
forget(struct master *m, int which)
{
	generation_free(m->generation[which]);
	m->generation[which] = NULL;
}

static void
begin_stop(struct master *m)
{
	bool ours = !m->setup->listener->kept;

	m->stopping = true;
	log_line(LOG_LEVEL_INFO, "stopping");
	notify_manager("STOPPING=1");
	/* Nobody new comes in; who waits at the door is still served. */
	socket_unlink(m->setup->listener);
	generation_drain(m->generation[CURRENT], ours);
	if (m->generation[NEXT] != NULL)
		generation_drain(m->generation[NEXT], false);
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
	if (got_reload) {
		got_reload = 0;
		m->reload = true;
	}
}

/* The first generation of all. */
static void
settle_current(struct master *m, bool *announced)
{
	enum generation_state state = generation_state(m->generation[CURRENT]);

	if (state == GENERATION_SERVING && !*announced) {
		*announced = true;
		notify_manager("READY=1");
	}
	if (state != GENERATION_FAILED || m->failed)
		return;
	m->failed = m->stopping = true;
	log_line(LOG_LEVEL_ERROR, "cannot start; imgfcgi -t may say why");
}

/* What became of each since the last look. */
static void
settle(struct master *m, bool *announced)
{
	static const struct why died = { "its processes do not start" };
	struct generation *next = m->generation[NEXT];

	settle_current(m, announced);
	if (next != NULL && !m->stopping) {
		if (generation_state(next) == GENERATION_SERVING &&
		    m->generation[OLD] == NULL)
			finish_reload(m);
		else if (generation_ended(next)) {
			refuse_reload(&died);
			forget(m, NEXT);
		}
	}
	if (m->generation[OLD] != NULL && generation_ended(m->generation[OLD]))
		forget(m, OLD);
	/* One at a time: more requests for a reload become one. */
	if (m->reload && !m->stopping && m->generation[NEXT] == NULL &&
	    m->generation[OLD] == NULL && *announced)
		begin_reload(m);
}

/* Words of the fronts, or a signal, or the time to look again. */
static void
wait_for_news(struct master *m, bool calm, const sigset_t *waiting)
{
	const struct timespec often = { 0, 50000000 }, seldom = { 1, 0 };
	struct pollfd p[GENERATIONS];

	for (int i = 0; i < GENERATIONS; i++) {
		const struct generation *g = m->generation[i];

		p[i] = (struct pollfd){ g != NULL ? generation_control(g) : -1,
			POLLIN, 0 };
	}
	if (ppoll(p, GENERATIONS, calm ? &seldom : &often, waiting) <= 0)
		return;
	for (int i = 0; i < GENERATIONS; i++) {
		if (p[i].revents != 0 && generation_hear(m->generation[i]))
			got_reopen = 1;
	}
}

static void
reap(struct master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < GENERATIONS; i++) {
			if (m->generation[i] != NULL &&
			    generation_reap(m->generation[i], pid, status))
				break;
		}
	}
}

static bool
all_ended(const struct master *m)
{
	for (int i = 0; i < GENERATIONS; i++) {
		if (m->generation[i] != NULL &&
		    !generation_ended(m->generation[i]))
			return false;
	}
	return true;
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

static void
run(struct master *m)
{
	bool announced = false;
	sigset_t waiting;

	catch_signals(&waiting);
	while (!m->stopping || !all_ended(m)) {
		bool calm = !m->reload;

		for (int i = 0; i < GENERATIONS; i++) {
			if (m->generation[i] != NULL)
				calm &= generation_tend(m->generation[i]);
		}
		wait_for_news(m, calm, &waiting);
		hear_signals(m);
		reap(m);
		settle(m, &announced);
	}
}

int
master_run(const struct master_setup *setup)
{
	struct master m = { .setup = setup,
		.children = { .self = setup->self,
		    .listener = setup->listener->fd } };
	struct why why;

	m.generation[CURRENT] =
	    generation_new(&m.children, setup->settings, &why);
	if (m.generation[CURRENT] == NULL) {
		log_line(LOG_LEVEL_ERROR, "%s", why.text);
		return 1;
	}
	log_on_lost(on_lost);
	run(&m);
	log_line(LOG_LEVEL_INFO, "stopped");
	for (int i = 0; i < GENERATIONS; i++) {
		if (m.generation[i] != NULL)
			forget(&m, i);
	}
	return m.failed ? 1 : 0;
}
