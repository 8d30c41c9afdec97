#include "replay.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define VARS_MAX 64

static struct {
	char *name;
	struct buf value;
} vars[VARS_MAX];
static size_t nvars;

static const char *file_name;
static int line_number; /* of the line being read, for complaints */

void
dump_at(const char *file, int line)
{
	file_name = file;
	line_number = line;
}

void
dump_complain(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s:%d: ", file_name, line_number);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

int
dump_number(const char *s, int min, int max)
{
	int64_t n;

	if (!num_parse(s, strlen(s), min, max, &n))
		dump_complain("'%s' is no number from %d to %d", s, min, max);
	return (int)n;
}

char *
text_copy(const char *s)
{
	char *p = strdup(s);

	if (p == NULL)
		dump_complain("out of memory");
	return p;
}

const struct buf *
var_get(const char *name)
{
	for (size_t i = 0; i < nvars; i++) {
		if (strcmp(vars[i].name, name) == 0)
			return &vars[i].value;
	}
	return NULL;
}

void
var_set(const char *name, const void *data, size_t len)
{
	size_t i;

	for (i = 0; i < nvars && strcmp(vars[i].name, name) != 0; i++)
		;
	if (i == VARS_MAX)
		dump_complain("more than %d variables", VARS_MAX);
	if (i == nvars) {
		vars[nvars++].name = text_copy(name);
		buf_init(&vars[i].value, REPLAY_BYTES_MAX);
	}
	buf_clear(&vars[i].value);
	buf_add(&vars[i].value, data, len);
}

/* ${NAME}, or ${c*N}: the character c, N times. */
static const char *
expand_var(struct buf *out, const char *p)
{
	const char *end = strchr(p, '}');
	const struct buf *value;
	char *name;

	if (end == NULL)
		dump_complain("${ without }");
	name = text_copy(p);
	name[end - p] = '\0';
	if (name[0] != '\0' && name[1] == '*') {
		for (int n = dump_number(name + 2, 1, 8 << 20); n > 0; n--)
			buf_char(out, name[0]);
	} else if ((value = var_get(name)) != NULL)
		buf_add(out, value->data, value->len);
	else
		dump_complain("no variable '%s'", name);
	free(name);
	return end + 1;
}

int
dump_hex(const char *p)
{
	char two[3] = { p[0], p[0] != '\0' ? p[1] : '\0', '\0' };

	if (!isxdigit((unsigned char)two[0]) ||
	    !isxdigit((unsigned char)two[1]))
		dump_complain("'%s' are no two hex digits", two);
	return (int)strtol(two, NULL, 16);
}

void
text_expand(struct buf *out, const char *p)
{
	while (*p != '\0') {
		if (p[0] == '$' && p[1] == '{')
			p = expand_var(out, p + 2);
		else if (p[0] == '\\' && p[1] == 'x') {
			buf_char(out, (char)dump_hex(p + 2));
			p += 4;
		} else if (p[0] == '\\' && p[1] != '\\')
			dump_complain("a \\ before neither x nor \\");
		else {
			p += *p == '\\';
			buf_char(out, *p++);
		}
	}
	if (!buf_ok(out))
		dump_complain("a line that grows too long");
}
