/*
 * imgfcgi-url: makes keys, mints and explains URLs, prints the tables.
 * Keys come from files only: a command line can be read by others.
 */
#include "config.h"

#include <sys/stat.h>

#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "image/encoders.h"
#include "serve/metrics.h"
#include "serve/options.h"
#include "url/escape.h"
#include "url/params.h"
#include "url/seal.h"

#define URL_MAX 16384

enum {
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2
};

struct arguments {
	const char *key_file, *site, *clear;
	int count;
	char *const *word;
	struct seal_ring ring; /* loaded where the row says so; wiped by main */
	void (*dump)(FILE *, enum dump_style); /* the row's */
};

struct command {
	const char *name, *usage, *text;
	int min, max; /* words it takes */
	bool keys;    /* needs --key-file */
	int (*run)(struct arguments *);
	void (*dump)(FILE *, enum dump_style); /* of a table; else NULL */
};

static int run_keygen(struct arguments *);
static int run_mint(struct arguments *);
static int run_open(struct arguments *);
static int run_table(struct arguments *);

#define STYLES "[text|markdown|mdoc]"

static const struct command commands[] = {
	{ "keygen", "[ID]",
	    "Print a new line for a key file; ID is 0 to 255, else 1.", 0, 1,
	    false, run_keygen, NULL },
	{ "mint",
	    "--key-file FILE [--site NAME] [--clear TEXT] PATH NAME=VALUE...",
	    "Seal parameters for one picture and print its URL.\n"
	    "PATH is plain, as the visitor's browser asks for it, without "
	    "%XX.\n"
	    "Parameters: words, or one text 'w=640&f=webp'. Those of --clear "
	    "stay readable.",
	    2, 64, true, run_mint, NULL },
	{ "open", "--key-file FILE [--site NAME] URL | PATH TOKEN",
	    "Say what a token holds, or why it does not open.", 1, 2, true,
	    run_open, NULL },
	{ "params", STYLES, "Print the table of parameters.", 0, 1, false,
	    run_table, params_dump },
	{ "options", STYLES, "Print the table of the daemon's options.", 0, 1,
	    false, run_table, options_dump },
	{ "status", STYLES, "Print the table of answers.", 0, 1, false,
	    run_table, status_dump },
	{ "encoders", STYLES, "Print the table of formats as they are written.",
	    0, 1, false, run_table, encoders_dump },
	{ "usual", STYLES, "Print the options that most sites touch.", 0, 1,
	    false, run_table, options_dump_first },
	{ "counters", STYLES, "Print the table of counters.", 0, 1, false,
	    run_table, metrics_dump },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void
complain(const char *what, const char *detail)
{
	fprintf(stderr, "imgfcgi-url: %s%s%s\n", what,
	    detail[0] != '\0' ? ": " : "", detail);
}

static int
run_keygen(struct arguments *a)
{
	struct stat st;
	int64_t id = 1;

	if (a->count > 0 &&
	    !num_parse(a->word[0], strlen(a->word[0]), 0, UINT8_MAX, &id)) {
		complain("an ID is a number from 0 to 255", a->word[0]);
		return EXIT_USAGE;
	}
	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)))
		complain("others may read this file; chmod 600 it", "");
	seal_keygen(stdout, (uint8_t)id);
	return 0;
}

/*
 * The path as the server will see it: slashes merged.  False for one that
 * no request has, since a server resolves dots before it asks us.
 */
static bool
clean_path(const char *path, struct buf *out)
{
	if (path[0] != '/') {
		complain("a path begins with a slash", path);
		return false;
	}
	while (*path != '\0') {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if ((n == 1 || n == 2) && strncmp(path, "..", n) == 0) {
			complain("no . or .. in a path", path);
			return false;
		}
		buf_char(out, '/');
		buf_add(out, path, n);
		path += n;
	}
	return true;
}

/* Words joined as one text. */
static void
join_words(char *const *word, int count, struct buf *out)
{
	for (int i = 0; i < count; i++) {
		if (i > 0)
			buf_char(out, '&');
		buf_str(out, word[i]);
	}
}

/* Parse text; canonical: what it says in the table's order and spelling. */
static bool
read_params(const char *text, unsigned int flags, struct params *params,
    struct buf *canonical)
{
	struct query query;
	struct why why = { "" };

	if (params_parse(&query, text, strlen(text), flags, &why) !=
	    STATUS_OK) {
		complain("refused", why.text);
		return false;
	}
	if (query.token != NULL) {
		complain("refused", "hash does not stand in the clear part");
		return false;
	}
	*params = query.params;
	params_format(params, canonical);
	return true;
}

/* What stands in the clear must not be refused beside what is sealed. */
static bool
check_clear(const struct params *sealed, const struct params *clear)
{
	for (int p = 0; p < PARAM_MAX; p++) {
		const struct param_def *def = param_def((enum param)p);

		if (!(clear->set & PARAM_BIT(p)))
			continue;
		if (def->flags & PARAM_SEALED) {
			complain("only sealed, never in the clear", def->name);
			return false;
		}
		if (sealed->set & PARAM_BIT(p)) {
			complain("sealed and in the clear", def->name);
			return false;
		}
	}
	return true;
}

static void
print_url(const struct buf *path, const struct buf *clear,
    const struct buf *token)
{
	struct buf url;

	buf_init(&url, URL_MAX);
	escape_add(&url, buf_cstr(path), path->len, ESCAPE_PATH);
	printf("%s?%s%shash=%s\n", buf_cstr(&url), buf_cstr(clear),
	    clear->len > 0 ? "&" : "", buf_cstr(token));
	buf_free(&url);
}

/*
 * The text is sealed in canonical order but not normalised: a parameter
 * without effect here (fit=inside, or fit before the visitor adds w and h)
 * still closes its name to the clear part.
 */
static bool
mint_url(const struct arguments *a, struct buf *path, struct buf *words,
    struct buf *sealed, struct buf *clear, struct buf *token)
{
	struct params in, out;
	enum status st;

	if (!clean_path(a->word[0], path))
		return false;
	join_words(a->word + 1, a->count - 1, words);
	if (!buf_ok(path) || !buf_ok(words)) {
		complain("refused", "path or parameters are too long");
		return false;
	}
	if (!read_params(buf_cstr(words), PARAMS_SEALED_TEXT, &in, sealed) ||
	    !read_params(a->clear, PARAMS_STRICT, &out, clear) ||
	    !check_clear(&in, &out))
		return false;
	if (in.set == 0) {
		complain("refused", "nothing to seal");
		return false;
	}
	if (in.exp != 0 && in.exp <= clock_now())
		complain("note", "exp has passed already");
	st = seal_mint(&a->ring, a->site, buf_cstr(path), buf_cstr(sealed),
	    sealed->len, token);
	if (st != STATUS_OK || !buf_ok(clear))
		complain("refused",
		    st == STATUS_BAD_PARAM
		        ? "site has other letters than A-Z a-z 0-9 . _ -, or "
		          "something is too long"
		        : status_def(st)->text);
	return st == STATUS_OK && buf_ok(clear);
}

static int
run_mint(struct arguments *a)
{
	struct buf path, words, sealed, clear, token;
	bool ok;

	buf_init(&path, 4096);
	buf_init(&words, 4096);
	buf_init(&sealed, SEAL_TEXT_MAX);
	buf_init(&clear, PARAMS_TEXT_MAX);
	buf_init(&token, SEAL_TOKEN_MAX);
	ok = mint_url(a, &path, &words, &sealed, &clear, &token);
	if (ok)
		print_url(&path, &clear, &token);
	buf_free(&path);
	buf_free(&words);
	buf_free(&sealed);
	buf_free(&clear);
	buf_free(&token);
	return ok ? 0 : EXIT_REFUSED;
}

/* For a terminal: whoever holds a key can seal any byte. */
static void
print_escaped(const char *head, const char *s, size_t len)
{
	fputs(head, stdout);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f)
			printf("\\x%02x", c);
		else
			putchar(c);
	}
	putchar('\n');
}

/* What an opened text asks for; the exit code. */
static int
explain_text(const char *text, size_t len)
{
	struct query query;
	struct why why = { "" };
	char date[CLOCK_DATE_MAX];

	print_escaped("text: ", text, len);
	if (params_parse(&query, text, len, PARAMS_SEALED_TEXT, &why) !=
	    STATUS_OK) {
		print_escaped("refused: ", why.text, strlen(why.text));
		return EXIT_REFUSED;
	}
	if (query.params.exp == 0) {
		puts("exp: never");
		return 0;
	}
	clock_date(date, query.params.exp);
	printf("exp: %s%s\n", date,
	    query.params.exp <= clock_now() ? " (has passed)" : "");
	return 0;
}

static int
open_token(const struct arguments *a, const char *path, const char *token,
    size_t len)
{
	struct buf clean;
	char text[SEAL_TEXT_MAX + 1];
	struct why why = { "" };
	uint8_t head[3]; /* version, key id, and one byte of the nonce */
	enum status st;
	size_t text_len;

	buf_init(&clean, 4096);
	if (!clean_path(path, &clean) || !buf_ok(&clean)) {
		buf_free(&clean);
		return EXIT_REFUSED;
	}
	if (len >= 4 &&
	    sodium_base642bin(head, sizeof head, token, 4, NULL, NULL, NULL,
	        sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0)
		printf("key: %d\n", head[1]);
	printf("site: %s\n", a->site);
	print_escaped("path: ", buf_cstr(&clean), clean.len);
	st = seal_open(&a->ring, a->site, buf_cstr(&clean), token, len, text,
	    &text_len, &why);
	buf_free(&clean);
	if (st != STATUS_OK) {
		printf("refused: %s\n", why.text);
		return EXIT_REFUSED;
	}
	return explain_text(text, text_len);
}

/* The path of a URL, which begins after scheme and host where it has them. */
static const char *
find_path(const char *url)
{
	size_t n = strcspn(url, "/?#");

	if (n == 0 || url[n - 1] != ':' || strncmp(url + n, "//", 2) != 0)
		return url;
	url += n + 2;
	return url + strcspn(url, "/?#");
}

/* The token of a URL's query, or token itself where one is given. */
static const char *
find_token(const char *url, size_t *len)
{
	const char *p = url + strcspn(url, "?#");

	while (*p == '?' || *p == '&') {
		p++;
		*len = strcspn(p, "&#");
		if (*len > 5 && strncmp(p, "hash=", 5) == 0) {
			*len -= 5;
			return p + 5;
		}
		p += *len;
	}
	return NULL;
}

static int
run_open(struct arguments *a)
{
	const char *url = find_path(a->word[0]), *token;
	struct buf path;
	size_t len;
	bool plain = a->count == 2 && url == a->word[0];
	int code;

	token = a->count == 2 ? a->word[1] : find_token(url, &len);
	if (token == NULL) {
		complain("no hash= in this URL", a->word[0]);
		return EXIT_REFUSED;
	}
	if (a->count == 2)
		len = strlen(token);
	if (plain) /* as mint takes it */
		return open_token(a, url, token, len);
	buf_init(&path, 4096);
	if (!escape_undo(&path, url, strcspn(url, "?#")) || !buf_ok(&path)) {
		complain("not a URL", a->word[0]);
		code = EXIT_REFUSED;
	} else
		code = open_token(a, buf_cstr(&path), token, len);
	buf_free(&path);
	return code;
}

static int
run_table(struct arguments *a)
{
	static const char *const styles[] = { [DUMP_TEXT] = "text",
		[DUMP_MARKDOWN] = "markdown",
		[DUMP_MDOC] = "mdoc" };

	for (int i = 0; i < (int)(sizeof styles / sizeof styles[0]); i++) {
		if (a->count == 0 || strcmp(a->word[0], styles[i]) == 0) {
			a->dump(stdout, (enum dump_style)i);
			return 0;
		}
	}
	complain("not a style: text, markdown or mdoc", a->word[0]);
	return EXIT_USAGE;
}

static void
print_usage(FILE *out)
{
	fputs("usage:\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  imgfcgi-url %s %s\n", commands[i].name,
		    commands[i].usage);
	fputs("  imgfcgi-url --help | --version\n", out);
}

static void
print_help(void)
{
	print_usage(stdout);
	for (size_t i = 0; i < COMMANDS; i++)
		printf("\n%s:\n%s\n", commands[i].name, commands[i].text);
	puts("\nExit codes: 0, 1 refused or a token that does not open, 2 "
	     "usage.");
}

static bool
read_options(struct arguments *a, const struct command *command, int argc,
    char *argv[])
{
	static const struct option options[] = {
		{ "clear", required_argument, NULL, 'c' },
		{ "key-file", required_argument, NULL, 'k' },
		{ "site", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?' || !command->keys)
			return false;
		if (c == 'c' && command->run != run_mint)
			return false;
		if (c == 'c')
			a->clear = optarg;
		else if (c == 'k')
			a->key_file = optarg;
		else
			a->site = optarg;
	}
	a->count = argc - optind;
	a->word = argv + optind;
	return a->count >= command->min && a->count <= command->max &&
	    (a->key_file != NULL || !command->keys);
}

static int
run_command(const struct command *command, int argc, char *argv[])
{
	struct arguments a = { .site = "", .clear = "", .dump = command->dump };
	struct why why = { "" };
	int code;

	if (!read_options(&a, command, argc, argv)) {
		fprintf(stderr, "usage: imgfcgi-url %s %s\n", command->name,
		    command->usage);
		return EXIT_USAGE;
	}
	if (command->keys && !seal_ring_load(&a.ring, a.key_file, &why)) {
		complain(why.text, "");
		return EXIT_REFUSED;
	}
	code = command->run(&a);
	seal_ring_wipe(&a.ring);
	return code;
}

static int
run_word(int argc, char *argv[])
{
	const char *word = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(word, commands[i].name) == 0)
			return run_command(&commands[i], argc - 1, argv + 1);
	}
	if (strcmp(word, "--help") == 0) {
		print_help();
		return 0;
	}
	if (strcmp(word, "--version") == 0) {
		puts("imgfcgi-url " PACKAGE_VERSION);
		return 0;
	}
	print_usage(stderr);
	return EXIT_USAGE;
}

int
main(int argc, char *argv[])
{
	int code;

	if (sodium_init() < 0) {
		complain("libsodium does not start", "");
		return EXIT_REFUSED;
	}
	code = run_word(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("cannot write", "");
		return EXIT_REFUSED;
	}
	return code;
}
