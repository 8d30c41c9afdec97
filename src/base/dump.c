#include "base/dump.h"

#include <stdbool.h>
#include <string.h>

/* A terminal's columns: all but the last are padded to these. */
#define NARROW 16
/* A line of a manual's source. */
#define WIDE 78

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

/* A word of the manual; at a line's beginning roff takes some for its own. */
static void
put_word(FILE *out, const char *s, size_t len, bool first)
{
	if (first && (s[0] == '.' || s[0] == '\''))
		fputs("\\&", out);
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\')
			fputs("\\e", out);
		else
			putc(s[i], out);
	}
}

/* Each sentence begins a line, and no line is too long: as mdoc wants it. */
static void
put_sentences(FILE *out, const char *s)
{
	size_t column = 0;
	bool ended = false;

	for (s += strspn(s, " "); *s != '\0'; s += strspn(s, " ")) {
		size_t len = strcspn(s, " ");

		if (column > 0 && (ended || column + 1 + len > WIDE)) {
			putc('\n', out);
			column = 0;
		} else if (column > 0) {
			putc(' ', out);
			column++;
		}
		put_word(out, s, len, column == 0);
		column += len;
		ended = strchr(".!?", s[len - 1]) != NULL;
		s += len;
	}
	if (column > 0)
		putc('\n', out);
}

/*
 * Quoted, and with \& in front: a name must stay one argument, and one that
 * happens to be a macro's ("No", "An") must stay text.
 */
static void
put_tag(FILE *out, const char *s)
{
	fputs(".It Cm \"\\&", out);
	for (; *s != '\0'; s++) {
		if (*s == '\\')
			fputs("\\e", out);
		else if (*s == '"')
			fputs("\\(dq", out);
		else
			putc(*s, out);
	}
	fputs("\"\n", out);
}

/* "per site" and "yes" as "Per site: yes." */
static void
put_remark(FILE *out, const char *head, const char *s)
{
	putc(head[0] >= 'a' && head[0] <= 'z' ? head[0] - 'a' + 'A' : head[0],
	    out);
	fprintf(out, "%s: ", head + 1);
	put_word(out, s, strlen(s), false);
	fputs(".\n", out);
}

/* A manual's pages are narrow: the last cell under the first, then the rest. */
static void
put_item(const struct dump *d, const char *const *cells)
{
	size_t last = d->columns - 1;

	put_tag(d->out, cells[0] != NULL ? cells[0] : "");
	if (last > 0 && cells[last] != NULL)
		put_sentences(d->out, cells[last]);
	for (size_t i = 1; i < last; i++) {
		if (cells[i] != NULL && cells[i][0] != '\0')
			put_remark(d->out, d->heads[i], cells[i]);
	}
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
		break;
	}
}

void
dump_row(struct dump *d, const char *const *cells)
{
	if (d->style == DUMP_MDOC) {
		put_item(d, cells);
		return;
	}
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
	d->heads = heads;
	d->columns = columns;
	if (style == DUMP_MDOC) {
		fputs(".Bl -tag -width Ds\n", out);
		return;
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
