#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

#define L __LINE__

static int wire[2];

/* What the log wrote since the last look. */
static const char *
heard(void)
{
	static char text[8192];
	ssize_t n;

	/* A byte of our own: read() must not wait where nothing was said. */
	if (write(wire[1], "", 1) != 1)
		return "(no pipe)";
	n = read(wire[0], text, sizeof text - 1);
	text[n > 0 ? n - 1 : 0] = '\0';
	return text;
}

static void
escapes(void)
{
	static const struct {
		int line;
		const char *text, *want;
	} rows[] = {
		{ L, "plain text", "plain text" },
		{ L, "", "" },
		{ L, "a\nimgfcgi: error: forged",
		    "a\\x0aimgfcgi: error: forged" },
		{ L, "\r\n\t", "\\x0d\\x0a\\x09" },
		{ L, "\x01\x1f\x7f", "\\x01\\x1f\\x7f" },
		{ L, "\x1b[31mred", "\\x1b[31mred" },
		{ L, " ~", " ~" },
		/* Names that people give to files stay readable. */
		{ L,
		    "Stra\xc3\x9f"
		    "e \xe5\x86\x99\xe7\x9c\x9f \xf0\x9f\x93\xb7",
		    "Stra\xc3\x9f"
		    "e \xe5\x86\x99\xe7\x9c\x9f \xf0\x9f\x93\xb7" },
		{ L, "\xc2\xa0\xdf\xbf\xe0\xa0\x80\xf4\x8f\xbf\xbf",
		    "\xc2\xa0\xdf\xbf\xe0\xa0\x80\xf4\x8f\xbf\xbf" },
		/* U+009B starts a terminal's command as ESC [ does. */
		{ L, "\xc2\x9b", "\\xc2\\x9b" },
		{ L, "\x9b", "\\x9b" },
		{ L, "\xc2", "\\xc2" },
		{ L, "\xe5\x86", "\\xe5\\x86" },
		{ L,
		    "\xf0\x9f\x93"
		    "a",
		    "\\xf0\\x9f\\x93"
		    "a" },
		{ L, "\xc0\x8a", "\\xc0\\x8a" },          /* overlong */
		{ L, "\xe0\x80\x8a", "\\xe0\\x80\\x8a" }, /* overlong */
		{ L, "\xf0\x80\x80\x8a", "\\xf0\\x80\\x80\\x8a" },
		{ L, "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* surrogate */
		{ L, "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ L, "\xff\xfe", "\\xff\\xfe" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char want[256];

		log_line(LOG_LEVEL_WARN, "%s", rows[i].text);
		snprintf(want, sizeof want, "imgfcgi: warn: %s\n",
		    rows[i].want);
		EQ_STR_AT(rows[i].line, heard(), want);
	}
}

/* However long and however nasty: one line, and it ends. */
static void
long_lines(void)
{
	static const char *const units[] = { "x", "\n", "\xc3\x9f",
		"\xe5\x86\x99", "\xf0\x9f\x93\xb7", "x\xf0\x9f\x93\xb7",
		"xx\n" };

	for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
		for (size_t times = 500; times < 2100; times += 7) {
			size_t n = strlen(units[u]);
			char *text = malloc(times * n + 1);
			const char *got;

			if (!CHECK(text != NULL))
				return;
			for (size_t i = 0; i < times; i++)
				memcpy(text + i * n, units[u], n);
			text[times * n] = '\0';
			log_line(LOG_LEVEL_ERROR, "%s", text);
			free(text);
			got = heard();
			CHECK(strlen(got) <= 2048 && strlen(got) > 400 &&
			    strchr(got, '\n') == got + strlen(got) - 1);
		}
	}
}

static void
levels(void)
{
	static const char *const words[] = { "error", "warn", "info", "debug" };

	for (int max = LOG_LEVEL_ERROR; max <= LOG_LEVEL_DEBUG; max++) {
		log_open(wire[1], (enum log_level)max, LOG_STYLE_PLAIN);
		for (int l = LOG_LEVEL_ERROR; l <= LOG_LEVEL_DEBUG; l++) {
			char want[64] = "";

			EQ_STR(log_level_word((enum log_level)l), words[l]);
			CHECK(log_wants((enum log_level)l) == (l <= max));
			if (l <= max)
				snprintf(want, sizeof want, "imgfcgi: %s: 7\n",
				    words[l]);
			log_line((enum log_level)l, "%d", 7);
			EQ_STR(heard(), want);
		}
	}
}

/* "2026-01-31T23:59:59.123Z imgfcgi: …" */
static void
stamps(void)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ imgfcgi: info: x";
	const char *got;
	bool good = true;

	log_open(wire[1], LOG_LEVEL_INFO, LOG_STYLE_STAMPED);
	log_line(LOG_LEVEL_INFO, "x");
	got = heard();
	if (!CHECK(strlen(got) == strlen(shape) + 1))
		return;
	for (size_t i = 0; shape[i] != '\0'; i++) {
		if (i < 24 && shape[i] == 'd')
			good = good && got[i] >= '0' && got[i] <= '9';
		else
			good = good && got[i] == shape[i];
	}
	CHECK(good);
	log_open(wire[1], LOG_LEVEL_INFO, LOG_STYLE_PLAIN);
}

/* A caller's errno outlives the log, whether the log works or not. */
static void
keeps_errno(void)
{
	errno = ENOENT;
	log_line(LOG_LEVEL_ERROR, "x");
	EQ_INT(errno, ENOENT);
	heard();
	log_open(-1, LOG_LEVEL_INFO, LOG_STYLE_PLAIN);
	EQ_INT(log_fd(), -1);
	errno = ENOENT;
	log_line(LOG_LEVEL_ERROR, "x");
	EQ_INT(errno, ENOENT);
	errno = EINTR;
	log_line(LOG_LEVEL_ERROR, "x");
	EQ_INT(errno, EINTR);
	log_open(wire[1], LOG_LEVEL_INFO, LOG_STYLE_PLAIN);
	EQ_INT(log_fd(), wire[1]);
}

static void
reasons(void)
{
	struct why why;
	char text[400];

	memset(text, 'y', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	why_set(&why, "%s", text);
	EQ_INT((int64_t)strlen(why.text), (int64_t)sizeof why.text - 1);
	why_set(&why, "w=%d", 5);
	EQ_STR(why.text, "w=5");
	why_set(&why, "%s", "");
	EQ_STR(why.text, "");
	why_set(NULL, "%s", "nobody asks");
}

int
main(void)
{
	EQ_INT(log_fd(), STDERR_FILENO);
	if (pipe(wire) != 0) {
		test_skip("no pipe");
		return test_end("t_log");
	}
	log_open(wire[1], LOG_LEVEL_INFO, LOG_STYLE_PLAIN);
	escapes();
	long_lines();
	levels();
	stamps();
	keeps_errno();
	reasons();
	return test_end("t_log");
}
