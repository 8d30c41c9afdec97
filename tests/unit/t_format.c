#include "base/format.h"

#include "test.h"

#define L __LINE__

static void
every_row(void)
{
	for (int f = FORMAT_NONE + 1; f < FORMAT_MAX; f++) {
		const struct format_def *def = format_def((enum format)f);

		if (!CHECK(def->name != NULL && def->name[0] != '\0'))
			continue;
		EQ_INT(format_find(def->name, strlen(def->name)), f);
		if (def->alias != NULL)
			EQ_INT(format_find(def->alias, strlen(def->alias)), f);
		if (f != FORMAT_AUTO)
			CHECK(strncmp(def->mime, "image/", 6) == 0);
		CHECK(strspn(def->name, "abcdefghijklmnopqrstuvwxyz") ==
		    strlen(def->name));
		for (int g = FORMAT_NONE + 1; g < f; g++)
			CHECK(strcmp(def->mime,
			          format_def((enum format)g)->mime) != 0);
	}
	/* A set of formats is a 32-bit word. */
	CHECK(FORMAT_MAX <= 32);
}

static void
names(void)
{
	static const struct {
		int line;
		const char *name;
		enum format want;
	} rows[] = {
		{ L, "jpg", FORMAT_JPEG },
		{ L, "jpeg", FORMAT_JPEG },
		{ L, "png", FORMAT_PNG },
		{ L, "webp", FORMAT_WEBP },
		{ L, "avif", FORMAT_AVIF },
		{ L, "gif", FORMAT_GIF },
		{ L, "jxl", FORMAT_JXL },
		{ L, "tiff", FORMAT_TIFF },
		{ L, "tif", FORMAT_TIFF },
		{ L, "auto", FORMAT_AUTO },
		{ L, "", FORMAT_NONE },
		{ L, "JPG", FORMAT_NONE },
		{ L, "Webp", FORMAT_NONE },
		{ L, "jp", FORMAT_NONE },
		{ L, "jpgx", FORMAT_NONE },
		{ L, ".jpg", FORMAT_NONE },
		{ L, "jpg ", FORMAT_NONE },
		{ L, " jpg", FORMAT_NONE },
		{ L, "image/jpeg", FORMAT_NONE },
		{ L, "bmp", FORMAT_NONE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		EQ_INT_AT(rows[i].line,
		    format_find(rows[i].name, strlen(rows[i].name)),
		    rows[i].want);
	EQ_INT(format_find("jpgx", 3), FORMAT_JPEG);
	EQ_INT(format_find("jpg\0", 4), FORMAT_NONE);
	EQ_INT(format_find("\0", 1), FORMAT_NONE);
}

static void
abilities(void)
{
	static const struct {
		int line;
		enum format f;
		bool alpha, web;
	} rows[] = {
		{ L, FORMAT_NONE, false, false },
		{ L, FORMAT_JPEG, false, true },
		{ L, FORMAT_PNG, true, true },
		{ L, FORMAT_WEBP, true, true },
		{ L, FORMAT_AVIF, true, true },
		{ L, FORMAT_GIF, true, true },
		{ L, FORMAT_TIFF, true, false },
		{ L, FORMAT_HEIC, true, false },
		{ L, FORMAT_SVG, true, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned int flags = format_def(rows[i].f)->flags;

		CHECK_AT(rows[i].line,
		    ((flags & FORMAT_ALPHA) != 0) == rows[i].alpha);
		CHECK_AT(rows[i].line,
		    ((flags & FORMAT_WEB) != 0) == rows[i].web);
	}
	/* An unknown number is no format at all. */
	CHECK(format_def(FORMAT_MAX) == format_def(FORMAT_NONE));
	CHECK(format_def((enum format) - 1) == format_def(FORMAT_NONE));
	EQ_STR(format_def((enum format)99)->name, "");
}

int
main(void)
{
	every_row();
	names();
	abilities();
	return test_end("t_format");
}
