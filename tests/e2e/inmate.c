/*
 * inmate DIR: what can be done from inside each sandbox.  Every attempt is
 * made by a child of its own, which enters and tries; DIR is a site's root
 * and holds `inside` and a link `way-out` that leads to /etc/passwd.
 */
#include "inmate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/test.h"
#include "serve/sandbox.h"

static struct config *config;

enum role {
	CONVERTER,
	FRONT,
	FETCHER,
	ALONE,
	ONCE
};

static const char *const roles[] = { "converter", "front", "fetcher", "alone",
	"once" };

/* What becomes of an attempt: an errno, or these. */
#define WORKS 0
#define DIES  (-1) /* by SIGSYS */

static const struct {
	int line;
	enum role role;
	attempt_fn *attempt;
	const char *name;
	int want;
} rows[] = {
#define TRY(role, attempt, want)                                               \
	{                                                                      \
		__LINE__, role, attempt, #attempt, want                        \
	}
	TRY(CONVERTER, write_own, WORKS),
	TRY(CONVERTER, open_secret, ENOENT),
	TRY(CONVERTER, open_memory, ENOENT),
	TRY(CONVERTER, open_inside, ENOENT),
	TRY(CONVERTER, open_by_thread, ENOENT),
	TRY(CONVERTER, open_beneath, DIES),
	TRY(CONVERTER, by_handle, DIES),
	TRY(CONVERTER, remove_inside, DIES),
	TRY(CONVERTER, stat_secret, ENOENT),
	TRY(CONVERTER, execute, DIES),
	TRY(CONVERTER, fork_child, DIES),
	TRY(CONVERTER, trace_parent, DIES),
	TRY(CONVERTER, read_parent, DIES),
	TRY(CONVERTER, kill_parent, DIES),
	TRY(CONVERTER, signal_parent, DIES),
	TRY(CONVERTER, signal_self, WORKS),
	TRY(CONVERTER, open_pidfd, DIES),
	TRY(CONVERTER, inet_socket, DIES),
	TRY(CONVERTER, unix_socket, DIES),
	TRY(CONVERTER, socket_pair, DIES),
	TRY(CONVERTER, connect_held, DIES),
	TRY(CONVERTER, bind_held, DIES),
	TRY(CONVERTER, write_file, EBADF),
	TRY(CONVERTER, write_stderr, EBADF),
	TRY(CONVERTER, write_other, EBADF),
	TRY(CONVERTER, writev_file, EBADF),
	TRY(CONVERTER, pwrite_file, DIES),
	TRY(CONVERTER, cut_file, DIES),
	TRY(CONVERTER, send_other, DIES),
	TRY(CONVERTER, map_file, EPERM),
	TRY(CONVERTER, map_code, EPERM),
	TRY(CONVERTER, anonymous_file, DIES),
	TRY(CONVERTER, take_memory, ENOMEM),
	TRY(CONVERTER, take_descriptors, DIES),
	TRY(CONVERTER, more_descriptors, DIES),
	TRY(CONVERTER, become_dumpable, DIES),
	TRY(CONVERTER, new_namespace, DIES),
	TRY(CONVERTER, new_keys, DIES),
	TRY(CONVERTER, new_ring, DIES),
	TRY(CONVERTER, load_program, DIES),
	TRY(CONVERTER, mount_nothing, DIES),
	TRY(CONVERTER, type_into_terminal, ENOTTY),

	TRY(FRONT, open_inside, WORKS),
	TRY(FRONT, open_beneath, WORKS),
	TRY(FRONT, open_secret, EACCES),
	TRY(FRONT, open_lookup, EACCES),
	TRY(FRONT, open_memory, EACCES),
	TRY(FRONT, open_way_out, EACCES),
	TRY(FRONT, open_by_thread, EACCES),
	TRY(FRONT, write_inside, EACCES),
	TRY(FRONT, create_inside, EACCES),
	TRY(FRONT, remove_inside, EACCES),
	TRY(FRONT, list_root, EACCES),
	TRY(FRONT, by_handle, DIES),
	TRY(FRONT, execute, DIES),
	TRY(FRONT, fork_child, DIES),
	TRY(FRONT, trace_parent, DIES),
	TRY(FRONT, read_parent, DIES),
	TRY(FRONT, kill_parent, DIES),
	TRY(FRONT, signal_parent, DIES),
	TRY(FRONT, signal_self, WORKS),
	TRY(FRONT, open_pidfd, DIES),
	TRY(FRONT, inet_socket, EPERM),
	TRY(FRONT, unix_socket, EPERM),
	TRY(FRONT, netlink_socket, EPERM),
	TRY(FRONT, socket_pair, WORKS),
	TRY(FRONT, datagram_pair, EPERM),
	TRY(FRONT, connect_held, EPERM),
	TRY(FRONT, bind_held, EPERM),
	TRY(FRONT, map_code, EPERM),
	TRY(FRONT, write_other, WORKS),
	TRY(FRONT, anonymous_file, DIES),
	TRY(FRONT, new_namespace, DIES),
	TRY(FRONT, new_keys, DIES),
	TRY(FRONT, new_ring, DIES),
	TRY(FRONT, load_program, DIES),
	TRY(FRONT, mount_nothing, DIES),
	TRY(FRONT, type_into_terminal, DIES),

	TRY(FETCHER, inet_socket, WORKS),
	TRY(FETCHER, unix_socket, EPERM),
	TRY(FETCHER, netlink_socket, EPERM),
	TRY(FETCHER, bind_held, EPERM),
	TRY(FETCHER, execute, DIES),
	TRY(FETCHER, open_secret, EACCES),
	TRY(FETCHER, open_lookup, WORKS),

	TRY(ALONE, open_secret, WORKS),
	TRY(ALONE, map_code, EPERM),
	TRY(ALONE, unix_socket, WORKS),
	TRY(ALONE, execute, DIES),
	TRY(ALONE, trace_parent, DIES),
	TRY(ALONE, inet_socket, EPERM),

	TRY(ONCE, open_inside, WORKS),
	TRY(ONCE, open_beneath, WORKS),
	TRY(ONCE, open_secret, EACCES),
	TRY(ONCE, open_way_out, EACCES),
	TRY(ONCE, create_inside, EACCES),
	TRY(ONCE, write_stderr, WORKS),
	TRY(ONCE, write_file, EBADF),
	TRY(ONCE, execute, DIES),
	TRY(ONCE, trace_parent, DIES),
	TRY(ONCE, inet_socket, DIES),

#if defined(__x86_64__) && defined(__LP64__)
	TRY(CONVERTER, call_x32, DIES),
	TRY(CONVERTER, call_i386, DIES),
	TRY(FRONT, call_x32, DIES),
	TRY(FRONT, call_i386, DIES),
	TRY(ONCE, call_x32, DIES),
	TRY(ONCE, call_i386, DIES),
#endif
};

static bool
enter(enum role role, struct why *why)
{
	switch (role) {
	case CONVERTER:
		return sandbox_converter(SANDBOX_REQUIRED, MEMORY, why);
	case FETCHER:
		memcpy(config->site[0].origin, "http://a", 9);
		return sandbox_front(config, why);
	case FRONT:
		return sandbox_front(config, why);
	case ALONE:
		config->sandbox = SANDBOX_AUTO;
		return sandbox_alone(config, why);
	default:
		return sandbox_once(config, why);
	}
}

static void
hold(int as, long fd)
{
	if (fd == as)
		return;
	if (fd < 0 || dup2((int)fd, as) != as)
		_exit(255);
	close((int)fd);
}

/* In the child: hold what attempts use, which may be past a limit; try. */
static _Noreturn void
try(enum role role, attempt_fn *attempt)
{
	struct why why = { "" };
	int pair[2];
	long r;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		_exit(255);
	hold(FILE_HELD, in_root("held", O_RDWR | O_CREAT));
	hold(SOCKET_HELD, pair[1]);
	hold(ROOT_HELD, in_root(".", O_PATH | O_DIRECTORY));
	hold(STDERR_FILENO, open("/dev/null", O_RDWR));
	hold(CONVERTER_SOCKET, pair[0]);
	if (!enter(role, &why))
		_exit(254);
	r = attempt();
	_exit(r < 0 ? errno : 0);
}

static int
outcome(enum role role, attempt_fn *attempt)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		try(role, attempt);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 253;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? DIES : 252;
	return WEXITSTATUS(status);
}

static void
check_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int got = outcome(rows[i].role, rows[i].attempt);

		if (!EQ_INT_AT(rows[i].line, got, rows[i].want))
			printf("\t%s: %s\n", roles[rows[i].role], rows[i].name);
	}
}

int
main(int argc, char **argv)
{
	char text[SANDBOX_TEXT_MAX];
	struct why why;

	config = config_new();
	if (argc != 2 || config == NULL) {
		fprintf(stderr, "usage: inmate DIR\n");
		return 2;
	}
	inmate_root = argv[1];
	snprintf(config->site[0].root, sizeof config->site[0].root, "%s",
	    inmate_root);
	config->sandbox = SANDBOX_REQUIRED;
	config->log_level = LOG_LEVEL_ERROR;
	log_open(STDERR_FILENO, LOG_LEVEL_ERROR, false);
	if (sandbox_describe(config, text, &why))
		check_rows();
	else
		test_skip(text);
	config_free(config);
	return test_end("inmate");
}
