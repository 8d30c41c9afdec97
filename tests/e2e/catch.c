/*
 * Hears what is sent to a datagram socket: a syslog or a service manager of
 * the tests' own.
 *
 *	catch SOCKET FILE [SECONDS]
 *
 * Every datagram becomes a line of FILE, newlines in it blanks.  Until it is
 * ended, or for so long; SOCKET is made when it may be sent to.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char line[8192];
	int in, out;

	if (argc < 3 || strlen(argv[1]) >= sizeof un.sun_path)
		errx(2, "usage: catch SOCKET FILE [SECONDS]");
	alarm(argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : 120);
	memcpy(un.sun_path, argv[1], strlen(argv[1]));
	unlink(argv[1]);
	out = open(argv[2], O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (out < 0)
		err(1, "%s", argv[2]);
	in = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (in < 0 || bind(in, (struct sockaddr *)&un, sizeof un) != 0)
		err(1, "%s", argv[1]);
	for (;;) {
		ssize_t n = recv(in, line, sizeof line - 1, 0);

		if (n < 0)
			err(1, "recv");
		for (ssize_t i = 0; i < n; i++) {
			if (line[i] == '\n')
				line[i] = ' ';
		}
		line[n] = '\n';
		if (write(out, line, (size_t)n + 1) < 0)
			err(1, "%s", argv[2]);
	}
}
