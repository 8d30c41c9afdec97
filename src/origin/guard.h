/*
 * Which addresses a public name must not lead to: ours, our neighbours' and
 * everybody's special ones, in every dress that IPv6 has for them.
 */
#ifndef ORIGIN_GUARD_H
#define ORIGIN_GUARD_H

#include <sys/socket.h>

/*
 * NULL for an address of the public Internet, else the word for what it is
 * ("loopback", "link-local", …).  An IPv4 address inside an IPv6 one is judged
 * as itself.  Any family but the two is refused.
 *
 * Sources: the IANA registries of special-purpose addresses (RFC 6890), RFC
 * 4291 §2.5, RFC 6052 and 8215 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC
 * 5214 §6.1 (ISATAP), RFC 6598 (CGNAT).
 */
const char *guard_private(const struct sockaddr *);

#endif
