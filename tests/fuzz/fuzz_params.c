/* Any text as a query and as the text of a token. */
#include "url/params.h"

#include "fuzz.h"

static void
format_text(const struct params *params, struct buf *b)
{
	buf_clear(b);
	params_format(params, b);
	MUST(buf_ok(b));
}

/* What the table promises of every struct that a parser fills. */
static void
check_fields(const struct params *params)
{
	static const struct params zero;

	MUST(params->reserved == 0);
	MUST((params->set >> PARAM_MAX) == 0);
	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = param_def((enum param)p);

		if (!(params->set & PARAM_BIT(p)))
			MUST(memcmp((const char *)params + def->offset,
			         (const char *)&zero + def->offset,
			         def->size) == 0);
	}
	MUST(params->width >= 0 && params->width <= PARAM_SIDE_MAX);
	MUST(params->height >= 0 && params->height <= PARAM_SIDE_MAX);
	MUST(params->quality >= 0 && params->quality <= 100);
	MUST(params->fit >= 0 && params->fit < FIT_MAX);
	MUST(params->gravity >= 0 && params->gravity < GRAVITY_MAX);
	MUST(params->format >= 0 && params->format < FORMAT_MAX);
	MUST(params->crop.x >= 0 && params->crop.x <= PARAM_SIDE_MAX);
	MUST(params->crop.y >= 0 && params->crop.y <= PARAM_SIDE_MAX);
	MUST((params->crop.width > 0) == (params->crop.height > 0));
	MUST(params->exp >= 0);
}

/* parse(format(x)) == x, and canonical text is a fixed point. */
static void
check_round_trip(const struct params *params)
{
	struct params normal = *params, again;
	struct query q;
	struct buf b;

	buf_init(&b, PARAMS_TEXT_MAX);
	format_text(params, &b);
	MUST(params_parse(&q, buf_cstr(&b), b.len, PARAMS_SEALED_TEXT, NULL) ==
	    STATUS_OK);
	MUST(memcmp(&q.params, params, sizeof *params) == 0);
	params_normalise(&normal);
	check_fields(&normal);
	again = normal;
	params_normalise(&again);
	MUST(memcmp(&again, &normal, sizeof normal) == 0);
	format_text(&normal, &b);
	MUST(params_parse(&q, buf_cstr(&b), b.len,
	         PARAMS_SEALED_TEXT | PARAMS_STRICT, NULL) == STATUS_OK);
	MUST(memcmp(&q.params, &normal, sizeof normal) == 0);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const unsigned int flags[] = { 0, PARAMS_STRICT,
		PARAMS_SEALED_TEXT };
	enum status st[3];
	struct query q[3];

	for (int i = 0; i < 3; i++) {
		struct why why = { "" };

		st[i] = params_parse(&q[i], (const char *)data, len, flags[i],
		    &why);
		MUST(st[i] == STATUS_OK || st[i] == STATUS_BAD_PARAM);
		MUST((st[i] == STATUS_OK) == (why.text[0] == '\0'));
		if (st[i] != STATUS_OK)
			continue;
		check_fields(&q[i].params);
		check_round_trip(&q[i].params);
		if (q[i].token != NULL)
			MUST(q[i].token_len > 0 &&
			    q[i].token >= (const char *)data &&
			    q[i].token + q[i].token_len <=
			        (const char *)data + len);
		/* The stricter reader reads the same, or nothing. */
		MUST(st[0] == STATUS_OK);
		MUST(memcmp(&q[i].params, &q[0].params, sizeof q[0].params) ==
		    0);
	}
	MUST(st[2] != STATUS_OK || q[2].token == NULL);
	return 0;
}
