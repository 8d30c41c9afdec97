#include "serve/config.h"

#include <stdlib.h>
#include <unistd.h>

#include "test.h"

#define L __LINE__

static bool
parse(struct config *config, const char *text, const char *const *words,
    struct why *why)
{
	return config_parse(config, "f", text, words, why);
}

#define LONG8  "12345678"
#define LONG64 LONG8 LONG8 LONG8 LONG8 LONG8 LONG8 LONG8 LONG8

/* Texts, and the one line that each is answered with; "" is accepted. */
static void
texts(void)
{
	static const struct {
		int line;
		const char *text, *why;
	} rows[] = {
		{ L, "", "" },
		{ L, "\n\n", "" },
		{ L, "# a\n \t# b\n\n", "" },
		{ L, "#\r x\n", "" },
		{ L, "root = /a", "" },
		{ L, "root=/a\n", "" },
		{ L, "\troot\t=\t/a \t\n", "" },
		{ L, "root =\n", "" },
		{ L, "root = a=b = c\n", "" },
		{ L, "[site a]\n[site B.c_d-9]\n", "" },
		{ L, " [ site  a ] \nroot = /a\n", "" },
		{ L, "root = /a\n[site a]\nroot = /b\n[site b]\nroot = /c\n",
		    "" },
		{ L, "#\n\nroots = /a\n", "f:3: no such option: roots" },
		{ L, "Root = /a\n", "f:1: no such option: Root" },
		{ L, "\xef\xbb\xbfroot = /a\n",
		    "f:1: no such option: ???root" },
		{ L, "a b\033 = 1\n", "f:1: no such option: a?b?" },
		{ L, LONG64 " = 1\n",
		    "f:1: no such option: " LONG8 LONG8 LONG8 LONG8 "1234567" },
		{ L, "root /a\n", "f:1: a line is written OPTION = VALUE" },
		{ L, "root\n", "f:1: a line is written OPTION = VALUE" },
		{ L, "x] = [\n", "f:1: no such option: x]" },
		{ L, " = /a\n", "f:1: no option's name before =" },
		{ L, "root = /a\r\n",
		    "f:1: the line ends with a carriage return: save the file "
		    "with Unix line ends" },
		{ L, "\n\r\n",
		    "f:2: the line ends with a carriage return: save the file "
		    "with Unix line ends" },
		{ L, "root = /a\rb\n", "f:1: root: a control character" },
		{ L, "queue = 5 # five\n",
		    "f:1: queue: '5 # five' is no number from 1 to 10000" },
		{ L, "queue =\n",
		    "f:1: queue: '' is no number from 1 to 10000" },
		{ L, "queue = 1\rroot = 2\n",
		    "f:1: queue: '1?root = 2' is no number from 1 to 10000" },
		{ L, "root = a\nqueue = 1\nroot = a\n",
		    "f:3: root is given twice, first on line 1" },
		{ L, "root = a\n[site x]\nroot = b\n\nroot = c\n",
		    "f:5: root is given twice, first on line 3" },
		{ L, "[site x]\nroot = b\n[site y]\nqueue = 2\n",
		    "f:4: queue is not a site's: put it above [site x]" },
		{ L, "[]\n", "f:1: a section is written [site NAME]" },
		{ L, "[\n", "f:1: a section is written [site NAME]" },
		{ L, "[site]\n", "f:1: a section is written [site NAME]" },
		{ L, "[site ]\n", "f:1: a section is written [site NAME]" },
		{ L, "[sitea]\n", "f:1: a section is written [site NAME]" },
		{ L, "[site a\n", "f:1: a section is written [site NAME]" },
		{ L, "[site a] # b\n",
		    "f:1: a section is written [site NAME]" },
		{ L, "[location a]\n",
		    "f:1: a section is written [site NAME]" },
		{ L, "[Site a]\n", "f:1: a section is written [site NAME]" },
		{ L, "[site a b]\n",
		    "f:1: a site's name has letters, digits, . _ and - only" },
		{ L, "[site a/b]\n",
		    "f:1: a site's name has letters, digits, . _ and - only" },
		{ L, "[site \xc3\xa4]\n",
		    "f:1: a site's name has letters, digits, . _ and - only" },
		{ L, "[site " LONG64 "]\n",
		    "f:1: a site's name has at most 63 bytes" },
		{ L, "[site a]\n[site b]\n[site a]\n",
		    "f:3: there is a site a already" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct config *config = config_new();
		struct why why = { "" };

		CHECK_AT(rows[i].line,
		    parse(config, rows[i].text, NULL, &why) ==
		        (*rows[i].why == '\0'));
		EQ_STR_AT(rows[i].line, why.text, rows[i].why);
		config_free(config);
	}
}

/* Words of the command line. */
static void
words(void)
{
	static const struct {
		int line;
		const char *word, *why;
	} rows[] = {
		{ L, "root=/a", "" },
		{ L, "root=", "" },
		{ L, "open=", "" },
		{ L, "root=a=b", "" },
		{ L, "roots=/a", "--roots: no such option" },
		{ L, "", "--: no such option" },
		{ L, "=x", "--: no such option" },
		{ L, "root =/a", "--root : no such option" },
		{ L, "a\nb=1", "--a?b: no such option" },
		{ L, "root", "--root: needs a value: --root=DIR" },
		{ L, "queue=0", "--queue: '0' is no number from 1 to 10000" },
		{ L, "queue=1\n2",
		    "--queue: '1?2' is no number from 1 to 10000" },
		{ L, "root=a\nb", "--root: a control character" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *const list[] = { rows[i].word, NULL };

		/* With a file, without one, and before a section. */
		for (int way = 0; way < 3; way++) {
			struct config *config = config_new();
			struct why why = { "" };
			bool ok;

			if (way == 0)
				ok = config_load(config, NULL, list, &why);
			else
				ok = parse(config,
				    way == 1 ? "" : "[site a]\nroot = b\n",
				    list, &why);
			CHECK_AT(rows[i].line, ok == (*rows[i].why == '\0'));
			EQ_STR_AT(rows[i].line, why.text, rows[i].why);
			config_free(config);
		}
	}
}

/* File above the sections < command line < section; later word < none. */
static void
precedence(void)
{
	static const char *const list[] = { "fresh=2s", "max-age=5s",
		"max-age=6s", "queue=20", NULL };
	struct config *config = config_new();
	const struct site *a, *b;

	CHECK(parse(config,
	    "fresh = 1s\nqueue = 10\nerrors = precise\nroot = /top\n"
	    "[site a]\nfresh = 3s\nroot = /a\n"
	    "[site b]\nmax-age = 7s\n",
	    list, NULL));
	a = config_site(config, "a");
	b = config_site(config, "b");
	if (!CHECK(a != NULL && b != NULL))
		return;
	CHECK(config_site(config, "") == &config->site[0]);
	CHECK(config_site(config, "c") == NULL);
	CHECK(config_site(config, "A") == NULL);
	EQ_INT(config->sites, 3);
	EQ_INT(config->queue, 20);
	EQ_INT(config->site[0].fresh_ms, 2000);
	EQ_INT(config->site[0].max_age_ms, 6000);
	EQ_INT(a->fresh_ms, 3000);
	EQ_INT(a->max_age_ms, 6000);
	/* A section starts from the top, not from the one before it. */
	EQ_INT(b->fresh_ms, 2000);
	EQ_INT(b->max_age_ms, 7000);
	EQ_STR(config->site[0].root, "/top");
	EQ_STR(a->root, "/a");
	EQ_STR(b->root, "/top");
	EQ_INT(b->errors, ERRORS_PRECISE);
	EQ_STR(b->name, "b");
	config_free(config);
}

static void
add_sites(struct buf *text, int count)
{
	for (int i = 0; i < count; i++)
		buf_printf(text, "[site s%d]\n", i);
}

/* As many sites, bytes and bytes a line as there is room for, and one more. */
static void
room(void)
{
	struct buf text;
	struct why why;

	for (int more = 0; more < 2; more++) {
		struct config *config = config_new();

		buf_init(&text, CONFIG_TEXT_MAX + 1);
		add_sites(&text, CONFIG_SITES_MAX - 1 + more);
		CHECK(parse(config, buf_cstr(&text), NULL, &why) == !more);
		if (more)
			EQ_STR(why.text, "f:64: more than 63 sites");
		buf_clear(&text);
		buf_printf(&text, "#%0*d\n", 2047 + more, 0);
		CHECK(parse(config, buf_cstr(&text), NULL, &why) == !more);
		if (more)
			EQ_STR(why.text, "f:1: a line longer than 2048 bytes");
		buf_clear(&text);
		while (text.len < CONFIG_TEXT_MAX + (size_t)more)
			buf_char(&text, '\n');
		CHECK(parse(config, buf_cstr(&text), NULL, &why) == !more);
		if (more)
			EQ_STR(why.text, "f: longer than 131072 bytes");
		buf_free(&text);
		config_free(config);
	}
}

/* A file's message keeps its end and the cause, however long its name. */
static void
long_names(void)
{
	struct config *config = config_new();
	char name[1000];
	struct why why = { "" };

	memset(name, 'a', sizeof name);
	memcpy(name + sizeof name - 6, "\n.conf", 6);
	name[sizeof name - 1] = '\0';
	CHECK(!config_parse(config, name, "queue = 0\n", NULL, &why));
	CHECK(strstr(why.text, "aaa?.con:1: queue: '0' is no") != NULL);
	CHECK(!config_load(config, name, NULL, &why));
	CHECK(strstr(why.text, ".con: cannot be read: ") != NULL);
	CHECK(strchr(why.text, '\n') == NULL);
	config_free(config);
}

/* What a file of these bytes is answered with. */
static void
load_bytes(const char *path, const char *bytes, size_t len, const char *want)
{
	struct config *config = config_new();
	FILE *file = fopen(path, "w");
	struct why why = { "" };
	const char *got = why.text;

	fwrite(bytes, 1, len, file);
	fclose(file);
	CHECK(config_load(config, path, NULL, &why) == (*want == '\0'));
	if (strncmp(got, path, strlen(path)) == 0)
		got += strlen(path);
	EQ_STR(got, want);
	config_free(config);
}

static void
files(void)
{
	char dir[] = "/tmp/t_config.XXXXXX", path[64];
	struct config *config = config_new();
	char *big = malloc(CONFIG_TEXT_MAX + 1);
	struct why why;

	memset(big, '\n', CONFIG_TEXT_MAX + 1);
	if (!CHECK(mkdtemp(dir) != NULL))
		return;
	snprintf(path, sizeof path, "%s/conf", dir);
	CHECK(!config_load(config, path, NULL, &why));
	CHECK(strstr(why.text, "/conf: cannot be read: ") != NULL);
	CHECK(!config_load(config, dir, NULL, &why));
	CHECK(strstr(why.text, ": cannot be read: ") != NULL);
	load_bytes(path, "", 0, "");
	load_bytes(path, "root = /a", 9, "");
	load_bytes(path, "queue = x\n", 10,
	    ":1: queue: 'x' is no number from 1 to 10000");
	load_bytes(path, "\0", 1, ":1: a NUL byte");
	load_bytes(path, "root = /a\nqueue = 5\n#\0\n", 23, ":3: a NUL byte");
	load_bytes(path, big, CONFIG_TEXT_MAX, "");
	load_bytes(path, big, CONFIG_TEXT_MAX + 1,
	    ": longer than 131072 bytes");
	unlink(path);
	rmdir(dir);
	free(big);
	config_free(config);
}

static void
settle(void)
{
	static const struct {
		int line;
		const char *text, *why;
	} rows[] = {
		{ L, "root = /a\n", "" },
		{ L, "[site a]\nroot = /a\n", "" },
		{ L, "", "no site has a root: give --root=DIR" },
		{ L, "[site a]\nfresh = 1s\n",
		    "no site has a root: give --root=DIR" },
		{ L, "root = a\nconverters = 2\nqueue = 10\nthreads = 28\n",
		    "" },
		{ L, "root = a\nconverters = 2\nqueue = 10\nthreads = 27\n",
		    "threads = 27 is too few: 2 converters and a queue of 10 "
		    "need at least 28" },
		{ L,
		    "root = a\nisolation = none\nconverters = 1\nqueue = 1\n"
		    "threads = 17\n",
		    "threads = 17 is too few: 1 converters and a queue of 1 "
		    "need at least 18" },
		{ L, "root = a\nconverters = 256\nqueue = 10000\n", "" },
		{ L, "root = a\nsocket = sock\n", "" },
		{ L, "root = a\nsocket = ./a:1\n", "" },
		{ L, "root = a\nsocket = /" LONG64 LONG8 LONG8 LONG8 "\n", "" },
		{ L, "root = a\nsocket = 127.0.0.1:9000\ntcp = yes\n", "" },
		{ L, "root = a\nsocket = [::1]:65535\ntcp = yes\n", "" },
		{ L, "root = a\nsocket = /run/a\ntcp = yes\n", "" },
		{ L, "root = a\nsocket = 127.0.0.1:9000\n",
		    "socket: 127.0.0.1:9000 is TCP and needs tcp = yes" },
		{ L, "root = a\nsocket = 0.0.0.0:9000\ntcp = yes\n",
		    "socket: '0.0.0.0:9000' is no path, 127.0.0.1:PORT or "
		    "[::1]:PORT" },
		{ L, "root = a\nsocket = :9000\n",
		    "socket: ':9000' is no path, 127.0.0.1:PORT or "
		    "[::1]:PORT" },
		{ L, "root = a\nsocket = 127.0.0.1:0\ntcp = yes\n",
		    "socket: '127.0.0.1:0' is no path, 127.0.0.1:PORT or "
		    "[::1]:PORT" },
		{ L, "root = a\nsocket = 127.0.0.1:65536\ntcp = yes\n",
		    "socket: '127.0.0.1:65536' is no path, 127.0.0.1:PORT or "
		    "[::1]:PORT" },
		{ L, "root = a\nwidths = 8192\n", "" },
		{ L, "root = a\nwidths = 1 8193\n",
		    "widths: 8193 is larger than output-side = 8192" },
		{ L,
		    "root = a\n[site x]\nheights = 7\noutput-side = 6\n"
		    "widths = 5\n",
		    "x: heights: 7 is larger than output-side = 6" },
		{ L, "widths = 9000\n[site x]\nwidths = 5\nroot = /a\n", "" },
		{ L, "root = a\nfresh = 1500ms\n",
		    "fresh and max-age are whole seconds" },
		{ L, "root = a\n[site x]\nmax-age = 1ms\n",
		    "x: fresh and max-age are whole seconds" },
		{ L, "root = a\nopen =\n",
		    "open: sealed URLs alone need a key-file" },
		{ L, "root = a\nopen =\nkey-file = k\n", "" },
		{ L, "root = a\nopen = w\n", "" },
		{ L, "origin = https://h\n", "" },
		{ L, "[site a]\norigin = https://h\n", "" },
		{ L,
		    "origin = https://h\nmax-bytes = 10M\norigin-memory = 9M\n",
		    "origin-memory is less than max-bytes" },
		{ L, "root = a\nmax-bytes = 10M\norigin-memory = 9M\n", "" },
		/* Five for each fetch of each such site. */
		{ L,
		    "root = a\nconverters = 2\nqueue = 10\nthreads = 53\n"
		    "fetches = 3\n[site x]\norigin = https://h\nfetches = 5\n",
		    "" },
		{ L,
		    "root = a\nconverters = 2\nqueue = 10\nthreads = 52\n"
		    "fetches = 3\n[site x]\norigin = https://h\nfetches = 5\n",
		    "threads = 52 is too few: 2 converters and a queue of 10 "
		    "and the fetches from origins need at least 53" },
		{ L, "root = a\n[site x]\nopen =\n",
		    "x: open: sealed URLs alone need a key-file" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct config *config = config_new();
		struct why why = { "" };

		CHECK_AT(rows[i].line, parse(config, rows[i].text, NULL, NULL));
		CHECK_AT(rows[i].line,
		    config_settle(config, &why) == (*rows[i].why == '\0'));
		EQ_STR_AT(rows[i].line, why.text, rows[i].why);
		if (*rows[i].why == '\0') {
			CHECK_AT(rows[i].line, config->converters > 0);
			CHECK_AT(rows[i].line,
			    config->threads >=
			        config->converters + config->queue + 16);
		}
		config_free(config);
	}
}

static void
settle_derives(void)
{
	struct config *config = config_new();
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	CHECK(parse(config, "root = a\nqueue = 5\n", NULL, NULL));
	CHECK(config_settle(config, NULL));
	EQ_INT(config->converters, cores < 256 ? cores : 256);
	EQ_INT(config->threads, config->converters + 5 + 32);
	/* Settled is settled: the other roles do it again. */
	CHECK(config_settle(config, NULL));
	EQ_INT(config->threads, config->converters + 5 + 32);
	config_free(config);
	config = config_new();
	CHECK(config_load(config, NULL,
	    (const char *const[]){ "socket=/" LONG64 LONG64, "root=a", NULL },
	    NULL));
	CHECK(!config_settle(config, NULL));
	config_free(config);
}

/* More text than the other roles would read is refused, not cut. */
static void
settle_size(void)
{
	struct config *config = config_new();
	struct why why = { "" };

	config->sites = CONFIG_SITES_MAX;
	for (uint32_t i = 0; i < CONFIG_SITES_MAX; i++) {
		struct site *site = &config->site[i];

		*site = config->site[0];
		snprintf(site->name, sizeof site->name, "s%u", i);
		memset(site->root, 'a' + (int)i % 26, CONFIG_PATH_MAX - 1);
	}
	config->site[0].name[0] = '\0';
	CHECK(config_settle(config, &why));
	for (uint32_t i = 1; i < CONFIG_SITES_MAX; i++)
		memset(config->site[i].key_file, 'k', CONFIG_PATH_MAX - 1);
	CHECK(config_settle(config, &why));
	EQ_STR(why.text, "");
	for (uint32_t i = 1; i < CONFIG_SITES_MAX; i++) {
		memset(config->site[i].prefix, 'p', CONFIG_PATH_MAX - 1);
		config->site[i].prefix[0] = '/';
	}
	CHECK(!config_settle(config, &why));
	EQ_STR(why.text, "the configuration is longer than 131072 bytes");
	config_free(config);
}

int
main(void)
{
	texts();
	words();
	precedence();
	room();
	long_names();
	files();
	settle();
	settle_derives();
	settle_size();
	return test_end("t_config");
}
