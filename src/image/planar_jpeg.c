#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/clock.h"
#include "image/planar_impl.h"

/* As libvips counts: a file with more of them is given up. */
#define WARNINGS_MAX 100

#if JPEG_LIB_VERSION >= 70
#define SCALED_WIDTH(c)  ((c)->DCT_h_scaled_size)
#define SCALED_HEIGHT(c) ((c)->DCT_v_scaled_size)
#define SCALED_LEAST(d)  ((d)->min_DCT_h_scaled_size)
#else
#define SCALED_WIDTH(c)  ((c)->DCT_scaled_size)
#define SCALED_HEIGHT(c) ((c)->DCT_scaled_size)
#define SCALED_LEAST(d)  ((d)->min_DCT_scaled_size)
#endif

/*
 * libjpeg reports errors by a function that must not return.  Each of our
 * functions that calls it sets the jump first, so that no frame of a caller
 * is ever left by one.
 */
struct codec {
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf jump;
	int64_t deadline;
	bool late;
};

struct decoder {
	struct codec codec; /* first: libjpeg's functions know only it */
	struct jpeg_decompress_struct jpeg;
	struct jpeg_source_mgr source;
	const unsigned char *bytes; /* where scans are left out, else NULL */
	size_t len, next;           /* the first that was not given yet */
	bool flat[256];             /* components that need no AC */
	bool mended;
	JOCTET *profile;
	unsigned int profile_len;
};

struct sink {
	struct jpeg_destination_mgr manager; /* first: libjpeg knows only it */
	struct coded *out;
	JOCTET chunk[16384];
};

static void
jump_out(j_common_ptr jpeg)
{
	struct codec *codec = jpeg->client_data;

	longjmp(codec->jump, 1);
}

static void
count_warning(j_common_ptr jpeg, int level)
{
	if (level < 0 && ++jpeg->err->num_warnings >= WARNINGS_MAX)
		jump_out(jpeg);
}

static void
watch_deadline(j_common_ptr jpeg)
{
	struct codec *codec = jpeg->client_data;

	if (clock_ms() <= codec->deadline)
		return;
	codec->late = true;
	jump_out(jpeg);
}

static struct jpeg_error_mgr *
codec_init(struct codec *codec)
{
	jpeg_std_error(&codec->errors);
	codec->errors.error_exit = jump_out;
	codec->errors.emit_message = count_warning;
	codec->progress.progress_monitor = watch_deadline;
	return &codec->errors;
}

/* After a jump: what it was, otherwise if neither time nor memory. */
static enum status
codec_status(struct codec *codec, j_common_ptr jpeg, enum status otherwise,
    struct why *why)
{
	char text[JMSG_LENGTH_MAX];

	if (codec->late) {
		why_set(why, "past the deadline");
		return STATUS_TIMEOUT;
	}
	codec->errors.format_message(jpeg, text);
	why_set(why, "libjpeg: %s", text);
	return codec->errors.msg_code == JERR_OUT_OF_MEMORY ? STATUS_NO_MEMORY
	                                                    : otherwise;
}

/*
 * All bytes are there from the start: wanting more is the error, unless the
 * scans that are needed are given one by one.
 */
static boolean
want_more(j_decompress_ptr jpeg)
{
	struct decoder *d = jpeg->client_data;
	size_t at = d->next, n = 0;

	if (d->bytes != NULL && d->next < d->len)
		n = scans_next(d->bytes, d->len, &at, d->flat);
	if (n == 0)
		ERREXIT(jpeg, JERR_INPUT_EOF);
	d->source.next_input_byte = d->bytes + at;
	d->source.bytes_in_buffer = n;
	d->next = at + n;
	return TRUE;
}

static void
skip_bytes(j_decompress_ptr jpeg, long n)
{
	if (n <= 0)
		return;
	while ((size_t)n > jpeg->src->bytes_in_buffer) {
		n -= (long)jpeg->src->bytes_in_buffer;
		want_more(jpeg);
	}
	jpeg->src->next_input_byte += n;
	jpeg->src->bytes_in_buffer -= (size_t)n;
}

static void
do_nothing(j_decompress_ptr jpeg)
{
	(void)jpeg;
}

/*
 * Luma at full size and chroma that divides it, in the ordinary coding:
 * eight bits, Huffman, lossy (a lossless scan has its predictor in Ss).
 */
static bool
has_planes(const struct jpeg_decompress_struct *jpeg)
{
	bool grey = jpeg->jpeg_color_space == JCS_GRAYSCALE &&
	    jpeg->num_components == 1;
	bool colour = jpeg->jpeg_color_space == JCS_YCbCr &&
	    jpeg->num_components == PLANES;
	const jpeg_component_info *luma = &jpeg->comp_info[0];

	if ((!grey && !colour) || jpeg->data_precision != 8 ||
	    jpeg->arith_code ||
	    (!jpeg->progressive_mode && (jpeg->Ss != 0 || jpeg->Se != 63)))
		return false;
	for (int i = 1; i < jpeg->num_components; i++) {
		const jpeg_component_info *chroma = &jpeg->comp_info[i];

		if (luma->h_samp_factor % chroma->h_samp_factor != 0 ||
		    luma->v_samp_factor % chroma->v_samp_factor != 0)
			return false;
	}
	return true;
}

static bool
read_header(struct decoder *d)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;

	if (setjmp(d->codec.jump) != 0)
		return false;
	jpeg_create_decompress(jpeg);
	jpeg->src = &d->source;
	jpeg_save_markers(jpeg, JPEG_APP0 + 2, 0xffff);
	jpeg_read_header(jpeg, TRUE);
	(void)jpeg_read_icc_profile(jpeg, &d->profile, &d->profile_len);
	return has_planes(jpeg);
}

struct decoder *
decoder_open(const unsigned char *bytes, size_t len, bool mended)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->jpeg.err = codec_init(&d->codec);
	d->jpeg.client_data = &d->codec;
	d->mended = mended;
	d->source = (struct jpeg_source_mgr){ .next_input_byte = bytes,
		.bytes_in_buffer = len,
		.init_source = do_nothing,
		.fill_input_buffer = want_more,
		.skip_input_data = skip_bytes,
		.resync_to_restart = jpeg_resync_to_restart,
		.term_source = do_nothing };
	if (!read_header(d)) {
		decoder_close(d);
		return NULL;
	}
	return d;
}

void
decoder_close(struct decoder *d)
{
	if (d == NULL)
		return;
	jpeg_destroy_decompress(&d->jpeg);
	free(d->profile);
	free(d);
}

int32_t
decoder_width(const struct decoder *d)
{
	return (int32_t)d->jpeg.image_width;
}

int32_t
decoder_height(const struct decoder *d)
{
	return (int32_t)d->jpeg.image_height;
}

int32_t
decoder_planes(const struct decoder *d)
{
	return d->jpeg.num_components;
}

const unsigned char *
decoder_profile(const struct decoder *d, size_t *len)
{
	*len = d->profile_len;
	return d->profile;
}

static enum status
check_warnings(struct decoder *d, struct why *why)
{
	if (!d->mended || d->codec.errors.num_warnings == 0)
		return STATUS_OK;
	return codec_status(&d->codec, (j_common_ptr)&d->jpeg, STATUS_BROKEN,
	    why);
}

/*
 * At a half and less libjpeg does not shrink halved chroma as far as luma:
 * it comes as fine as luma, and all of it is of use to the scaler.
 */
static void
describe_layers(const struct jpeg_decompress_struct *jpeg, struct layer *layers)
{
	for (int i = 0; i < jpeg->num_components; i++) {
		const jpeg_component_info *c = &jpeg->comp_info[i];
		int least = SCALED_LEAST(jpeg);

		layers[i] = (struct layer){
			.width = (int32_t)c->downsampled_width,
			.height = (int32_t)c->downsampled_height,
			.per_x = jpeg->max_h_samp_factor * least /
			    (c->h_samp_factor * SCALED_WIDTH(c)),
			.per_y = jpeg->max_v_samp_factor * least /
			    (c->v_samp_factor * SCALED_HEIGHT(c)),
			.rows = c->v_samp_factor * SCALED_HEIGHT(c),
			.row_size = (size_t)c->width_in_blocks *
			    (size_t)SCALED_WIDTH(c),
		};
	}
}

/*
 * At an eighth a plane of 1 × 1 blocks is made of DC alone.  The scans that
 * refine the rest of it are most of a progressive file and need not be
 * decoded; the picture is the same.  A file that lacks its end is read whole,
 * so that it is told what else it lacks.
 */
static void
leave_out_scans(struct decoder *d)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	bool any = false;

	if (!jpeg->progressive_mode || d->mended)
		return;
	jpeg_calc_output_dimensions(jpeg);
	for (int i = 0; i < jpeg->num_components; i++) {
		const jpeg_component_info *c = &jpeg->comp_info[i];

		if (SCALED_WIDTH(c) != 1 || SCALED_HEIGHT(c) != 1)
			continue;
		d->flat[c->component_id & 0xff] = true;
		any = true;
	}
	if (!any)
		return;
	d->bytes = d->source.next_input_byte;
	d->len = d->source.bytes_in_buffer;
	d->next = scans_first(d->bytes, d->len);
	d->source.bytes_in_buffer = d->next;
	jpeg->do_block_smoothing = FALSE;
}

enum status
decoder_start(struct decoder *d, int32_t shrink, int64_t deadline_ms,
    struct layer *layers, struct why *why)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;

	if (setjmp(d->codec.jump) != 0)
		return codec_status(&d->codec, (j_common_ptr)jpeg,
		    STATUS_BROKEN, why);
	d->codec.deadline = deadline_ms;
	jpeg->progress = &d->codec.progress;
	jpeg->scale_num = 1;
	jpeg->scale_denom = (unsigned int)shrink;
	jpeg->out_color_space = jpeg->jpeg_color_space;
	jpeg->raw_data_out = TRUE;
	leave_out_scans(d);
	jpeg_start_decompress(jpeg);
	describe_layers(jpeg, layers);
	return check_warnings(d, why);
}

enum status
decoder_read(struct decoder *d, uint8_t *rows[PLANES][LAYER_ROWS],
    struct why *why)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	JSAMPARRAY planes[PLANES] = { rows[0], rows[1], rows[2] };

	if (setjmp(d->codec.jump) != 0)
		return codec_status(&d->codec, (j_common_ptr)jpeg,
		    STATUS_BROKEN, why);
	jpeg_read_raw_data(jpeg, planes,
	    (JDIMENSION)(jpeg->max_v_samp_factor * SCALED_LEAST(jpeg)));
	return check_warnings(d, why);
}

/* Rows below the last repeat it, samples right of the last, too. */
static void
list_rows(const struct planes *planes, int i, int32_t y, int32_t n,
    JSAMPROW *rows)
{
	const struct plane *p = &planes->plane[i];

	for (int32_t k = 0; k < n; k++) {
		int32_t at = y + k < p->height ? y + k : p->height - 1;

		rows[k] = p->samples + (size_t)at * p->stride;
		memset(rows[k] + p->width, rows[k][p->width - 1],
		    p->stride - (size_t)p->width);
	}
}

static void
write_planes(struct jpeg_compress_struct *jpeg, const struct planes *planes)
{
	JSAMPROW rows[PLANES][2 * DCTSIZE];
	JSAMPARRAY arrays[PLANES] = { rows[0], rows[1], rows[2] };
	int32_t step = DCTSIZE * jpeg->max_v_samp_factor;

	for (int32_t y = 0; y < planes->height; y += step) {
		for (int i = 0; i < planes->count; i++) {
			int32_t n = DCTSIZE * jpeg->comp_info[i].v_samp_factor;

			list_rows(planes, i, y / step * n, n, rows[i]);
		}
		jpeg_write_raw_data(jpeg, arrays, (JDIMENSION)step);
	}
}

static void
set_coding(struct jpeg_compress_struct *jpeg, const struct planes *planes,
    int32_t q)
{
	jpeg->image_width = (JDIMENSION)planes->width;
	jpeg->image_height = (JDIMENSION)planes->height;
	jpeg->input_components = planes->count;
	jpeg->in_color_space = planes->count == 1 ? JCS_GRAYSCALE : JCS_YCbCr;
	jpeg_set_defaults(jpeg);
	jpeg_set_quality(jpeg, q, TRUE);
	jpeg->comp_info[0].h_samp_factor = planes->halved ? 2 : 1;
	jpeg->comp_info[0].v_samp_factor = planes->halved ? 2 : 1;
	jpeg->optimize_coding = TRUE;
	jpeg->raw_data_in = TRUE;
#if JPEG_LIB_VERSION >= 70
	jpeg->do_fancy_downsampling = FALSE;
#endif
}

static void
begin_chunk(j_compress_ptr jpeg)
{
	struct sink *sink = (struct sink *)jpeg->dest;

	sink->manager.next_output_byte = sink->chunk;
	sink->manager.free_in_buffer = sizeof(sink->chunk);
}

static void
add_bytes(j_compress_ptr jpeg, size_t n)
{
	struct sink *sink = (struct sink *)jpeg->dest;

	if (!coded_add(sink->out, sink->chunk, n))
		ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
	begin_chunk(jpeg);
}

static boolean
end_chunk(j_compress_ptr jpeg)
{
	add_bytes(jpeg, sizeof(((struct sink *)jpeg->dest)->chunk));
	return TRUE;
}

static void
end_last(j_compress_ptr jpeg)
{
	struct sink *sink = (struct sink *)jpeg->dest;

	add_bytes(jpeg, sizeof(sink->chunk) - sink->manager.free_in_buffer);
}

/* False after a jump. */
static bool
compress(struct jpeg_compress_struct *jpeg, struct codec *codec,
    const struct planes *planes, int32_t q, struct sink *sink)
{
	jpeg->err = codec_init(codec);
	jpeg->client_data = codec;
	if (setjmp(codec->jump) != 0)
		return false;
	jpeg_create_compress(jpeg);
	jpeg->dest = &sink->manager;
	jpeg->progress = &codec->progress;
	set_coding(jpeg, planes, q);
	jpeg_start_compress(jpeg, TRUE);
	write_planes(jpeg, planes);
	jpeg_finish_compress(jpeg);
	return true;
}

enum status
planes_write_jpeg(const struct planes *planes, int32_t q, int32_t effort,
    int64_t deadline_ms, struct coded *out, struct why *why)
{
	struct jpeg_compress_struct jpeg = { .err = NULL };
	struct codec codec = { .deadline = deadline_ms };
	struct sink sink = { .manager = { .init_destination = begin_chunk,
		                 .empty_output_buffer = end_chunk,
		                 .term_destination = end_last },
		.out = out };
	enum status st = STATUS_OK;

	(void)effort;
	if (!compress(&jpeg, &codec, planes, q, &sink))
		st = codec_status(&codec, (j_common_ptr)&jpeg, STATUS_INTERNAL,
		    why);
	jpeg_destroy_compress(&jpeg);
	return st;
}
