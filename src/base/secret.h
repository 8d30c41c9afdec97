/*
 * Files that hold a secret: read only where nobody else could have read or
 * written them.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

/*
 * The whole file, *len bytes, into text of size bytes.  Refused, with a line
 * that names the file: missing, no regular file, owned by neither us nor
 * root, open to group or others, size bytes or more.  Root's files in
 * $CREDENTIALS_DIRECTORY may have the group's read bit.  The caller wipes
 * text.
 */
bool secret_read(const char *path, char *text, size_t size, size_t *len,
    struct why *);

#endif
