/*
 * The short way for the most common job: a JPEG in, a JPEG, WebP or AVIF out,
 * and nothing changed but its geometry and its profile.  Planes of luma and
 * chroma go from the decoder to the encoder, each resized for itself; a pixel
 * is red, green and blue only while colours change, when few are left.
 * libvips keeps all other jobs, and a build --without-planar gives it these,
 * too.
 */
#ifndef IMAGE_PLANAR_H
#define IMAGE_PLANAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/encoders.h"
#include "image/pipeline.h"
#include "image/plan.h"

/* What is to be made; all of it outlives the run. */
struct planar_ask {
	const struct job *job;
	const struct plan *plan;
	const struct facts *facts; /* of a JPEG */
	const unsigned char *bytes;
	size_t len;
	bool mended; /* the bytes lacked their end: warnings are errors */
};

struct planar;

/*
 * NULL where this job is libvips' to do or to refuse: another format, a
 * canvas, a profile that is more than matrix and curves, a coding or a header
 * that libjpeg cannot give as planes.
 */
struct planar *planar_open(const struct planar_ask *);

/*
 * Decode, resize and encode; to be called once.  The picture as of
 * pipeline_run(), which owns the rules on deadline and status.
 */
enum status planar_run(struct planar *, int64_t deadline_ms, struct picture *,
    struct why *);
void planar_close(struct planar *);

#endif
