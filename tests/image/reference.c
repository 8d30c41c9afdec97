#include "reference.h"

#include "base/clock.h"

#define REFERENCE_SIDE 480
#define GRID           4

/* Halved chroma bleeds at saturated edges; PNG shows that it is only that. */
const struct target targets[TARGETS] = {
	{ FORMAT_JPEG, 8 },
	{ FORMAT_PNG, 2.5 },
	{ FORMAT_WEBP, 11 },
	{ FORMAT_AVIF, 8 },
	{ FORMAT_GIF, 8 },
};

const struct limits default_limits = {
	.max_bytes = INT64_C(100) << 20,
	.max_pixels = 50000000,
	.interlaced_pixels = 25000000,
	.max_side = 65535,
	.max_frames = 2000,
	.animation_frames = 100,
	.animation_pixels = 100000000,
	.output_side = 8192,
	.output_pixels = 16000000,
	.max_scans = 100,
	.max_icc = INT64_C(4) << 20,
};

const struct part part_whole = { 0, 0, 1, 1 };

struct job
make_job(enum format format, int32_t w, int32_t h, enum fit fit)
{
	struct job job = { .format = (int32_t)format,
		.inputs = pipeline_readable(),
		.limits = default_limits };

	job.params.width = w;
	job.params.height = h;
	job.params.fit = (int32_t)fit;
	job.params.set = (w > 0 ? PARAM_BIT(PARAM_W) : 0) |
	    (h > 0 ? PARAM_BIT(PARAM_H) : 0) |
	    (fit != FIT_INSIDE ? PARAM_BIT(PARAM_FIT) : 0);
	return job;
}

enum status
run_job(const struct job *job, const struct file *f, struct picture *picture)
{
	struct why why = { { 0 } };
	enum status st = pipeline_run(job, f->bytes, f->len, clock_ms() + 60000,
	    picture, &why);

	return st != STATUS_OK && why.text[0] == '\0' ? STATUS_MAX : st;
}

bool
reference_read(struct file *f, const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return g_file_get_contents(path, &f->bytes, &f->len, NULL);
}

/* The next of a chain of operations; frees the one before. */
static bool
step(int failed, VipsImage **image, VipsImage **next)
{
	if (failed != 0)
		return false;
	g_object_unref(*image);
	*image = *next;
	return true;
}

/* The plain way to what a person sees: upright, sRGB, alpha, all pixels. */
static bool
normalise(VipsImage **image, int side)
{
	VipsImage *next;
	double scale;

	if (vips_image_get_typeof(*image, VIPS_META_ICC_NAME) != 0 &&
	    vips_icc_transform(*image, &next, "srgb", "embedded", TRUE, NULL) ==
	        0) {
		g_object_unref(*image);
		*image = next;
	}
	if (!step(vips_autorot(*image, &next, NULL), image, &next) ||
	    !step(vips_colourspace(*image, &next, VIPS_INTERPRETATION_sRGB,
	              NULL),
	        image, &next) ||
	    !step(vips_cast_uchar(*image, &next, NULL), image, &next))
		return false;
	if (!vips_image_hasalpha(*image) &&
	    !step(vips_bandjoin_const1(*image, &next, 255, NULL), image, &next))
		return false;
	if (!step(vips_premultiply(*image, &next, NULL), image, &next))
		return false;
	scale = (double)side / VIPS_MAX((*image)->Xsize, (*image)->Ysize);
	if (scale < 1 &&
	    !step(vips_resize(*image, &next, scale, NULL), image, &next))
		return false;
	return step(vips_linear1(*image, &next, 1, 0.5, "uchar", TRUE, NULL),
	    image, &next);
}

bool
raster_make(struct raster *raster, VipsImage **image, int side)
{
	size_t size;

	if (!normalise(image, side))
		return false;
	raster->width = (*image)->Xsize;
	raster->height = (*image)->Ysize;
	raster->pixels = vips_image_write_to_memory(*image, &size);
	return raster->pixels != NULL;
}

/* How much of pixel i lies between from and to. */
static double
overlap(int i, double from, double to)
{
	return VIPS_MAX(0, VIPS_MIN(i + 1, to) - VIPS_MAX(i, from));
}

/* Means of one cell of a part; white shows through where flat. */
static void
cell_mean(const struct raster *r, const struct part *part, int column, int row,
    int cells, bool flat, double mean[4])
{
	double w = part->width * r->width / cells;
	double h = part->height * r->height / cells;
	double x = part->x * r->width + w * column;
	double y = part->y * r->height + h * row;
	double sum[4] = { 0, 0, 0, 0 }, area = 0;

	for (int j = (int)y; j < r->height && j < y + h; j++) {
		for (int i = (int)x; i < r->width && i < x + w; i++) {
			const uint8_t *p = r->pixels +
			    ((size_t)j * (size_t)r->width + (size_t)i) * 4;
			double share =
			    overlap(i, x, x + w) * overlap(j, y, y + h);
			int white = flat ? 255 - p[3] : 0;

			area += share;
			for (int b = 0; b < 4; b++)
				sum[b] += share * (p[b] + white);
		}
	}
	for (int b = 0; b < 4; b++)
		mean[b] = area > 0 ? sum[b] / area : 0;
}

void
raster_mean(const struct raster *r, const struct part *part, double mean[4])
{
	cell_mean(r, part, 0, 0, 1, false, mean);
}

/* The largest difference of any region in any channel. */
double
raster_compare(const struct raster *a, const struct part *pa,
    const struct raster *b, const struct part *pb, bool flat)
{
	double side = VIPS_MIN(a->width * pa->width, a->height * pa->height);
	int cells = side < 8 * GRID ? 1 : GRID;
	double worst = 0;

	for (int i = 0; i < cells * cells; i++) {
		double ma[4], mb[4];

		cell_mean(a, pa, i % cells, i / cells, cells, flat, ma);
		cell_mean(b, pb, i % cells, i / cells, cells, flat, mb);
		for (int k = 0; k < 4; k++)
			worst = VIPS_MAX(worst, fabs(ma[k] - mb[k]));
	}
	return worst;
}

int64_t
image_time(const VipsImage *image, int frames)
{
	int *delays, n;
	int64_t sum = 0;

	if (vips_image_get_typeof(image, "delay") == 0 ||
	    vips_image_get_array_int((VipsImage *)image, "delay", &delays,
	        &n) != 0)
		return 0;
	for (int i = 0; i < n && i < frames; i++)
		sum += delays[i];
	return sum;
}

int
image_int(const VipsImage *image, const char *name)
{
	int value = -1;

	if (vips_image_get_typeof(image, name) != 0)
		(void)vips_image_get_int(image, name, &value);
	return value;
}

bool
reference_open(struct source *s, const char *dir, const char *name)
{
	VipsImage *image;
	bool ok;

	*s = (struct source){ .name = name };
	if (!reference_read(&s->file, dir, name))
		return false;
	image =
	    vips_image_new_from_buffer(s->file.bytes, s->file.len, "", NULL);
	if (image == NULL)
		return false;
	s->width = image->Xsize;
	s->height = image->Ysize;
	if (vips_image_get_orientation(image) >= 5) {
		s->width = image->Ysize;
		s->height = image->Xsize;
	}
	s->frames = vips_image_get_n_pages(image);
	if (vips_image_get_typeof(image, "delay") == 0)
		s->frames = 1; /* pages of a document */
	s->time = image_time(image, s->frames);
	s->loop = image_int(image, "loop");
	s->alpha = vips_image_hasalpha(image);
	s->bands = image->Bands;
	ok = raster_make(&s->raster, &image, REFERENCE_SIDE);
	g_object_unref(image);
	return ok;
}

void
reference_close(struct source *s)
{
	g_free(s->file.bytes);
	g_free(s->raster.pixels);
}
