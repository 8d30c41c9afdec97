#include "image/libraries.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

/* Stems of file names, each up to the dot or dash before its version. */
static const char *const stems[] = {
	"libjpeg",
	"libturbojpeg",
	"libpng",
	"libspng",
	"libz",
	"libwebp",
	"libheif",
	"libaom",
	"libdav1d",
	"libSvtAv1Enc",
	"librav1e",
	"libde265",
	"libcgif",
	"libimagequant",
	"libtiff",
	"libjxl",
	"librsvg",
	"liblcms2",
};

#define STEMS (sizeof(stems) / sizeof(stems[0]))

struct found {
	const char *path[STEMS]; /* the link map's own strings */
};

/* "libpng16.so.16" and "librsvg-2.so.2" are libpng and librsvg. */
static bool
match_stem(const char *name, const char *stem)
{
	size_t len = strlen(stem);

	if (strncmp(name, stem, len) != 0)
		return false;
	name += len;
	name += strspn(name, "-0123456789.");
	return strncmp(name, "so", 2) == 0;
}

static int
note_library(struct dl_phdr_info *info, size_t size, void *data)
{
	struct found *found = data;
	const char *name;

	(void)size;
	if (info->dlpi_name == NULL)
		return 0;
	name = strrchr(info->dlpi_name, '/');
	name = name != NULL ? name + 1 : info->dlpi_name;
	for (size_t i = 0; i < STEMS; i++) {
		if (found->path[i] == NULL && match_stem(name, stems[i]))
			found->path[i] = info->dlpi_name;
	}
	return 0;
}

void
libraries_list(struct buf *out)
{
	struct found found = { { NULL } };

	dl_iterate_phdr(note_library, &found);
	for (size_t i = 0; i < STEMS; i++) {
		const char *path = found.path[i], *base;
		char *real;

		if (path == NULL)
			continue;
		real = realpath(path, NULL);
		if (real != NULL)
			path = real;
		base = strrchr(path, '/');
		buf_str(out, ", ");
		buf_str(out, base != NULL ? base + 1 : path);
		free(real);
	}
}
