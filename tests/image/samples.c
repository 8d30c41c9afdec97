/*
 * samples DIR [NAME...]: draws the project's own pictures, for the
 * demonstration and for tests; the named ones, or all but the large ones of
 * the bench.  Every pixel is a function of its place, so that they are the
 * same at each run; libvips only encodes them.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vips/vips.h>

struct point {
	double x, y; /* 0…1 over the picture, y downwards */
	int px, py;  /* the same in pixels */
	int frame;
};

struct rgba {
	double r, g, b, a; /* 0…255 */
};

typedef struct rgba paint_fn(const struct point *);
typedef int finish_fn(VipsImage *, VipsImage **);

static const struct rgba clear = { 0, 0, 0, 0 };

static struct rgba
mix(struct rgba a, struct rgba b, double t)
{
	t = t < 0 ? 0 : t > 1 ? 1 : t;
	return (struct rgba){ a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t,
		a.b + (b.b - a.b) * t, a.a + (b.a - a.a) * t };
}

static struct rgba
shade(struct rgba c, double by)
{
	return (struct rgba){ c.r + by, c.g + by, c.b + by, c.a };
}

/* −1…1 for a place on the grid; multipliers are odd and otherwise any. */
static double
hash_place(int x, int y)
{
	uint32_t n = (uint32_t)x * 374761393u + (uint32_t)y * 668265263u;

	n = (n ^ (n >> 13)) * 1274126177u;
	n ^= n >> 16;
	return (double)(n & 0xffff) / 32767.5 - 1;
}

/* Smooth noise with a bump every size pixels. */
static double
noise(const struct point *p, int size)
{
	int x = p->px / size, y = p->py / size;
	double u = (double)(p->px % size) / size;
	double v = (double)(p->py % size) / size;
	double top, low;

	top = hash_place(x, y) * (1 - u) + hash_place(x + 1, y) * u;
	low = hash_place(x, y + 1) * (1 - u) + hash_place(x + 1, y + 1) * u;
	return top * (1 - v) + low * v;
}

static bool
in_disc(const struct point *p, double x, double y, double r, double aspect)
{
	double dx = (p->x - x) * aspect, dy = p->y - y;

	return dx * dx + dy * dy < r * r;
}

static bool
in_box(const struct point *p, double x0, double y0, double x1, double y1)
{
	return p->x >= x0 && p->x < x1 && p->y >= y0 && p->y < y1;
}

/* Sky and sun, two ridges, a meadow, a house: soft, rough and sharp parts. */
static struct rgba
paint_photo(const struct point *p)
{
	static const struct rgba zenith = { 48, 104, 190, 255 },
	                         horizon = { 222, 226, 224, 255 },
	                         far = { 96, 118, 150, 255 },
	                         near = { 52, 92, 60, 255 },
	                         meadow = { 128, 142, 62, 255 },
	                         wall = { 236, 228, 210, 255 },
	                         roof = { 168, 56, 40, 255 },
	                         dark = { 34, 34, 42, 255 };
	double x = p->x, grain = hash_place(p->px, p->py);
	double rough = noise(p, 9) * 0.6 + noise(p, 40) * 0.4;
	double ridge = 0.46 + 0.06 * sin(7 * x) + 0.03 * sin(19 * x + 1);
	double hill = 0.60 + 0.07 * sin(4 * x + 2) + 0.01 * sin(43 * x);

	if (in_box(p, 0.62, 0.66, 0.82, 0.84)) {
		if (in_box(p, 0.65, 0.70, 0.69, 0.76) ||
		    in_box(p, 0.75, 0.70, 0.79, 0.76))
			return dark;
		return shade(wall, 3 * grain);
	}
	if (p->y < 0.66 && p->y > 0.56 + fabs(x - 0.72) * 0.8)
		return shade(roof, p->py % 14 < 3 ? -30 : 6 * grain);
	if (p->y > hill)
		return shade(mix(near, meadow, (p->y - hill) * 3),
		    rough * 34 + grain * 16);
	if (p->y > ridge)
		return shade(far, rough * 14 + grain * 6);
	if (in_disc(p, 0.2, 0.18, 0.06, 4.0 / 3))
		return (struct rgba){ 255, 244, 200, 255 };
	return shade(mix(zenith, horizon, p->y / 0.5),
	    noise(p, 160) * 9 + grain * 3);
}

/* Five by seven dots a letter, a row a byte: I, M, G. */
static bool
in_letters(const struct point *p)
{
	static const uint8_t rows[3][7] = {
		{ 0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e },
		{ 0x11, 0x1b, 0x15, 0x11, 0x11, 0x11, 0x11 },
		{ 0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0e },
	};
	int column = (int)((p->x - 0.2) / 0.6 * 18);
	int row = (int)((p->y - 0.35) / 0.3 * 7);

	if (!in_box(p, 0.2, 0.35, 0.8, 0.65) || column % 6 == 5)
		return false;
	return rows[column / 6][row] >> (4 - column % 6) & 1;
}

static struct rgba
paint_graphic(const struct point *p)
{
	static const struct rgba ink = { 20, 24, 40, 255 },
	                         glass = { 40, 170, 220, 128 },
	                         red = { 214, 50, 60, 255 },
	                         gold = { 244, 190, 40, 255 };

	if (in_letters(p))
		return ink;
	if (in_disc(p, 0.5, 0.5, 0.36, 1.5))
		return mix(gold, red, p->y);
	if (p->y > 0.8 && p->y < 0.95)
		return p->px / 8 % 2 ? ink : clear;
	if (in_box(p, 0.05, 0.08, 0.95, 0.72))
		return glass;
	return clear;
}

/* A figure with its head up, on grass, under a sky. */
static struct rgba
paint_portrait(const struct point *p)
{
	static const struct rgba sky = { 90, 150, 230, 255 },
	                         grass = { 70, 140, 60, 255 },
	                         skin = { 240, 200, 170, 255 },
	                         coat = { 180, 40, 60, 255 };
	double grain = 5 * hash_place(p->px, p->py);

	if (in_disc(p, 0.5, 0.32, 0.12, 2.0 / 3))
		return shade(skin, grain);
	if (p->y > 0.45 && p->y < 0.9 && fabs(p->x - 0.5) < p->y * 0.3)
		return shade(coat, grain);
	return shade(p->y < 0.7 ? sky : grass, grain);
}

static struct rgba
paint_disc(const struct point *p)
{
	static const struct rgba disc = { 230, 90, 30, 255 },
	                         floor = { 40, 60, 90, 255 };
	double x = 0.12 + 0.76 * p->frame / 9;

	if (in_disc(p, x, 0.5, 0.2, 4.0 / 3))
		return disc;
	return p->y > 0.85 ? floor : clear;
}

/* Frames that have no colour in common: what bleeds shows. */
static struct rgba
paint_blink(const struct point *p)
{
	return p->frame % 2 ? (struct rgba){ 0, 0, 255, 255 }
	                    : (struct rgba){ 255, 0, 0, 255 };
}

/* Opaque red on transparent green: a green fringe is a mistake. */
static struct rgba
paint_fringe(const struct point *p)
{
	if (in_disc(p, 0.5, 0.5, 0.3, 1))
		return (struct rgba){ 255, 0, 0, 255 };
	return (struct rgba){ 0, 255, 0, 0 };
}

/* Lines of words in two columns, as a browser shows them; a photo, a bar. */
static struct rgba
paint_screen(const struct point *p)
{
	static const struct rgba page = { 255, 255, 255, 255 },
	                         side = { 244, 245, 247, 255 },
	                         bar = { 36, 41, 62, 255 },
	                         ink = { 32, 33, 36, 255 },
	                         link = { 26, 88, 202, 255 };
	const struct point inner = { .x = (p->x - 0.62) / 0.34,
		.y = (p->y - 0.12) / 0.4,
		.px = p->px,
		.py = p->py };
	int column = p->px / 11, line = p->py / 26;
	int x = p->px % 11 / 2, y = p->py % 26 / 2 - 3;
	struct rgba paper = p->x < 0.16 ? side : page;

	if (p->y < 0.05)
		return bar;
	if (in_box(&inner, 0, 0, 1, 1))
		return paint_photo(&inner);
	/* Letters are dots by chance, words end by chance, lines early. */
	if (x == 5 || y < 0 || y > 6 || line % 9 == 8 ||
	    hash_place(column, line) > 0.7 || in_box(p, 0.6, 0.08, 1, 0.55) ||
	    p->x > 0.5 + 0.4 * hash_place(line, 7) * hash_place(line, 7) ||
	    hash_place(column * 5 + x, line * 7 + y) < 0.1)
		return paper;
	return hash_place(column / 9, line) > 0.8 ? link : ink;
}

static int
finish_plain(VipsImage *in, VipsImage **out)
{
	return vips_copy(in, out, NULL);
}

static int
finish_turned(VipsImage *in, VipsImage **out)
{
	/* Shown upright by turning right, so stored turned left. */
	if (vips_rot270(in, out, NULL) != 0)
		return -1;
	vips_image_set_int(*out, VIPS_META_ORIENTATION, 6);
	return 0;
}

static int
finish_grey(VipsImage *in, VipsImage **out)
{
	return vips_colourspace(in, out, VIPS_INTERPRETATION_B_W, NULL);
}

static int
finish_cmyk(VipsImage *in, VipsImage **out)
{
	if (vips_colourspace(in, out, VIPS_INTERPRETATION_CMYK, NULL) != 0)
		return -1;
	(void)vips_image_remove(*out, VIPS_META_ICC_NAME);
	return 0;
}

static int
finish_p3(VipsImage *in, VipsImage **out)
{
	return vips_icc_transform(in, out, "p3", "input_profile", "srgb", NULL);
}

static int
finish_16bit(VipsImage *in, VipsImage **out)
{
	return vips_colourspace(in, out, VIPS_INTERPRETATION_RGB16, NULL);
}

static int
finish_frames(VipsImage *in, VipsImage **out)
{
	static const int delays[10] = { 100, 100, 100, 100, 100, 100, 100, 100,
		100, 300 };

	if (vips_copy(in, out, NULL) != 0)
		return -1;
	vips_image_set_int(*out, VIPS_META_PAGE_HEIGHT, in->Ysize / 10);
	vips_image_set_array_int(*out, "delay", delays, 10);
	vips_image_set_int(*out, "loop", 3);
	return 0;
}

static const struct sample {
	const char *name;
	const char *options;
	int width, height; /* of one frame, upright */
	int bands, frames;
	paint_fn *paint;
	finish_fn *finish;
} samples[] = {
	{ "photo.jpg", "[Q=90]", 3000, 2250, 3, 1, paint_photo, finish_plain },
	{ "graphic.png", "", 900, 600, 4, 1, paint_graphic, finish_plain },
	{ "animation.gif", "", 320, 240, 4, 10, paint_disc, finish_frames },
	{ "portrait.jpg", "[Q=90]", 800, 1200, 3, 1, paint_portrait,
	    finish_turned },
	{ "small.jpg", "[Q=85]", 240, 180, 3, 1, paint_photo, finish_plain },
	{ "odd.jpg", "[Q=90]", 1283, 7, 3, 1, paint_photo, finish_plain },
	{ "cmyk.jpg", "[Q=90]", 700, 525, 3, 1, paint_photo, finish_cmyk },
	{ "grey.jpg", "[Q=90]", 700, 525, 3, 1, paint_photo, finish_grey },
	{ "p3.jpg", "[Q=90]", 700, 525, 3, 1, paint_photo, finish_p3 },
	{ "progressive.jpg", "[Q=85,interlace]", 700, 525, 3, 1, paint_photo,
	    finish_plain },
	{ "16bit.png", "", 400, 300, 3, 1, paint_photo, finish_16bit },
	{ "16bit-alpha.png", "", 300, 200, 4, 1, paint_graphic, finish_16bit },
	{ "grey.png", "", 400, 300, 3, 1, paint_photo, finish_grey },
	{ "palette.png", "[palette]", 400, 300, 3, 1, paint_portrait,
	    finish_plain },
	{ "interlaced.png", "[interlace]", 400, 300, 4, 1, paint_graphic,
	    finish_plain },
	{ "fringe.png", "", 400, 400, 4, 1, paint_fringe, finish_plain },
	{ "dot.png", "", 1, 1, 3, 1, paint_photo, finish_plain },
	{ "alpha.webp", "[Q=90]", 600, 400, 4, 1, paint_graphic, finish_plain },
	{ "animation.webp", "[Q=90]", 320, 240, 4, 10, paint_disc,
	    finish_frames },
	{ "blink.gif", "", 100, 100, 3, 10, paint_blink, finish_frames },
	{ "photo.webp", "[Q=85]", 800, 600, 3, 1, paint_photo, finish_plain },
	{ "photo.avif", "[Q=70,effort=0]", 800, 600, 3, 1, paint_photo,
	    finish_plain },
};

/* Made only where they are named. */
static const struct sample large[] = {
	{ "photo2.jpg", "[Q=85]", 1920, 1280, 3, 1, paint_photo, finish_plain },
	{ "photo6.jpg", "[Q=85]", 2725, 2225, 3, 1, paint_photo, finish_plain },
	{ "photo12.jpg", "[Q=85]", 4032, 3024, 3, 1, paint_photo,
	    finish_plain },
	{ "photo15.jpg", "[Q=90,interlace]", 5120, 2880, 3, 1, paint_photo,
	    finish_plain },
	{ "screen.png", "", 2880, 1800, 3, 1, paint_screen, finish_plain },
};

static uint8_t
to_byte(double v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
}

static VipsImage *
paint(const struct sample *s)
{
	int rows = s->height * s->frames;
	size_t size = (size_t)s->width * (size_t)rows * (size_t)s->bands;
	uint8_t *pixels = g_malloc(size), *at = pixels;
	VipsImage *image;

	for (int y = 0; y < rows; y++) {
		for (int x = 0; x < s->width; x++) {
			struct point p = { .px = x,
				.py = y % s->height,
				.frame = y / s->height };
			struct rgba c;

			p.x = (p.px + 0.5) / s->width;
			p.y = (p.py + 0.5) / s->height;
			c = s->paint(&p);
			*at++ = to_byte(c.r);
			*at++ = to_byte(c.g);
			*at++ = to_byte(c.b);
			if (s->bands == 4)
				*at++ = to_byte(c.a);
		}
	}
	image = vips_image_new_from_memory_copy(pixels, size, s->width, rows,
	    s->bands, VIPS_FORMAT_UCHAR);
	g_free(pixels);
	if (image != NULL)
		image->Type = VIPS_INTERPRETATION_sRGB;
	return image;
}

static int
make(const struct sample *s, const char *dir)
{
	VipsImage *painted = paint(s), *done = NULL;
	char path[4096];
	int failed = painted == NULL || s->finish(painted, &done) != 0;

	snprintf(path, sizeof(path), "%s/%s%s", dir, s->name, s->options);
	if (!failed)
		failed = vips_image_write_to_file(done, path, NULL) != 0;
	if (done != NULL)
		g_object_unref(done);
	if (painted != NULL)
		g_object_unref(painted);
	if (failed)
		fprintf(stderr, "samples: %s: %s", path, vips_error_buffer());
	vips_error_clear();
	return failed;
}

/* The rows that are named, or all. */
static int
make_rows(const struct sample *rows, size_t count, const char *dir,
    char *const *names)
{
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		char *const *name = names;

		while (*name != NULL && strcmp(*name, rows[i].name) != 0)
			name++;
		if (*names == NULL || *name != NULL)
			failed |= make(&rows[i], dir);
	}
	return failed;
}

int
main(int argc, char **argv)
{
	int failed;

	if (argc < 2) {
		fprintf(stderr, "usage: samples DIR [NAME...]\n");
		return 2;
	}
	if (VIPS_INIT(argv[0]) != 0)
		return 1;
	vips_concurrency_set(1);
	failed = make_rows(samples, VIPS_NUMBER(samples), argv[1], argv + 2);
	if (argc > 2)
		failed |=
		    make_rows(large, VIPS_NUMBER(large), argv[1], argv + 2);
	vips_shutdown();
	return failed;
}
