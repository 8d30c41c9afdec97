/*
 * Preloaded into a master, this starts its children in valgrind: each is
 * `valgrind $SOAK_UNDER ROLE` instead of the master's own file with this role.
 * valgrind itself cannot follow an exec of /proc/self/exe, which is then
 * valgrind.  Its options come by VALGRIND_OPTS.
 */
#include <stdlib.h>
#include <unistd.h>

int execl(const char *, const char *, ...);

int
execl(const char *path, const char *name, ...)
{
	char *argv[4] = { (char *)"valgrind", getenv("SOAK_UNDER") };
	__builtin_va_list ap;

	(void)path;
	__builtin_va_start(ap, name);
	argv[2] = __builtin_va_arg(ap, char *);
	__builtin_va_end(ap);
	unsetenv("LD_PRELOAD");
	return execvp(argv[0], argv);
}
