/*
 * What the bench wants to know of pictures, and the pictures that it compares
 * them with.
 *
 *	picture check FILE WIDTH FORMAT	the header: "WIDTH HEIGHT BYTES", or
 *					a refusal if it is something else
 *	picture decode FILE PNG		its pixels, as a PNG
 *	picture ideal FILE WIDTH HEIGHT PNG
 *					the whole original scaled to that by
 *					libvips' lanczos3 in floating point
 *	picture stretch FILE WIDTH HEIGHT PNG
 *					the same, each side by its own scale
 *
 * The ideal has the scale of the width for both sides, unless that would give
 * another height.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vips/vips.h>

#include "base/num.h"
#include "image/facts.h"

#define BYTES_MAX ((size_t)64 << 20)

__attribute__((noreturn)) static void
give_up(const char *what)
{
	fprintf(stderr, "picture: %s\n", what);
	exit(1);
}

static int
number(const char *s)
{
	int64_t n;

	if (!num_parse(s, strlen(s), 1, 65535, &n))
		give_up("no width or height");
	return (int)n;
}

static int
check(char **argv)
{
	unsigned char *bytes = malloc(BYTES_MAX);
	FILE *f = fopen(argv[0], "rb");
	struct facts facts;
	struct why why;
	size_t len;

	if (bytes == NULL || f == NULL)
		give_up("cannot read the file");
	len = fread(bytes, 1, BYTES_MAX, f);
	fclose(f);
	if (facts_read(&facts, bytes, len, len, &why) != STATUS_OK)
		give_up("no picture");
	free(bytes);
	if (facts.width != number(argv[1]) ||
	    strcmp(format_def((enum format)facts.format)->name, argv[2]) != 0) {
		fprintf(stderr, "picture: %s of %d columns\n",
		    format_def((enum format)facts.format)->name,
		    (int)facts.width);
		return 1;
	}
	printf("%d %d %zu\n", (int)facts.width, (int)facts.height, len);
	return 0;
}

static int
decode(char **argv)
{
	VipsImage *image = vips_image_new_from_file(argv[0], NULL);

	if (image == NULL || vips_image_write_to_file(image, argv[1], NULL))
		give_up(vips_error_buffer());
	g_object_unref(image);
	return 0;
}

static int
scale(char **argv, bool stretch)
{
	double x, y, width = number(argv[1]), height = number(argv[2]);
	VipsImage *image = vips_image_new_from_file(argv[0], NULL);
	VipsImage *t[4];

	if (image == NULL || vips_autorot(image, &t[0], NULL) ||
	    vips_cast_float(t[0], &t[1], NULL))
		give_up(vips_error_buffer());
	x = y = width / t[1]->Xsize;
	if (stretch || VIPS_RINT(t[1]->Ysize * y) != height)
		y = height / t[1]->Ysize;
	if (vips_resize(t[1], &t[2], x, "vscale", y, "kernel",
	        VIPS_KERNEL_LANCZOS3, NULL) ||
	    vips_rint(t[2], &t[3], NULL) ||
	    vips_image_write_to_file(t[3], argv[3], NULL))
		give_up(vips_error_buffer());
	for (int i = 0; i < 4; i++)
		g_object_unref(t[i]);
	g_object_unref(image);
	return 0;
}

static int
make_ideal(char **argv)
{
	return scale(argv, false);
}

static int
make_stretched(char **argv)
{
	return scale(argv, true);
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **argv);
} verbs[] = {
	{ "check", 3, check },
	{ "decode", 2, decode },
	{ "ideal", 4, make_ideal },
	{ "stretch", 4, make_stretched },
};

int
main(int argc, char **argv)
{
	if (argc < 2 || VIPS_INIT(argv[0]) != 0)
		give_up("usage: picture check|decode|ideal|stretch ...");
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(argv[1], verbs[i].name) == 0 &&
		    argc - 2 == verbs[i].arguments)
			return verbs[i].run(argv + 2);
	}
	give_up("usage: picture check|decode|ideal|stretch ...");
}
