#include "serve/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

void
notify_manager(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char text[96];
	size_t len;
	int fd, n;

	if (path == NULL)
		return;
	len = strlen(path);
	if ((path[0] != '/' && path[0] != '@') || len >= sizeof un.sun_path) {
		log_line(LOG_LEVEL_WARN, "NOTIFY_SOCKET=%s is no socket", path);
		return;
	}
	memcpy(un.sun_path, path, len);
	/* Linux' abstract names begin with a NUL, and have none at the end. */
	if (path[0] == '@')
		un.sun_path[0] = '\0';
	n = snprintf(text, sizeof text, "%s\nMONOTONIC_USEC=%" PRId64, state,
	    clock_us());
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0 ||
	    sendto(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT,
	        (const struct sockaddr *)&un,
	        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) != n)
		log_line(LOG_LEVEL_WARN, "NOTIFY_SOCKET=%s takes no word",
		    path);
	if (fd >= 0)
		close(fd);
}
