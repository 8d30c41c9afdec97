#include "replay.h"

#include <string.h>

#include "base/num.h"

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
	const unsigned char *p = answer_body(a, &len);

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
	answer_body(a, &len);
	why_set(why, "%zu bytes", len);
	return (int64_t)len >= min && (int64_t)len <= max;
}

static bool
is_prefix(const struct play *pl, char *const arg[2], const struct answer *a,
    struct why *why)
{
	size_t len, n = strlen(arg[0]) / 2;
	const unsigned char *p = answer_body(a, &len);
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
	const void *p = answer_body(a, &len);

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
