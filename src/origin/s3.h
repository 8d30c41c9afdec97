/*
 * The keys of an S3 bucket, from where the AWS tools look for them.  The
 * signing itself (version 4) is libcurl's.
 */
#ifndef ORIGIN_S3_H
#define ORIGIN_S3_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

/* Plain bytes, so that they travel between our processes: wipe them. */
struct s3_keys {
	char id[132]; /* "": none are needed */
	char secret[260];
	char token[4096]; /* of a session; "" for keys that stay */
};

/*
 * From the file at path; "" takes AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
 * and AWS_SESSION_TOKEN, or else AWS_SHARED_CREDENTIALS_FILE, or else
 * ~/.aws/credentials, section AWS_PROFILE or default.  A file must be ours
 * alone (base/secret.h).  False with the reason.
 */
bool s3_keys_load(struct s3_keys *, const char *path, struct why *);

/*
 * The format of the AWS tools: "name = value" lines, "[section]", remarks
 * with # or ;.  Lines before the first section count as the section that is
 * looked for.  NULL, or what is wrong.
 */
const char *s3_keys_read(struct s3_keys *, const char *text, size_t len,
    const char *section);

void s3_keys_wipe(struct s3_keys *);

/* Take the keys out of the environment, before what need not see them. */
void s3_keys_hide(void);

#endif
