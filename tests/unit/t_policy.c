#include "url/policy.h"

#include <stdlib.h>

#include "test.h"

#define L __LINE__

/* Every parameter that may be opened at all. */
#define OPEN_ALL ((UINT32_C(1) << PARAM_MAX) - 1)

static void
lists(void)
{
	static const struct {
		int line;
		const char *text, *want; /* NULL: refused */
	} rows[] = {
		{ L, "", "" },
		{ L, " ", "" },
		{ L, ", ,\t,", "" },
		{ L, "320", "320" },
		{ L, "320 640 900", "320 640 900" },
		{ L, "320,640,900", "320 640 900" },
		{ L, " 320 ,\t640,,900 ", "320 640 900" },
		{ L, "900 320 640", "320 640 900" },
		{ L, "5 5 5 1", "1 5" },
		{ L, "1 65535", "1 65535" },
		{ L, "tcl", "150 320 420 630 640 900 1200 1280 1600 1920" },
		{ L, "next",
		    "32 48 64 96 128 256 384 640 750 828 1080 1200 1920 "
		    "2048 3840" },
		{ L, "tcl 200",
		    "150 200 320 420 630 640 900 1200 1280 1600 1920" },
		{ L, "2000,tcl,150",
		    "150 320 420 630 640 900 1200 1280 1600 1920 2000" },
		{ L, "tcl next tcl",
		    "32 48 64 96 128 150 256 320 384 420 630 640 750 828 900 "
		    "1080 1200 1280 1600 1920 2048 3840" },
		{ L, "0", NULL },
		{ L, "65536", NULL },
		{ L, "-1", NULL },
		{ L, "+320", NULL },
		{ L, "0320", NULL },
		{ L, "320px", NULL },
		{ L, "320;640", NULL },
		{ L, "320-640", NULL },
		{ L, "320\n640", NULL },
		{ L, "320.0", NULL },
		{ L, "tc", NULL },
		{ L, "tclx", NULL },
		{ L, "TCL", NULL },
		{ L, "nextjs", NULL },
		{ L, "any", NULL },
		{ L, "*", NULL },
		{ L, "320 640 x", NULL },
		{ L, "99999999999999999999", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct policy_list list = { 1, { 7 } };
		struct why why = { "" };
		struct buf b;
		bool ok = policy_list_parse(&list, rows[i].text, &why);

		CHECK_AT(rows[i].line, ok == (rows[i].want != NULL));
		CHECK_AT(rows[i].line, ok == (why.text[0] == '\0'));
		buf_init(&b, 1024);
		policy_list_format(&list, &b);
		/* A refused text leaves the list as it was. */
		EQ_STR_AT(rows[i].line, buf_cstr(&b),
		    ok && rows[i].want != NULL ? rows[i].want : "7");
		buf_free(&b);
	}
}

/* As many values as there is room for; one more is refused. */
static void
list_room(void)
{
	for (int n = POLICY_LIST_MAX - 1; n <= POLICY_LIST_MAX + 1; n++) {
		struct policy_list list;
		struct why why;
		struct buf b;
		bool sorted = true;

		buf_init(&b, 4096);
		/* Downwards, and each one twice: doubles take no room. */
		for (int i = n; i > 0; i--)
			buf_printf(&b, "%d %d,", i * 10, i * 10);
		if (n > POLICY_LIST_MAX) {
			CHECK(!policy_list_parse(&list, buf_cstr(&b), &why));
			buf_free(&b);
			continue;
		}
		CHECK(policy_list_parse(&list, buf_cstr(&b), &why));
		EQ_INT(list.count, n);
		for (int i = 1; i < list.count; i++)
			sorted = sorted && list.value[i - 1] < list.value[i];
		CHECK(sorted);
		buf_free(&b);
	}
}

static struct policy
policy_of(enum policy_mode mode)
{
	struct policy policy = { .mode = mode };

	policy_list_parse(&policy.widths, "150 320 640 1920", NULL);
	policy_list_parse(&policy.qualities, "75 80 90", NULL);
	policy.formats = FORMAT_BIT(FORMAT_JPEG) | FORMAT_BIT(FORMAT_WEBP) |
	    FORMAT_BIT(FORMAT_AUTO);
	for (int p = 0; p < PARAM_MAX; p++) {
		if (param_def((enum param)p)->flags & PARAM_OPEN)
			policy.open |= PARAM_BIT(p);
	}
	return policy;
}

#define OK  STATUS_OK
#define NO  STATUS_NOT_ALLOWED
#define RED STATUS_REDIRECT

static void
judge(int line, const struct policy *policy, const char *text, enum status want,
    const char *after)
{
	struct why why = { "" };
	struct query q;
	struct buf b;

	EQ_INT_AT(line,
	    params_parse(&q, text, strlen(text), PARAMS_SEALED_TEXT, NULL), OK);
	EQ_INT_AT(line, policy_admit(policy, &q.params, &why), want);
	CHECK_AT(line, want != NO || why.text[0] != '\0');
	if (after == NULL)
		return;
	buf_init(&b, PARAMS_TEXT_MAX);
	params_format(&q.params, &b);
	EQ_STR_AT(line, buf_cstr(&b), after);
	buf_free(&b);
}

static void
verdicts(void)
{
	static const struct {
		int line;
		const char *text;
		enum status reject, nearest;
		const char *after; /* what is left under nearest */
	} rows[] = {
		{ L, "", OK, OK, "" },
		{ L, "w=320", OK, OK, "w=320" },
		{ L, "w=150", OK, OK, "w=150" },
		{ L, "w=1920&q=90&f=webp", OK, OK, "f=webp&q=90&w=1920" },
		/* The next allowed one; above the largest: the largest. */
		{ L, "w=1", NO, RED, "w=150" },
		{ L, "w=149", NO, RED, "w=150" },
		{ L, "w=151", NO, RED, "w=320" },
		{ L, "w=321", NO, RED, "w=640" },
		{ L, "w=1921", NO, RED, "w=1920" },
		{ L, "w=65535", NO, RED, "w=1920" },
		{ L, "q=1", NO, RED, "q=75" },
		{ L, "q=76", NO, RED, "q=80" },
		{ L, "q=100", NO, RED, "q=90" },
		{ L, "w=321&q=76", NO, RED, "q=80&w=640" },
		{ L, "w=320&q=76", NO, RED, "q=80&w=320" },
		/* An empty list admits nothing, near or not. */
		{ L, "h=100", NO, NO, NULL },
		{ L, "w=321&h=100", NO, NO, NULL },
		{ L, "h=100&w=320", NO, NO, NULL },
		/* There is no nearest format. */
		{ L, "f=auto", OK, OK, "f=auto" },
		{ L, "f=png", NO, NO, NULL },
		{ L, "f=avif&w=321", NO, NO, NULL },
		{ L, "fit=cover&g=nw", OK, OK, "fit=cover&g=nw" },
		/* Not open: sealed only. */
		{ L, "crop=1x1+0+0", NO, NO, NULL },
		{ L, "w=320&crop=1x1+0+0", NO, NO, NULL },
		{ L, "exp=4000000000", NO, NO, NULL },
		{ L, "w=321&exp=4000000000", NO, NO, NULL },
		/* Accepted and dropped. */
		{ L, "v=1", OK, OK, "" },
		{ L, "timestamp=1&w=320", OK, OK, "w=320" },
		{ L, "v=1&w=321", NO, RED, "w=640" },
	};
	struct policy reject = policy_of(POLICY_REJECT);
	struct policy nearest = policy_of(POLICY_NEAREST);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		judge(rows[i].line, &reject, rows[i].text, rows[i].reject,
		    rows[i].reject == OK ? rows[i].after : NULL);
		judge(rows[i].line, &nearest, rows[i].text, rows[i].nearest,
		    rows[i].after);
	}
}

/* A good value for any row, inside policy_of()'s lists where it has one. */
static const char *
value_of(enum param p)
{
	switch (p) {
	case PARAM_CROP:
		return "1x1+0+0";
	case PARAM_EXP:
		return "4000000000";
	case PARAM_F:
		return "webp";
	case PARAM_FIT:
		return "cover";
	case PARAM_G:
		return "nw";
	case PARAM_Q:
		return "80";
	default:
		return "150";
	}
}

/*
 * For every row: closed it is refused (or dropped), opened it is heard,
 * and what may only be sealed stays closed whatever the configuration says.
 */
static void
law_open(void)
{
	struct policy policy = policy_of(POLICY_REJECT);

	policy_list_parse(&policy.heights, "150", NULL);
	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = param_def((enum param)p);
		char text[96];

		if (def->kind == PARAM_KIND_TOKEN)
			continue;
		snprintf(text, sizeof text, "%s=%s", def->name,
		    value_of((enum param)p));
		policy.open = OPEN_ALL;
		if (def->flags & PARAM_SEALED)
			judge(L, &policy, text, NO, NULL);
		else
			judge(L, &policy, text, OK, text);
		policy.open = OPEN_ALL & ~PARAM_BIT(p);
		if (def->flags & PARAM_DROPPED)
			judge(L, &policy, text, OK, "");
		else
			judge(L, &policy, text, NO, NULL);
		policy.open = 0;
		judge(L, &policy, "", OK, "");
	}
}

/* From any width: nearest gives an allowed one, and is at rest there. */
static void
law_nearest(void)
{
	struct policy policy = policy_of(POLICY_NEAREST);
	struct policy reject = policy_of(POLICY_REJECT);
	bool good = true;

	policy_list_parse(&policy.widths, "tcl next 1 65535", NULL);
	reject.widths = policy.widths;
	for (int32_t w = 1; w <= PARAM_SIDE_MAX; w++) {
		struct params params = { .set = PARAM_BIT(PARAM_W),
			.width = w };
		struct params twin = params;
		enum status st = policy_admit(&policy, &params, NULL);

		good = good && (st == OK) == (params.width == w) &&
		    (st == OK || st == RED) && params.width >= w &&
		    policy_admit(&policy, &params, NULL) == OK &&
		    policy_admit(&reject, &params, NULL) == OK &&
		    policy_admit(&reject, &twin, NULL) == (st == OK ? OK : NO);
	}
	CHECK(good);
}

int
main(void)
{
	lists();
	list_room();
	verdicts();
	law_open();
	law_nearest();
	return test_end("t_policy");
}
