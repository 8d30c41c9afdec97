/* The log's own thread: nobody waits, and nothing is lost without a word. */
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#include "test.h"

#define WRITERS 4
#define LINES   500
#define ROOM    ((size_t)4 << 20)

/* What reads a pipe until it is closed. */
struct reader {
	pthread_t thread;
	int fd;
	char *text; /* lines, NUL-terminated */
};

static void *
read_all(void *arg)
{
	struct reader *r = arg;
	size_t len = 0;
	ssize_t n;

	while ((n = read(r->fd, r->text + len, ROOM - 1 - len)) > 0)
		len += (size_t)n;
	r->text[len] = '\0';
	return NULL;
}

static bool
reader_start(struct reader *r, int fd)
{
	r->fd = fd;
	r->text = malloc(ROOM);
	return r->text != NULL &&
	    pthread_create(&r->thread, NULL, read_all, r) == 0;
}

static void *
write_many(void *arg)
{
	for (int i = 0; i < LINES; i++)
		log_line(LOG_LEVEL_INFO, "writer %d line %d.", *(int *)arg, i);
	return NULL;
}

/* Every line is whole, and each writer's stand in order. */
static void
check_order(const char *text)
{
	int next[WRITERS] = { 0 }, writer, number;

	for (const char *line = text; *line != '\0';
	     line = strchr(line, '\n') + 1) {
		if (!CHECK(sscanf(line, "imgfcgi: info: writer %d line %d.\n",
		               &writer, &number) == 2 &&
		        writer >= 0 && writer < WRITERS))
			return;
		EQ_INT(number, next[writer]++);
	}
	for (int i = 0; i < WRITERS; i++)
		EQ_INT(next[i], LINES);
}

static void
many_writers(void)
{
	pthread_t thread[WRITERS];
	int numbers[WRITERS], wire[2];
	struct reader reader;

	if (!CHECK(pipe(wire) == 0 && reader_start(&reader, wire[0])))
		return;
	log_open(wire[1], LOG_LEVEL_INFO, LOG_STYLE_PLAIN);
	CHECK(log_thread_start());
	for (int i = 0; i < WRITERS; i++) {
		numbers[i] = i;
		CHECK(pthread_create(&thread[i], NULL, write_many,
		          &numbers[i]) == 0);
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(thread[i], NULL);
	log_thread_stop();
	close(wire[1]);
	pthread_join(reader.thread, NULL);
	EQ_INT((int64_t)log_dropped(), 0);
	check_order(reader.text);
	free(reader.text);
	close(wire[0]);
}

static int
count(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text++;
		n++;
	}
	return n;
}

/* Nobody reads at first: no line waits, and the sum comes out right. */
static void
slow_reader(void)
{
	const int sent = 3000;
	int64_t began = clock_ms(), before = (int64_t)log_dropped();
	struct reader reader;
	char words[900];
	int wire[2];

	if (!CHECK(pipe(wire) == 0))
		return;
	memset(words, 'x', sizeof words - 1);
	words[sizeof words - 1] = '\0';
	log_open(wire[1], LOG_LEVEL_INFO, LOG_STYLE_PLAIN);
	CHECK(log_thread_start());
	for (int i = 0; i < sent; i++)
		log_line(LOG_LEVEL_INFO, "%s", words);
	CHECK(clock_ms() - began < 5000);
	CHECK((int64_t)log_dropped() > before);
	CHECK(reader_start(&reader, wire[0]));
	log_thread_stop();
	log_line(LOG_LEVEL_INFO, "last");
	close(wire[1]);
	pthread_join(reader.thread, NULL);
	EQ_INT(count(reader.text, words) + (int64_t)log_dropped() - before,
	    sent);
	EQ_INT(count(reader.text, " lines are missing here\n") > 0, 1);
	EQ_INT(count(reader.text, "imgfcgi: info: last\n"), 1);
	free(reader.text);
	close(wire[0]);
}

/* A reader that never comes keeps the end for a second and no longer. */
static void
no_reader(void)
{
	int64_t began;
	char words[900];
	int wire[2];

	if (!CHECK(pipe(wire) == 0))
		return;
	memset(words, 'x', sizeof words - 1);
	words[sizeof words - 1] = '\0';
	log_open(wire[1], LOG_LEVEL_INFO, LOG_STYLE_PLAIN);
	CHECK(log_thread_start());
	for (int i = 0; i < 100; i++)
		log_line(LOG_LEVEL_INFO, "%s", words);
	began = clock_ms();
	log_thread_stop();
	CHECK(clock_ms() - began < 5000);
	/* Its thread stays in write() until the process ends. */
}

static int lost;

static void
on_lost(void)
{
	lost++;
}

static void
datagrams(void)
{
	char got[256], want[256];
	int wire[2];
	ssize_t n;

	if (!CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, wire) == 0))
		return;
	log_open(wire[1], LOG_LEVEL_DEBUG, LOG_STYLE_SYSLOG);
	log_on_lost(on_lost);
	for (int l = LOG_LEVEL_ERROR; l <= LOG_LEVEL_DEBUG; l++) {
		/* RFC 3164: facility daemon is 3; err, warning, info, debug. */
		static const int priority[] = { 27, 28, 30, 31 };

		log_line((enum log_level)l, "x\ny");
		n = recv(wire[0], got, sizeof got - 1, MSG_DONTWAIT);
		got[n > 0 ? n : 0] = '\0';
		snprintf(want, sizeof want, "<%d>imgfcgi[%ld]: %s: x\\x0ay",
		    priority[l], (long)getpid(),
		    log_level_word((enum log_level)l));
		EQ_STR(got, want);
	}
	EQ_INT(lost, 0);
	close(wire[0]);
	/* Told once, however many lines there are in that second. */
	log_line(LOG_LEVEL_INFO, "x");
	log_line(LOG_LEVEL_INFO, "x");
	EQ_INT(lost, 1);
	close(wire[1]);
}

int
main(void)
{
	many_writers();
	datagrams();
	slow_reader();
	no_reader();
	return test_end("t_log_thread");
}
