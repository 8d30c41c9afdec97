/*
 * The daemon's start-up ladder: descriptors, options, configuration, keys,
 * log, socket, then the master (or, with isolation = none, the front alone).
 * Also --once, -t and the roles that the master executes.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/num.h"
#include "image/pipeline.h"
#include "origin/fetch.h"
#include "serve/converter.h"
#include "serve/front.h"
#include "serve/logfile.h"
#include "serve/master.h"
#include "serve/once.h"
#include "serve/options.h"
#include "serve/origins.h"
#include "serve/platform.h"
#include "serve/sandbox.h"
#include "serve/settings.h"
#include "serve/socket.h"

#define OVERRIDES_MAX 128
#define NOFILE_WANTED 65536
#define INHERITED_MAX 65536 /* descriptors above are not looked for */

enum {
	EXIT_USAGE = 2
};

/* What the command line says. */
struct command {
	const char *config_path;
	const char *overrides[OVERRIDES_MAX + 1];
	size_t count;
	bool test;
	struct once_request once; /* path NULL: none */
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "imgfcgi: %s\n", what);
	exit(1);
}

/*
 * Descriptors 0 to 2 exist, so that nothing of ours lands there; those that
 * were closed still cannot be used, so that a lost picture is an error.
 * What else a launcher left open is no business of our children.
 */
static void
settle_descriptors(void)
{
	struct rlimit files;
	int max = INHERITED_MAX;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null",
		        fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			exit(1);
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur < (rlim_t)max)
		max = (int)files.rlim_cur;
	for (int fd = STDERR_FILENO + 1; fd < max; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void
print_help(void)
{
	printf("usage: imgfcgi [-t] [--config FILE] [--OPTION VALUE ...]\n"
	       "       imgfcgi --once 'PATH?QUERY' [--site NAME] "
	       "[--accept avif|webp]\n"
	       "               [--if-none-match ETAG] > picture\n"
	       "\n"
	       "  -t, --test       check configuration and machine, and exit\n"
	       "  --config FILE    read this configuration file\n"
	       "  --once REQUEST   answer one request: headers to stderr, "
	       "picture to stdout\n"
	       "  --site NAME      for --once: the site that is asked\n"
	       "  --accept TOKEN   for --once: what the browser accepts\n"
	       "  --if-none-match ETAG\n"
	       "                   for --once: what the browser has\n"
	       "  --version        version, libraries and formats\n"
	       "  --help           this text\n"
	       "\n"
	       "Options, here and as \"OPTION = VALUE\" lines of the file:\n"
	       "\n");
	options_usage(stdout);
}

static void
print_formats(const char *title, uint32_t formats)
{
	printf("%s:", title);
	for (int f = 0; f < FORMAT_MAX; f++) {
		if (formats & FORMAT_BIT(f))
			printf(" %s", format_def((enum format)f)->name);
	}
	putchar('\n');
}

/* The exit code after something was printed. */
static int
printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	perror("imgfcgi: standard output");
	return 1;
}

static int
print_version(void)
{
	struct buf text;
	struct why why;

	if (!pipeline_init(pipeline_readable(), &why))
		die(why.text);
	buf_init(&text, 4096);
	pipeline_versions(&text);
	printf("imgfcgi %s\n%s\n", PACKAGE_VERSION, buf_cstr(&text));
	if (fetch_version()[0] != '\0')
		printf("%s\n", fetch_version());
	print_formats("reads", pipeline_readable());
	print_formats("writes", pipeline_writable());
	buf_free(&text);
	pipeline_end();
	return printed();
}

static const char *
next_word(int argc, char **argv, int *i)
{
	if (*i + 1 < argc)
		return argv[++*i];
	fprintf(stderr, "imgfcgi: %s needs a value\n", argv[*i]);
	exit(EXIT_USAGE);
}

/* "--name=value" as it stands, "--name value" joined: "name=value". */
static void
add_override(struct command *c, int argc, char **argv, int *i)
{
	const char *word = argv[*i] + 2, *eq = strchr(word, '=');
	size_t len = eq != NULL ? (size_t)(eq - word) : strlen(word);
	const char *value;
	char *joined;
	size_t size;

	if (strncmp(argv[*i], "--", 2) != 0 || option_find(word, len) == NULL) {
		fprintf(stderr, "imgfcgi: no such option: %s (see --help)\n",
		    argv[*i]);
		exit(EXIT_USAGE);
	}
	if (c->count == OVERRIDES_MAX)
		die("too many options");
	if (eq != NULL) {
		c->overrides[c->count++] = word;
		return;
	}
	value = next_word(argc, argv, i);
	size = len + strlen(value) + 2;
	joined = malloc(size);
	if (joined == NULL)
		die("out of memory");
	snprintf(joined, size, "%s=%s", word, value);
	c->overrides[c->count++] = joined;
}

static void
read_command(struct command *c, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (strcmp(word, "-t") == 0 || strcmp(word, "--test") == 0)
			c->test = true;
		else if (strcmp(word, "--help") == 0) {
			print_help();
			exit(printed());
		} else if (strcmp(word, "--version") == 0)
			exit(print_version());
		else if (strcmp(word, "--config") == 0)
			c->config_path = next_word(argc, argv, &i);
		else if (strcmp(word, "--once") == 0)
			c->once.target = next_word(argc, argv, &i);
		else if (strcmp(word, "--site") == 0)
			c->once.site = next_word(argc, argv, &i);
		else if (strcmp(word, "--accept") == 0)
			c->once.accept = next_word(argc, argv, &i);
		else if (strcmp(word, "--if-none-match") == 0)
			c->once.etag = next_word(argc, argv, &i);
		else
			add_override(c, argc, argv, &i);
	}
}

/* Threads need a connection and a source each. */
static int
files_needed(const struct config *config)
{
	return config->threads * 2 + config->converters + 64;
}

static struct rlimit
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return (struct rlimit){ 0, 0 };
	if (files.rlim_cur < NOFILE_WANTED) {
		files.rlim_cur = files.rlim_max < NOFILE_WANTED ? files.rlim_max
		                                                : NOFILE_WANTED;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return files;
}

static void
warn_formats(const char *what, uint32_t wanted, uint32_t have)
{
	for (int f = FORMAT_JPEG; f < FORMAT_AUTO; f++) {
		if ((wanted & FORMAT_BIT(f)) && !(have & FORMAT_BIT(f)))
			printf("warning: this libvips cannot %s %s\n", what,
			    format_def((enum format)f)->name);
	}
}

/* The log, and what the user may read: this process becomes that user. */
static void
test_files(const struct settings *settings)
{
	struct why why = { "cannot become the user" };
	int log = logfile_open(settings->config, &why);

	if (log < 0 || !settings_drop(settings) ||
	    !origins_check(settings->config, &why))
		die(why.text);
	close(log);
}

/* -t: everything that start-up would need, and what the machine lacks. */
static int
test_all(const struct settings *settings)
{
	const struct config *config = settings->config;
	int backlog = platform_backlog_max();
	struct rlimit files = raise_files();
	uint32_t inputs = 0, formats = 0;
	char sandbox[SANDBOX_TEXT_MAX];
	struct why why;

	for (uint32_t i = 0; i < config->sites; i++) {
		inputs |= config->site[i].inputs;
		formats |= config->site[i].policy.formats;
		if (config->site[i].key_file[0] == '\0')
			printf("note: site '%s' has no key-file: every hash "
			       "is refused\n",
			    config->site[i].name);
	}
	if (!socket_check(config, &why) || !pipeline_init(inputs, &why))
		die(why.text);
	warn_formats("read", inputs, pipeline_readable());
	warn_formats("write", formats, pipeline_writable());
	if (backlog >= 0 && backlog < config->backlog)
		printf("warning: backlog is %d, the system gives %d\n",
		    config->backlog, backlog);
	if (files.rlim_cur < (rlim_t)files_needed(config))
		printf("warning: %d open files may be needed, the limit is "
		       "%lu\n",
		    files_needed(config), (unsigned long)files.rlim_cur);
	if (config->user[0] != '\0' && !settings->drops)
		printf("warning: not started as root: user is not changed\n");
	if (config->user[0] == '\0' && geteuid() == 0)
		printf("warning: all processes run as root: name a user\n");
	sandbox_describe(config, sandbox, NULL);
	printf("sandbox: %s\n", sandbox);
	test_files(settings);
	printf("configuration is good: %u site%s, %d threads, %d "
	       "converters\n",
	    config->sites, config->sites == 1 ? "" : "s", config->threads,
	    config->converters);
	pipeline_end();
	return 0;
}

static void
announce_log(const struct config *config)
{
	if (strcmp(config->log, "stderr") == 0 && logfile_is_syslog(log_fd()))
		log_line(LOG_LEVEL_INFO,
		    "standard error is /dev/null: the log goes here");
}

/* Does not return before the daemon has ended; the settings are its own. */
static int
serve(const struct command *command, struct settings *settings,
    const char *argv0)
{
	const struct config *config = settings->config;
	struct listener listener;
	char self[4096];
	struct master_setup setup = { .config_path = command->config_path,
		.overrides = command->overrides,
		.settings = settings,
		.listener = &listener,
		.self = platform_self(argv0, self, sizeof self) };
	struct why why = { "" };
	int log, status;

	if (setup.self == NULL)
		die("start me by a path with a slash in it");
	raise_files();
	log = logfile_open(config, &why);
	if (log < 0 || !socket_listen(config, &listener, &why))
		die(why.text);
	logfile_use(config, log);
	announce_log(config);
	if (config->isolation == ISOLATION_NONE) {
		status = front_run_alone(settings, &listener, &why);
		settings_free(settings);
	} else
		status = master_run(&setup);
	if (status != 0 && why.text[0] != '\0')
		log_line(LOG_LEVEL_ERROR, "%s", why.text);
	socket_close(&listener);
	return status;
}

/* Count numbers, each behind a colon, and nothing else. */
static bool
read_numbers(const char *s, int64_t *value, int count)
{
	for (; count > 0 && *s == ':'; count--) {
		size_t len = strcspn(++s, ":");

		if (!num_parse(s, len, 0, INT64_MAX, value++))
			return false;
		s += len;
	}
	return count == 0 && *s == '\0';
}

/*
 * "--role=front", "--role=converter:INPUTS:SANDBOX:MEMORY": the master's
 * children.
 */
static int
play_role(const char *role)
{
	int64_t number[3];

	if (sodium_init() < 0)
		die("libsodium cannot be initialised");
	if (strcmp(role, "front") == 0)
		return front_run(3, 4);
	if (strncmp(role, "converter", 9) == 0 &&
	    read_numbers(role + 9, number, 3))
		return converter_run((uint32_t)number[0],
		    (enum sandbox)number[1], number[2]);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	static struct command command;
	struct settings *settings;
	struct why why = { "" };
	int status;

	if (argc == 2 && strncmp(argv[1], "--role=", 7) == 0)
		return play_role(argv[1] + 7);
	settle_descriptors();
	if (sodium_init() < 0)
		die("libsodium cannot be initialised");
	read_command(&command, argc, argv);
	settings = settings_load(command.config_path, command.overrides, &why);
	if (settings == NULL)
		die(why.text);
	if (!command.test && command.once.target == NULL)
		return serve(&command, settings, argv[0]);
	status = command.test ? test_all(settings)
	                      : once_run(settings, &command.once);
	settings_free(settings);
	return status;
}
