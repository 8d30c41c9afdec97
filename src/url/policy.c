#include "url/policy.h"

#include <string.h>

#include "base/num.h"

/* tcl-img-proxy's widths and Next.js' deviceSizes and imageSizes. */
static const struct {
	const char *word;
	const char *values;
} words[] = {
	{ "tcl", "150 320 420 630 640 900 1200 1280 1600 1920" },
	{ "next",
	    "32 48 64 96 128 256 384 640 750 828 1080 1200 1920 2048 3840" },
};

static bool
list_insert(struct policy_list *list, int32_t value)
{
	int i = 0;

	while (i < list->count && list->value[i] < value)
		i++;
	if (i < list->count && list->value[i] == value)
		return true;
	if (list->count == POLICY_LIST_MAX)
		return false;
	memmove(&list->value[i + 1], &list->value[i],
	    (size_t)(list->count - i) * sizeof list->value[0]);
	list->value[i] = value;
	list->count++;
	return true;
}

static bool list_add(struct policy_list *, const char *, bool, struct why *);

/* One word of a list: a number, or the name of a whole list. */
static bool
list_add_item(struct policy_list *list, const char *s, size_t len, bool names,
    struct why *why)
{
	int64_t value;

	for (size_t i = 0; names && i < sizeof words / sizeof words[0]; i++) {
		if (strlen(words[i].word) == len &&
		    memcmp(words[i].word, s, len) == 0)
			return list_add(list, words[i].values, false, why);
	}
	if (!num_parse(s, len, 1, PARAM_SIDE_MAX, &value)) {
		why_set(why, "'%.*s' is no number from 1 to %d, tcl or next",
		    (int)len, s, PARAM_SIDE_MAX);
		return false;
	}
	if (!list_insert(list, (int32_t)value)) {
		why_set(why, "more than %d values", POLICY_LIST_MAX);
		return false;
	}
	return true;
}

static bool
list_add(struct policy_list *list, const char *text, bool names,
    struct why *why)
{
	static const char blanks[] = " \t,";

	for (;;) {
		size_t len;

		text += strspn(text, blanks);
		len = strcspn(text, blanks);
		if (len == 0)
			return true;
		if (!list_add_item(list, text, len, names, why))
			return false;
		text += len;
	}
}

bool
policy_list_parse(struct policy_list *list, const char *text, struct why *why)
{
	struct policy_list fresh = { 0 };

	if (!list_add(&fresh, text, true, why))
		return false;
	*list = fresh;
	return true;
}

void
policy_list_format(const struct policy_list *list, struct buf *out)
{
	for (int i = 0; i < list->count; i++)
		buf_printf(out, "%s%d", i > 0 ? " " : "", (int)list->value[i]);
}

/* The first allowed value that is not smaller, or the largest; 0: none. */
static int32_t
list_nearest(const struct policy_list *list, int32_t value)
{
	for (int i = 0; i < list->count; i++) {
		if (list->value[i] >= value)
			return list->value[i];
	}
	return list->count > 0 ? list->value[list->count - 1] : 0;
}

/* A clear value against its list; it becomes the nearest in that mode. */
static enum status
admit_listed(const struct policy *policy, const struct policy_list *list,
    int32_t *value, const char *name, struct why *why)
{
	int32_t nearest = list_nearest(list, *value);

	if (nearest == *value)
		return STATUS_OK;
	why_set(why, "%s=%d is not in its list", name, (int)*value);
	if (policy->mode == POLICY_REJECT || nearest == 0)
		return STATUS_NOT_ALLOWED;
	*value = nearest;
	return STATUS_REDIRECT;
}

static enum status
admit_value(const struct policy *policy, struct params *params, enum param p,
    struct why *why)
{
	const char *name = param_def(p)->name;

	switch (p) {
	case PARAM_W:
		return admit_listed(policy, &policy->widths, &params->width,
		    name, why);
	case PARAM_H:
		return admit_listed(policy, &policy->heights, &params->height,
		    name, why);
	case PARAM_Q:
		return admit_listed(policy, &policy->qualities,
		    &params->quality, name, why);
	case PARAM_F:
		if (policy->formats & FORMAT_BIT(params->format))
			return STATUS_OK;
		why_set(why, "f=%s is not in formats",
		    format_def((enum format)params->format)->name);
		return STATUS_NOT_ALLOWED;
	default:
		return STATUS_OK;
	}
}

enum status
policy_admit(const struct policy *policy, struct params *params,
    struct why *why)
{
	enum status verdict = STATUS_OK;

	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = param_def((enum param)p);
		bool open = (policy->open & PARAM_BIT(p)) &&
		    !(def->flags & PARAM_SEALED);
		enum status st;

		if (!(params->set & PARAM_BIT(p)))
			continue;
		if (!open && (def->flags & PARAM_DROPPED)) {
			params_drop(params, (enum param)p);
			continue;
		}
		if (!open) {
			why_set(why, "%s is not open", def->name);
			return STATUS_NOT_ALLOWED;
		}
		st = admit_value(policy, params, (enum param)p, why);
		if (st == STATUS_NOT_ALLOWED)
			return st;
		if (st != STATUS_OK)
			verdict = st;
	}
	return verdict;
}
