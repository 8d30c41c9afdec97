#include "replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define PEERS_MAX 1024
#define VARS_MAX  64

/* Cut the next word off *p; NULL at the end. */
static char *
word_next(char **p)
{
	char *word = *p + strspn(*p, " \t");

	if (*word == '\0')
		return NULL;
	*p = word + strcspn(word, " \t");
	if (**p != '\0')
		*(*p)++ = '\0';
	*p += strspn(*p, " \t");
	return word;
}

static void
field_set(struct play *pl, const char *name, const char *value)
{
	bool add = name[0] == '+'; /* +NAME: a second one beside the first */
	struct field *f;

	for (size_t i = 0; !add && i < pl->fields; i++) {
		f = &pl->field[i];
		if (strcmp(f->name, name) == 0) {
			buf_clear(&f->value);
			text_expand(&f->value, value);
			return;
		}
	}
	if (pl->fields == REPLAY_FIELDS)
		dump_complain("more than %d parameters", REPLAY_FIELDS);
	f = &pl->field[pl->fields++];
	f->name = text_copy(name + add);
	buf_init(&f->value, REPLAY_BYTES_MAX);
	text_expand(&f->value, value);
}

/* "GET /path?query" in one line. */
static void
field_request(struct play *pl, const char *method, char *target)
{
	char *query = strchr(target, '?');

	if (query != NULL)
		*query++ = '\0';
	field_set(pl, "REQUEST_METHOD", method);
	field_set(pl, "DOCUMENT_URI", target);
	field_set(pl, "QUERY_STRING", query != NULL ? query : "");
}

/* The directives. */

static void
do_split(struct play *pl, char *arg)
{
	struct talk *t = &pl->talk;
	char *word;

	t->every = strcmp(arg, "every") == 0;
	t->cuts = 0;
	while (!t->every && (word = word_next(&arg)) != NULL) {
		size_t at = (size_t)dump_number(word, 1, 1 << 26);

		if (t->cuts == REPLAY_CUTS)
			dump_complain("more than %d cuts", REPLAY_CUTS);
		if (t->cuts > 0 && at <= t->cut[t->cuts - 1])
			dump_complain("cuts that do not ascend");
		t->cut[t->cuts++] = at;
	}
}

static void
do_abort(struct play *pl, char *arg)
{
	pl->talk.stop = (size_t)dump_number(arg, 0, 1 << 26);
	pl->talk.leave = true;
}

static void
do_stall(struct play *pl, char *arg)
{
	pl->talk.stop = (size_t)dump_number(arg, 0, 1 << 26);
	pl->talk.leave = false;
}

static void
do_hold(struct play *pl, char *arg)
{
	char *count = word_next(&arg);

	pl->hold = dump_number(count != NULL ? count : "", 1, PEERS_MAX);
	pl->hold_bytes = (size_t)dump_number(arg, 0, 65536);
}

static void
do_body(struct play *pl, char *arg)
{
	buf_clear(&pl->body);
	text_expand(&pl->body, arg);
}

static void
do_send(struct play *pl, char *arg)
{
	free(pl->send);
	pl->send = text_copy(arg);
}

/* A file beside the dump: the whole stream, whatever it is. */
static void
do_raw(struct play *pl, char *arg)
{
	const char *slash = strrchr(pl->dump, '/');
	int dir = slash != NULL ? (int)(slash - pl->dump) + 1 : 0;
	unsigned char part[4096];
	char path[4096];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "%.*s%s", dir, pl->dump, arg);
	f = fopen(path, "rb");
	if (f == NULL)
		dump_complain("%s: %s", path, strerror(errno));
	buf_clear(&pl->stream);
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(&pl->stream, part, n);
	fclose(f);
	if (pl->stream.len < 8)
		dump_complain("%s: not one record", path);
	memcpy(part, pl->stream.data, 4);
	pl->talk.id = part[2] << 8 | part[3];
	pl->raw = true;
}

#define FIELD(member) offsetof(struct play, member)

/* A row is a number for a field, or a function for the rest. */
static const struct directive {
	const char *word;
	void (*apply)(struct play *, char *);
	size_t offset;
	int min, max;
} directives[] = {
	{ "abort", do_abort, 0, 0, 0 },
	{ "body", do_body, 0, 0, 0 },
	{ "hold", do_hold, 0, 0, 0 },
	{ "id", NULL, FIELD(talk.id), 0, 65535 },
	{ "keep", NULL, FIELD(talk.keep), 0, 1 },
	{ "pause", NULL, FIELD(talk.pause_ms), 0, 60000 },
	{ "raw", do_raw, 0, 0, 0 },
	{ "repeat", NULL, FIELD(repeat), 1, 100000 },
	{ "role", NULL, FIELD(role), 0, 65535 },
	{ "send", do_send, 0, 0, 0 },
	{ "sip", NULL, FIELD(talk.sip), 1, 4096 },
	{ "split", do_split, 0, 0, 0 },
	{ "stall", do_stall, 0, 0, 0 },
	{ "timeout", NULL, FIELD(talk.timeout_ms), 1, 600000 },
};

static void
read_directive(struct play *pl, char *p)
{
	const char *word = word_next(&p);
	const struct directive *row = directives;
	const struct directive *end =
	    row + sizeof directives / sizeof directives[0];
	int n;

	while (word != NULL && row < end && strcmp(row->word, word) != 0)
		row++;
	if (word == NULL || row == end)
		dump_complain("no directive '%s'", word != NULL ? word : "");
	if (row->apply != NULL) {
		row->apply(pl, p);
		return;
	}
	n = dump_number(p, row->min, row->max);
	memcpy((char *)pl + row->offset, &n, sizeof n);
}

static char *
expand_copy(const char *p)
{
	struct buf out;
	char *text;

	buf_init(&out, REPLAY_BYTES_MAX);
	text_expand(&out, p);
	text = text_copy(buf_cstr(&out));
	buf_free(&out);
	return text;
}

static struct expect *
expect_add(struct play *pl)
{
	if (pl->expects == REPLAY_EXPECTS)
		dump_complain("more than %d expectations", REPLAY_EXPECTS);
	pl->expect[pl->expects].line = pl->at;
	return &pl->expect[pl->expects++];
}

/* "> rule arguments": the last argument takes the rest of the line. */
static void
read_expect(struct play *pl, char *p)
{
	const char *word = word_next(&p);
	const struct rule *rule = word != NULL ? rule_find(word) : NULL;
	struct expect *e;

	if (rule == NULL)
		dump_complain("no expectation '%s'", word != NULL ? word : "");
	e = expect_add(pl);
	e->rule = rule;
	for (int i = 0; i < rule->args; i++) {
		const char *arg = i + 1 < rule->args ? word_next(&p) : p;

		if (arg == NULL || *arg == '\0')
			dump_complain("'%s' takes %d arguments", rule->word,
			    rule->args);
		e->arg[i] = expand_copy(arg);
	}
	if (rule->args == 0 && *p != '\0')
		dump_complain("'%s' takes no argument", rule->word);
}

static void
read_capture(struct play *pl, char *p)
{
	struct expect *e = expect_add(pl);
	const char *name = word_next(&p);

	if (name == NULL || *p == '\0')
		dump_complain("= takes a name and a header");
	e->arg[0] = text_copy(name);
	e->arg[1] = text_copy(p);
}

static void
read_line(struct play *pl, const struct dump *d, const struct line *line)
{
	char *text = text_copy(line->text), *p = text;
	const char *word;

	pl->at = line->number;
	dump_at(d->name, line->number);
	if (*p == '@')
		read_directive(pl, p + 1);
	else if (*p == '>')
		read_expect(pl, p + 1);
	else if (*p == '=')
		read_capture(pl, p + 1);
	else if (*p != '#' && (word = word_next(&p)) != NULL) {
		size_t len = strlen(word);

		if (word[len - 1] == ':') {
			text[(size_t)(word - text) + len - 1] = '\0';
			field_set(pl, word, p);
		} else if (*p == '/')
			field_request(pl, word, p);
		else
			dump_complain("cannot read this line");
	}
	free(text);
}

/* The content of PARAMS. */
static void
build_params(const struct play *pl, struct buf *out)
{
	for (size_t i = 0; i < pl->fields; i++) {
		const struct field *f = &pl->field[i];

		wire_pair(out, f->name, strlen(f->name), f->value.data,
		    f->value.len);
	}
}

/* "0109*20": bytes, and how often. */
static void
build_hex(struct buf *out, char *word)
{
	char *star = strchr(word, '*');
	int times = 1;

	if (star != NULL) {
		*star = '\0';
		times = dump_number(star + 1, 1, 1 << 24);
	}
	while (times-- > 0 && buf_ok(out)) {
		for (const char *p = word; *p != '\0'; p += 2)
			buf_char(out, (char)dump_hex(p));
	}
}

static void
build_word(struct play *pl, const struct buf *params, char *word)
{
	const unsigned char begin[8] = { (unsigned char)(pl->role >> 8),
		(unsigned char)pl->role, (unsigned char)pl->talk.keep };
	struct buf *out = &pl->stream;
	int id = pl->talk.id;
	bool closed = strcmp(word, "params") == 0;

	if (strcmp(word, "begin") == 0)
		wire_add(out, RECORD_BEGIN, id, begin, sizeof begin);
	else if (closed || strcmp(word, "open") == 0) {
		if (params->len > 0)
			wire_add(out, RECORD_PARAMS, id, params->data,
			    params->len);
		if (closed)
			wire_add(out, RECORD_PARAMS, id, NULL, 0);
	} else if (strcmp(word, "stdin") == 0) {
		if (pl->body.len > 0)
			wire_add(out, RECORD_STDIN, id, pl->body.data,
			    pl->body.len);
		wire_add(out, RECORD_STDIN, id, NULL, 0);
	} else if (strcmp(word, "abort") == 0)
		wire_add(out, RECORD_ABORT, id, NULL, 0);
	else if (word[0] == '"')
		buf_str(out, word + 1);
	else
		build_hex(out, word);
}

static void
build_stream(struct play *pl)
{
	char *words =
	    text_copy(pl->send != NULL ? pl->send : "begin params stdin");
	char *p = words, *word;
	struct buf params;

	buf_init(&params, REPLAY_BYTES_MAX);
	build_params(pl, &params);
	while (!pl->raw && (word = word_next(&p)) != NULL)
		build_word(pl, &params, word);
	buf_free(&params);
	free(words);
	if (!buf_ok(&pl->stream))
		dump_complain("a stream that grows too long");
	pl->talk.stream = &pl->stream;
	for (size_t i = 0; i < pl->fields; i++) {
		if (strcmp(pl->field[i].name, "REQUEST_METHOD") == 0)
			pl->talk.head =
			    strcmp(buf_cstr(&pl->field[i].value), "HEAD") == 0;
	}
}

void
dump_open(struct dump *d, const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	*d = (struct dump){ .name = path };
	dump_at(path, 0);
	if (f == NULL)
		dump_complain("%s", strerror(errno));
	while ((len = getline(&text, &size, f)) > 0) {
		if (text[len - 1] == '\n')
			text[len - 1] = '\0';
		d->line = realloc(d->line, (d->lines + 1) * sizeof *d->line);
		if (d->line == NULL)
			dump_complain("out of memory");
		d->line[d->lines].text = text_copy(text);
		d->line[d->lines].number = (int)d->lines + 1;
		d->lines++;
	}
	if (ferror(f))
		dump_complain("%s", strerror(errno));
	free(text);
	fclose(f);
	while (d->at < d->lines && strncmp(d->line[d->at].text, "==", 2) != 0)
		d->at++;
	d->first = d->at;
	if (d->at == d->lines)
		dump_complain("no case (== name)");
}

void
dump_close(struct dump *d)
{
	for (size_t i = 0; i < d->lines; i++)
		free(d->line[i].text);
	free(d->line);
}

static void
play_begin(struct play *pl, const struct dump *d, const char *socket,
    int timeout_ms)
{
	*pl = (struct play){ .role = 1, .repeat = 1, .dump = d->name };
	pl->talk = (struct talk){ .socket = socket,
		.id = 1,
		.stop = SIZE_MAX,
		.timeout_ms = timeout_ms };
	buf_init(&pl->body, REPLAY_BYTES_MAX);
	buf_init(&pl->stream, REPLAY_BYTES_MAX);
	for (size_t i = 0; i < d->first; i++)
		read_line(pl, d, &d->line[i]);
}

bool
dump_next(struct dump *d, struct play *pl, const char *socket, int timeout_ms,
    bool cheap)
{
	const struct line *line = &d->line[d->at];
	const char *name;

	if (d->at == d->lines)
		return false;
	play_begin(pl, d, socket, timeout_ms);
	if (cheap)
		field_set(pl, "HTTP_IF_NONE_MATCH", "*");
	name = line->text + 2;
	pl->name = name + strspn(name, " ");
	pl->line = line->number;
	while (++d->at < d->lines && strncmp(d->line[d->at].text, "==", 2) != 0)
		read_line(pl, d, &d->line[d->at]);
	dump_at(d->name, pl->line);
	build_stream(pl);
	if (pl->expects == 0)
		dump_complain("a case that expects nothing");
	return true;
}

void
dump_probe(const struct dump *d, struct play *pl, const char *socket,
    int timeout_ms)
{
	play_begin(pl, d, socket, timeout_ms);
	build_stream(pl);
}

void
play_free(struct play *pl)
{
	for (size_t i = 0; i < pl->fields; i++) {
		free(pl->field[i].name);
		buf_free(&pl->field[i].value);
	}
	for (size_t i = 0; i < pl->expects; i++) {
		free(pl->expect[i].arg[0]);
		free(pl->expect[i].arg[1]);
	}
	free(pl->send);
	buf_free(&pl->body);
	buf_free(&pl->stream);
}
