#include "image/facts.h"

#include <stdlib.h>
#include <time.h>

#include "test.h"

/* Bytes with NULs in them, and how many. */
#define B(s) s, sizeof(s) - 1

/* Pieces that the rows put together. */
#define SOI "\xff\xd8"
#define APP1                                                                   \
	"\xff\xe1\0\x06"                                                       \
	"Exif"
#define ICC                                                                    \
	"\xff\xe2\0\x14ICC_PROFILE\0\x01\x02"                                  \
	"abcd"
#define SOF(m, h, w)                                                           \
	"\xff" m "\0\x11\x08" h w "\x03\x01\x22\0\x02\x11\x01\x03\x11\x01"
#define SOS3 "\xff\xda\0\x0c\x03\x01\0\x02\x11\x03\x11\0\x3f\0"
#define SOS1 "\xff\xda\0\x08\x01\x01\0\0\x3f\0"
#define SCAN                                                                   \
	"abc\xff\0"                                                            \
	"d\xff\xd0xyz"
#define EOI  "\xff\xd9"
#define JPEG SOI APP1 ICC ICC SOF("\xc0", "\x01\0", "\x02\0") SOS3 SCAN EOI
#define PROGRESSIVE                                                            \
	SOI SOF("\xc2", "\x01\0", "\x02\0") SOS3 SCAN SOS1 SCAN SOS1 SCAN EOI

#define PNG_MAGIC "\x89PNG\r\n\x1a\n"
#define IHDR(w, h, colour, lace)                                               \
	"\0\0\0\x0dIHDR" w h "\x08" colour "\0\0" lace "crc."
#define TRNS "\0\0\0\x01tRNS\0crc."
#define ACTL                                                                   \
	"\0\0\0\x08"                                                           \
	"acTL\0\0\0\x05\0\0\0\0crc."
#define ICCP "\0\0\0\x04iCCPabcdcrc."
#define IDAT "\0\0\0\x03IDATabccrc."
#define IEND "\0\0\0\0IENDcrc."
#define FIVE "\0\0\0\x05"
#define SIX  "\0\0\0\x06"
#define PNG  PNG_MAGIC IHDR(FIVE, SIX, "\x02", "\0") ICCP ACTL IDAT IEND

#define RIFF(n)  "RIFF" n "\0\0\0WEBP"
#define VP8      "VP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\x05\0\x06\0"
#define VP8L     "VP8L\x05\0\0\0\x2f\x04\x40\x01\x10\0"
#define VP8X(fl) "VP8X\x0a\0\0\0" fl "\0\0\0\x04\0\0\x05\0\0"
#define ANIM     "ANIM\x06\0\0\0\0\0\0\0\x03\0"
#define ANMF(x)  "ANMF\x10\0\0\0" x "\0\0\0\0\0\x01\0\0\x05\0\0\x64\0\0\0"
#define WEBP     RIFF("\x16") VP8
#define ANIMATED RIFF("\x54") VP8X("\x12") ANIM ANMF("\0") ANMF("\x01")

#define GIF(w, h) "GIF89a" w h "\x80\0\0abcdef"
#define NETSCAPE  "\x21\xff\x0bNETSCAPE2.0\x03\x01\x07\0\0"
#define GCE       "\x21\xf9\x04\x01\0\0\0\0"
#define IMG(w, h)                                                              \
	"\x2c\0\0\0\0" w h "\0\x02\x02"                                        \
	"ab\0"
#define TEN      "\x0a\0"
#define FRAME    IMG(TEN, TEN)
#define ANIM_GIF GIF(TEN, "\x0b\0") NETSCAPE GCE FRAME GCE FRAME ";"

#define FTYP(major, brand)                                                     \
	"\0\0\0\x14"                                                           \
	"ftyp" major "\0\0\0\0" brand
#define ISPE(w, h) "\0\0\0\x14ispe\0\0\0\0\0\0\0" w "\0\0\0" h
#define AUXC                                                                   \
	"\0\0\0\x38"                                                           \
	"auxC\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
#define INFE(type) "\0\0\0\x15infe\x02\0\0\0\0\x01\0\0" type "\0"
#define IINF(type) "\0\0\0\x23iinf\0\0\0\0\0\x01" INFE(type)
#define META(type)                                                             \
	"\0\0\0\x9fmeta\0\0\0\0" IINF(                                         \
	    type) "\0\0\0\x70iprp\0\0\0\x68ipco" ISPE("\x02", "\x03")          \
	    ISPE("\x20", "\x30") AUXC
#define AVIF FTYP("avif", "mif1") META("av01")

#define TAG(tag, type, v) tag type "\0\0\0\x01" v
#define TIFF(next)                                                             \
	"MM\0*\0\0\0\x08\0\x02" TAG("\x01\0", "\0\x03", "\0\x40\0\0")          \
	    TAG("\x01\x01", "\0\x04", "\0\0\0\x30") next

#define JXL_BOX "\0\0\0\x0cJXL \r\n\x87\n"
/* small, 64 high, ratio 3:2; everything as usual */
#define JXL_CODE "\xff\x0a\x0f\x03"

#define G    STATUS_OK
#define X    STATUS_BROKEN
#define U    STATUS_UNSUPPORTED
#define REST 1000 /* more bytes lie behind those given */

static const struct row {
	int line;
	const char *bytes;
	size_t len, rest;
	enum status status;
	struct facts want; /* where status is OK */
} rows[] = {
	/* JPEG: size, profile in pieces, scans, what breaks it. */
	{ __LINE__, B(JPEG), 0, G,
	    { FORMAT_JPEG, 512, 256, 1, -1, false, false, 1, 8, 3 } },
	{ __LINE__, B(PROGRESSIVE), 0, G,
	    { FORMAT_JPEG, 512, 256, 1, -1, false, true, 3, 0, 0 } },
	{ __LINE__, B(SOI SOF("\xc0", "\0\x02", "\0\x01") SOS1 SOS1), 0, G,
	    { FORMAT_JPEG, 1, 2, 1, -1, false, true, 2, 0, 0 } },
	{ __LINE__,
	    B(SOI APP1 "xx\xff\xff" SOF("\xc0", "\0\x02", "\0\x01") SOS3), 0, G,
	    { FORMAT_JPEG, 1, 2, 1, -1, false, false, 1, 0, 1 } },
	{ __LINE__, B(SOI "\xff\xe1\xff\xff"), REST, G,
	    { FORMAT_JPEG, 0, 0, 1, -1, false, false, 0, 0, 0 } },
	{ __LINE__, B(SOI "\xff\xe1\xff\xff"), 0, X, { 0 } },
	{ __LINE__, B(SOI "\xff\xe1\0\x01"), REST, X, { 0 } },
	{ __LINE__, B(SOI SOI), REST, X, { 0 } },
	{ __LINE__, B(SOI SOS3), REST, X, { 0 } },
	{ __LINE__, B(SOI SOF("\xc0", "\0\0", "\0\x01") SOS3), 0, X, { 0 } },
	{ __LINE__,
	    B(SOI SOF("\xc0", "\0\1", "\0\1") SOF("\xc0", "\0\1", "\0\1")), 0,
	    X, { 0 } },
	{ __LINE__, B(SOI APP1 EOI SOF("\xc0", "\0\1", "\0\1") SOS3), 0, X,
	    { 0 } },
	/* PNG. */
	{ __LINE__, B(PNG), 0, G,
	    { FORMAT_PNG, 5, 6, 1, -1, false, false, 0, 4, 2 } },
	{ __LINE__, B(PNG_MAGIC IHDR(FIVE, SIX, "\x06", "\x01") IDAT), 0, G,
	    { FORMAT_PNG, 5, 6, 1, -1, true, true, 0, 0, 0 } },
	{ __LINE__, B(PNG_MAGIC IHDR(FIVE, SIX, "\x03", "\0") TRNS IDAT), 0, G,
	    { FORMAT_PNG, 5, 6, 1, -1, true, false, 0, 0, 1 } },
	{ __LINE__, B(PNG_MAGIC IHDR(FIVE, SIX, "\x03", "\0")), REST, G,
	    { FORMAT_PNG, 5, 6, 1, -1, false, false, 0, 0, 0 } },
	{ __LINE__, B(PNG_MAGIC IHDR(FIVE, SIX, "\x03", "\0")), 0, X, { 0 } },
	{ __LINE__, B(PNG_MAGIC IHDR(FIVE, "\0\0\0\0", "\x03", "\0")), REST, X,
	    { 0 } },
	{ __LINE__, B(PNG_MAGIC IHDR("\x80\0\0\0", SIX, "\x03", "\0")), REST, X,
	    { 0 } },
	{ __LINE__, B(PNG_MAGIC IHDR(FIVE, SIX, "\x03", "\x02")), REST, X,
	    { 0 } },
	{ __LINE__, B(PNG_MAGIC IHDR(FIVE, SIX, "\x03", "\0") IEND), 0, X,
	    { 0 } },
	{ __LINE__, B(PNG_MAGIC IHDR(FIVE, SIX, "\x03", "\0") "\xff\0\0\0aaaa"),
	    REST, X, { 0 } },
	{ __LINE__, B(PNG_MAGIC IDAT IEND "................"), 0, X, { 0 } },
	/* WebP: the three kinds, and canvases that lie. */
	{ __LINE__, B(WEBP), 0, G,
	    { FORMAT_WEBP, 5, 6, 1, -1, false, false, 0, 0, 0 } },
	{ __LINE__, B(RIFF("\x12") VP8L "\0"), 0, G,
	    { FORMAT_WEBP, 5, 6, 1, -1, true, false, 0, 0, 0 } },
	{ __LINE__, B(RIFF("\x28") VP8X("\0") VP8), 0, G,
	    { FORMAT_WEBP, 5, 6, 1, -1, false, false, 0, 0, 0 } },
	{ __LINE__, B(ANIMATED), 0, G,
	    { FORMAT_WEBP, 5, 6, 2, 3, true, false, 0, 0, 0 } },
	{ __LINE__, B(RIFF("\x70") VP8X("\x02") ANIM ANMF("\0")), REST, G,
	    { FORMAT_WEBP, 5, 6, 0, 3, false, false, 0, 0, 0 } },
	{ __LINE__, B(RIFF("\x70") VP8X("\x02") ANIM ANMF("\x02")), REST, X,
	    { 0 } },
	{ __LINE__, B(RIFF("\x70") VP8X("\0") ANMF("\0")), REST, X, { 0 } },
	{ __LINE__, B(RIFF("\x70") VP8X("\x02") VP8), REST, X, { 0 } },
	{ __LINE__, B(RIFF("\x70") VP8 VP8X("\0")), REST, X, { 0 } },
	{ __LINE__, B(RIFF("\x24") VP8X("\x02") ANIM), 0, X, { 0 } },
	{ __LINE__, B(RIFF("\x01") VP8), 0, X, { 0 } },
	{ __LINE__, B(RIFF("\x29") VP8X("\0") "VP8L\x05\0\0\0\x2f\0\0\0\0"), 0,
	    X, { 0 } },
	/* GIF: screen or first frame, loops, stray bytes. */
	{ __LINE__, B(ANIM_GIF), 0, G,
	    { FORMAT_GIF, 10, 11, 2, 7, true, false, 0, 0, 3 } },
	{ __LINE__, B(GIF(TEN, TEN) FRAME "\0\0" FRAME), 0, G,
	    { FORMAT_GIF, 10, 10, 2, 1, false, false, 0, 0, 0 } },
	{ __LINE__, B(GIF("\x05\0", TEN) FRAME), REST, G,
	    { FORMAT_GIF, 10, 10, 0, 1, false, false, 0, 0, 0 } },
	{ __LINE__, B(GIF("\x40\x1f", "\x40\x1f") FRAME ";"), 0, G,
	    { FORMAT_GIF, 10, 10, 1, 1, false, false, 0, 0, 0 } },
	{ __LINE__, B(GIF(TEN, TEN) FRAME IMG("\0\x90", TEN) ";"), 0, G,
	    { FORMAT_GIF, 10, 10, 2, 1, false, false, 0, 0, 0 } },
	{ __LINE__, B(GIF(TEN, TEN) "\x21\xfe\xff"), REST, G,
	    { FORMAT_GIF, 10, 10, 0, 1, false, false, 0, 0, 1 } },
	{ __LINE__, B(GIF(TEN, TEN) "\x21\xfe\xff"), 0, X, { 0 } },
	{ __LINE__, B(GIF(TEN, TEN) ";"), REST, X, { 0 } },
	{ __LINE__, B(GIF(TEN, TEN) IMG("\0\0", TEN) ";"), 0, X, { 0 } },
	{ __LINE__, B("GIF89a/*\0\0\0\0\0*/=1;alert(1)//;"), 0, X, { 0 } },
	/* AVIF and HEIC: the largest size, and what codec is really inside. */
	{ __LINE__, B(AVIF), 0, G,
	    { FORMAT_AVIF, 32, 48, 1, -1, true, false, 0, 0, 1 } },
	{ __LINE__, B(FTYP("heic", "mif1") META("hvc1")), 0, G,
	    { FORMAT_HEIC, 32, 48, 1, -1, true, false, 0, 0, 1 } },
	{ __LINE__, B(FTYP("mif1", "avif") META("hvc1")), 0, U, { 0 } },
	/* The same where the item's type is the last word of the file. */
	{ __LINE__,
	    B(FTYP("avif", "mif1") "\0\0\0\x52meta\0\0\0\0\0\0\0\x24iprp"
	                           "\0\0\0\x1cipco" ISPE("\x02",
	                               "\x03") "\0\0\0\x22iinf\0\0\0\0\0\x01\0"
	                                       "\0\0\x14infe\x02\0\0\0\0"
	                                       "\x01\0\0"
	                                       "hvc1"),
	    0, U, { 0 } },
	{ __LINE__, B(FTYP("avif", "mif1")), 0, X, { 0 } },
	{ __LINE__, B(FTYP("avif", "mif1")), REST, G,
	    { FORMAT_AVIF, 0, 0, 1, -1, false, false, 0, 0, 0 } },
	{ __LINE__, B(FTYP("avif", "mif1") "\0\0\0\x10meta\0\0\0\0\0\0\0\x04"),
	    0, X, { 0 } },
	{ __LINE__,
	    B(FTYP("avif",
	        "mif1") "\0\0\0\1meta\xff\xff\xff\xff\xff\xff\xff\xff"),
	    REST, G, { FORMAT_AVIF, 0, 0, 1, -1, false, false, 0, 0, 0 } },
	/* TIFF: rings of directories, sizes past counting. */
	{ __LINE__, B(TIFF("\0\0\0\0")), 0, G,
	    { FORMAT_TIFF, 64, 48, 1, -1, false, false, 0, 0, 2 } },
	{ __LINE__, B(TIFF("\0\0\0\x08")), 0, G,
	    { FORMAT_TIFF, 64, 48, 1, -1, false, false, 0, 0, 2 } },
	{ __LINE__, B(TIFF("\0\0\0\x26") "\0\0\0\0\0\x26"), 0, G,
	    { FORMAT_TIFF, 64, 48, 2, -1, false, false, 0, 0, 2 } },
	{ __LINE__, B(TIFF("\0\0\0\x26") "\0\0\0\0\0\x2c\0\0\0\0\0\x08"), 0, G,
	    { FORMAT_TIFF, 64, 48, 3, -1, false, false, 0, 0, 2 } },
	{ __LINE__, B(TIFF("\xff\xff\xff\xff")), 0, G,
	    { FORMAT_TIFF, 64, 48, 1, -1, false, false, 0, 0, 2 } },
	{ __LINE__,
	    B("II*\0\x08\0\0\0\x02\0\0\x01\x04\0\x01\0\0\0\xff\xff\xff\xff\x01"
	      "\x01\x03\0\x01\0\0\0\x07\0\0\0\0\0\0\0"),
	    0, G, { FORMAT_TIFF, INT32_MAX, 7, 1, -1, false, false, 0, 0, 2 } },
	{ __LINE__, B("MM\0*\0\x01\0\0\0\0"), REST, G,
	    { FORMAT_TIFF, 0, 0, 0, -1, false, false, 0, 0, 0 } },
	{ __LINE__, B("MM\0*\0\x01\0\0\0\0"), 0, X, { 0 } },
	{ __LINE__, B("MM\0*\0\0\0\x08\0\0\0\0\0\0"), 0, X, { 0 } },
	/* JPEG XL, bare and boxed. */
	{ __LINE__, B(JXL_CODE), 0, G,
	    { FORMAT_JXL, 96, 64, 1, -1, false, false, 0, 0, 0 } },
	{ __LINE__, B(JXL_BOX "\0\0\0\x0cjxlc" JXL_CODE), 0, G,
	    { FORMAT_JXL, 96, 64, 1, -1, false, false, 0, 0, 1 } },
	{ __LINE__, B(JXL_BOX "\0\0\0\0jxlp\0\0\0\0" JXL_CODE), 0, G,
	    { FORMAT_JXL, 96, 64, 1, -1, false, false, 0, 0, 1 } },
	{ __LINE__, B(JXL_BOX "\0\0\0\x0cjxlcabcd"), 0, X, { 0 } },
	{ __LINE__, B(JXL_BOX "\0\0\0\x0ajxlp\0\0"), 0, G,
	    { FORMAT_JXL, 0, 0, 1, -1, false, false, 0, 0, 1 } },
	{ __LINE__, B("\xff\x0a"), 0, X, { 0 } },
	{ __LINE__, B(JXL_BOX), 0, X, { 0 } },
	/* SVG, and what nothing fits. */
	{ __LINE__, B("<svg width=\"1\"/>"), 0, G,
	    { FORMAT_SVG, 0, 0, 1, -1, true, false, 0, 0, 0 } },
	{ __LINE__, B("text"), 0, U, { 0 } },
	{ __LINE__, B(""), 0, U, { 0 } },
};

static const struct sniff_row {
	int line;
	const char *bytes;
	size_t len;
	enum format want;
} sniff_rows[] = {
	{ __LINE__, B("\xff\xd8\xff"), FORMAT_JPEG },
	{ __LINE__, B("\xff\xd8"), FORMAT_NONE },
	{ __LINE__, B("\xff\xd8\x44\x20"), FORMAT_NONE },
	{ __LINE__, B("GIF87a"), FORMAT_GIF },
	{ __LINE__, B("GIF88a"), FORMAT_NONE },
	{ __LINE__, B("RIFF....WEBP"), FORMAT_WEBP },
	{ __LINE__, B("RIFF....WEB"), FORMAT_NONE },
	{ __LINE__, B("RIFF....WAVE"), FORMAT_NONE },
	{ __LINE__, B("II+\0"), FORMAT_NONE },
	{ __LINE__, B(FTYP("avis", "msf1")), FORMAT_AVIF },
	{ __LINE__, B(FTYP("mif1", "avif")), FORMAT_AVIF },
	{ __LINE__, B(FTYP("heix", "mif1")), FORMAT_HEIC },
	{ __LINE__, B(FTYP("isom", "mp42")), FORMAT_NONE },
	/* The minor version is no brand. */
	{ __LINE__,
	    B("\0\0\0\x14"
	      "ftypisomavifmp42"),
	    FORMAT_NONE },
	{ __LINE__,
	    B("\0\0\0\x08"
	      "ftypavif\0\0\0\0"),
	    FORMAT_NONE },
	{ __LINE__, B("<svg>"), FORMAT_SVG },
	{ __LINE__, B("<svg"), FORMAT_NONE },
	{ __LINE__, B("<svgz>"), FORMAT_NONE },
	{ __LINE__,
	    B("\xef\xbb\xbf \n<?xml version='1.0'?><!-- <html> -->"
	      "<!DOCTYPE svg [<!ENTITY a \">\">]>\n<svg:svg>"),
	    FORMAT_SVG },
	{ __LINE__, B("<html><svg></svg></html>"), FORMAT_NONE },
	{ __LINE__, B("<!-- <svg> "), FORMAT_NONE },
	{ __LINE__, B("<?xml <svg> "), FORMAT_NONE },
	{ __LINE__, B("<!DOCTYPE svg [ > <svg> "), FORMAT_NONE },
	{ __LINE__, B("\x1f\x8b\x08\0<svg >"), FORMAT_NONE },
	{ __LINE__, B("%!PS-Adobe"), FORMAT_NONE },
};

static enum status
read_copy(struct facts *f, const char *bytes, size_t len, size_t rest)
{
	/* A block of its own: a sanitizer sees every byte too far. */
	unsigned char *copy = malloc(len > 0 ? len : 1);
	struct why why = { "" };
	enum status st;

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, len);
	st = facts_read(f, copy, len, len + rest, &why);
	CHECK((st == STATUS_OK) == (why.text[0] == '\0'));
	free(copy);
	return st;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct facts f;

		EQ_INT_AT(r->line, read_copy(&f, r->bytes, r->len, r->rest),
		    r->status);
		if (r->status != STATUS_OK)
			continue;
		EQ_INT_AT(r->line, f.format, r->want.format);
		EQ_INT_AT(r->line, f.width, r->want.width);
		EQ_INT_AT(r->line, f.height, r->want.height);
		EQ_INT_AT(r->line, f.frames, r->want.frames);
		EQ_INT_AT(r->line, f.loop, r->want.loop);
		EQ_INT_AT(r->line, f.alpha, r->want.alpha);
		EQ_INT_AT(r->line, f.interlaced, r->want.interlaced);
		EQ_INT_AT(r->line, f.scans, r->want.scans);
		EQ_INT_AT(r->line, f.icc_bytes, r->want.icc_bytes);
		EQ_INT_AT(r->line, f.chunks, r->want.chunks);
	}
}

static void
test_sniff(void)
{
	for (size_t i = 0; i < sizeof sniff_rows / sizeof sniff_rows[0]; i++)
		EQ_INT_AT(sniff_rows[i].line,
		    facts_sniff((const unsigned char *)sniff_rows[i].bytes,
		        sniff_rows[i].len),
		    sniff_rows[i].want);
}

/* The beginning of a good file is never bad, and never says another size. */
static void
test_prefixes(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];

		for (size_t n = 0; r->status == STATUS_OK && n < r->len; n++) {
			struct facts f;
			enum status st = read_copy(&f, r->bytes, n, r->len - n);

			CHECK_AT(r->line,
			    st == STATUS_OK || st == STATUS_UNSUPPORTED);
			CHECK_AT(r->line,
			    f.width == 0 || f.width == r->want.width ||
			        r->want.format == FORMAT_GIF);
			st = read_copy(&f, r->bytes, n, 0);
			CHECK_AT(r->line,
			    st == STATUS_OK || st == STATUS_UNSUPPORTED ||
			        st == STATUS_BROKEN);
		}
	}
}

/* Spoilt bytes end in an answer; whole files without a size in none. */
static void
test_garbage(void)
{
	uint32_t seed = 1;

	for (int round = 0; round < 60000; round++) {
		const struct row *r =
		    &rows[(size_t)round % (sizeof rows / sizeof rows[0])];
		char bytes[512];
		struct facts f;
		enum status st;

		memcpy(bytes, r->bytes, r->len);
		for (int i = 0; i < 3 && r->len > 0; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[(seed >> 8) % r->len] = (char)(seed >> 24);
		}
		st = read_copy(&f, bytes, r->len, seed & 0x80 ? 0 : REST);
		CHECK_AT(r->line,
		    st == STATUS_OK || st == STATUS_BROKEN ||
		        st == STATUS_UNSUPPORTED);
		CHECK_AT(r->line,
		    f.width >= 0 && f.height >= 0 && f.frames >= 0 &&
		        f.icc_bytes >= 0);
		CHECK_AT(r->line,
		    st != STATUS_OK || !(seed & 0x80) || f.width > 0 ||
		        f.format == FORMAT_SVG || f.format == FORMAT_JXL);
	}
}

/* head, then body so many times; the milliseconds that facts_read takes. */
static int64_t
time_long(const char *head, size_t head_len, const char *body, size_t body_len,
    size_t times, struct facts *f)
{
	size_t len = head_len + times * body_len;
	unsigned char *p = malloc(len);
	clock_t begin;

	if (p == NULL)
		abort();
	memcpy(p, head, head_len);
	for (size_t i = 0; i < times; i++)
		memcpy(p + head_len + i * body_len, body, body_len);
	begin = clock();
	facts_read(f, p, len, len, NULL);
	free(p);
	return (int64_t)(clock() - begin) * 1000 / CLOCKS_PER_SEC;
}

/* Long files are walked once: a quadratic walk takes minutes here. */
static void
test_long(void)
{
	struct facts f;

	CHECK(time_long(B(GIF(TEN, TEN)), B(GCE FRAME), 100000, &f) < 500);
	EQ_INT(f.frames, 100000);
	CHECK(time_long(B(PNG_MAGIC IHDR(FIVE, SIX, "\x02", "\0")), B(ICCP),
	          200000, &f) < 500);
	EQ_INT(f.icc_bytes, 800000);
	CHECK(time_long(B(SOI SOF("\xc2", "\0\1", "\0\1")), B(SOS1), 200000,
	          &f) < 500);
	EQ_INT(f.scans, 200000);
	CHECK(time_long(B(SOI), B("\xff\0"), 1000000, &f) < 500);
	CHECK(time_long(B(RIFF("\xff")), B("abcd\0\0\0\0"), 200000, &f) < 500);
	CHECK(time_long(B(FTYP("avif", "mif1")),
	          B("\0\0\0\x08"
	            "free"),
	          200000, &f) < 500);
	CHECK(time_long(B("<!--"), B("<!--"), 200000, &f) < 500);
}

/* A chain of directories without end counts up to its bound, no further. */
static void
test_chain(void)
{
	enum {
		FIRST = 8,
		FULL = 30,
		EACH = 6,
		MANY = 100000
	};
	static unsigned char p[FIRST + FULL + EACH * MANY] = TIFF("\0\0\0\x26");
	struct facts f;

	for (uint32_t i = 0; i < MANY; i++) {
		size_t at = FIRST + FULL + (size_t)i * EACH;
		uint32_t next = i + 1 < MANY ? (uint32_t)at + EACH : 0;

		p[at + 2] = (unsigned char)(next >> 24);
		p[at + 3] = (unsigned char)(next >> 16);
		p[at + 4] = (unsigned char)(next >> 8);
		p[at + 5] = (unsigned char)next;
	}
	EQ_INT(facts_read(&f, p, sizeof p, sizeof p, NULL), STATUS_OK);
	EQ_INT(f.frames, 65536);
	EQ_INT(facts_read(&f, p, FIRST + FULL + EACH * 999, FIRST, NULL),
	    STATUS_OK);
	EQ_INT(f.frames, 1000);
}

static const struct check_row {
	int line;
	struct facts facts;
	enum status want;
	const char *word; /* in why */
} check_rows[] = {
	{ __LINE__, { .format = FORMAT_JPEG }, G, "" },
	{ __LINE__, { .format = FORMAT_TIFF }, U, "tiff" },
	{ __LINE__, { .format = FORMAT_NONE }, U, "not enabled" },
	{ __LINE__, { .format = FORMAT_AUTO }, U, "not enabled" },
	{ __LINE__, { .format = 77 }, U, "not enabled" },
	{ __LINE__, { .format = -1 }, U, "not enabled" },
	{ __LINE__, { FORMAT_PNG, .width = 100, .height = 50 }, G, "" },
	{ __LINE__, { FORMAT_PNG, .width = 101, .height = 1 }, STATUS_LIMIT,
	    "side" },
	{ __LINE__, { FORMAT_PNG, .width = 1, .height = 101 }, STATUS_LIMIT,
	    "side" },
	{ __LINE__, { FORMAT_PNG, .width = 100, .height = 51 }, STATUS_LIMIT,
	    "pixels" },
	{ __LINE__,
	    { FORMAT_PNG, .width = 50, .height = 50, .interlaced = true }, G,
	    "" },
	{ __LINE__,
	    { FORMAT_PNG, .width = 50, .height = 51, .interlaced = true },
	    STATUS_LIMIT, "interlaced" },
	{ __LINE__, { FORMAT_GIF, .frames = 10 }, G, "" },
	{ __LINE__, { FORMAT_GIF, .frames = 11 }, STATUS_LIMIT, "frames" },
	{ __LINE__, { FORMAT_JPEG, .scans = 20 }, G, "" },
	{ __LINE__, { FORMAT_JPEG, .scans = 21 }, STATUS_LIMIT, "scans" },
	{ __LINE__, { FORMAT_JPEG, .icc_bytes = 30 }, G, "" },
	{ __LINE__, { FORMAT_JPEG, .icc_bytes = 31 }, STATUS_LIMIT, "profile" },
	/* Several at once: the first of the order speaks. */
	{ __LINE__, { FORMAT_GIF, 200, 200, .frames = 99, .scans = 99 },
	    STATUS_LIMIT, "side" },
	{ __LINE__, { FORMAT_GIF, .frames = 99, .scans = 99 }, STATUS_LIMIT,
	    "frames" },
};

static void
test_checks(void)
{
	const uint32_t inputs = FORMAT_BIT(FORMAT_JPEG) |
	    FORMAT_BIT(FORMAT_PNG) | FORMAT_BIT(FORMAT_GIF);
	struct limits limits = { .max_pixels = 5000,
		.interlaced_pixels = 2500,
		.max_side = 100,
		.max_frames = 10,
		.max_scans = 20,
		.max_icc = 30 };
	struct facts huge = { .format = FORMAT_PNG,
		.width = INT32_MAX,
		.height = INT32_MAX };

	for (size_t i = 0; i < sizeof check_rows / sizeof check_rows[0]; i++) {
		const struct check_row *r = &check_rows[i];
		struct why why = { "" };

		EQ_INT_AT(r->line,
		    facts_check(&r->facts, &limits, inputs, &why), r->want);
		CHECK_AT(r->line, strstr(why.text, r->word) != NULL);
	}
	/* The product of two sides does not wrap. */
	limits.max_side = INT32_MAX;
	EQ_INT(facts_check(&huge, &limits, inputs, NULL), STATUS_LIMIT);
}

int
main(void)
{
	test_rows();
	test_sniff();
	test_prefixes();
	test_garbage();
	test_long();
	test_chain();
	test_checks();
	return test_end("t_facts");
}
