/*
 * The originals of all sites: a folder, another host, or the one and then
 * the other, and what is shown where both have none.
 */
#ifndef SERVE_ORIGINS_H
#define SERVE_ORIGINS_H

#include "origin/origin.h"
#include "origin/s3.h"
#include "serve/config.h"

struct origins; /* opaque; shared by all threads */

/*
 * Of every site with s3:// its keys, in an array of one a site; NULL where no
 * site has any, or with the reason in why.  wanted: whether there are any.
 */
struct s3_keys *origins_keys(const struct config *, bool *wanted, struct why *);

/* Whether all could be opened: folders, URLs, authorities, fallbacks. */
bool origins_check(const struct config *, struct why *);

/* keys: as above, the caller's; NULL with the reason.  Before any thread. */
struct origins *origins_open(const struct config *, const struct s3_keys *,
    struct why *);
void origins_close(struct origins *);

/*
 * The original of a path below the site's prefix.  bytes: they are wanted;
 * else source may have its version alone (fd -1).  What origin_open() and
 * remote_open() say; *costly if another host had to be asked.  Any thread.
 */
enum status origins_find(const struct origins *, uint32_t site,
    const char *path, bool bytes, struct source *, bool *costly, struct why *);

/* What is shown instead; false if the site has no such picture. */
bool origins_fallback(const struct origins *, uint32_t site, struct source *);

#endif
