#include "origin/s3.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define FILE_SIZE 65536
#define PATH_SIZE 4096

/* What is read, by its name in the file and in the environment. */
static const struct word {
	const char *name, *variable;
	size_t offset, size;
} words[] = {
	{ "aws_access_key_id", "AWS_ACCESS_KEY_ID",
	    offsetof(struct s3_keys, id), sizeof((struct s3_keys *)0)->id },
	{ "aws_secret_access_key", "AWS_SECRET_ACCESS_KEY",
	    offsetof(struct s3_keys, secret),
	    sizeof((struct s3_keys *)0)->secret },
	{ "aws_session_token", "AWS_SESSION_TOKEN",
	    offsetof(struct s3_keys, token),
	    sizeof((struct s3_keys *)0)->token },
};

#define WORDS (sizeof words / sizeof words[0])

void
s3_keys_wipe(struct s3_keys *keys)
{
	explicit_bzero(keys, sizeof *keys);
}

void
s3_keys_hide(void)
{
	for (size_t i = 0; i < WORDS; i++)
		unsetenv(words[i].variable);
}

/* Printable ASCII alone: the value goes into a header. */
static const char *
set_word(struct s3_keys *keys, const struct word *w, const char *s, size_t len)
{
	char *field = (char *)keys + w->offset;

	if (len >= w->size)
		return "a value is too long";
	for (size_t i = 0; i < len; i++) {
		if (s[i] <= ' ' || s[i] >= 0x7f)
			return "a value has a blank or a strange byte";
	}
	memcpy(field, s, len);
	field[len] = '\0';
	return NULL;
}

static void
trim(const char **s, size_t *len)
{
	while (*len > 0 && strchr(" \t\r", **s) != NULL) {
		++*s;
		--*len;
	}
	while (*len > 0 && strchr(" \t\r", (*s)[*len - 1]) != NULL)
		--*len;
}

static bool
is(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(s, word, len) == 0;
}

static const char *
read_line(struct s3_keys *keys, const char *s, size_t len)
{
	const char *eq = memchr(s, '=', len), *value;
	size_t name_len, value_len;

	if (eq == NULL)
		return "a line is no name = value";
	name_len = (size_t)(eq - s);
	value = eq + 1;
	value_len = len - name_len - 1;
	trim(&s, &name_len);
	trim(&value, &value_len);
	for (size_t i = 0; i < WORDS; i++) {
		if (is(s, name_len, words[i].name))
			return set_word(keys, &words[i], value, value_len);
	}
	return NULL; /* region and the like */
}

static const char *
check(const struct s3_keys *keys)
{
	if (keys->id[0] == '\0')
		return "no aws_access_key_id";
	return keys->secret[0] == '\0' ? "no aws_secret_access_key" : NULL;
}

const char *
s3_keys_read(struct s3_keys *keys, const char *text, size_t len,
    const char *section)
{
	const char *end = text + len, *wrong = NULL;
	bool mine = true;

	memset(keys, 0, sizeof *keys);
	while (text < end && wrong == NULL) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((eol != NULL ? eol : end) - text);
		const char *s = text;

		text += n + 1;
		trim(&s, &n);
		if (n == 0 || *s == '#' || *s == ';')
			continue;
		if (*s == '[') {
			const char *name = s + 1;
			size_t name_len = n - 1;

			if (s[n - 1] != ']')
				wrong = "a section has no ]";
			name_len -= wrong == NULL;
			trim(&name, &name_len);
			mine = is(name, name_len, section);
		} else if (mine)
			wrong = read_line(keys, s, n);
	}
	return wrong != NULL ? wrong : check(keys);
}

static bool
load_file(struct s3_keys *keys, const char *path, const char *section,
    struct why *why)
{
	char *text = malloc(FILE_SIZE);
	const char *wrong;
	size_t len;

	if (text == NULL) {
		why_set(why, "out of memory");
		return false;
	}
	if (!secret_read(path, text, FILE_SIZE, &len, why)) {
		free(text);
		return false;
	}
	wrong = s3_keys_read(keys, text, len, section);
	explicit_bzero(text, FILE_SIZE);
	free(text);
	if (wrong != NULL)
		why_set(why, "%s, section %s: %s", path, section, wrong);
	return wrong == NULL;
}

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : "";
}

static bool
load_environment(struct s3_keys *keys, struct why *why)
{
	for (size_t i = 0; i < WORDS; i++) {
		const char *value = variable(words[i].variable);
		const char *wrong =
		    set_word(keys, &words[i], value, strlen(value));

		if (wrong != NULL) {
			why_set(why, "%s: %s", words[i].variable, wrong);
			return false;
		}
	}
	if (check(keys) == NULL)
		return true;
	why_set(why, "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
	return false;
}

static bool
load(struct s3_keys *keys, const char *path, struct why *why)
{
	const char *section = variable("AWS_PROFILE");
	char file[PATH_SIZE];
	int n = 0;

	section = *section != '\0' && *path == '\0' ? section : "default";
	if (*path == '\0' && *variable("AWS_ACCESS_KEY_ID") != '\0')
		return load_environment(keys, why);
	if (*path == '\0')
		path = variable("AWS_SHARED_CREDENTIALS_FILE");
	if (*path == '\0' && *variable("HOME") != '\0') {
		n = snprintf(file, sizeof file, "%s/.aws/credentials",
		    variable("HOME"));
		path = file;
	}
	if (*path != '\0' && n >= 0 && (size_t)n < sizeof file)
		return load_file(keys, path, section, why);
	why_set(why, "there are none: name a file with s3-keys");
	return false;
}

bool
s3_keys_load(struct s3_keys *keys, const char *path, struct why *why)
{
	memset(keys, 0, sizeof *keys);
	if (load(keys, path, why))
		return true;
	s3_keys_wipe(keys);
	return false;
}
