#include "image/planar.h"

/* Built --without-planar: libvips does it all. */
struct planar *
planar_open(const struct planar_ask *ask)
{
	(void)ask;
	return NULL;
}

enum status
planar_run(struct planar *p, int64_t deadline_ms, struct picture *picture,
    struct why *why)
{
	(void)p;
	(void)deadline_ms;
	(void)picture;
	why_set(why, "built without planes");
	return STATUS_INTERNAL;
}

void
planar_close(struct planar *p)
{
	(void)p;
}
