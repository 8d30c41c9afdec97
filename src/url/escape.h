/*
 * Percent-coding (RFC 3986 §2.1) of paths and queries that leave us, and of
 * URLs that people hand to a program.  nginx decodes for the daemon.
 */
#ifndef URL_ESCAPE_H
#define URL_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Besides letters, digits and -._~ these stay as they are. */
#define ESCAPE_PATH  "/"
#define ESCAPE_QUERY "/?:@!$&()*+,;=%" /* already a query: %XX stays */
#define ESCAPE_VALUE ""                /* RFC 8187, filename*=UTF-8''… */

/* Add text with everything encoded but the above and keep. */
void escape_add(struct buf *, const char *text, size_t len, const char *keep);

/* Decode once.  False for a bad %XX, and for %00, which no path holds. */
bool escape_undo(struct buf *, const char *text, size_t len);

#endif
