/*
 * load: HTTP/1.1 requests at a fixed rate or from a fixed number of clients,
 * for tests and benchmarks on this machine.
 *
 * It connects to 127.0.0.1 alone, from addresses all over 127.0.0.0/8, so
 * that limits per address do not answer for the server.  At a fixed rate a
 * request's time counts from the moment it was due, not from the moment it
 * could be sent: a server that stalls pays for all that had to wait.  Every
 * run ends by itself: -d or -n bounds the sending, -t each request and how
 * late one may be sent at all.  Errors have no time: look at both figures.
 * With -k an answer must have a Content-Length.  With -a N every Nth request
 * is sent and its connection closed at once, like that of a visitor who leaves.
 *
 * With -P PID, once for each tree of processes that makes up the server, it
 * prints the CPU that they spent; with -m it looks at their memory now and
 * then and prints the most that it saw.
 *
 * Threads take the next request off one counter; what each has seen is its
 * own until all have ended.
 */
#include "load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/num.h"
#include "tree.h"

#define PATHS_MAX   1000000
#define SECONDS_MAX 600 /* where -n alone bounds the run */
#define STACK_BYTES (256 * 1024)
#define SAMPLE_MS   20

static struct {
	int64_t port, clients, addresses, timeout_ms;
	int64_t rate; /* requests a second; 0: as fast as they are answered */
	int64_t seconds, requests; /* 0: the other one bounds the run */
	int64_t leave_each;        /* 0: wait for every answer */
	bool keep, memory;
	const char *host;
	pid_t root[TREE_ROOTS_MAX];
	int roots;
	struct buf headers;
	char **path;
	size_t paths;
} opt = { .port = 8080,
	.clients = 64,
	.addresses = 1,
	.timeout_ms = 30000,
	.host = "127.0.0.1" };

static atomic_llong next_request;
static atomic_bool ended;
static int64_t started_us, stop_us; /* none is due from stop_us on */

/* One thread and what it has seen. */
struct client {
	pthread_t thread;
	struct link link;
	uint32_t *sample; /* microseconds of each answered request */
	size_t samples, room;
	int64_t status[600];  /* answers by code */
	int64_t errors, late; /* late: sent > 1 ms after it was due */
	int64_t left;
};

__attribute__((noreturn)) static void
give_up(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(2);
}

static bool
send_request(struct link *l, int64_t i)
{
	int64_t from = opt.addresses > 1 ? i % opt.addresses : -1;
	const char *path = opt.path[(size_t)i % opt.paths];
	struct buf text;
	bool sent;

	if (l->fd == -1 && !link_open(l, (int)opt.port, from))
		return false;
	buf_init(&text, LINK_HEAD_MAX * 2);
	buf_printf(&text, "GET %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n", path,
	    opt.host, opt.keep ? "" : "Connection: close\r\n",
	    buf_cstr(&opt.headers));
	sent = buf_ok(&text) && link_send(l, text.data, text.len);
	buf_free(&text);
	return sent;
}

static int
try_request(struct link *l, int64_t i)
{
	return send_request(l, i) ? link_answer(l, opt.keep) : 0;
}

static void
leave(struct client *c, int64_t i)
{
	c->link.deadline_us = clock_us() + opt.timeout_ms * 1000;
	if (send_request(&c->link, i))
		c->left++;
	else
		c->errors++;
	link_close(&c->link);
}

static void
ask(struct client *c, int64_t i, int64_t due_us)
{
	bool kept = c->link.fd != -1;
	int status;
	int64_t us;

	c->link.deadline_us = clock_us() + opt.timeout_ms * 1000;
	status = try_request(&c->link, i);
	/* A kept connection may have ended since; that is no error. */
	if (status == 0 && kept && clock_us() < c->link.deadline_us) {
		link_close(&c->link);
		status = try_request(&c->link, i);
	}
	if (status == 0 || !opt.keep)
		link_close(&c->link);
	if (status == 0) {
		c->errors++;
		return;
	}
	c->status[status]++;
	if (c->samples == c->room) {
		c->room = c->room > 0 ? c->room * 2 : 1024;
		c->sample = realloc(c->sample, c->room * sizeof *c->sample);
		if (c->sample == NULL)
			give_up("out of memory");
	}
	us = clock_us() - due_us;
	c->sample[c->samples++] = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static void
sleep_until(int64_t us)
{
	int64_t left = us - clock_us();
	struct timespec ts = { left / 1000000, left % 1000000 * 1000 };

	if (left > 0)
		nanosleep(&ts, NULL);
}

/* When request i is to be sent; it may be long past for a slow server. */
static int64_t
due_at(int64_t i)
{
	if (opt.rate == 0)
		return clock_us();
	return started_us + (int64_t)((double)i * 1e6 / (double)opt.rate);
}

static void *
run_client(void *arg)
{
	struct client *c = arg;

	for (;;) {
		int64_t i = atomic_fetch_add(&next_request, 1);
		int64_t due = due_at(i), lag;

		if ((opt.requests > 0 && i >= opt.requests) || due >= stop_us)
			break;
		sleep_until(due);
		lag = clock_us() - due;
		c->late += lag > 1000;
		/* What waited longer than an answer may take has failed. */
		if (lag > opt.timeout_ms * 1000)
			c->errors++;
		else if (opt.leave_each > 0 && i % opt.leave_each == 0)
			leave(c, i);
		else
			ask(c, i, due);
	}
	link_close(&c->link);
	return NULL;
}

/* The most memory that was seen, into *arg, until all clients have ended. */
static void *
watch_memory(void *arg)
{
	const struct timespec pause = { 0, SAMPLE_MS * 1000000L };
	int64_t *peak = arg;

	while (!atomic_load(&ended)) {
		int64_t kib = tree_memory(opt.root, opt.roots);

		if (kib > *peak)
			*peak = kib;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static double
cpu_ms(void)
{
	double ms = 0;

	if (opt.roots > 0 && !tree_cpu(opt.root, opt.roots, &ms))
		give_up("a process of -P is not there");
	return ms;
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
print_times(const uint32_t *sample, size_t n)
{
	static const struct {
		const char *name;
		size_t permille;
	} rows[] = {
		{ "p50", 500 },
		{ "p90", 900 },
		{ "p99", 990 },
		{ "max", 1000 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t rank = (n * rows[i].permille + 999) / 1000;

		printf("%s_ms %.3f\n", rows[i].name,
		    n > 0 ? sample[rank - 1] / 1000.0 : 0.0);
	}
}

/* Exit code: 1 if nothing was answered. */
static int
report(const struct client *clients, int64_t us)
{
	int64_t status[600] = { 0 }, errors = 0, bytes = 0, late = 0, left = 0;
	size_t n = 0, at = 0;
	uint32_t *all;

	for (int64_t i = 0; i < opt.clients; i++)
		n += clients[i].samples;
	if ((all = calloc(n + 1, sizeof *all)) == NULL)
		give_up("out of memory");
	for (int64_t i = 0; i < opt.clients; i++) {
		const struct client *c = &clients[i];

		if (c->samples > 0)
			memcpy(all + at, c->sample, c->samples * sizeof *all);
		at += c->samples;
		errors += c->errors;
		bytes += c->link.bytes;
		late += c->late;
		left += c->left;
		for (int s = 0; s < 600; s++)
			status[s] += c->status[s];
	}
	qsort(all, n, sizeof *all, compare);
	printf("requests %lld\n", (long long)n + errors + left);
	if (left > 0)
		printf("left %lld\n", (long long)left);
	for (int s = 0; s < 600; s++) {
		if (status[s] > 0)
			printf("status_%d %lld\n", s, (long long)status[s]);
	}
	printf("errors %lld\nlate %lld\nbytes %lld\nseconds %.3f\n",
	    (long long)errors, (long long)late, (long long)bytes,
	    (double)us / 1e6);
	printf("rate %.1f\n", us > 0 ? (double)n * 1e6 / (double)us : 0.0);
	print_times(all, n);
	free(all);
	return n > 0 ? 0 : 1;
}

static void
usage(void)
{
	fputs("usage: load [-k] [-A addresses] [-a each] [-c clients]\n"
	      "\t[-d seconds] [-f file] [-H header] [-h host] [-m]\n"
	      "\t[-n requests] [-P pid] [-p port] [-r requests/s]\n"
	      "\t[-t ms] PATH...\n",
	    stderr);
	exit(2);
}

static int64_t
number(const char *s, int64_t min, int64_t max)
{
	int64_t n;

	if (!num_parse(s, strlen(s), min, max, &n)) {
		fprintf(stderr, "load: '%s' is no number from %lld to %lld\n",
		    s, (long long)min, (long long)max);
		exit(2);
	}
	return n;
}

static void
add_path(const char *s)
{
	static size_t room;

	if (s[0] != '/' || strpbrk(s, " \r\n") != NULL)
		give_up("a path begins with / and has no blank");
	if (opt.paths == PATHS_MAX)
		give_up("too many paths");
	if (opt.paths == room) {
		room = room > 0 ? room * 2 : 64;
		opt.path = realloc(opt.path, room * sizeof *opt.path);
	}
	if (opt.path == NULL || (opt.path[opt.paths++] = strdup(s)) == NULL)
		give_up("out of memory");
}

static void
add_file(const char *name)
{
	FILE *f = fopen(name, "r");
	char *line = NULL;
	size_t size = 0;

	if (f == NULL)
		give_up("cannot open the file of paths");
	while (getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			add_path(line);
	}
	free(line);
	fclose(f);
}

static const struct {
	int letter;
	int64_t *value;
	int64_t min, max;
} numbers[] = {
	{ 'A', &opt.addresses, 1, 1000000 },
	{ 'a', &opt.leave_each, 1, 1000000 },
	{ 'c', &opt.clients, 1, 2048 },
	{ 'd', &opt.seconds, 1, 3600 },
	{ 'n', &opt.requests, 1, 10000000 },
	{ 'p', &opt.port, 1, 65535 },
	{ 'r', &opt.rate, 1, 1000000 },
	{ 't', &opt.timeout_ms, 1, 600000 },
};

static void
read_number(int letter)
{
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		if (numbers[i].letter == letter) {
			*numbers[i].value =
			    number(optarg, numbers[i].min, numbers[i].max);
			return;
		}
	}
	usage();
}

static void
add_root(const char *s)
{
	if (opt.roots == TREE_ROOTS_MAX)
		give_up("too many trees of processes");
	opt.root[opt.roots++] = (pid_t)number(s, 1, INT32_MAX);
}

static void
read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "A:H:P:a:c:d:f:h:kmn:p:r:t:")) != -1) {
		if (c == 'H')
			buf_printf(&opt.headers, "%s\r\n", optarg);
		else if (c == 'f')
			add_file(optarg);
		else if (c == 'h')
			opt.host = optarg;
		else if (c == 'k')
			opt.keep = true;
		else if (c == 'm')
			opt.memory = true;
		else if (c == 'P')
			add_root(optarg);
		else
			read_number(c);
	}
	for (; optind < argc; optind++)
		add_path(argv[optind]);
	if (opt.paths == 0 || (opt.seconds == 0 && opt.requests == 0) ||
	    (opt.memory && opt.roots == 0))
		usage();
	if (opt.seconds == 0)
		opt.seconds = SECONDS_MAX;
	if (!buf_ok(&opt.headers))
		give_up("too many headers");
}

/* Start all clients and wait until the last has ended. */
static void
run_clients(struct client *clients)
{
	pthread_attr_t attr;

	if (pthread_attr_init(&attr) != 0 ||
	    pthread_attr_setstacksize(&attr, STACK_BYTES) != 0)
		give_up("out of memory");
	for (int64_t i = 0; i < opt.clients; i++) {
		clients[i].link.fd = -1;
		if (pthread_create(&clients[i].thread, &attr, run_client,
		        &clients[i]) != 0)
			give_up("cannot start so many clients");
	}
	for (int64_t i = 0; i < opt.clients; i++)
		pthread_join(clients[i].thread, NULL);
}

int
main(int argc, char **argv)
{
	struct client *clients;
	pthread_t watcher;
	int64_t us, peak = 0;
	double cpu;
	int code;

	buf_init(&opt.headers, LINK_HEAD_MAX);
	read_options(argc, argv);
	clients = calloc((size_t)opt.clients, sizeof *clients);
	if (clients == NULL)
		give_up("out of memory");
	cpu = cpu_ms();
	if (opt.memory && pthread_create(&watcher, NULL, watch_memory, &peak))
		give_up("cannot watch memory");
	started_us = clock_us();
	stop_us = started_us + opt.seconds * 1000000;
	run_clients(clients);
	us = clock_us() - started_us;
	atomic_store(&ended, true);
	if (opt.memory)
		pthread_join(watcher, NULL);
	code = report(clients, us);
	if (opt.roots > 0)
		printf("cpu_ms %.3f\n", cpu_ms() - cpu);
	if (opt.memory)
		printf("peak_kib %lld\n", (long long)peak);
	for (int64_t i = 0; i < opt.clients; i++)
		free(clients[i].sample);
	for (size_t i = 0; i < opt.paths; i++)
		free(opt.path[i]);
	free(opt.path);
	free(clients);
	buf_free(&opt.headers);
	return code;
}
