/*
 * THE TABLE of options: one row drives the configuration file, the command
 * line, --help, README and manual.
 */
#ifndef SERVE_OPTIONS_H
#define SERVE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/dump.h"
#include "base/log.h"
#include "serve/config.h"

enum option_kind {
	OPTION_TEXT,     /* a path or a name, as it stands */
	OPTION_INT,      /* int32_t */
	OPTION_OCTAL,    /* int32_t, "0660" */
	OPTION_BOOL,     /* bool: yes, no */
	OPTION_CHOICE,   /* int32_t-sized enum */
	OPTION_SIZE,     /* int64_t, bytes: 100M */
	OPTION_COUNT,    /* int64_t, 50M = 50 000 000 */
	OPTION_DURATION, /* int64_t, milliseconds */
	OPTION_LIST,     /* struct policy_list */
	OPTION_FORMATS,  /* uint32_t of FORMAT_BIT */
	OPTION_PARAMS    /* uint32_t of PARAM_BIT */
};

#define OPTION_SITE   0x1 /* lives in struct site, may stand in a section */
#define OPTION_FIRST  0x2 /* the manual's first page */
#define OPTION_FIXED  0x4 /* a reload cannot change it */
#define OPTION_PREFIX 0x8 /* its text is the beginning of an URL's path */

struct option_def {
	const char *name;
	enum option_kind kind;
	unsigned int flags;
	size_t offset, size; /* in struct site or struct config */
	int64_t min, max;
	const char *const *choices; /* NULL-terminated, by value */
	const char *fallback; /* the default as text; read by the same parser */
	const char *values;   /* how the manual spells what it takes */
	const char *text;     /* the manual's sentence */
};

/* The rows, in the manual's order; *count of them. */
const struct option_def *options_table(size_t *count);

/* NULL if there is none. */
const struct option_def *option_find(const char *name, size_t len);

/* Text into its field of config, or of site for OPTION_SITE. */
bool option_set(const struct option_def *, struct config *, struct site *,
    const char *value, struct why *);

/* The field as text that option_set() reads back. */
void option_format(const struct option_def *, const struct config *,
    const struct site *, struct buf *);

/* --help's lines: "  --name=VALUE  text [default]". */
void options_usage(FILE *);

/* Print the table; of it what most sites touch (OPTION_FIRST). */
void options_dump(FILE *, enum dump_style);
void options_dump_first(FILE *, enum dump_style);

#endif
