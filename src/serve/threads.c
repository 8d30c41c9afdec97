#include "serve/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "serve/fcgi.h"

#define WAKE    SIGUSR2
#define STACK   (512 * 1024)
#define STEP_NS 5000000

struct thread {
	struct threads *all;
	pthread_t id;
	atomic_bool ended;
};

struct threads {
	struct threads_setup setup;
	struct fcgi_door door;
	int running;
	struct thread thread[];
};

static void
on_wake(int sig)
{
	(void)sig;
}

void
threads_signals(void)
{
	struct sigaction wake = { .sa_handler = on_wake };
	sigset_t all;

	/* No SA_RESTART: its only purpose is to interrupt accept(). */
	sigemptyset(&wake.sa_mask);
	sigaction(WAKE, &wake, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	sigdelset(&all, WAKE);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static bool
is_gone(void *arg)
{
	return fcgi_gone(arg);
}

static void
send_answer(void *arg, const struct response *r)
{
	if (!fcgi_send(arg, buf_cstr(&r->head), r->head.len, r->body,
	        r->body_len, r->http == 304))
		log_line(LOG_LEVEL_DEBUG, "the peer did not take an answer");
}

static void *
run(void *arg)
{
	struct thread *t = arg;
	const struct threads_setup *setup = &t->all->setup;
	struct fcgi *f = fcgi_new(setup->listener, setup->io_timeout_ms);
	const struct visitor visitor = { { is_gone, f }, send_answer };
	char *const *envp;

	if (f == NULL)
		log_line(LOG_LEVEL_ERROR, "a thread found no memory");
	while (f != NULL && (envp = fcgi_accept(f, &t->all->door)) != NULL) {
		handler_serve(setup->handler, envp, &visitor);
		fcgi_finish(f);
	}
	fcgi_free(f);
	if (setup->at_end != NULL)
		setup->at_end();
	atomic_store(&t->ended, true);
	return NULL;
}

struct threads *
threads_start(const struct threads_setup *setup)
{
	size_t count = (size_t)setup->count;
	struct threads *all =
	    calloc(1, sizeof *all + count * sizeof all->thread[0]);
	const struct timespec step = { 0, STEP_NS };
	pthread_attr_t attr;
	int error = 0;

	if (all == NULL)
		return NULL;
	all->setup = *setup;
	pthread_attr_init(&attr);
	/* Cheap waiters; one that runs libvips keeps the usual stack. */
	if (setup->at_end == NULL)
		pthread_attr_setstacksize(&attr, STACK);
	for (; all->running < setup->count; all->running++) {
		struct thread *t = &all->thread[all->running];

		t->all = all;
		error = pthread_create(&t->id, &attr, run, t);
		if (error != 0)
			break;
	}
	pthread_attr_destroy(&attr);
	if (error == 0)
		return all;
	log_line(LOG_LEVEL_ERROR, "thread %d of %d: %s", all->running + 1,
	    setup->count, strerror(error));
	threads_stop(all, 0);
	while (!threads_ended(all))
		nanosleep(&step, NULL);
	return NULL;
}

void
threads_stop(struct threads *all, int waiting)
{
	atomic_store(&all->door.waiting, waiting);
	atomic_store(&all->door.closed, true);
}

bool
threads_ended(struct threads *all)
{
	int alive = 0;

	if (all == NULL)
		return true;
	/*
	 * A signal that comes between a thread's look at the door and its
	 * accept() is lost, so it is sent again until the thread has ended.
	 */
	for (int i = 0; i < all->running; i++) {
		struct thread *t = &all->thread[i];

		if (atomic_load(&t->ended))
			continue;
		pthread_kill(t->id, WAKE);
		alive++;
	}
	if (alive > 0)
		return false;
	for (int i = 0; i < all->running; i++)
		pthread_join(all->thread[i].id, NULL);
	free(all);
	return true;
}
