/*
 * Where the log goes, by the log option: standard error, a file, or a syslog
 * (a socket, by its path or as the word syslog).
 */
#ifndef SERVE_LOGFILE_H
#define SERVE_LOGFILE_H

#include "serve/config.h"

/*
 * A descriptor for what config names, close-on-exec, the caller's; -1 with
 * the reason.  Where it names stderr and that is /dev/null, as spawn-fcgi
 * leaves it, syslog takes its place, so that no line is lost.
 */
int logfile_open(const struct config *, struct why *);

/* Lines go to fd, which logfile_open() gave, or a copy of it. */
void logfile_use(const struct config *, int fd);

/* True if whoever reads fd is a syslog. */
bool logfile_is_syslog(int fd);

/*
 * Open again and go on with the same descriptor, in the same style: other
 * threads may be writing.  False: as it was.
 */
bool logfile_reopen(const struct config *, struct why *);

#endif
