/*
 * bare FILE WIDTH SUFFIX N: what libvips alone needs to turn the file, read
 * once into memory, into a picture of that width, N times.  SUFFIX says the
 * format and the saver's options as libvips writes them: .jpg[Q=80].  Prints
 * CPU milliseconds an image, of the whole process.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <vips/vips.h>

#include "base/num.h"

static double
cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

__attribute__((noreturn)) static void
give_up(const char *what)
{
	fprintf(stderr, "bare: %s\n", what);
	exit(2);
}

static void *
read_file(const char *name, size_t *len)
{
	FILE *f = fopen(name, "rb");
	void *bytes;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) <= 0)
		give_up("cannot read the file");
	rewind(f);
	*len = (size_t)size;
	if ((bytes = malloc(*len)) == NULL || fread(bytes, *len, 1, f) != 1)
		give_up("cannot read the file");
	fclose(f);
	return bytes;
}

static size_t
convert(void *bytes, size_t len, int width, const char *suffix)
{
	VipsImage *image;
	void *out;
	size_t out_len;

	/* A height that never binds: by width alone, as ?w= does. */
	if (vips_thumbnail_buffer(bytes, len, &image, width, "height",
	        VIPS_MAX_COORD, "size", VIPS_SIZE_DOWN, NULL) != 0 ||
	    vips_image_write_to_buffer(image, suffix, &out, &out_len, NULL) !=
	        0)
		give_up(vips_error_buffer());
	g_object_unref(image);
	g_free(out);
	return out_len;
}

static int
number(const char *s, int max)
{
	int64_t n;

	if (!num_parse(s, strlen(s), 1, max, &n))
		give_up("usage: bare FILE WIDTH SUFFIX N");
	return (int)n;
}

int
main(int argc, char **argv)
{
	int width, count;
	size_t len, out_len;
	double start;
	void *bytes;

	if (argc != 5)
		give_up("usage: bare FILE WIDTH SUFFIX N");
	width = number(argv[2], 65535);
	count = number(argv[4], 1000000);
	bytes = read_file(argv[1], &len);
	if (VIPS_INIT(argv[0]) != 0)
		give_up("libvips does not start");
	vips_concurrency_set(1);
	vips_cache_set_max(0);
	out_len = convert(bytes, len, width, argv[3]); /* warm */
	start = cpu_ms();
	for (int i = 0; i < count; i++)
		convert(bytes, len, width, argv[3]);
	printf("images %d\nbytes %zu\ncpu_ms %.3f\n", count, out_len,
	    (cpu_ms() - start) / count);
	free(bytes);
	vips_shutdown();
	return 0;
}
