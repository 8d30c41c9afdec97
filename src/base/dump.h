/*
 * Tables printed three ways: for a terminal, for the README (Markdown) and
 * for the manual (mdoc).  Every table that users read is printed through
 * here from the rows that the program itself obeys.
 */
#ifndef BASE_DUMP_H
#define BASE_DUMP_H

#include <stddef.h>
#include <stdio.h>

enum dump_style {
	DUMP_TEXT,
	DUMP_MARKDOWN,
	DUMP_MDOC
};

struct dump {
	FILE *out;
	enum dump_style style;
	const char *const *heads;
	size_t columns;
};

/* heads: one title a column; they must last until dump_end(). */
void dump_begin(struct dump *, FILE *, enum dump_style,
    const char *const *heads, size_t columns);

/* cells: as many strings as there are columns; NULL prints as empty. */
void dump_row(struct dump *, const char *const *cells);

void dump_end(struct dump *);

#endif
