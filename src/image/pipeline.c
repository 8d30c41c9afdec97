#include "image/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include <vips/vips.h>

#include "base/clock.h"
#include "image/encode.h"
#include "image/libraries.h"
#include "image/pixels.h"
#include "image/planar.h"
#include "image/png.h"

/*
 * Results up to this size are made whole before they are encoded, so that a
 * source that breaks on the way is told from an encoder that fails, and the
 * two stages' times are known.  Larger ones stream: fresh pages for them cost
 * a tenth of the conversion.
 */
#define HOLD_MAX (INT64_C(4) << 20)

/* Not to be had any more: then libvips failed for want of memory too. */
#define PROBE_BYTES ((size_t)64 << 20)

#define LOADER_SHRINK 0x1 /* decodes at a half, a quarter, an eighth */
#define LOADER_PAGES  0x2 /* has frames */
#define LOADER_STRICT 0x4 /* tells a file that is cut off when asked to */
#define LOADER_WHOLE  0x8 /* holds all pixels, some of them twice */

static const struct loader {
	const char *operation;
	unsigned int flags;
} loaders[FORMAT_MAX] = {
	[FORMAT_JPEG] = { "jpegload_buffer", LOADER_SHRINK | LOADER_STRICT },
	[FORMAT_PNG] = { "pngload_buffer", LOADER_STRICT },
	[FORMAT_WEBP] = { "webpload_buffer",
	    LOADER_PAGES | LOADER_STRICT | LOADER_WHOLE },
	[FORMAT_AVIF] = { "heifload_buffer", 0 },
	[FORMAT_GIF] = { "gifload_buffer", LOADER_PAGES },
	[FORMAT_JXL] = { "jxlload_buffer", LOADER_STRICT | LOADER_WHOLE },
	[FORMAT_TIFF] = { "tiffload_buffer", LOADER_STRICT },
	[FORMAT_HEIC] = { "heifload_buffer", 0 },
	[FORMAT_SVG] = { "svgload_buffer", 0 },
};

struct run {
	const struct job *job;
	const struct loader *loader;
	const unsigned char *bytes;
	size_t len;
	unsigned char *mended; /* bytes with the end that they lacked */
	uint8_t *pixels;       /* of image, where we read them */
	int64_t deadline;
	bool late;
	bool streams;      /* pixels are made while they are encoded */
	VipsObject *scope; /* every image lives as long as this one */
	VipsBlob *blob;
	VipsImage *image;
	struct facts facts;
	struct plan plan;
	struct why *why;
};

/* Warnings of libraries are for us, not for stderr. */
static void
log_library(const gchar *domain, GLogLevelFlags level, const gchar *text,
    gpointer data)
{
	(void)level;
	(void)data;
	log_line(LOG_LEVEL_DEBUG, "%s: %s", domain != NULL ? domain : "glib",
	    text);
}

static GType
loader_type(int format)
{
	if (loaders[format].operation == NULL)
		return 0;
	return vips_type_find("VipsForeignLoad", loaders[format].operation);
}

/* Once is enough, more does no harm. */
static bool
start_library(void)
{
	static const char *const knobs[] = { "VIPSHOME", "VIPS_TRACE",
		"VIPS_PROGRESS", "VIPS_INFO", "VIPS_LEAK" };

	g_log_set_default_handler(log_library, NULL);
	for (size_t i = 0; i < VIPS_NUMBER(knobs); i++)
		unsetenv(knobs[i]);
	/* What must be held whole is held in memory: there are no files. */
	setenv("VIPS_DISC_THRESHOLD", "1000g", 1);
	/*
	 * libvips 8.14 compiles loops as it goes, by ORC, which ends the
	 * process where a sandbox lets no memory be code.  What our own scaler
	 * leaves to it costs no more without.
	 */
	setenv("VIPS_NOVECTOR", "1", 1);
	return vips_init("imgfcgi") == 0;
}

bool
pipeline_init(uint32_t inputs, struct why *why)
{
	if (!start_library()) {
		why_set(why, "libvips does not start: %s", vips_error_buffer());
		return false;
	}
	vips_cache_set_max(0);
	vips_concurrency_set(1);
	vips_leak_set(FALSE);
	/* The whole class first: what later versions add stays shut. */
	vips_operation_block_set("VipsForeignLoad", TRUE);
	for (int i = 0; i < FORMAT_MAX; i++) {
		GType type = loader_type(i);

		/* What this libvips lacks is refused by job, and told by -t. */
		if (!(inputs & FORMAT_BIT(i)) || type == 0)
			continue;
		vips_operation_block_set(g_type_name(type), FALSE);
	}
	return true;
}

void
pipeline_end(void)
{
	vips_shutdown();
}

void
pipeline_thread_end(void)
{
	vips_thread_shutdown();
}

uint32_t
pipeline_readable(void)
{
	uint32_t set = 0;

	if (!start_library())
		return 0;
	for (int i = 0; i < FORMAT_MAX; i++) {
		if (loader_type(i) != 0)
			set |= FORMAT_BIT(i);
	}
	return set;
}

uint32_t
pipeline_writable(void)
{
	return start_library() ? encoder_available() : 0;
}

void
pipeline_versions(struct buf *out)
{
	buf_printf(out, "libvips %s", vips_version_string());
	libraries_list(out);
}

static bool
memory_is_short(void)
{
	void *volatile probe = malloc(PROBE_BYTES);

	free(probe);
	return probe == NULL;
}

/*
 * The stage chooses the status; deadline and memory come first, as either
 * looks like a broken file from here.
 */
static enum status
fail_stage(struct run *r, enum status status, const char *stage)
{
	char *text = vips_error_buffer_copy();

	g_strdelimit(g_strchomp(text), "\r\n", ' ');
	if (r->late)
		status = STATUS_TIMEOUT;
	else if (memory_is_short())
		status = STATUS_NO_MEMORY;
	why_set(r->why, "%s: %s", stage, r->late ? "past the deadline" : text);
	g_free(text);
	return status;
}

static enum status
check_time(struct run *r)
{
	if (clock_ms() <= r->deadline)
		return STATUS_OK;
	why_set(r->why, "past the deadline");
	return STATUS_TIMEOUT;
}

/* Between stripes: the one place where a loop of libvips can be stopped. */
static void
watch_deadline(VipsImage *image, VipsProgress *progress, struct run *r)
{
	(void)progress;
	if (clock_ms() <= r->deadline)
		return;
	r->late = true;
	vips_image_set_kill(image, TRUE);
}

/* Where the coded pixels of a JPEG begin, or len. */
static size_t
jpeg_scan(const unsigned char *p, size_t len)
{
	size_t at = 2;

	while (at + 4 <= len) {
		if (p[at] != 0xff || p[at + 1] == 0xff || p[at + 1] == 0)
			at++;
		else if (p[at + 1] == 0xda)
			return at;
		else
			at += 2 + ((size_t)p[at + 2] << 8 | p[at + 3]);
	}
	return len;
}

/* An end marker after the pixels; markers in thumbnails do not count. */
static bool
jpeg_has_end(const unsigned char *p, size_t len)
{
	size_t scan;

	if (len >= 2 && p[len - 2] == 0xff && p[len - 1] == 0xd9)
		return true;
	scan = jpeg_scan(p, len);
	for (size_t at = len; at >= scan + 2; at--) {
		if (p[at - 2] == 0xff && p[at - 1] == 0xd9)
			return true;
	}
	return false;
}

/*
 * A JPEG that lacks nothing but its end marker has all its rows, yet libvips
 * takes it for cut off.  With the marker put back it decodes silently if all
 * rows are there, and with a warning, which then counts, if not.
 */
static enum status
mend_source(struct run *r)
{
	if (r->facts.format != FORMAT_JPEG || jpeg_has_end(r->bytes, r->len))
		return STATUS_OK;
	r->mended = malloc(r->len + 2);
	if (r->mended == NULL) {
		why_set(r->why, "no memory for %zu bytes", r->len);
		return STATUS_NO_MEMORY;
	}
	memcpy(r->mended, r->bytes, r->len);
	r->mended[r->len] = 0xff;
	r->mended[r->len + 1] = 0xd9;
	r->bytes = r->mended;
	r->len += 2;
	return STATUS_OK;
}

/* The source's pixels are this image's. */
static void
use_image(struct run *r, VipsImage *image)
{
	vips_image_set_progress(image, TRUE);
	g_signal_connect(image, "eval", G_CALLBACK(watch_deadline), r);
	r->image = image;
}

/*
 * Open with the loader that the magic bytes named.  Pixels are decoded when
 * asked for, top to bottom, where the format can.
 */
static int
open_source(struct run *r, int shrink, int frames)
{
	VipsOperation *op = vips_operation_new(r->loader->operation);
	VipsImage *image = NULL;
	int failed;

	if (op == NULL)
		return -1;
	g_object_set(op, "buffer", r->blob, "access", VIPS_ACCESS_SEQUENTIAL,
	    NULL);
	if (r->loader->flags & LOADER_STRICT)
		g_object_set(op, "fail_on",
		    r->mended != NULL ? VIPS_FAIL_ON_WARNING
		                      : VIPS_FAIL_ON_TRUNCATED,
		    NULL);
	if (shrink > 1)
		g_object_set(op, "shrink", shrink, NULL);
	if (frames > 1)
		g_object_set(op, "n", frames, NULL);
	failed = vips_cache_operation_buildp(&op);
	if (failed == 0)
		g_object_get(op, "out", &image, NULL);
	vips_object_unref_outputs(VIPS_OBJECT(op));
	g_object_unref(op);
	if (image == NULL)
		return -1;
	vips_object_local(r->scope, image);
	use_image(r, image);
	return 0;
}

/*
 * Pixels that our own reader makes at once stand in for those that libvips
 * would; what it read in the header stays.  They are held whole, so the limit
 * for pictures that have to be holds.
 */
static void
open_png(struct run *r)
{
	VipsImage *header = r->image, *image;
	int64_t count = (int64_t)header->Xsize * header->Ysize;

	if (r->facts.format != FORMAT_PNG ||
	    header->BandFmt != VIPS_FORMAT_UCHAR ||
	    count > r->job->limits.interlaced_pixels)
		return;
	r->pixels = png_pixels(r->bytes, r->len, header->Xsize, header->Ysize,
	    header->Bands);
	if (r->pixels == NULL)
		return;
	image = vips_image_new_from_memory(r->pixels,
	    (size_t)count * (size_t)header->Bands, header->Xsize, header->Ysize,
	    header->Bands, header->BandFmt);
	if (image == NULL)
		return;
	vips_object_local(r->scope, image);
	if (vips_image_pipelinev(image, VIPS_DEMAND_STYLE_ANY, header, NULL) ==
	    0)
		use_image(r, image);
}

/* What libvips read in the header has its own say before any pixel. */
static enum status
open_header(struct run *r)
{
	enum status st;

	if (loader_type(r->facts.format) == 0) {
		why_set(r->why, "this libvips cannot read %s",
		    format_def((enum format)r->facts.format)->name);
		return STATUS_UNSUPPORTED;
	}
	if (open_source(r, 1, 1) != 0)
		return fail_stage(r, STATUS_BROKEN, "header");
	r->facts.width = vips_image_get_width(r->image);
	r->facts.height = vips_image_get_height(r->image);
	if (r->loader->flags & LOADER_PAGES)
		r->facts.frames = vips_image_get_n_pages(r->image);
	if (r->loader->flags & LOADER_WHOLE)
		r->facts.interlaced = true;
	st = facts_check(&r->facts, &r->job->limits, r->job->inputs, r->why);
	return st != STATUS_OK ? st : check_time(r);
}

static enum status
make_plan(struct run *r, const struct encoder *encoder)
{
	unsigned int out = format_def((enum format)r->job->format)->flags;
	struct limits limits = r->job->limits;
	struct plan_input input = {
		.width = r->facts.width,
		.height = r->facts.height,
		.orientation = vips_image_get_orientation(r->image),
		.frames = 1,
		.shrinks = (r->loader->flags & LOADER_SHRINK) != 0,
	};
	if ((r->loader->flags & LOADER_PAGES) && (out & FORMAT_ANIMATION))
		input.frames = r->facts.frames;
	limits.output_side = VIPS_MIN(limits.output_side, encoder->side);
	return plan_make(&r->plan, &input, &r->job->params, &limits, r->why);
}

/* Open again as the plan wants it, and hang the plan's steps on it. */
static enum status
build_result(struct run *r)
{
	unsigned int out = format_def((enum format)r->job->format)->flags;
	int32_t page, frames = r->plan.frames;

	if ((r->plan.shrink > 1 || frames > 1) &&
	    open_source(r, r->plan.shrink, frames) != 0)
		return fail_stage(r, STATUS_BROKEN, "header");
	page = vips_image_get_page_height(r->image);
	if (frames <= 1)
		page = r->image->Ysize;
	if ((int64_t)page * frames != r->image->Ysize) {
		why_set(r->why, "%d frames of %d rows are not %d rows", frames,
		    page, r->image->Ysize);
		return STATUS_BROKEN;
	}
	if (pixels_make(r->scope, &r->plan, r->image, page,
	        (out & FORMAT_ALPHA) != 0, &r->image) != 0)
		return fail_stage(r, STATUS_BROKEN, "pixels");
	if (r->image->Xsize != r->plan.width ||
	    (int64_t)r->plan.height * frames != r->image->Ysize) {
		why_set(r->why, "%d×%d came out, not %d×%d", r->image->Xsize,
		    r->image->Ysize, r->plan.width, r->plan.height);
		return STATUS_INTERNAL;
	}
	return check_time(r);
}

static enum status
decode_result(struct run *r)
{
	VipsImage *image;

	r->streams =
	    (int64_t)r->image->Xsize * r->image->Ysize * r->image->Bands >
	    HOLD_MAX;
	if (r->streams)
		return STATUS_OK;
	image = vips_image_copy_memory(r->image);
	if (image == NULL)
		return fail_stage(r, STATUS_BROKEN, "pixels");
	vips_object_local(r->scope, image);
	r->image = image;
	return check_time(r);
}

static enum status
encode_result(struct run *r, struct picture *picture)
{
	enum status st;

	st = encoder_write((enum format)r->job->format, r->image,
	    r->job->params.quality, &picture->bytes, &picture->len);
	if (st == STATUS_INTERNAL && r->streams)
		st = STATUS_BROKEN;
	return st == STATUS_OK ? st : fail_stage(r, st, "encoder");
}

static enum status
read_source(struct run *r)
{
	enum status st;

	st = facts_read(&r->facts, r->bytes, r->len, r->len, r->why);
	if (st == STATUS_OK)
		st = facts_check(&r->facts, &r->job->limits, r->job->inputs,
		    r->why);
	if (st == STATUS_OK)
		st = mend_source(r);
	return st;
}

static enum status
convert_pixels(struct run *r, struct picture *picture)
{
	int64_t start = clock_us(), middle;
	enum status st;

	open_png(r);
	if ((st = build_result(r)) != STATUS_OK ||
	    (st = decode_result(r)) != STATUS_OK)
		return st;
	middle = clock_us();
	picture->load_us = (int32_t)VIPS_MIN(middle - start, INT32_MAX);
	picture->width = r->plan.width;
	picture->height = r->plan.height;
	picture->frames = r->plan.frames;
	st = encode_result(r, picture);
	picture->encode_us = (int32_t)VIPS_MIN(clock_us() - middle, INT32_MAX);
	return st;
}

static enum status
convert_source(struct run *r, struct picture *picture)
{
	const struct encoder *encoder =
	    encoder_find((enum format)r->job->format);
	struct planar_ask ask = { r->job, &r->plan, &r->facts, r->bytes, r->len,
		r->mended != NULL };
	struct planar *planar;
	enum status st;

	if (encoder == NULL) {
		why_set(r->why, "nothing writes format %d", r->job->format);
		return STATUS_INTERNAL;
	}
	r->loader = &loaders[r->facts.format];
	r->blob = vips_blob_new(NULL, r->bytes, r->len);
	r->scope = VIPS_OBJECT(vips_image_new());
	if ((st = open_header(r)) != STATUS_OK ||
	    (st = make_plan(r, encoder)) != STATUS_OK)
		return st;
	planar = planar_open(&ask);
	if (planar == NULL)
		return convert_pixels(r, picture);
	st = planar_run(planar, r->deadline, picture, r->why);
	planar_close(planar);
	return st;
}

enum status
pipeline_run(const struct job *job, const void *bytes, size_t len,
    int64_t deadline_ms, struct picture *picture, struct why *why)
{
	struct run r = { .job = job,
		.bytes = bytes,
		.len = len,
		.deadline = deadline_ms,
		.why = why };
	enum status st;

	*picture = (struct picture){ .bytes = NULL };
	st = read_source(&r);
	if (st == STATUS_OK)
		st = convert_source(&r, picture);
	if (r.scope != NULL)
		g_object_unref(r.scope);
	if (r.blob != NULL)
		vips_area_unref(VIPS_AREA(r.blob));
	free(r.pixels);
	free(r.mended);
	/* Stages that worked may have complained all the same. */
	vips_error_clear();
	return st;
}
