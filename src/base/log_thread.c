#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log_sink.h"

/* A second of 1000 requests has about 150 KB of lines. */
#define QUEUE_BYTES ((size_t)1 << 20)
#define STACK       (64 * 1024)
#define STOP_MS     1000

/* Lines lie in a ring, each behind its length. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t some, none;
	pthread_t thread;
	char *ring;
	size_t head, used;
	bool running, stop;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
put_bytes(const void *bytes, size_t len)
{
	size_t at = (queue.head + queue.used) % QUEUE_BYTES;
	size_t first = QUEUE_BYTES - at;

	if (first > len)
		first = len;
	memcpy(queue.ring + at, bytes, first);
	memcpy(queue.ring, (const char *)bytes + first, len - first);
	queue.used += len;
}

static void
get_bytes(void *bytes, size_t len)
{
	size_t first = QUEUE_BYTES - queue.head;

	if (first > len)
		first = len;
	memcpy(bytes, queue.ring + queue.head, first);
	memcpy((char *)bytes + first, queue.ring, len - first);
	queue.head = (queue.head + len) % QUEUE_BYTES;
	queue.used -= len;
}

bool
log_thread_take(const char *line, size_t len)
{
	bool running, full = false;

	pthread_mutex_lock(&queue.lock);
	running = queue.running;
	if (running) {
		full = queue.used + sizeof len + len > QUEUE_BYTES;
		if (!full) {
			put_bytes(&len, sizeof len);
			put_bytes(line, len);
			pthread_cond_signal(&queue.some);
		}
	}
	pthread_mutex_unlock(&queue.lock);
	if (full)
		log_drop();
	return running;
}

static void *
write_lines(void *arg)
{
	char line[LOG_LINE_MAX];
	size_t len;

	(void)arg;
	pthread_mutex_lock(&queue.lock);
	for (;;) {
		while (queue.used == 0 && !queue.stop)
			pthread_cond_wait(&queue.some, &queue.lock);
		if (queue.used == 0)
			break;
		get_bytes(&len, sizeof len);
		get_bytes(line, len);
		pthread_mutex_unlock(&queue.lock);
		log_deliver(line, len, true);
		pthread_mutex_lock(&queue.lock);
	}
	queue.running = false;
	pthread_cond_signal(&queue.none);
	pthread_mutex_unlock(&queue.lock);
	return NULL;
}

static int
start_thread(void)
{
	pthread_condattr_t monotonic;
	pthread_attr_t attr;
	sigset_t all, before;
	int error;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&queue.some, NULL);
	pthread_cond_init(&queue.none, &monotonic);
	pthread_condattr_destroy(&monotonic);
	/* A signal is for others: here it would cut a write short. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	queue.running = true;
	error = pthread_create(&queue.thread, &attr, write_lines, NULL);
	queue.running = error == 0;
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

bool
log_thread_start(void)
{
	if (queue.ring == NULL)
		queue.ring = malloc(QUEUE_BYTES);
	if (queue.ring == NULL)
		return false;
	queue.stop = false;
	return start_thread() == 0;
}

void
log_thread_stop(void)
{
	int64_t deadline = clock_ms() + STOP_MS;
	struct timespec until = { .tv_sec = (time_t)(deadline / 1000),
		.tv_nsec = (long)(deadline % 1000) * 1000000 };

	pthread_mutex_lock(&queue.lock);
	queue.stop = true;
	pthread_cond_signal(&queue.some);
	while (queue.running) {
		if (pthread_cond_timedwait(&queue.none, &queue.lock, &until) ==
		    ETIMEDOUT)
			break;
	}
	pthread_mutex_unlock(&queue.lock);
}
