/*
 * Tell a service manager how we are: sd_notify(3)'s protocol, a datagram to
 * the socket that NOTIFY_SOCKET names.  Nothing happens without it.
 */
#ifndef SERVE_NOTIFY_H
#define SERVE_NOTIFY_H

/* "READY=1", "STOPPING=1", or "RELOADING=1", which also gets the time. */
void notify_manager(const char *state);

#endif
