#include "sources.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

/* Soft everywhere, an edge in a corner, lines that a wrong phase would show. */
static void
draw_row(JSAMPLE *row, const struct jpeg_kind *k, int y)
{
	for (int x = 0; x < k->width; x++) {
		double u = (double)x / k->width, v = (double)y / k->height;
		double wave = 40 * sin(x * 0.21 + y * 0.13);
		bool corner = u > 0.7 && v > 0.6;
		double r = 60 + 130 * u + wave, g = 190 - 120 * v + wave;
		double b = corner ? 30 : 60 + 80 * u * v + wave;

		if (k->grey) {
			*row++ = (JSAMPLE)(corner ? 220 : g);
			continue;
		}
		*row++ = (JSAMPLE)(corner ? 200 : r);
		*row++ = (JSAMPLE)g;
		*row++ = (JSAMPLE)b;
	}
}

/* "Exif", a header, and a directory of one entry: the orientation. */
static void
write_orientation(j_compress_ptr jpeg, int orientation)
{
	JOCTET exif[] = { 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
		0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (JOCTET)orientation, 0,
		0, 0, 0, 0, 0 };

	jpeg_write_marker(jpeg, JPEG_APP0 + 1, exif, sizeof(exif));
}

void
source_make(struct file *f, const struct jpeg_kind *k)
{
	struct jpeg_compress_struct jpeg = { .err = NULL };
	struct jpeg_error_mgr errors;
	JSAMPROW row = malloc((size_t)k->width * 3);
	unsigned char *bytes = NULL;
	unsigned long len = 0;

	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, &bytes, &len);
	jpeg.image_width = (JDIMENSION)k->width;
	jpeg.image_height = (JDIMENSION)k->height;
	jpeg.input_components = k->grey ? 1 : 3;
	jpeg.in_color_space = k->grey ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_set_defaults(&jpeg);
	if (k->rgb)
		jpeg_set_colorspace(&jpeg, JCS_RGB);
	jpeg_set_quality(&jpeg, 95, TRUE);
	jpeg.comp_info[0].h_samp_factor = k->h;
	jpeg.comp_info[0].v_samp_factor = k->v;
	jpeg.restart_in_rows = k->restart;
	jpeg.arith_code = k->arithmetic;
	if (k->progressive)
		jpeg_simple_progression(&jpeg);
	jpeg_start_compress(&jpeg, TRUE);
	if (k->orientation != 0)
		write_orientation(&jpeg, k->orientation);
	if (k->profile != NULL)
		jpeg_write_icc_profile(&jpeg, k->profile, k->profile_len);
	while (jpeg.next_scanline < jpeg.image_height) {
		draw_row(row, k, (int)jpeg.next_scanline);
		jpeg_write_scanlines(&jpeg, &row, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	free(row);
	f->bytes = (char *)bytes;
	f->len = len;
}

static void
put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static void
put16(unsigned char *p, long v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

/* Returns its length. */
static size_t
write_curve(unsigned char *p, const struct profile_kind *kind)
{
	static const uint32_t numbers[] = { 1, 3, 4, 5, 7, 0 };
	const double formula[] = { kind->power, 1 / 1.055, 0.055 / 1.055,
		kind->curve == 2 ? 0.01 : 1 / 12.92, 0.04045, 0.01, 0.02 };
	const uint32_t n = 64;

	memcpy(p, kind->curve < 0 ? "curv" : "para", 4);
	if (kind->curve == CURVE_LINE)
		return 12;
	if (kind->curve == CURVE_POWER) {
		put32(p + 8, 1);
		put16(p + 12, lrint(kind->power * 256));
		return 16;
	}
	if (kind->curve == CURVE_TABLE) {
		put32(p + 8, n);
		for (uint32_t i = 0; i < n; i++)
			put16(p + 12 + 2 * (size_t)i,
			    lrint(
			        pow((double)i / (n - 1), kind->power) * 65535));
		return 12 + 2 * n;
	}
	put16(p + 8, kind->curve);
	for (size_t i = 0; i < numbers[kind->curve]; i++)
		put32(p + 12 + 4 * i, (uint32_t)lrint(formula[i] * 65536));
	return 12 + 4 * numbers[kind->curve];
}

size_t
profile_make(unsigned char p[PROFILE_SIZE], const struct profile_kind *kind)
{
	static const char *const tags[] = { "rXYZ", "gXYZ", "bXYZ", "rTRC",
		"gTRC", "bTRC", "A2B0" };
	static const double primaries[2][3][3] = {
		{ { 0.4361, 0.2225, 0.0139 }, { 0.3851, 0.7169, 0.0971 },
		    { 0.1431, 0.0606, 0.7141 } },
		{ { 0.5151, 0.2412, -0.0011 }, { 0.2919, 0.6922, 0.0419 },
		    { 0.1572, 0.0666, 0.7841 } },
	};
	size_t at = 132 + 7 * 12, curve;

	memset(p, 0, PROFILE_SIZE);
	p[8] = 4;
	memcpy(p + 12, "mntrRGB XYZ ", 12);
	memcpy(p + 36, "acsp", 4);
	put32(p + 128, kind->tables ? 7 : 6);
	curve = write_curve(p + at + 60, kind);
	for (size_t t = 0; t < 7; t++) {
		unsigned char *row = p + 132 + 12 * t;
		size_t start = t < 3 ? at + 20 * t : at + 60;

		memcpy(row, tags[t], 4);
		put32(row + 4, (uint32_t)start);
		put32(row + 8, t < 3 ? 20 : (uint32_t)curve);
		if (t >= 3)
			continue;
		memcpy(p + start, "XYZ ", 4);
		for (size_t i = 0; i < 3; i++)
			put32(p + start + 8 + 4 * i,
			    (uint32_t)lrint(
			        primaries[kind->wide][t][i] * 65536));
	}
	put32(p, (uint32_t)(at + 60 + curve));
	return at + 60 + curve;
}
