/*
 * Between sandbox.c and the one file of the platform, chosen by configure.
 */
#ifndef SERVE_SANDBOX_IMPL_H
#define SERVE_SANDBOX_IMPL_H

#include "serve/sandbox.h"

enum sandbox_role {
	ROLE_CONVERTER,
	ROLE_FRONT,
	ROLE_FETCHER, /* a front that gets originals from other hosts */
	ROLE_ALONE,   /* front and decoders in one process */
	ROLE_LONE_FETCHER,
	ROLE_ONCE,
	ROLES
};

bool sandbox_is_alone(enum sandbox_role);
bool sandbox_fetches(enum sandbox_role);

/* What failed and errno's words into why.  Always false. */
bool sandbox_fail(struct why *, const char *what);

/* What this kernel has, as the log says it; true if nothing is missing. */
bool platform_sandbox(char text[SANDBOX_TEXT_MAX]);

/* No more memory than now and so many bytes. */
bool platform_bound_memory(int64_t bytes);

/*
 * Give up what the role does not need, and what the kernel can take.
 * config: its roots, for ROLE_FRONT and ROLE_ONCE.
 */
bool platform_confine(enum sandbox_role, const struct config *, struct why *);

#endif
