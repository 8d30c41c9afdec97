#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE 2048

static struct {
	int fd;
	enum log_level max;
	bool stamp;
} config = { STDERR_FILENO, LOG_LEVEL_INFO, false };

static const char *const words[] = { "error", "warn", "info", "debug" };

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
log_open(int fd, enum log_level max, bool stamp)
{
	config.fd = fd;
	config.max = max;
	config.stamp = stamp;
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
	return words[level];
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
	n = config.stamp ? put_stamp(line, sizeof line) : 0;
	n += (size_t)snprintf(line + n, sizeof line - n,
	    "imgfcgi: %s: ", words[level]);
	n = put_escaped(line, n, text);
	/* Where the log itself fails there is nowhere left to say so. */
	while (write(config.fd, line, n) < 0 && errno == EINTR)
		continue;
	errno = saved;
}
