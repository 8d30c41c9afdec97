/*
 * png FAST DIR...: our reader of PNG against libvips'.  Every kind of row, of
 * fault and of cut, made here byte by byte, and every PNG of the folders must
 * give the same picture, or the same refusal, both ways.  FAST says whether
 * ours was built: yes or no.
 */
#include <dirent.h>
#include <stdlib.h>

#include "../unit/test.h"
#include "image/png.h"
#include "reference.h"

#define BYTES_MAX (1 << 20)
#define STORED    65535 /* bytes of a block that is not compressed */

/* What is wrong, or only unusual, with a file. */
enum fault {
	NO_FAULT,
	OTHER_DEPTH, /* 16 bits */
	INTERLACED,  /* by its header */
	FILTER,      /* a sixth */
	SHORT,       /* a byte of pixels too few */
	LONG,        /* one too many */
	SUM,         /* of the pixels */
	CHECKSUM,    /* of a chunk of them */
	SPLIT,       /* by another chunk */
	NO_PIXELS,   /* IDAT but empty */
	TRAILING,    /* bytes behind the pixels, in their chunk */
	TRANSPARENT, /* one colour is */
	EARLY,       /* transparency before the palette */
	TWICE,       /* the palette's transparency */
};

struct kind {
	int width, height, bands;
	int filter; /* of all rows; 5: any */
	size_t piece;
	enum fault fault;
	int colours; /* of a palette, if it has one */
};

struct writer {
	unsigned char *p;
	size_t len;
};

static uint32_t
chance(void)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return state >> 8;
}

static void
put32(struct writer *w, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		w->p[w->len++] = (unsigned char)(v >> shift);
}

static uint32_t
crc(const unsigned char *p, size_t n)
{
	uint32_t v = UINT32_MAX;

	while (n-- > 0) {
		v ^= *p++;
		for (int i = 0; i < 8; i++)
			v = v & 1 ? v >> 1 ^ UINT32_C(0xedb88320) : v >> 1;
	}
	return ~v;
}

static void
put_chunk(struct writer *w, const char *type, const unsigned char *p, size_t n,
    uint32_t off)
{
	size_t at;

	put32(w, (uint32_t)n);
	at = w->len;
	memcpy(w->p + at, type, 4);
	memcpy(w->p + at + 4, p, n);
	w->len += 4 + n;
	put32(w, crc(w->p + at, 4 + n) ^ off);
}

/* Rows of soft and of hard changes, each after the word for its filter. */
static size_t
make_rows(unsigned char *p, const struct kind *k)
{
	int samples = k->colours > 0 ? 1 : k->bands;
	size_t row = (size_t)(k->width * samples), n = 0;

	for (int y = 0; y < k->height; y++) {
		p[n++] = (unsigned char)(k->filter < 5 ? k->filter
		                                       : (int)(chance() % 5));
		for (size_t i = 0; i < row; i++)
			p[n++] = (unsigned char)(chance() % 3 == 0
			        ? chance()
			        : chance() % 5 - 2);
	}
	if (k->fault == FILTER)
		p[n - row - 1] = 5;
	if (k->fault == LONG)
		p[n++] = 0;
	return k->fault == SHORT ? n - 1 : n;
}

/* zlib's format, not compressed. */
static void
store(struct writer *w, const unsigned char *p, size_t n, uint32_t off)
{
	uint32_t a = 1, b = 0;

	w->p[w->len++] = 0x78;
	w->p[w->len++] = 0x01;
	for (size_t at = 0; at < n; at += STORED) {
		size_t part = n - at < STORED ? n - at : STORED;
		const unsigned char head[] = { at + part == n,
			(unsigned char)part, (unsigned char)(part >> 8),
			(unsigned char)~part, (unsigned char)(~part >> 8) };

		memcpy(w->p + w->len, head, sizeof(head));
		memcpy(w->p + w->len + sizeof(head), p + at, part);
		w->len += sizeof(head) + part;
	}
	for (size_t i = 0; i < n; i++) {
		a = (a + p[i]) % 65521;
		b = (b + a) % 65521;
	}
	put32(w, (b << 16 | a) ^ off);
}

static void
put_pixels(struct writer *w, const struct kind *k, unsigned char *rows,
    unsigned char *stored)
{
	struct writer data = { stored, 0 };
	size_t n;

	store(&data, rows, make_rows(rows, k), k->fault == SUM);
	if (k->fault == TRAILING)
		put32(&data, chance());
	if (k->fault == NO_PIXELS)
		data.len = 0;
	do {
		n = data.len < k->piece ? data.len : k->piece;
		put_chunk(w, "IDAT", data.p, n, k->fault == CHECKSUM);
		if (k->fault == SPLIT && n < data.len)
			put_chunk(w, "tIME", (const void *)"\7\352\1\1\0\0\0",
			    7, 0);
		data.p += n;
		data.len -= n;
	} while (data.len > 0);
}

/* With fewer of transparency, if it has any. */
static void
put_palette(struct writer *w, const struct kind *k)
{
	unsigned char table[3 * 256];
	size_t n = (size_t)k->colours;

	for (size_t i = 0; i < sizeof(table); i++)
		table[i] = (unsigned char)chance();
	if (k->fault == EARLY)
		put_chunk(w, "tRNS", table, n, 0);
	put_chunk(w, "PLTE", table, 3 * n, 0);
	if (k->bands == 4)
		put_chunk(w, "tRNS", table, (n + 1) / 2, 0);
	if (k->fault == TWICE)
		put_chunk(w, "tRNS", table, n, 0);
}

/* g_free() the bytes. */
static void
make_file(struct file *f, const struct kind *k)
{
	static unsigned char rows[BYTES_MAX], stored[BYTES_MAX];
	struct writer w = { g_malloc(2 * BYTES_MAX), 8 };
	struct writer header = { rows, 0 };

	memcpy(w.p, "\211PNG\r\n\032\n", 8);
	put32(&header, (uint32_t)k->width);
	put32(&header, (uint32_t)k->height);
	memcpy(header.p + 8, "\10\0\0\0", 5);
	if (k->fault == OTHER_DEPTH)
		header.p[8] = 16;
	header.p[9] = (unsigned char)"\0\4\2\6"[k->bands - 1];
	if (k->colours > 0)
		header.p[9] = 3;
	header.p[12] = k->fault == INTERLACED;
	put_chunk(&w, "IHDR", header.p, 13, 0);
	if (k->colours > 0)
		put_palette(&w, k);
	if (k->fault == TRANSPARENT)
		put_chunk(&w, "tRNS", (const void *)"\0\1\0\1\0\1",
		    k->bands == 1 ? 2 : 6, 0);
	put_pixels(&w, k, rows, stored);
	put_chunk(&w, "IEND", w.p, 0, 0);
	*f = (struct file){ (char *)w.p, w.len };
}

/*
 * The same job with our reader and, by the limit on what is held whole,
 * without; which would forbid those that always are.
 */
static enum status
compare_ways(const struct job *job, const struct file *f)
{
	struct job theirs = *job;
	struct picture a, b;
	enum status got = run_job(job, f, &a), want;
	struct why why;
	struct facts facts;

	if (facts_read(&facts, (const void *)f->bytes, f->len, f->len, &why) !=
	        STATUS_OK ||
	    !facts.interlaced)
		theirs.limits.interlaced_pixels = 0;
	want = run_job(&theirs, f, &b);
	EQ_INT((int)got, (int)want);
	CHECK(a.len == b.len &&
	    (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0));
	free(a.bytes);
	free(b.bytes);
	return got;
}

/* Does our own reader take it, and as libvips does? */
static bool
reads(const struct file *f, const struct kind *k)
{
	uint8_t *pixels = png_pixels((const void *)f->bytes, f->len, k->width,
	    k->height, k->bands);
	VipsImage *image = NULL;
	void *want = NULL;
	size_t size = 0;

	if (pixels == NULL)
		return false;
	if (CHECK(vips_pngload_buffer(f->bytes, f->len, &image, NULL) == 0)) {
		want = vips_image_write_to_memory(image, &size);
		g_object_unref(image);
	}
	CHECK(size == (size_t)(k->width * k->height * k->bands) &&
	    memcmp(pixels, want, size) == 0);
	g_free(want);
	free(pixels);
	return true;
}

static void
check_rows(bool fast)
{
	static const int sides[] = { 1, 2, 3, 5, 15, 16, 17, 33, 211 };

	for (size_t i = 0; i < VIPS_NUMBER(sides); i++) {
		for (int n = 0; n < 24; n++) {
			struct kind k = { .width = sides[i],
				.height = sides[(i * 5 + (size_t)n) % 9],
				.bands = n % 4 + 1,
				.filter = n / 4,
				.piece = n % 3 == 0 ? BYTES_MAX
				                    : 1 + chance() % 5000 };
			struct file f;

			make_file(&f, &k);
			if (!CHECK(reads(&f, &k) == fast))
				printf("\t%d×%d, %d bands, filter %d\n",
				    k.width, k.height, k.bands, k.filter);
			g_free(f.bytes);
		}
	}
}

/* A palette of every length, and rows that want more colours than it has. */
static void
check_palettes(bool fast)
{
	struct job job = make_job(FORMAT_PNG, 0, 0, FIT_INSIDE);

	for (int n = 1; n <= 256; n += 17) {
		for (int i = 0; i < 8; i++) {
			static const enum fault faults[] = { NO_FAULT, TWICE,
				EARLY, CHECKSUM };
			struct kind k = { 61, 47, 3 + i % 2, 5, 1000,
				faults[i / 2], n };
			int before = test_failed;
			struct file f;

			make_file(&f, &k);
			if (k.fault == NO_FAULT)
				CHECK(reads(&f, &k) == fast);
			(void)compare_ways(&job, &f);
			if (test_failed != before)
				printf("\t%d colours, %d bands, fault %d\n", n,
				    k.bands, (int)k.fault);
			g_free(f.bytes);
		}
	}
}

static void
check_faults(bool fast)
{
	static const struct {
		int line;
		enum fault fault;
		bool ours;
	} rows[] = {
		{ __LINE__, NO_FAULT, true },
		{ __LINE__, OTHER_DEPTH, false },
		{ __LINE__, INTERLACED, false },
		{ __LINE__, FILTER, false },
		{ __LINE__, SHORT, false },
		{ __LINE__, LONG, false },
		{ __LINE__, SUM, false },
		{ __LINE__, CHECKSUM, false },
		{ __LINE__, SPLIT, false },
		{ __LINE__, NO_PIXELS, false },
		{ __LINE__, TRAILING, true },
	};
	struct job job = make_job(FORMAT_PNG, 0, 0, FIT_INSIDE);

	for (size_t i = 0; i < VIPS_NUMBER(rows); i++) {
		for (int bands = 1; bands <= 4; bands++) {
			struct kind k = { 61, 47, bands, 5, 1000, rows[i].fault,
				0 };
			int before = test_failed;
			struct file f;

			make_file(&f, &k);
			CHECK_AT(rows[i].line,
			    reads(&f, &k) == (fast && rows[i].ours));
			(void)compare_ways(&job, &f);
			if (test_failed != before)
				printf("\trow of line %d, %d bands\n",
				    rows[i].line, bands);
			g_free(f.bytes);
		}
	}
}

/* A colour that is transparent makes a band more than the rows have. */
static void
check_transparent(void)
{
	struct job job = make_job(FORMAT_PNG, 30, 0, FIT_INSIDE);

	for (int bands = 1; bands <= 3; bands += 2) {
		struct kind k = { 61, 47, bands, 5, 1000, TRANSPARENT, 0 };
		struct file f;

		make_file(&f, &k);
		EQ_INT((int)compare_ways(&job, &f), STATUS_OK);
		k.bands++;
		CHECK(!reads(&f, &k));
		g_free(f.bytes);
	}
}

/* Cut off anywhere, and with any byte another. */
static void
check_broken(const struct kind *k)
{
	struct job job = make_job(FORMAT_PNG, 0, 0, FIT_INSIDE);
	struct file f;
	int before = test_failed;

	make_file(&f, k);
	for (size_t at = 8; at < f.len && test_failed == before; at++) {
		struct file part = { f.bytes, at };

		(void)compare_ways(&job, &part);
		f.bytes[at] ^= 0x55;
		(void)compare_ways(&job, &f);
		f.bytes[at] ^= 0x55;
		if (test_failed != before)
			printf("\tat byte %zu of %zu\n", at, f.len);
	}
	g_free(f.bytes);
}

/* Real ones: profiles, palettes, orientations, as they come. */
static void
check_folder(const char *dir)
{
	static const struct {
		enum format format;
		int32_t w, h;
		enum fit fit;
	} jobs[] = {
		{ FORMAT_PNG, 0, 0, FIT_INSIDE },
		{ FORMAT_JPEG, 320, 0, FIT_INSIDE },
		{ FORMAT_WEBP, 100, 120, FIT_COVER },
		{ FORMAT_PNG, 120, 100, FIT_CONTAIN },
	};
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, alphasort), count = 0;

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name,
		           *dot = strrchr(name, '.');
		struct file f;

		if (dot != NULL && strcmp(dot, ".png") == 0 &&
		    CHECK(reference_read(&f, dir, name))) {
			int before = test_failed;

			/* Large ones cost too much whole. */
			for (size_t j = f.len > 400000; j < VIPS_NUMBER(jobs);
			     j++) {
				struct job job = make_job(jobs[j].format,
				    jobs[j].w, jobs[j].h, jobs[j].fit);

				(void)compare_ways(&job, &f);
			}
			if (test_failed != before)
				printf("\t%s/%s\n", dir, name);
			count++;
			g_free(f.bytes);
		}
		free(entries[i]);
	}
	free(entries);
	CHECK(count > 3);
}

int
main(int argc, char **argv)
{
	struct why why = { { 0 } };
	bool fast;

	if (argc < 2) {
		fprintf(stderr, "usage: png yes|no [DIR...]\n");
		return 2;
	}
	fast = strcmp(argv[1], "yes") == 0;
	if (!CHECK(pipeline_init(pipeline_readable(), &why))) {
		printf("%s\n", why.text);
		return test_end("png");
	}
	check_rows(fast);
	check_palettes(fast);
	check_faults(fast);
	check_transparent();
	check_broken(&(struct kind){ 9, 5, 3, 5, 60, NO_FAULT, 0 });
	check_broken(&(struct kind){ 9, 5, 4, 5, 60, NO_FAULT, 3 });
	for (int i = 2; i < argc; i++)
		check_folder(argv[i]);
	pipeline_end();
	return test_end("png");
}
