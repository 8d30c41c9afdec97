#include "base/dump.h"

#include <stdlib.h>

#include "test.h"

#define L __LINE__

static const char *const heads[] = { "name", "meaning" };

static void
two_columns(void)
{
	static const struct {
		int line;
		enum dump_style style;
		const char *cells[2];
		const char *want;
	} rows[] = {
		{ L, DUMP_TEXT, { "w", "Width." },
		    "name            meaning\n"
		    "w               Width.\n" },
		{ L, DUMP_TEXT, { "exactly-fifteen", "x" },
		    "name            meaning\n"
		    "exactly-fifteen x\n" },
		{ L, DUMP_TEXT, { "longer-than-its-column", "x" },
		    "name            meaning\n"
		    "longer-than-its-column x\n" },
		{ L, DUMP_TEXT, { NULL, "x" },
		    "name            meaning\n"
		    "                x\n" },
		{ L, DUMP_TEXT, { "a|\\b", ".\"" },
		    "name            meaning\n"
		    "a|\\b            .\"\n" },
		{ L, DUMP_MARKDOWN, { "w", "Width." },
		    "| name | meaning |\n|---|---|\n| w | Width. |\n" },
		{ L, DUMP_MARKDOWN, { "a|b", "|" },
		    "| name | meaning |\n|---|---|\n| a\\|b | \\| |\n" },
		/* A backslash must not undo the one before the bar. */
		{ L, DUMP_MARKDOWN, { "a\\|b", "<x>" },
		    "| name | meaning |\n|---|---|\n"
		    "| a\\\\\\|b | \\<x> |\n" },
		{ L, DUMP_MARKDOWN, { NULL, NULL },
		    "| name | meaning |\n|---|---|\n|  |  |\n" },
		{ L, DUMP_MDOC, { "w", "Width." },
		    ".Bl -tag -width Ds\n.It Cm \"\\&w\"\nWidth.\n.El\n" },
		/* Words that are macros, marks that roff takes for its own. */
		{ L, DUMP_MDOC, { "No", "a \"b\" c:\\d" },
		    ".Bl -tag -width Ds\n.It Cm \"\\&No\"\n"
		    "a \"b\" c:\\ed\n.El\n" },
		{ L, DUMP_MDOC, { ".\"\\", NULL },
		    ".Bl -tag -width Ds\n.It Cm \"\\&.\\(dq\\e\"\n.El\n" },
		{ L, DUMP_MDOC, { NULL, "" },
		    ".Bl -tag -width Ds\n.It Cm \"\\&\"\n.El\n" },
		/* A sentence is a line; one that roff would obey is not. */
		{ L, DUMP_MDOC, { "a", "One. .Two! 'Three?  Four 4.5" },
		    ".Bl -tag -width Ds\n.It Cm \"\\&a\"\n"
		    "One.\n\\&.Two!\n\\&'Three?\nFour 4.5\n.El\n" },
		{ L, DUMP_MDOC,
		    { "a",
		        "Twenty letters and no Twenty letters and no "
		        "Twenty letters and no then .twelve, and more" },
		    ".Bl -tag -width Ds\n.It Cm \"\\&a\"\n"
		    "Twenty letters and no Twenty letters and no "
		    "Twenty letters and no then\n"
		    "\\&.twelve, and more\n.El\n" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		struct dump d;

		if (!CHECK(out != NULL))
			return;
		dump_begin(&d, out, rows[i].style, heads, 2);
		dump_row(&d, rows[i].cells);
		dump_end(&d);
		fclose(out);
		EQ_STR_AT(rows[i].line, text, rows[i].want);
		free(text);
	}
}

/* Markdown: every line of a table has as many bars as its head. */
static void
many_columns(void)
{
	static const char *const cells[] = { "a", "b|c", "", "d", NULL, "e" };

	for (size_t columns = 1; columns <= 6; columns++) {
		char *text = NULL;
		size_t len = 0, bars = 0;
		FILE *out = open_memstream(&text, &len);
		struct dump d;

		if (!CHECK(out != NULL))
			return;
		dump_begin(&d, out, DUMP_MARKDOWN, cells, columns);
		dump_row(&d, cells);
		dump_end(&d);
		fclose(out);
		for (size_t i = 0; i < len; i++) {
			if (text[i] == '|' && (i == 0 || text[i - 1] != '\\'))
				bars++;
		}
		EQ_INT((int64_t)bars, (int64_t)(3 * (columns + 1)));
		free(text);
	}
}

/* The manual: what lies between the first column and the last is named. */
static void
remarks(void)
{
	static const char *const names[] = { "option", "per site", "Default",
		"meaning" };
	static const char *const cells[] = { "a-b", "yes", ".x\\", "Text." };
	static const char *const bare[] = { "c", NULL, "", "Text." };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct dump d;

	if (!CHECK(out != NULL))
		return;
	dump_begin(&d, out, DUMP_MDOC, names, 4);
	dump_row(&d, cells);
	dump_row(&d, bare);
	dump_end(&d);
	fclose(out);
	EQ_STR(text,
	    ".Bl -tag -width Ds\n"
	    ".It Cm \"\\&a-b\"\nText.\nPer site: yes.\nDefault: .x\\e.\n"
	    ".It Cm \"\\&c\"\nText.\n.El\n");
	free(text);
}

int
main(void)
{
	remarks();
	two_columns();
	many_columns();
	return test_end("t_dump");
}
