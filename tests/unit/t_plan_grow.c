/* Plans where pictures may grow (enlarge = yes). */
#include "plan_rows.h"

#include <stdlib.h>

#define ROUNDS 60000

static const struct row rows[] = {
	{ __LINE__, 300, 200, 0, 0, I, 0, 300, 200, 300, 200, 0, 0 },
	{ __LINE__, 300, 200, 150, 0, I, 0, 150, 100, 150, 100, 0, 0 },
	{ __LINE__, 300, 200, 640, 0, I, 0, 640, 427, 640, 427, 0, 0 },
	{ __LINE__, 300, 200, 0, 500, I, 0, 750, 500, 750, 500, 0, 0 },
	{ __LINE__, 300, 200, 640, 400, I, 0, 600, 400, 600, 400, 0, 0 },
	{ __LINE__, 300, 200, 640, 640, V, 0, 960, 640, 640, 640, 160, 0 },
	{ __LINE__, 300, 200, 640, 640, N, 0, 640, 427, 640, 640, 0, 106 },
	{ __LINE__, 300, 200, 640, 640, L, 0, 640, 640, 640, 640, 0, 0 },
	{ __LINE__, 300, 200, 640, 640, O, 0, 960, 640, 960, 640, 0, 0 },
	{ __LINE__, 1, 1, 65535, 0, I, 0, 4000, 4000, 4000, 4000, 0, 0 },
	{ __LINE__, 65535, 1, 0, 65535, I, 0, 8192, 1, 8192, 1, 0, 0 },
};

static struct limits
growing(struct limits limits)
{
	limits.enlarge = true;
	return limits;
}

static void
test_rows(void)
{
	struct limits limits = growing(defaults);

	check_rows(rows, sizeof rows / sizeof rows[0], &limits);
}

static int32_t
any(int32_t below)
{
	return 1 + (int32_t)(random() % below);
}

/* What is large enough is as it was; what grows, grows to what was asked. */
static void
test_laws(void)
{
	struct limits open = growing(open_limits);

	for (int i = 0; i < ROUNDS && test_failed < 20; i++) {
		int32_t w = any(3000), h = any(3000);
		struct params params = { .width = any(2000),
			.height = any(2000),
			.fit = (int32_t)(random() % FIT_MAX) };
		struct plan_input in = { w, h, 1, 1, true, false };
		struct plan p, q;

		EQ_INT(make(&p, in, &params, &open), STATUS_OK);
		EQ_INT(make(&q, in, &params, &open_limits), STATUS_OK);
		if (w >= params.width && h >= params.height)
			CHECK(memcmp(&p, &q, sizeof p) == 0);
		else if (params.fit == FIT_INSIDE)
			CHECK(p.width == params.width ||
			    p.height == params.height);
		else if (params.fit == FIT_OUTSIDE)
			CHECK(p.width >= params.width &&
			    p.height >= params.height);
		else
			CHECK(p.width == params.width &&
			    p.height == params.height);
		CHECK(p.width >= q.width && p.height >= q.height);
	}
}

int
main(void)
{
	test_rows();
	test_laws();
	return test_end("t_plan_grow");
}
