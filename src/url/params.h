/*
 * What one request asks for, as a value, and THE TABLE of the URL language.
 *
 * A row of the table drives everything that is known of a parameter: its
 * spelling, bounds, canonical text (and with it ETag and token), whether it
 * may stand in the clear, its documentation and its generated tests.  To add
 * one: a field here, a row there.
 */
#ifndef URL_PARAMS_H
#define URL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/dump.h"
#include "base/format.h"
#include "base/log.h"
#include "base/status.h"

/* Rows of the table, in its order, which is the order of canonical text. */
enum param {
	PARAM_CROP,
	PARAM_EXP,
	PARAM_F,
	PARAM_FIT,
	PARAM_G,
	PARAM_H,
	PARAM_HASH,
	PARAM_Q,
	PARAM_V,
	PARAM_W,
	PARAM_MAX
};

#define PARAM_BIT(p) (UINT32_C(1) << (p))

/* The CSS and sharp meanings. */
enum fit {
	FIT_INSIDE,  /* whole picture within w × h */
	FIT_COVER,   /* fills w × h, the rest cut off by gravity */
	FIT_CONTAIN, /* whole picture on a canvas of w × h */
	FIT_FILL,    /* stretched to w × h */
	FIT_OUTSIDE, /* as small as still covers w × h, nothing cut off */
	FIT_MAX
};

enum gravity {
	GRAVITY_CENTER,
	GRAVITY_NORTH,
	GRAVITY_NORTHEAST,
	GRAVITY_EAST,
	GRAVITY_SOUTHEAST,
	GRAVITY_SOUTH,
	GRAVITY_SOUTHWEST,
	GRAVITY_WEST,
	GRAVITY_NORTHWEST,
	GRAVITY_MAX
};

/* Pixels of the oriented source; 0 × 0 is no box. */
struct box {
	int32_t x, y, width, height;
};

#define PARAM_WORD_MAX  32 /* bytes of v */
#define PARAM_SIDE_MAX  65535
#define PARAMS_TEXT_MAX 512 /* bytes of any canonical text */

/*
 * No pointers, no padding: it is copied between processes.  A field that is
 * absent is zero.  Every byte but set belongs to exactly one row.
 */
struct params {
	uint32_t set; /* PARAM_BIT of every parameter that was given */
	int32_t width, height, quality;
	int32_t format;  /* enum format */
	int32_t fit;     /* enum fit */
	int32_t gravity; /* enum gravity */
	struct box crop;
	uint32_t reserved; /* keeps exp aligned; always zero */
	int64_t exp;       /* seconds since 1970 */
	char v[PARAM_WORD_MAX];
};

enum param_kind {
	PARAM_KIND_INT,
	PARAM_KIND_CHOICE,
	PARAM_KIND_FORMAT,
	PARAM_KIND_BOX,
	PARAM_KIND_TIME,
	PARAM_KIND_WORD,
	PARAM_KIND_TOKEN /* hash: the parser hands it out, no field */
};

#define PARAM_OPEN    0x1 /* stands in the clear unless configured away */
#define PARAM_SEALED  0x2 /* never in the clear, whatever the configuration */
#define PARAM_DROPPED 0x4 /* in the clear it is accepted and forgotten */
#define PARAM_LISTED  0x8 /* has an allow-list in the configuration */

struct param_def {
	const char *name;
	const char *alias; /* accepted, never printed; or NULL */
	enum param_kind kind;
	size_t offset, size; /* the field in struct params */
	int64_t min, max;
	const char *const *choices; /* NULL-terminated, by value of the enum */
	unsigned int flags;
	const char *values; /* how the manual spells what it takes */
	const char *byline; /* the default, for the manual */
	const char *text;   /* the manual's sentence */
};

/* The row; p < PARAM_MAX. */
const struct param_def *param_def(enum param p);

/* By name or alias; PARAM_MAX if there is none. */
enum param param_find(const char *, size_t len);

/* One value into its field.  BAD_PARAM when it breaks the row's bounds. */
enum status param_set(struct params *, enum param, const char *value,
    size_t len);

/* A query taken apart: what it says, and the token it carries. */
struct query {
	struct params params;
	const char *token; /* into the text, not terminated; or NULL */
	size_t token_len;
};

#define PARAMS_SEALED_TEXT                                                     \
	0x1               /* from a token: every row may appear but hash       \
	                   */
#define PARAMS_STRICT 0x2 /* unknown names are an error, not ignored */

/*
 * Parse "name=value&name=value" without percent-decoding.  An empty value
 * counts as absent; a repeated name is refused.  text must outlive query.
 */
enum status params_parse(struct query *, const char *text, size_t len,
    unsigned int flags, struct why *);

/* Make one parameter absent. */
void params_drop(struct params *, enum param);

/* Every parameter that from has replaces the one in params. */
void params_merge(struct params *, const struct params *from);

/*
 * Drop what has no effect: fit and g without both w and h, g where nothing
 * is cut or padded.  Canonical text is that of normalised parameters.
 */
void params_normalise(struct params *);

/* Canonical text: table order, defaults omitted, one spelling a meaning. */
void params_format(const struct params *, struct buf *);

/* Print the table. */
void params_dump(FILE *, enum dump_style);

#endif
