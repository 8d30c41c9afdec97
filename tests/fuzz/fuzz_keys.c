/* Any bytes as a key file. */
#include "url/seal.h"

#include <sodium.h>
#include <unistd.h>

#include "fuzz.h"

static char path[] = "/tmp/fuzz_keys.XXXXXX";
static int fd = -1;

static void
remove_file(void)
{
	unlink(path);
}

/* One file for the whole run: mkstemp() makes it ours alone. */
static void
write_file(const uint8_t *data, size_t len)
{
	if (fd < 0) {
		fd = mkstemp(path);
		MUST(fd >= 0);
		atexit(remove_file);
	}
	MUST(ftruncate(fd, 0) == 0);
	MUST(pwrite(fd, data, len, 0) == (ssize_t)len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct seal_ring zero;
	struct why why = { "" };
	struct seal_ring ring;

	if (sodium_init() < 0)
		return 0;
	write_file(data, len);
	if (!seal_ring_load(&ring, path, &why)) {
		MUST(memcmp(&ring, &zero, sizeof zero) == 0);
		MUST(strncmp(why.text, path, strlen(path)) == 0);
		return 0;
	}
	MUST(ring.count >= 1 && ring.count <= SEAL_RING_MAX);
	for (uint32_t i = 0; i < ring.count; i++) {
		for (uint32_t k = 0; k < i; k++)
			MUST(ring.key[i].id != ring.key[k].id);
		/* An id, a colon and 64 digits had to stand there. */
		MUST(len >= 66 * ring.count);
	}
	seal_ring_wipe(&ring);
	MUST(memcmp(&ring, &zero, sizeof zero) == 0);
	return 0;
}
