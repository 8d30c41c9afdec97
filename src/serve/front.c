#include "serve/front.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/fcgi.h"
#include "serve/handler.h"
#include "serve/logfile.h"
#include "serve/platform.h"
#include "serve/pool.h"
#include "serve/sandbox.h"
#include "serve/threads.h"
#include "serve/wire.h"

#define HELLO_MS      10000
#define DRAIN_STEP_MS 5

/* The control socket is written by every thread that loses a converter. */
static struct {
	pthread_mutex_t lock;
	int fd;
} control = { PTHREAD_MUTEX_INITIALIZER, -1 };

struct front {
	struct config *config;
	struct seal_ring *rings;
	struct s3_keys *s3; /* NULL: no site has such keys */
	struct pool *pool;
	struct handler handler;
	struct threads *threads; /* NULL until the first hello */
	int listener;
	bool draining;
};

static bool
tell_master(enum wire_type type, uint32_t serial)
{
	enum wire_result r;

	pthread_mutex_lock(&control.lock);
	r = wire_send(control.fd, type, serial, NULL, 0, -1, WIRE_FOREVER);
	pthread_mutex_unlock(&control.lock);
	return r == WIRE_OK;
}

static void
ask_to_kill(uint32_t serial)
{
	tell_master(WIRE_KILL, serial);
}

/* Of the log's own thread: the syslog is gone. */
static void
ask_for_log(void)
{
	tell_master(WIRE_LOG, 0);
}

/* serial 0: the front itself. */
static bool
tell_ready(uint32_t serial)
{
	return tell_master(WIRE_READY, serial);
}

static enum status
convert_in_pool(void *arg, const struct order *order, struct picture *picture,
    struct why *why)
{
	return pool_convert(arg, order, picture, why);
}

static void
look_at_pool(void *arg, struct page_view *view)
{
	pool_look(arg, view);
}

/* The body of a control message, NUL-terminated; the caller's to free. */
static char *
read_text(int fd, uint64_t len)
{
	char *text = len <= CONFIG_TEXT_MAX ? malloc((size_t)len + 1) : NULL;

	if (text == NULL)
		return NULL;
	text[len] = '\0';
	if (wire_recv_body(fd, text, (size_t)len, WIRE_FOREVER) == WIRE_OK)
		return text;
	free(text);
	return NULL;
}

static bool
take_config(struct front *f, uint64_t len, struct why *why)
{
	char *text = read_text(control.fd, len);
	bool good;

	f->config = config_new();
	good = text != NULL && f->config != NULL &&
	    config_parse(f->config, "master", text, NULL, why) &&
	    config_settle(f->config, why);
	free(text);
	return good;
}

static bool
take_s3(struct front *f, uint64_t len)
{
	size_t size;

	if (f->config == NULL)
		return false;
	size = f->config->sites * sizeof *f->s3;
	f->s3 = calloc(f->config->sites, sizeof *f->s3);
	return f->s3 != NULL && len == size &&
	    wire_recv_body(control.fd, f->s3, size, WIRE_FOREVER) == WIRE_OK;
}

static bool
take_keys(struct front *f, uint64_t len, struct why *why)
{
	size_t size;

	if (f->config == NULL)
		return false;
	size = f->config->sites * sizeof *f->rings;
	f->rings = calloc(f->config->sites, sizeof *f->rings);
	if (f->rings == NULL || len != size ||
	    wire_recv_body(control.fd, f->rings, size, WIRE_FOREVER) != WIRE_OK)
		return false;
	logfile_use(f->config, STDERR_FILENO);
	log_on_lost(ask_for_log);
	f->pool = pool_new(f->config, ask_to_kill);
	/* A thread that is older than the sandbox would stay outside. */
	return f->pool != NULL &&
	    handler_open(&f->handler, f->config, f->rings, f->s3, why) &&
	    sandbox_front(f->config, why) && log_thread_start();
}

/* The first converter's libraries name what every answer is made with. */
static bool
start_serving(struct front *f)
{
	const struct threads_setup setup = { .handler = &f->handler,
		.listener = f->listener,
		.count = f->config->threads,
		.io_timeout_ms = (int)f->config->io_timeout_ms };

	f->handler.maker =
	    (struct maker){ convert_in_pool, look_at_pool, f->pool };
	f->threads = threads_start(&setup);
	return f->threads != NULL && tell_ready(0);
}

/* Hear a new converter's hello; one that dies at it is not our business. */
static bool
take_converter(struct front *f, uint32_t serial, int fd)
{
	struct wire_head head;
	char text[sizeof f->handler.versions];
	int64_t deadline = clock_ms() + HELLO_MS;
	enum wire_result r;
	int passed;

	if (fd < 0)
		return false;
	r = wire_recv_head(fd, &head, &passed, deadline);
	if (passed >= 0)
		close(passed);
	if (r != WIRE_OK || head.type != WIRE_HELLO ||
	    head.len >= sizeof text ||
	    wire_recv_body(fd, text, (size_t)head.len, deadline) != WIRE_OK) {
		close(fd);
		ask_to_kill(serial);
		return true;
	}
	text[head.len] = '\0';
	if (f->threads == NULL)
		memcpy(f->handler.versions, text, sizeof text);
	else if (strcmp(f->handler.versions, text) != 0)
		log_line(LOG_LEVEL_WARN,
		    "libraries have changed (%s): restart to renew ETags",
		    text);
	log_line(LOG_LEVEL_DEBUG, "converter %u is ready: %s", serial, text);
	if (!pool_add(f->pool, fd, serial) || !tell_ready(serial))
		return false;
	return f->threads != NULL || start_serving(f);
}

static bool
take_log(int fd)
{
	if (fd < 0)
		return false;
	dup2(fd, STDERR_FILENO);
	close(fd);
	return true;
}

static void
begin_drain(struct front *f, bool backlog)
{
	f->draining = true;
	if (f->threads != NULL)
		threads_stop(f->threads, backlog ? f->config->backlog : 0);
}

/* The master's next word; false at the end. */
static bool
obey(struct front *f, struct why *why)
{
	struct wire_head head;
	struct wire_death death;
	int passed;

	if (wire_recv_head(control.fd, &head, &passed, WIRE_FOREVER) != WIRE_OK)
		return false;
	switch ((enum wire_type)head.type) {
	case WIRE_CONFIG:
		return take_config(f, head.len, why);
	case WIRE_S3:
		return take_s3(f, head.len);
	case WIRE_KEYS:
		return take_keys(f, head.len, why);
	case WIRE_LOG:
		return take_log(passed);
	case WIRE_CONVERTER:
		if (head.len != sizeof death ||
		    wire_recv_body(control.fd, &death, sizeof death,
		        WIRE_FOREVER) != WIRE_OK)
			return false;
		if (death.serial != 0)
			pool_died(f->pool, &death);
		return take_converter(f, head.serial, passed);
	case WIRE_DRAIN:
		begin_drain(f, head.serial != 0);
		return true;
	default:
		return false;
	}
}

/* While it drains, converters still come; the threads' end is looked for. */
static bool
has_word(const struct front *f)
{
	struct pollfd p = { control.fd, POLLIN, 0 };

	return poll(&p, 1, f->draining ? DRAIN_STEP_MS : -1) > 0;
}

int
front_run(int control_fd, int listener)
{
	static struct front f;
	struct why why = { "" };
	bool good = true;

	control.fd = control_fd;
	f.listener = listener;
	platform_share_memory();
	if (!fcgi_init())
		return 1;
	threads_signals();
	while (good && (!f.draining || !threads_ended(f.threads)))
		good = !has_word(&f) || obey(&f, &why);
	if (why.text[0] != '\0')
		log_line(LOG_LEVEL_ERROR, "%s", why.text);
	log_thread_stop();
	/* Without a master there is nobody to replace what dies. */
	if (!good)
		_exit(1);
	return 0;
}
