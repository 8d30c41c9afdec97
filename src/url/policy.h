/*
 * What one site admits: lists of sizes and qualities, parameters that may
 * stand in the clear.  What the language can say is the parameter table's
 * business; sealed values are bound by that alone.
 */
#ifndef URL_POLICY_H
#define URL_POLICY_H

#include "url/params.h"

#define POLICY_LIST_MAX 64

/* Ascending, without doubles.  Empty: no value is allowed. */
struct policy_list {
	int32_t count;
	int32_t value[POLICY_LIST_MAX];
};

enum policy_mode {
	POLICY_REJECT, /* a value outside its list is refused */
	POLICY_NEAREST /* … is sent on to the next allowed one */
};

struct policy {
	struct policy_list widths, heights, qualities;
	uint32_t formats; /* FORMAT_BIT of what f may say, AUTO included */
	uint32_t open;    /* PARAM_BIT of what may stand in the clear */
	enum policy_mode mode;
	bool strict; /* unknown names are refused */
};

/*
 * "320 640 900", "tcl", "next" and mixtures, separated by blanks or commas.
 * False, with the reason, for anything else.
 */
bool policy_list_parse(struct policy_list *, const char *, struct why *);
void policy_list_format(const struct policy_list *, struct buf *);

/*
 * Judge the clear parameters of a request.  OK, NOT_ALLOWED, or REDIRECT
 * with params changed to the nearest allowed ones.  Parameters that the
 * language drops in the clear are removed.
 */
enum status policy_admit(const struct policy *, struct params *, struct why *);

#endif
