#include "origin/fetch.h"

bool
fetch_possible(struct why *why)
{
	why_set(why, "built without libcurl: configure --with-curl");
	return false;
}

bool
fetch_init(struct why *why)
{
	return fetch_possible(why);
}

const char *
fetch_version(void)
{
	return "";
}

struct fetch *
fetch_new(const struct fetch_setup *setup)
{
	(void)setup;
	return NULL;
}

void
fetch_free(struct fetch *f)
{
	(void)f;
}

enum status
fetch_original(struct fetch *f, const struct fetch_ask *ask,
    struct known *known, bool *unchanged)
{
	(void)f;
	(void)ask;
	*unchanged = false;
	known->status = STATUS_INTERNAL;
	return known->status;
}
