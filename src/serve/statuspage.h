/*
 * The status page: counters, converters and quarantine as text or JSON, from
 * one walk over the same values.  For the administrator alone.
 */
#ifndef SERVE_STATUSPAGE_H
#define SERVE_STATUSPAGE_H

#include "base/buf.h"
#include "serve/config.h"
#include "serve/quarantine.h"

#define STATUSPAGE_MAX (1024 * 1024)

/* One converter, now. */
struct page_converter {
	uint32_t serial;
	bool busy;
	int64_t jobs;
	int64_t memory;  /* resident bytes after its last job; 0: none yet */
	int64_t busy_ms; /* where it is busy */
	char source[QUARANTINE_TEXT]; /* what with, "site path" */
};

/* What the maker of pictures has to say.  Large: kept on the heap. */
struct page_view {
	int waiting; /* for a converter */
	size_t converters;
	struct page_converter converter[CONFIG_CONVERTERS_MAX];
	size_t convicts;
	struct convict convict[QUARANTINE_PLACES];
};

enum page_style {
	PAGE_STYLE_TEXT,
	PAGE_STYLE_JSON
};

/* Takes the gauges from the view; all else are the process's counters. */
void statuspage_write(struct buf *, enum page_style, const struct page_view *);

#endif
