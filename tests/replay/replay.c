#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"

#define TIMEOUT_MS   10000
#define CROWD_MS     2000
#define CROWD_PROBES 3

static bool verbose;
static int crowd; /* peers that play each case at once; 0: one does */
static int passed, failed;

static void
tell(const struct dump *d, const struct play *pl, int line, const char *want,
    const char *got)
{
	printf("%s:%d: %s: %s%s%s\n", d->name, line, pl->name, want,
	    got[0] != '\0' ? ": got " : "", got);
}

/* Set a variable from a header, @body or @status; empty if there is none. */
static bool
capture(const struct expect *e, const struct answer *a)
{
	size_t len;
	const void *p;
	char status[NUM_TEXT_MAX];

	if (strcmp(e->arg[1], "@body") == 0)
		p = answer_body(a, &len);
	else if (strcmp(e->arg[1], "@status") == 0) {
		len = (size_t)snprintf(status, sizeof status, "%d", a->status);
		p = status;
	} else if ((p = answer_header(a, e->arg[1], &len)) == NULL) {
		var_set(e->arg[0], "", 0);
		return false;
	}
	var_set(e->arg[0], p, len);
	return true;
}

static bool
meets(const struct dump *d, const struct play *pl, const struct expect *e,
    const struct answer *a)
{
	const char *arg0 = e->arg[0] != NULL ? e->arg[0] : "";
	const char *arg1 = e->arg[1] != NULL ? e->arg[1] : "";
	struct why why = { "" };
	char want[256];

	dump_at(d->name, e->line);
	if (e->rule == NULL ? capture(e, a)
	                    : e->rule->holds(pl, e->arg, a, &why))
		return true;
	snprintf(want, sizeof want, "%s %s %s",
	    e->rule != NULL ? e->rule->word : "nothing to capture:", arg0,
	    arg1);
	tell(d, pl, e->line, want, why.text);
	return false;
}

static bool
is_rule(const struct expect *e, const char *word)
{
	return e->rule != NULL && strcmp(e->rule->word, word) == 0;
}

static bool
has_rule(const struct play *pl, const char *word)
{
	for (size_t i = 0; i < pl->expects; i++) {
		if (is_rule(&pl->expect[i], word))
			return true;
	}
	return false;
}

/* What is wrong whatever the dump expects, or NULL. */
static const char *
find_breach(const struct play *pl, const struct answer *a)
{
	if (a->fault.text[0] != '\0')
		return has_rule(pl, "any") && (a->closed || a->ended)
		    ? NULL
		    : a->fault.text;
	if (a->raw.len > 0 || pl->talk.leave || has_rule(pl, "any") ||
	    has_rule(pl, "closed"))
		return NULL;
	return "closed without an answer";
}

/* Every expectation is heard, so that one run tells all. */
static bool
judge(const struct dump *d, const struct play *pl, const struct answer *a)
{
	const char *breach = find_breach(pl, a);
	bool ok = breach == NULL;

	if (!ok)
		tell(d, pl, pl->line, breach, "");
	for (size_t i = 0; i < pl->expects; i++) {
		const struct expect *e = &pl->expect[i];

		if (breach == NULL)
			ok = meets(d, pl, e, a) && ok;
		else if (e->rule == NULL)
			var_set(e->arg[0], "", 0);
	}
	return ok;
}

/* Is a plain request still answered, and soon enough? */
static bool
ask_alive(const struct dump *d, const struct play *pl, int line, int ms)
{
	struct play probe;
	struct answer a;
	char got[sizeof a.fault.text + 32];
	bool ok;

	dump_probe(d, &probe, pl->talk.socket, ms);
	wire_talk(&probe.talk, &a);
	ok = a.fault.text[0] == '\0' && a.status == 200;
	if (!ok) {
		snprintf(got, sizeof got, "status %d after %d ms; %s", a.status,
		    (int)a.ms, a.fault.text);
		tell(d, pl, line, "a plain request beside or after it", got);
	}
	answer_free(&a);
	play_free(&probe);
	return ok;
}

/* One conversation; with a number of peers that stop after some bytes. */
static bool
run_once(const struct dump *d, const struct play *pl)
{
	struct talk part = pl->talk;
	struct crowd c;
	struct answer a;
	bool ok = true;

	part.stop = pl->hold_bytes;
	if (pl->hold > 0 && !crowd_start(&c, &part, pl->hold, false)) {
		tell(d, pl, pl->line, "cannot hold the line", "");
		ok = false;
	}
	wire_talk(&pl->talk, &a);
	ok = judge(d, pl, &a) && ok;
	if (verbose)
		printf("%s:%d: %s: status %d, %zu bytes, %d ms\n", d->name,
		    pl->line, pl->name, a.status, a.out.len, (int)a.ms);
	answer_free(&a);
	if (pl->hold > 0)
		ok = crowd_stop(&c) && ok;
	for (size_t i = 0; i < pl->expects; i++) {
		const struct expect *e = &pl->expect[i];

		if (is_rule(e, "alive"))
			ok = ask_alive(d, pl, e->line,
			         dump_number(e->arg[0], 1, 600000)) &&
			    ok;
	}
	return ok;
}

/* The case as many at once play it: meanwhile and afterwards we are served. */
static bool
run_crowd(const struct dump *d, const struct play *pl)
{
	bool answered = has_rule(pl, "status"), ok;
	struct talk part = pl->talk;
	struct crowd c;

	part.again = true;
	ok = crowd_start(&c, &part, crowd, answered);
	if (!ok)
		tell(d, pl, pl->line, "no crowd", answered ? "answer" : "");
	for (int i = 0; i < CROWD_PROBES && ok; i++)
		ok = ask_alive(d, pl, pl->line, CROWD_MS);
	if (!crowd_stop(&c)) {
		tell(d, pl, pl->line, "the crowd was turned away", "");
		ok = false;
	}
	return ask_alive(d, pl, pl->line, CROWD_MS) && ok;
}

static void
run_file(const char *path, const char *socket_path, int timeout_ms)
{
	struct dump d;
	struct play pl;

	dump_open(&d, path);
	while (dump_next(&d, &pl, socket_path, timeout_ms, crowd > 0)) {
		bool ok = true;

		for (int i = 0; i < pl.repeat && ok; i++)
			ok = crowd > 0 ? run_crowd(&d, &pl) : run_once(&d, &pl);
		if (ok)
			passed++;
		else
			failed++;
		play_free(&pl);
	}
	dump_close(&d);
}

static void
usage(void)
{
	fputs("usage: replay [-v] [-c peers] [-t ms] [-D NAME=VALUE] SOCKET "
	      "FILE...\n",
	    stderr);
	exit(2);
}

static void
define(const char *arg)
{
	const char *eq = strchr(arg, '=');
	char name[64];

	if (eq == NULL || eq == arg || (size_t)(eq - arg) >= sizeof name)
		usage();
	memcpy(name, arg, (size_t)(eq - arg));
	name[eq - arg] = '\0';
	var_set(name, eq + 1, strlen(eq + 1));
}

int
main(int argc, char **argv)
{
	int64_t timeout = TIMEOUT_MS, peers = 0;
	int c;

	while ((c = getopt(argc, argv, "D:c:t:v")) != -1) {
		if (c == 'D')
			define(optarg);
		else if (c == 'v')
			verbose = true;
		else if (c != 'c' && c != 't')
			usage();
		else if (!num_parse(optarg, strlen(optarg), 1, 600000,
		             c == 'c' ? &peers : &timeout))
			usage();
	}
	crowd = (int)peers;
	if (argc - optind < 2)
		usage();
	for (int i = optind + 1; i < argc; i++)
		run_file(argv[i], argv[optind], (int)timeout);
	printf("replay: %d passed, %d failed, 0 skipped\n", passed, failed);
	return failed > 0 ? 1 : 0;
}
