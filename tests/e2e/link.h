/*
 * One kept HTTP connection to a server on loopback, for requests that are
 * sent many at a time.  What goes wrong ends the program.  One thread.
 */
#ifndef TESTS_E2E_LINK_H
#define TESTS_E2E_LINK_H

#include <stddef.h>

#define LINK_BODY_MAX 32768

void link_open(int port);
void link_send(const char *, size_t);

/* The next answer: its status; its body, NUL-terminated, goes to body. */
int link_read(char body[LINK_BODY_MAX]);

#endif
