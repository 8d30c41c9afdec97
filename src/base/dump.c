#include "base/dump.h"

#include <string.h>

/* A terminal's columns: all but the last are padded to these. */
#define NARROW 16

/* A cell must not end its row, nor turn into markup or HTML. */
static void
put_markdown(FILE *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (strchr("|\\<", *s) != NULL)
			putc('\\', out);
		putc(*s, out);
	}
}

/*
 * Quoted, and with \& in front: a cell must stay one argument, and one that
 * happens to be a macro's name ("No", "An") must stay text.
 */
static void
put_mdoc(FILE *out, const char *s)
{
	fputs("\"\\&", out);
	for (; *s != '\0'; s++) {
		if (*s == '\\')
			fputs("\\e", out);
		else if (*s == '"')
			fputs("\\(dq", out);
		else
			putc(*s, out);
	}
	putc('"', out);
}

static void
put_cell(struct dump *d, const char *s, size_t column)
{
	if (s == NULL)
		s = "";
	switch (d->style) {
	case DUMP_TEXT:
		if (column + 1 < d->columns)
			fprintf(d->out, "%-*s ", NARROW - 1, s);
		else
			fputs(s, d->out);
		break;
	case DUMP_MARKDOWN:
		fputs(column == 0 ? "| " : " ", d->out);
		put_markdown(d->out, s);
		fputs(" |", d->out);
		break;
	case DUMP_MDOC:
		fputs(column == 0 ? "" : " Ta ", d->out);
		put_mdoc(d->out, s);
		break;
	}
}

void
dump_row(struct dump *d, const char *const *cells)
{
	if (d->style == DUMP_MDOC)
		fputs(".It ", d->out);
	for (size_t i = 0; i < d->columns; i++)
		put_cell(d, cells[i], i);
	putc('\n', d->out);
}

void
dump_begin(struct dump *d, FILE *out, enum dump_style style,
    const char *const *heads, size_t columns)
{
	d->out = out;
	d->style = style;
	d->columns = columns;
	if (style == DUMP_MDOC) {
		fputs(".Bl -column", out);
		for (size_t i = 0; i < columns; i++)
			fprintf(out, " \"%s\"",
			    i + 1 < columns ? "imgfcgi-option" : "text");
		putc('\n', out);
	}
	dump_row(d, heads);
	if (style == DUMP_MARKDOWN) {
		for (size_t i = 0; i < columns; i++)
			fputs("|---", out);
		fputs("|\n", out);
	}
}

void
dump_end(struct dump *d)
{
	if (d->style == DUMP_MDOC)
		fputs(".El\n", d->out);
}
