/*
 * A fuzz target without a fuzzer: runs the files and the directories of
 * files that it is given.  `make check` replays the corpora with it, also
 * where the compiler has no libFuzzer.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>

#include "fuzz.h"

static int replayed, unreadable;

static void
complain(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	unreadable++;
}

/* The bytes exactly, so that a sanitizer sees every read beyond them. */
static bool
read_file(FILE *in, size_t len, uint8_t **bytes)
{
	*bytes = malloc(len > 0 ? len : 1);
	if (*bytes == NULL)
		return false;
	if (fread(*bytes, 1, len, in) == len)
		return true;
	free(*bytes);
	return false;
}

static void
replay_file(const char *path, size_t len)
{
	FILE *in = fopen(path, "rb");
	uint8_t *bytes;

	if (in == NULL) {
		complain(path);
		return;
	}
	if (read_file(in, len, &bytes)) {
		LLVMFuzzerTestOneInput(bytes, len);
		free(bytes);
		replayed++;
	} else
		complain(path);
	fclose(in);
}

static void replay(const char *);

static void
replay_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[4096];

	if (dir == NULL) {
		complain(path);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		replay(name);
	}
	closedir(dir);
}

static void
replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		complain(path);
	else if (S_ISDIR(st.st_mode))
		replay_directory(path);
	else
		replay_file(path, (size_t)st.st_size);
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%s: %d passed, %d failed, 0 skipped\n",
	    name != NULL ? name + 1 : argv[0], replayed, unreadable);
	return unreadable > 0 || replayed == 0;
}
