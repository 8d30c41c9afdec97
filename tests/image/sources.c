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

size_t
profile_make(unsigned char p[PROFILE_SIZE], double power, bool tables)
{
	static const char *const tags[] = { "rXYZ", "gXYZ", "bXYZ", "rTRC",
		"gTRC", "bTRC", "A2B0" };
	static const double xyz[3][3] = { { 0.4361, 0.2225, 0.0139 },
		{ 0.3851, 0.7169, 0.0971 }, { 0.1431, 0.0606, 0.7141 } };
	const double curve[] = { power, 1 / 1.055, 0.055 / 1.055, 1 / 12.92,
		0.04045 };
	size_t at = 132 + 7 * 12;

	memset(p, 0, PROFILE_SIZE);
	memcpy(p + 12, "mntrRGB XYZ ", 12);
	memcpy(p + 36, "acsp", 4);
	put32(p + 128, tables ? 7 : 6);
	for (size_t t = 0; t < 7; t++) {
		unsigned char *row = p + 132 + 12 * t;
		size_t start = t < 3 ? at + 20 * t : at + 60;

		memcpy(row, tags[t], 4);
		put32(row + 4, (uint32_t)start);
		put32(row + 8, t < 3 ? 20 : 32);
		memcpy(p + start, t < 3 ? "XYZ " : "para", 4);
		for (size_t i = 0; t < 3 && i < 3; i++)
			put32(p + start + 8 + 4 * i,
			    (uint32_t)lrint(xyz[t][i] * 65536));
	}
	p[at + 60 + 9] = 3;
	for (size_t i = 0; i < 5; i++)
		put32(p + at + 72 + 4 * i, (uint32_t)lrint(curve[i] * 65536));
	put32(p, (uint32_t)(at + 60 + 32));
	return at + 60 + 32;
}
