#include "base/status.h"

#include <stdlib.h>

#include "test.h"

#define L __LINE__

/* DESIGN: precise answers are these and no others. */
static const int codes[] = { 200, 302, 304, 400, 403, 404, 405, 410, 413, 415,
	422, 499, 500, 502, 503, 504 };

static bool
known_code(int code)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (codes[i] == code)
			return true;
	}
	return false;
}

/* A word goes into a header and a log: [a-z-]+. */
static bool
is_word(const char *s)
{
	return s[0] != '\0' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz-") == strlen(s);
}

static void
every_row(void)
{
	for (int st = 0; st < STATUS_MAX; st++) {
		const struct status_def *def = status_def((enum status)st);
		int opaque = status_http((enum status)st, false);

		if (!CHECK(def->word != NULL && def->text != NULL))
			continue;
		CHECK(is_word(def->word));
		CHECK(known_code(def->http));
		CHECK(def->text[strlen(def->text) - 1] == '.');
		EQ_INT(status_http((enum status)st, true), def->http);
		/* Opaque: every refusal looks like every other. */
		if (def->http < 400 || (def->flags & STATUS_TRANSIENT))
			EQ_INT(opaque, def->http);
		else
			EQ_INT(opaque, 404);
		/* Our own faults are 503, and nothing else is. */
		CHECK((def->http == 503) ==
		    ((def->flags & STATUS_TRANSIENT) != 0));
		CHECK((def->flags & (STATUS_TRANSIENT | STATUS_EXPENSIVE)) !=
		    (STATUS_TRANSIENT | STATUS_EXPENSIVE));
		for (int other = 0; other < st; other++)
			CHECK(strcmp(def->word,
			          status_def((enum status)other)->word) != 0);
	}
}

static void
rows(void)
{
	static const struct {
		int line;
		enum status st;
		const char *word;
		int precise, opaque;
	} cases[] = {
		{ L, STATUS_OK, "ok", 200, 200 },
		{ L, STATUS_NOT_MODIFIED, "not-modified", 304, 304 },
		{ L, STATUS_REDIRECT, "nearest", 302, 302 },
		{ L, STATUS_BAD_PARAM, "bad-parameter", 400, 404 },
		{ L, STATUS_BAD_TOKEN, "bad-token", 403, 404 },
		{ L, STATUS_METHOD, "method", 405, 404 },
		{ L, STATUS_EXPIRED, "expired", 410, 404 },
		{ L, STATUS_TOO_LARGE, "too-large", 413, 404 },
		{ L, STATUS_UNSUPPORTED, "unsupported", 415, 404 },
		{ L, STATUS_BROKEN, "broken", 422, 404 },
		{ L, STATUS_QUARANTINED, "quarantined", 422, 404 },
		{ L, STATUS_NOT_FOUND, "not-found", 404, 404 },
		{ L, STATUS_BUSY, "busy", 503, 503 },
		{ L, STATUS_TIMEOUT, "timeout", 503, 503 },
		{ L, STATUS_CRASHED, "crashed", 503, 503 },
		/* No number of a peer's reaches beyond the table. */
		{ L, STATUS_MAX, "internal", 503, 503 },
		{ L, (enum status) - 1, "internal", 503, 503 },
		{ L, (enum status)1000000, "internal", 503, 503 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum status st = cases[i].st;

		EQ_STR_AT(cases[i].line, status_def(st)->word, cases[i].word);
		EQ_INT_AT(cases[i].line, status_http(st, true),
		    cases[i].precise);
		EQ_INT_AT(cases[i].line, status_http(st, false),
		    cases[i].opaque);
	}
	/* Zero is success for whoever writes `if (st)`. */
	EQ_INT(STATUS_OK, 0);
	CHECK(status_def(STATUS_LIMIT)->flags & STATUS_EXPENSIVE);
	CHECK(status_def(STATUS_BROKEN)->flags & STATUS_EXPENSIVE);
	CHECK(status_def(STATUS_BAD_TOKEN)->flags == 0);
	CHECK(status_def(STATUS_NOT_FOUND)->flags == 0);
}

static void
printed(void)
{
	for (int style = DUMP_TEXT; style <= DUMP_MDOC; style++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		if (!CHECK(out != NULL))
			return;
		status_dump(out, (enum dump_style)style);
		fclose(out);
		for (int st = 0; st < STATUS_MAX; st++)
			CHECK(strstr(text, status_def((enum status)st)->word) !=
			    NULL);
		free(text);
	}
}

int
main(void)
{
	every_row();
	rows();
	printed();
	return test_end("t_status");
}
