/*
 * What a picture says of itself, read by our own code before any decoder
 * sees a byte: format by magic bytes, then size and frames by the format's
 * header.  Pure; every read is bounded by the bytes given.
 */
#ifndef IMAGE_FACTS_H
#define IMAGE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/format.h"
#include "base/log.h"
#include "base/status.h"

#define FACTS_HEAD 65536 /* bytes of a source that the front looks at */

struct facts {
	int32_t format;        /* enum format */
	int32_t width, height; /* as stored; 0: not seen in these bytes */
	int32_t frames;        /* 0: not known from these bytes */
	int32_t loop;          /* repetitions, 0 for ever; -1 unknown */
	bool alpha;            /* may have transparency */
	bool interlaced;       /* must be decoded whole: progressive, Adam7 */
	int32_t scans;         /* progressive JPEG: SOS markers seen */
	int64_t icc_bytes;     /* embedded profile, as announced */
	int32_t chunks;        /* metadata chunks or segments seen */
};

/* By magic bytes alone; FORMAT_NONE if nothing fits. */
enum format facts_sniff(const unsigned char *, size_t);

/*
 * Read what the first len bytes of a file of total bytes tell.  When
 * len == total the facts are complete and a header that is cut off or
 * contradicts itself is BROKEN; with fewer bytes, what lies behind them
 * stays 0.  UNSUPPORTED where no magic fits.
 */
enum status facts_read(struct facts *, const unsigned char *, size_t len,
    uint64_t total, struct why *);

/* Bounds on what may be decoded and written. */
struct limits {
	int64_t max_bytes;
	int64_t max_pixels;        /* of one frame of a source */
	int64_t interlaced_pixels; /* the same, where it must be held whole */
	int32_t max_side;          /* of a source */
	int32_t max_frames;        /* more are refused */
	int32_t animation_frames;  /* more: the first frame only */
	int64_t animation_pixels;  /* frames × size; more: the first only */
	int32_t output_side;
	int64_t output_pixels;
	int32_t max_scans; /* of a progressive JPEG */
	int32_t enlarge;   /* 1: results may be larger than what they show */
	int64_t max_icc;   /* bytes of a profile as stored */
};

/* OK, LIMIT (why says which), or UNSUPPORTED for a format not in inputs. */
enum status facts_check(const struct facts *, const struct limits *,
    uint32_t inputs, struct why *);

#endif
