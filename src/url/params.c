#include "url/params.h"

#include <string.h>

#include "base/num.h"

#define FIELD(member)                                                          \
	offsetof(struct params, member), sizeof(((struct params *)0)->member)

static const char *const fits[] = { "inside", "cover", "contain", "fill",
	"outside", NULL };
static const char *const gravities[] = { "center", "north", "ne", "east", "se",
	"south", "sw", "west", "nw", NULL };

static const struct param_def table[PARAM_MAX] = {
	[PARAM_CROP] = { "crop", NULL, PARAM_KIND_BOX, FIELD(crop), 0,
	    PARAM_SIDE_MAX, NULL, 0, "WxH+X+Y", "none",
	    "Cut this box out first; pixels of the upright original. What "
	    "lies beyond the edge is left out." },
	[PARAM_EXP] = { "exp", NULL, PARAM_KIND_TIME, FIELD(exp), 1,
	    INT64_C(253402300799), NULL, PARAM_SEALED, "seconds since 1970",
	    "never", "Refused from then on." },
	[PARAM_F] = { "f", NULL, PARAM_KIND_FORMAT, FIELD(format), 0, 0, NULL,
	    PARAM_OPEN, "jpg, png, webp, avif, gif, jxl, tiff, auto",
	    "the original's",
	    "Format. auto: the best that the browser accepts." },
	[PARAM_FIT] = { "fit", NULL, PARAM_KIND_CHOICE, FIELD(fit), 0,
	    FIT_MAX - 1, fits, PARAM_OPEN,
	    "inside, cover, contain, fill, outside", "inside",
	    "How the picture meets w and h, as in CSS; only where both are "
	    "given." },
	[PARAM_G] = { "g", NULL, PARAM_KIND_CHOICE, FIELD(gravity), 0,
	    GRAVITY_MAX - 1, gravities, PARAM_OPEN,
	    "center, north, ne, east, se, south, sw, west, nw", "center",
	    "Which part cover keeps, and where contain puts the picture." },
	[PARAM_H] = { "h", NULL, PARAM_KIND_INT, FIELD(height), 1,
	    PARAM_SIDE_MAX, NULL, PARAM_OPEN | PARAM_LISTED,
	    "an allowed height", "none", "Height in pixels, at most." },
	[PARAM_HASH] = { "hash", NULL, PARAM_KIND_TOKEN, 0, 0, 0, 0, NULL,
	    PARAM_OPEN, "a token", "none",
	    "Sealed parameters, made by imgfcgi-url mint or your own code." },
	[PARAM_Q] = { "q", NULL, PARAM_KIND_INT, FIELD(quality), 1, 100, NULL,
	    PARAM_OPEN | PARAM_LISTED, "an allowed quality", "by format",
	    "Quality of lossy formats, 1 to 100." },
	[PARAM_V] = { "v", "timestamp", PARAM_KIND_WORD, FIELD(v), 1,
	    PARAM_WORD_MAX, NULL, PARAM_DROPPED, "letters, digits, . _ -",
	    "none",
	    "A version of your own, at most 32 bytes. In the clear it is "
	    "ignored." },
	[PARAM_W] = { "w", NULL, PARAM_KIND_INT, FIELD(width), 1,
	    PARAM_SIDE_MAX, NULL, PARAM_OPEN | PARAM_LISTED, "an allowed width",
	    "none", "Width in pixels, at most." },
};

static const char word_bytes[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789._-";

const struct param_def *
param_def(enum param p)
{
	return &table[p];
}

static bool
is(const char *word, const char *s, size_t len)
{
	return word != NULL && strlen(word) == len && memcmp(word, s, len) == 0;
}

enum param
param_find(const char *name, size_t len)
{
	for (int p = 0; p < PARAM_MAX; p++) {
		if (is(table[p].name, name, len) ||
		    is(table[p].alias, name, len))
			return (enum param)p;
	}
	return PARAM_MAX;
}

/* One type's way from text to its field; false breaks the row's bounds. */

static bool
read_int(const struct param_def *def, const char *s, size_t len, void *field)
{
	int64_t v;
	int32_t small;

	if (!num_parse(s, len, def->min, def->max, &v))
		return false;
	small = (int32_t)v;
	memcpy(field, &small, sizeof small);
	return true;
}

static bool
read_time(const struct param_def *def, const char *s, size_t len, void *field)
{
	int64_t v;

	if (!num_parse(s, len, def->min, def->max, &v))
		return false;
	memcpy(field, &v, sizeof v);
	return true;
}

static bool
read_choice(const struct param_def *def, const char *s, size_t len, void *field)
{
	for (int32_t i = 0; def->choices[i] != NULL; i++) {
		if (is(def->choices[i], s, len)) {
			memcpy(field, &i, sizeof i);
			return true;
		}
	}
	return false;
}

static bool
read_format(const char *s, size_t len, void *field)
{
	int32_t f = (int32_t)format_find(s, len);

	if (f == FORMAT_NONE || f == FORMAT_HEIC || f == FORMAT_SVG)
		return false;
	memcpy(field, &f, sizeof f);
	return true;
}

/* WxH+X+Y: four numbers and the three marks between them. */
static bool
read_box(const struct param_def *def, const char *s, size_t len, void *field)
{
	static const char marks[] = { 'x', '+', '+', '\0' };
	int64_t v[4];
	struct box box;

	for (int i = 0; i < 4; i++) {
		const char *end =
		    marks[i] != '\0' ? memchr(s, marks[i], len) : s + len;
		int64_t min = i < 2 ? 1 : def->min;

		if (end == NULL ||
		    !num_parse(s, (size_t)(end - s), min, def->max, &v[i]))
			return false;
		if (marks[i] != '\0')
			end++;
		len -= (size_t)(end - s);
		s = end;
	}
	box = (struct box){ .width = (int32_t)v[0],
		.height = (int32_t)v[1],
		.x = (int32_t)v[2],
		.y = (int32_t)v[3] };
	memcpy(field, &box, sizeof box);
	return true;
}

static bool
read_word(const struct param_def *def, const char *s, size_t len, void *field)
{
	if (len < (size_t)def->min || len > (size_t)def->max)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\0' || strchr(word_bytes, s[i]) == NULL)
			return false;
	}
	memset(field, 0, def->size);
	memcpy(field, s, len);
	return true;
}

enum status
param_set(struct params *params, enum param p, const char *s, size_t len)
{
	const struct param_def *def = &table[p];
	void *field = (char *)params + def->offset;
	bool good = false;

	switch (def->kind) {
	case PARAM_KIND_INT:
		good = read_int(def, s, len, field);
		break;
	case PARAM_KIND_CHOICE:
		good = read_choice(def, s, len, field);
		break;
	case PARAM_KIND_FORMAT:
		good = read_format(s, len, field);
		break;
	case PARAM_KIND_BOX:
		good = read_box(def, s, len, field);
		break;
	case PARAM_KIND_TIME:
		good = read_time(def, s, len, field);
		break;
	case PARAM_KIND_WORD:
		good = read_word(def, s, len, field);
		break;
	case PARAM_KIND_TOKEN:
		break;
	}
	if (!good)
		return STATUS_BAD_PARAM;
	params->set |= PARAM_BIT(p);
	return STATUS_OK;
}

/* One "name=value" of a query. */
static enum status
parse_pair(struct query *q, uint32_t *seen, const char *pair, size_t len,
    unsigned int flags, struct why *why)
{
	const char *eq = memchr(pair, '=', len);
	size_t name_len = eq != NULL ? (size_t)(eq - pair) : len;
	const char *value = eq != NULL ? eq + 1 : pair + len;
	size_t value_len = len - (size_t)(value - pair);
	enum param p = param_find(pair, name_len);

	if (p == PARAM_MAX ||
	    (p == PARAM_HASH && (flags & PARAMS_SEALED_TEXT))) {
		if (p == PARAM_MAX &&
		    !(flags & (PARAMS_STRICT | PARAMS_SEALED_TEXT)))
			return STATUS_OK;
		why_set(why, "no such parameter: %.*s", (int)name_len, pair);
		return STATUS_BAD_PARAM;
	}
	if (*seen & PARAM_BIT(p)) {
		why_set(why, "%s is given twice", table[p].name);
		return STATUS_BAD_PARAM;
	}
	*seen |= PARAM_BIT(p);
	if (value_len == 0)
		return STATUS_OK;
	if (p == PARAM_HASH) {
		q->token = value;
		q->token_len = value_len;
		return STATUS_OK;
	}
	if (param_set(&q->params, p, value, value_len) == STATUS_OK)
		return STATUS_OK;
	why_set(why, "%s=%.*s is not one of: %s", table[p].name,
	    (int)(value_len > 64 ? 64 : value_len), value, table[p].values);
	return STATUS_BAD_PARAM;
}

enum status
params_parse(struct query *q, const char *text, size_t len, unsigned int flags,
    struct why *why)
{
	const char *end = text + len;
	uint32_t seen = 0;

	memset(q, 0, sizeof *q);
	while (text < end) {
		const char *amp = memchr(text, '&', (size_t)(end - text));
		size_t n = (size_t)((amp != NULL ? amp : end) - text);
		enum status st = STATUS_OK;

		if (n > 0)
			st = parse_pair(q, &seen, text, n, flags, why);
		if (st != STATUS_OK)
			return st;
		text += n + (amp != NULL);
	}
	return STATUS_OK;
}

void
params_drop(struct params *params, enum param p)
{
	memset((char *)params + table[p].offset, 0, table[p].size);
	params->set &= ~PARAM_BIT(p);
}

void
params_merge(struct params *params, const struct params *from)
{
	for (int p = 0; p < PARAM_MAX; p++) {
		if (from->set & PARAM_BIT(p))
			memcpy((char *)params + table[p].offset,
			    (const char *)from + table[p].offset,
			    table[p].size);
	}
	params->set |= from->set;
}

void
params_normalise(struct params *params)
{
	uint32_t both = PARAM_BIT(PARAM_W) | PARAM_BIT(PARAM_H);

	if ((params->set & both) != both)
		params_drop(params, PARAM_FIT);
	if (params->fit != FIT_COVER && params->fit != FIT_CONTAIN)
		params_drop(params, PARAM_G);
	if (params->fit == FIT_INSIDE)
		params_drop(params, PARAM_FIT);
	if (params->gravity == GRAVITY_CENTER)
		params_drop(params, PARAM_G);
}

static void
put_value(const struct params *params, enum param p, struct buf *out)
{
	const struct param_def *def = &table[p];
	const char *field = (const char *)params + def->offset;
	int32_t v = 0;

	if (def->size == sizeof v)
		memcpy(&v, field, sizeof v);
	switch (def->kind) {
	case PARAM_KIND_INT:
		buf_printf(out, "%d", (int)v);
		break;
	case PARAM_KIND_CHOICE:
		buf_str(out, def->choices[v]);
		break;
	case PARAM_KIND_FORMAT:
		buf_str(out, format_def((enum format)v)->name);
		break;
	case PARAM_KIND_BOX:
		buf_printf(out, "%dx%d+%d+%d", (int)params->crop.width,
		    (int)params->crop.height, (int)params->crop.x,
		    (int)params->crop.y);
		break;
	case PARAM_KIND_TIME:
		buf_printf(out, "%lld", (long long)params->exp);
		break;
	case PARAM_KIND_WORD:
		buf_printf(out, "%.*s", (int)def->size, field);
		break;
	case PARAM_KIND_TOKEN:
		break;
	}
}

void
params_format(const struct params *params, struct buf *out)
{
	const char *separator = "";

	for (int p = 0; p < PARAM_MAX; p++) {
		if (!(params->set & PARAM_BIT(p)))
			continue;
		buf_printf(out, "%s%s=", separator, table[p].name);
		put_value(params, (enum param)p, out);
		separator = "&";
	}
}

static const char *
where(const struct param_def *def)
{
	if (def->flags & PARAM_SEALED)
		return "only sealed";
	if (def->flags & PARAM_DROPPED)
		return "ignored";
	return def->flags & PARAM_OPEN ? "yes" : "sealed, unless opened";
}

void
params_dump(FILE *out, enum dump_style style)
{
	const char *const heads[] = { "name", "in the clear", "default",
		"values", "meaning" };
	char name[32];
	struct dump d;

	dump_begin(&d, out, style, heads, 5);
	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = &table[p];

		snprintf(name, sizeof name, "%s%s%s", def->name,
		    def->alias != NULL ? ", " : "",
		    def->alias != NULL ? def->alias : "");
		dump_row(&d,
		    (const char *[]){ name, where(def), def->byline,
		        def->values, def->text });
	}
	dump_end(&d);
}
