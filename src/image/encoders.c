#include "image/encoders.h"

#include <stdio.h>

/*
 * Bytes are paid at every visit and CPU once, so efforts stand where more CPU
 * stops buying bytes; AVIF above 2 costs five times the CPU for 5 % of them.
 */
static const struct encoder table[FORMAT_MAX] = {
	[FORMAT_JPEG] = { .saver = "jpegsave_buffer",
	    .quality = "Q",
	    .normal = 80,
	    .min = 1,
	    .max = 100,
	    .whole = 90,
	    .side = 65500,
	    .options = "optimize_coding=true",
	    .text = "Optimised Huffman tables, chroma halved below q=90." },
	[FORMAT_PNG] = { .saver = "pngsave_buffer",
	    .side = 65535,
	    .options = "compression=6,filter=all",
	    .text = "Lossless, level 6, all row filters, no palette." },
	[FORMAT_WEBP] = { .saver = "webpsave_buffer",
	    .quality = "Q",
	    .normal = 80,
	    .min = 1,
	    .max = 100,
	    .whole = 101,
	    .effort = 4,
	    .side = 16383,
	    .options = "",
	    .text = "Lossy, effort 4; keeps animations." },
	[FORMAT_AVIF] = { .saver = "heifsave_buffer",
	    .quality = "Q",
	    .normal = 50,
	    .min = 1,
	    .max = 100,
	    .whole = 90,
	    .effort = 2,
	    .side = 16384,
	    .options = "compression=av1",
	    .text = "Lossy AV1, effort 2, 8 bits." },
	[FORMAT_GIF] = { .saver = "gifsave_buffer",
	    .side = 65535,
	    .options = "",
	    .text = "256 colours, dithered; keeps animations." },
	[FORMAT_JXL] = { .saver = "jxlsave_buffer",
	    .quality = "Q",
	    .normal = 75,
	    .min = 1,
	    .max = 100,
	    .effort = 3,
	    .side = 65535,
	    .options = "",
	    .text = "Lossy, effort 3." },
	[FORMAT_TIFF] = { .saver = "tiffsave_buffer",
	    .side = 65535,
	    .options = "compression=deflate",
	    .text = "Lossless, deflated." },
};

const struct encoder *
encoder_find(enum format format)
{
	if ((unsigned int)format >= FORMAT_MAX || table[format].saver == NULL)
		return NULL;
	return &table[format];
}

int32_t
encoder_quality(const struct encoder *e, int32_t q)
{
	if (q == 0)
		q = e->normal;
	return q < e->min ? e->min : q > e->max ? e->max : q;
}

void
encoders_dump(FILE *out, enum dump_style style)
{
	static const char *const heads[] = { "format", "default q", "notes" };
	struct dump dump;

	dump_begin(&dump, out, style, heads, 3);
	for (int i = 0; i < FORMAT_MAX; i++) {
		char q[16] = "-";
		const char *cells[] = { format_def((enum format)i)->name, q,
			table[i].text };

		if (table[i].saver == NULL)
			continue;
		if (table[i].quality != NULL)
			snprintf(q, sizeof(q), "%d", (int)table[i].normal);
		dump_row(&dump, cells);
	}
	dump_end(&dump);
}
