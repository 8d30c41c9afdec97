/*
 * What the files of the planar path share: planes, and the libraries that
 * read and write them, each known in its own file.
 */
#ifndef IMAGE_PLANAR_IMPL_H
#define IMAGE_PLANAR_IMPL_H

#include "base/log.h"
#include "base/status.h"
#include "image/profile.h"
#include "image/scale.h"

/* Luma and two of chroma, or luma alone. */
#define PLANES 3

/* A finished picture; chroma has (side + 1) / 2 samples where halved. */
struct planes {
	int32_t width, height, count;
	bool halved;
	struct plane plane[PLANES];
};

/* Luma v is (v − 128) · luma_gain + luma_base, chroma the same around 128. */
struct range {
	double luma_gain, luma_base, chroma_gain;
};

struct colours;

/* From a profile's colours to sRGB; free(3).  NULL if it has none to tell. */
struct colours *colours_new(const struct profile *);

/*
 * Change planes of full range, chroma not halved, to sRGB's: in this range,
 * and halved if halve is true.
 */
void colours_change(const struct colours *, struct planes *, bool halve,
    const struct range *);

/* What encoders give; malloc'd, the caller's. */
struct coded {
	unsigned char *bytes;
	size_t len, size;
};

/* Append; false without memory. */
bool coded_add(struct coded *, const void *, size_t);

/*
 * q and effort as in the encoders table.  TIMEOUT past the deadline,
 * NO_MEMORY, else INTERNAL with the library's words.
 */
typedef enum status planes_write(const struct planes *, int32_t q,
    int32_t effort, int64_t deadline_ms, struct coded *, struct why *);

planes_write planes_write_jpeg, planes_write_webp, planes_write_avif;

/* One plane as the decoder gives it. */
struct layer {
	int32_t width, height; /* samples */
	int32_t per_x, per_y;  /* pixels of the shrunk picture in a sample */
	int32_t rows;          /* that come at a time */
	size_t row_size;       /* bytes written to each */
};

/*
 * What a decoder needs of a JPEG in many scans, if of the components that
 * flat marks (by their number in the file) it needs the DC alone.
 * scans_first(): how many bytes a scan goes on that is being read.
 * scans_next(): from a marker at *at on, the next segment or scan that is
 * needed; sets *at to where it begins and returns its length.  What is no
 * segment is needed, to the end.
 */
size_t scans_first(const unsigned char *, size_t len);
size_t scans_next(const unsigned char *, size_t len, size_t *at,
    const bool *flat);

/* Rows at a time, at most. */
#define LAYER_ROWS 32

struct decoder;

/* NULL unless planes can be had; profile is its own, NULL if none. */
struct decoder *decoder_open(const unsigned char *, size_t len, bool mended);
void decoder_close(struct decoder *);
int32_t decoder_width(const struct decoder *);
int32_t decoder_height(const struct decoder *);
int32_t decoder_planes(const struct decoder *);
const unsigned char *decoder_profile(const struct decoder *, size_t *len);

/*
 * Begin at a scale of 1/shrink (1, 2, 4, 8) and tell what comes; a file in
 * many scans is read whole here.  BROKEN, NO_MEMORY or TIMEOUT.
 */
enum status decoder_start(struct decoder *, int32_t shrink, int64_t deadline_ms,
    struct layer *, struct why *);

/*
 * The next rows of every plane to where rows says; at the bottom some may
 * lie below the picture.
 */
enum status decoder_read(struct decoder *, uint8_t *rows[PLANES][LAYER_ROWS],
    struct why *);

#endif
