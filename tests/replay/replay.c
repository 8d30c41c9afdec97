#include "replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"

#define TIMEOUT_MS 10000

static bool verbose;
static int passed, failed;

static const void *
body_of(const struct answer *a, size_t *len)
{
	*len = a->out.len - a->body;
	return a->out.data != NULL ? a->out.data + a->body : "";
}

/* The rules. */

/* "404", or "403|404" where both are right. */
static bool
is_status(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	const char *p = arg[0];
	bool ok = false;
	int64_t n;

	(void)pl;
	why_set(why, "status %d", a->status);
	for (;; p++) {
		size_t len = strcspn(p, "|");

		if (!num_parse(p, len, 200, 599, &n))
			dump_complain("'%s' is no status", arg[0]);
		ok |= n == a->status;
		p += len;
		if (*p == '\0')
			return ok;
	}
}

static const char *
find_header(const char *name, const struct answer *a, size_t *len,
    struct why *why)
{
	const char *v = answer_header(a, name, len);

	if (v == NULL)
		why_set(why, "no header %s", name);
	else
		why_set(why, "%s: %.*s", name, (int)*len, v);
	return v;
}

static bool
is_header(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	size_t len;
	const char *v = find_header(arg[0], a, &len, why);

	(void)pl;
	return v != NULL && strlen(arg[1]) == len &&
	    memcmp(v, arg[1], len) == 0;
}

static bool
is_contained(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	size_t len, n = strlen(arg[1]);
	const char *v = find_header(arg[0], a, &len, why);

	(void)pl;
	for (size_t i = 0; v != NULL && i + n <= len; i++) {
		if (memcmp(v + i, arg[1], n) == 0)
			return true;
	}
	return false;
}

static bool
is_present(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	size_t len;

	(void)pl;
	return find_header(arg[0], a, &len, why) != NULL;
}

static bool
is_absent(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	return !is_present(pl, arg, a, why);
}

/* "320x240", either side may be *. */
static bool
side_is(const char *s, size_t len, int got)
{
	int64_t n;

	if (len == 1 && *s == '*')
		return true;
	if (!num_parse(s, len, 1, 65535, &n))
		dump_complain("'%s' is no WIDTHxHEIGHT", s);
	return n == got;
}

static bool
is_image(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	enum format want = format_find(arg[1], strlen(arg[1])), got;
	const char *x = strchr(arg[0], 'x');
	int width, height;
	size_t len;
	const unsigned char *p = body_of(a, &len);

	(void)pl;
	if (x == NULL || want == FORMAT_NONE)
		dump_complain("image takes WIDTHxHEIGHT and a format");
	if (!image_measure(p, len, &got, &width, &height)) {
		why_set(why, "no whole picture in %zu bytes", len);
		return false;
	}
	why_set(why, "%dx%d %s", width, height, format_def(got)->name);
	return got == want && side_is(arg[0], (size_t)(x - arg[0]), width) &&
	    side_is(x + 1, strlen(x + 1), height);
}

/* "MIN..MAX" bytes, or exactly that many. */
static bool
is_body(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	const char *dots = strstr(arg[0], "..");
	size_t n = dots != NULL ? (size_t)(dots - arg[0]) : strlen(arg[0]);
	const char *to = dots != NULL ? dots + 2 : arg[0];
	int64_t min, max;
	size_t len;

	(void)pl;
	if (!num_parse(arg[0], n, 0, INT64_MAX, &min) ||
	    !num_parse(to, strlen(to), min, INT64_MAX, &max))
		dump_complain("'%s' is no range of bytes", arg[0]);
	body_of(a, &len);
	why_set(why, "%zu bytes", len);
	return (int64_t)len >= min && (int64_t)len <= max;
}

static bool
is_prefix(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	size_t len, n = strlen(arg[0]) / 2;
	const unsigned char *p = body_of(a, &len);
	bool ok = len >= n;

	(void)pl;
	for (size_t i = 0; i < n; i++)
		ok = dump_hex(arg[0] + 2 * i) == (i < len ? p[i] : -1) && ok;
	why_set(why, "other bytes");
	return ok;
}

static bool
is_same(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	const struct buf *v = var_get(arg[0]);
	size_t len;
	const void *p = body_of(a, &len);

	(void)pl;
	if (v == NULL)
		dump_complain("no variable '%s'", arg[0]);
	why_set(why, "a body of %zu bytes against %zu", len, v->len);
	return v->len == len && memcmp(buf_cstr(v), p, len) == 0;
}

static bool
is_other(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	return !is_same(pl, arg, a, why);
}

static bool
is_quick(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	(void)pl;
	why_set(why, "%d ms", (int)a->ms);
	return a->ms <= dump_number(arg[0], 1, 600000);
}

static bool
is_closed(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	(void)pl;
	(void)arg;
	why_set(why, "an answer of status %d", a->status);
	return a->closed && a->raw.len == 0;
}

/* Whatever the peer says, well-formed or not, it ends it in time. */
static bool
is_any(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	(void)pl;
	(void)arg;
	why_set(why, "neither an answer nor a close");
	return a->ended || a->closed;
}

/* Judged after the case, by another conversation. */
static bool
is_alive(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	(void)pl;
	(void)arg;
	(void)a;
	(void)why;
	return true;
}

static const struct rule rules[] = {
	{ "absent", 1, is_absent },
	{ "alive", 1, is_alive },
	{ "any", 0, is_any },
	{ "body", 1, is_body },
	{ "closed", 0, is_closed },
	{ "contains", 2, is_contained },
	{ "header", 2, is_header },
	{ "image", 2, is_image },
	{ "max-ms", 1, is_quick },
	{ "other-than", 1, is_other },
	{ "prefix", 1, is_prefix },
	{ "present", 1, is_present },
	{ "same-as", 1, is_same },
	{ "status", 1, is_status },
};

const struct rule *
rule_find(const char *word)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (strcmp(rules[i].word, word) == 0)
			return &rules[i];
	}
	return NULL;
}

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
		p = body_of(a, &len);
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
has_rule(const struct play *pl,
    bool (*holds)(const struct play *, char *const[2], const struct answer *,
        struct why *))
{
	for (size_t i = 0; i < pl->expects; i++) {
		if (pl->expect[i].rule != NULL &&
		    pl->expect[i].rule->holds == holds)
			return true;
	}
	return false;
}

/* What is wrong whatever the dump expects, or NULL. */
static const char *
find_breach(const struct play *pl, const struct answer *a)
{
	if (a->fault.text[0] != '\0')
		return has_rule(pl, is_any) && (a->closed || a->ended)
		    ? NULL
		    : a->fault.text;
	if (a->raw.len > 0 || pl->talk.leave || has_rule(pl, is_any) ||
	    has_rule(pl, is_closed))
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

/* After the case: is a plain request still answered, and how soon? */
static bool
ask_alive(const struct dump *d, const struct play *pl, const struct expect *e)
{
	struct play probe;
	struct answer a;
	char got[sizeof a.fault.text + 32];
	bool ok;

	dump_probe(d, &probe, pl->talk.socket,
	    dump_number(e->arg[0], 1, 600000));
	wire_talk(&probe.talk, &a);
	ok = a.fault.text[0] == '\0' && a.status == 200;
	if (!ok) {
		snprintf(got, sizeof got, "status %d after %d ms; %s", a.status,
		    (int)a.ms, a.fault.text);
		tell(d, pl, e->line, "a plain request afterwards", got);
	}
	answer_free(&a);
	play_free(&probe);
	return ok;
}

/* Peers that say the first bytes of the request and then nothing. */
static int
hold_line(const struct play *pl, int *fds)
{
	size_t len = pl->stream.len;
	int n;

	if (pl->hold_bytes < len)
		len = pl->hold_bytes;
	for (n = 0; n < pl->hold; n++) {
		fds[n] = wire_connect(pl->talk.socket, pl->talk.timeout_ms);
		if (fds[n] == -1)
			break;
		if (len > 0)
			send(fds[n], pl->stream.data, len, MSG_NOSIGNAL);
	}
	return n;
}

static bool
run_once(const struct dump *d, const struct play *pl)
{
	int *fds = calloc((size_t)pl->hold + 1, sizeof *fds);
	int held;
	struct answer a;
	bool ok;

	if (fds == NULL)
		dump_complain("out of memory");
	held = hold_line(pl, fds);
	if ((ok = held == pl->hold)) {
		wire_talk(&pl->talk, &a);
		ok = judge(d, pl, &a);
		if (verbose)
			printf("%s:%d: %s: status %d, %zu bytes, %d ms\n",
			    d->name, pl->line, pl->name, a.status, a.out.len,
			    (int)a.ms);
		answer_free(&a);
	} else
		tell(d, pl, pl->line, "cannot hold the line", strerror(errno));
	while (held > 0)
		close(fds[--held]);
	free(fds);
	for (size_t i = 0; i < pl->expects; i++) {
		const struct expect *e = &pl->expect[i];

		if (e->rule != NULL && e->rule->holds == is_alive)
			ok = ask_alive(d, pl, e) && ok;
	}
	return ok;
}

static void
run_file(const char *path, const char *socket_path, int timeout_ms)
{
	struct dump d;
	struct play pl;

	dump_open(&d, path);
	while (dump_next(&d, &pl, socket_path, timeout_ms)) {
		bool ok = true;

		for (int i = 0; i < pl.repeat && ok; i++)
			ok = run_once(&d, &pl);
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
	fputs("usage: replay [-v] [-t ms] [-D NAME=VALUE] SOCKET FILE...\n",
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
	int64_t timeout = TIMEOUT_MS;
	int c;

	while ((c = getopt(argc, argv, "D:t:v")) != -1) {
		if (c == 'D')
			define(optarg);
		else if (c == 'v')
			verbose = true;
		else if (c != 't' ||
		    !num_parse(optarg, strlen(optarg), 1, 600000, &timeout))
			usage();
	}
	if (argc - optind < 2)
		usage();
	for (int i = optind + 1; i < argc; i++)
		run_file(argv[i], argv[optind], (int)timeout);
	printf("replay: %d passed, %d failed, 0 skipped\n", passed, failed);
	return failed > 0 ? 1 : 0;
}
