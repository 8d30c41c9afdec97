#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_sink.h"

#define LINE    LOG_LINE_MAX
#define LOST_MS 1000 /* between two cries for a syslog */

static struct {
	int fd;
	enum log_level max;
	enum log_style style;
	void (*lost)(void);
} config = { STDERR_FILENO, LOG_LEVEL_INFO, LOG_STYLE_PLAIN, NULL };

/* Of all time, and those that no line has told yet. */
static atomic_uint_fast64_t dropped, untold;

static const struct {
	const char *word;
	int priority; /* of syslog */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_DAEMON | LOG_ERR },
	[LOG_LEVEL_WARN] = { "warn", LOG_DAEMON | LOG_WARNING },
	[LOG_LEVEL_INFO] = { "info", LOG_DAEMON | LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DAEMON | LOG_DEBUG },
};

void
why_set(struct why *why, const char *format, ...)
{
	va_list ap;

	if (why == NULL)
		return;
	va_start(ap, format);
	vsnprintf(why->text, sizeof why->text, format, ap);
	va_end(ap);
}

void
log_open(int fd, enum log_level max, enum log_style style)
{
	config.fd = fd;
	config.max = max;
	config.style = style;
}

void
log_on_lost(void (*lost)(void))
{
	config.lost = lost;
}

int
log_fd(void)
{
	return config.fd;
}

bool
log_wants(enum log_level level)
{
	return level <= config.max;
}

const char *
log_level_word(enum log_level level)
{
	return levels[level].word;
}

static size_t
put_stamp(char *line, size_t size)
{
	struct timespec ts;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (gmtime_r(&ts.tv_sec, &tm) == NULL)
		return 0;
	n = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &tm);
	return n +
	    (size_t)snprintf(line + n, size - n, ".%03ldZ ",
	        ts.tv_nsec / 1000000);
}

/*
 * Bytes of the printable character at s; 0 for a control character or for
 * what is no UTF-8.  U+0080 to U+009F are controls that terminals obey.
 */
static size_t
printable(const unsigned char *s)
{
	size_t n;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* Copy text to line, control bytes as \xNN, and leave room for a newline. */
static size_t
put_escaped(char *line, size_t n, const char *text)
{
	while (*text != '\0' && n < LINE - 6) {
		size_t len = printable((const unsigned char *)text);

		if (len > 0) {
			memcpy(line + n, text, len);
			n += len;
			text += len;
			continue;
		}
		n += (size_t)snprintf(line + n, 5, "\\x%02x",
		    (unsigned int)(unsigned char)*text++);
	}
	line[n++] = '\n';
	return n;
}

/* A syslog that went away is asked for again, but not at every line. */
static void
cry_lost(void)
{
	static _Atomic int64_t next_ms;
	int64_t now = clock_ms(), next = atomic_load(&next_ms);

	if (config.lost != NULL && now >= next &&
	    atomic_compare_exchange_strong(&next_ms, &next, now + LOST_MS))
		config.lost();
}

/* One line to where lines go; a datagram has no newline. */
static bool
write_line(const char *line, size_t len, bool wait)
{
	struct pollfd p = { .fd = config.fd, .events = POLLOUT };
	bool syslogs = config.style == LOG_STYLE_SYSLOG;
	ssize_t n;

	do {
		/* Of a pipe, this says that a whole line fits. */
		if (!syslogs && poll(&p, 1, wait ? -1 : 0) != 1 && !wait)
			return false;
		n = syslogs ? send(config.fd, line, len - 1,
		                  MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT))
		            : write(config.fd, line, len);
	} while (
	    n < 0 && (errno == EINTR || (errno == EAGAIN && wait && !syslogs)));
	if (n < 0 && syslogs && errno != EAGAIN && errno != EWOULDBLOCK &&
	    errno != ENOBUFS)
		cry_lost();
	return n >= 0;
}

void
log_drop(void)
{
	atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&untold, 1, memory_order_relaxed);
}

uint64_t
log_dropped(void)
{
	return atomic_load_explicit(&dropped, memory_order_relaxed);
}

/* What stands before the words of a line. */
static size_t
put_head(char *line, size_t size, enum log_level level)
{
	size_t n = 0;

	if (config.style == LOG_STYLE_SYSLOG)
		return (size_t)snprintf(line, size,
		    "<%d>imgfcgi[%ld]: %s: ", levels[level].priority,
		    (long)getpid(), levels[level].word);
	if (config.style == LOG_STYLE_STAMPED)
		n = put_stamp(line, size);
	return n +
	    (size_t)snprintf(line + n, size - n,
	        "imgfcgi: %s: ", levels[level].word);
}

/* Has a line of its own say how many were dropped before this one. */
static bool
tell_dropped(bool wait)
{
	uint64_t count =
	    atomic_exchange_explicit(&untold, 0, memory_order_relaxed);
	char line[256];
	size_t n;

	if (count == 0)
		return true;
	n = put_head(line, sizeof line, LOG_LEVEL_WARN);
	n += (size_t)snprintf(line + n, sizeof line - n,
	    "the log could not keep up: %llu lines are missing here\n",
	    (unsigned long long)count);
	if (write_line(line, n, wait))
		return true;
	atomic_fetch_add_explicit(&untold, count, memory_order_relaxed);
	return false;
}

void
log_deliver(const char *line, size_t len, bool wait)
{
	if (!tell_dropped(wait) || !write_line(line, len, wait))
		log_drop();
}

void
log_line(enum log_level level, const char *format, ...)
{
	char text[LINE], line[LINE];
	int saved = errno;
	va_list ap;
	size_t n;

	if (!log_wants(level))
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	n = put_head(line, sizeof line, level);
	n = put_escaped(line, n, text);
	if (!log_thread_take(line, n))
		log_deliver(line, n, false);
	errno = saved;
}
