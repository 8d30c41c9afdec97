#include "origin/origin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "origin/beneath.h"
#include "origin/memory.h"

#define NS INT64_C(1000000000)

/*
 * How old a file's content must be before we read it.  Kernels stamp a write
 * when it begins and by a clock that ticks every few milliseconds: a change
 * this close to the last one could pass unseen.
 */
#define SETTLE_NS INT64_C(100000000)

struct origin {
	int fd;
};

static const struct cause {
	int error;
	enum status status;
	const char *text;
} causes[] = {
	{ ENOENT, STATUS_NOT_FOUND, "no such file" },
	{ ENOTDIR, STATUS_NOT_FOUND, "a part of the path is no folder" },
	{ ENAMETOOLONG, STATUS_NOT_FOUND, "the name is too long" },
	{ EINVAL, STATUS_NOT_FOUND, "no name that the file system can have" },
	{ EILSEQ, STATUS_NOT_FOUND, "no name that the file system can have" },
	{ EACCES, STATUS_FORBIDDEN, "permission denied" },
	{ EPERM, STATUS_FORBIDDEN, "not permitted" },
	{ ELOOP, STATUS_FORBIDDEN, "a symbolic link that is not followed" },
	{ EXDEV, STATUS_FORBIDDEN, "leads out of the root" },
	{ ENXIO, STATUS_NOT_REGULAR, "a socket or a device" },
	{ ENODEV, STATUS_NOT_REGULAR, "a device" },
	{ EOPNOTSUPP, STATUS_NOT_REGULAR, "a socket" },
	{ EMFILE, STATUS_NO_MEMORY, "too many open files" },
	{ ENFILE, STATUS_NO_MEMORY, "too many open files on this machine" },
	{ ENOMEM, STATUS_NO_MEMORY, "out of memory" },
	{ ESTALE, STATUS_CHANGED, "gone from its server" },
	{ EIO, STATUS_IO, "the device reports an error" },
};

/* Sets why from the errno of a call about name and gives its status. */
static enum status
explain_errno(int error, const char *name, struct why *why)
{
	size_t i;

	for (i = 0; i < sizeof causes / sizeof causes[0]; i++) {
		if (causes[i].error != error)
			continue;
		why_set(why, "%s: %s", causes[i].text, name);
		return causes[i].status;
	}
	why_set(why, "system error %d: %s", error, name);
	return STATUS_IO;
}

struct origin *
origin_open_root(const char *path, struct why *why)
{
	struct origin *o;
	struct stat st;
	int fd = open(path, BENEATH_FOLDER);

	if (fd == -1) {
		explain_errno(errno, path, why);
		return NULL;
	}
	/* Looking "." up is what search permission means. */
	if (fstatat(fd, ".", &st, 0) == -1) {
		explain_errno(errno, path, why);
		close(fd);
		return NULL;
	}
	o = malloc(sizeof *o);
	if (o == NULL) {
		explain_errno(ENOMEM, path, why);
		close(fd);
		return NULL;
	}
	o->fd = fd;
	return o;
}

void
origin_close_root(struct origin *o)
{
	if (o == NULL)
		return;
	close(o->fd);
	free(o);
}

/* Some file systems keep years whose nanoseconds do not fit: the nearest. */
static int64_t
stamp_ns(const struct timespec *t)
{
	int64_t seconds = t->tv_sec;

	if (seconds > INT64_MAX / NS - 1)
		return INT64_MAX;
	if (seconds < INT64_MIN / NS + 1)
		return INT64_MIN;
	return seconds * NS + t->tv_nsec;
}

static void
identity_of(const struct stat *st, struct identity *id)
{
	id->device = (uint64_t)st->st_dev;
	id->inode = (uint64_t)st->st_ino;
	id->size = st->st_size;
	id->mtime_ns = stamp_ns(&st->st_mtim);
	id->ctime_ns = stamp_ns(&st->st_ctim);
	id->sealed = 0;
}

static bool
same_identity(const struct identity *a, const struct identity *b)
{
	return a->device == b->device && a->inode == b->inode &&
	    a->size == b->size && a->mtime_ns == b->mtime_ns &&
	    a->ctime_ns == b->ctime_ns;
}

/* A "..", wherever it would lead: nginx has resolved those of honest paths. */
static bool
climbs(const char *path)
{
	size_t n;

	for (; *path != '\0'; path += n) {
		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 2 && memcmp(path, "..", 2) == 0)
			return true;
	}
	return false;
}

/* What can be refused without asking the file system. */
static enum status
check_path(const char *path, struct why *why)
{
	size_t n = strlen(path);

	if (path[0] != '/') {
		why_set(why, "not an absolute path: %s", path);
		return STATUS_NOT_FOUND;
	}
	if (climbs(path)) {
		why_set(why, "\"..\" in the path: %s", path);
		return STATUS_FORBIDDEN;
	}
	if (path[n - 1] == '/') {
		why_set(why, "a folder: %s", path);
		return STATUS_NOT_REGULAR;
	}
	return STATUS_OK;
}

static enum status
check_file(const struct stat *st, const char *path, int64_t max_bytes,
    struct why *why)
{
	if (!S_ISREG(st->st_mode)) {
		why_set(why, "%s: %s",
		    S_ISDIR(st->st_mode) ? "a folder" : "a device or a pipe",
		    path);
		return STATUS_NOT_REGULAR;
	}
	if (st->st_size > max_bytes) {
		why_set(why, "%lld bytes, at most %lld are read: %s",
		    (long long)st->st_size, (long long)max_bytes, path);
		return STATUS_TOO_LARGE;
	}
	return STATUS_OK;
}

enum status
origin_open(const struct origin *o, const char *path, int64_t max_bytes,
    struct source *source, struct why *why)
{
	enum status status;
	struct stat st;
	int fd;

	memset(source, 0, sizeof *source);
	source->fd = -1;
	status = check_path(path, why);
	if (status != STATUS_OK)
		return status;
	fd = beneath_open(o->fd, path + strspn(path, "/"));
	if (fd == -1)
		return explain_errno(errno, path, why);
	status = fstat(fd, &st) == -1 ? explain_errno(errno, path, why)
	                              : check_file(&st, path, max_bytes, why);
	if (status != STATUS_OK) {
		close(fd);
		return status;
	}
	source->fd = fd;
	identity_of(&st, &source->identity);
	source->modified = source->identity.mtime_ns / NS;
	snprintf(source->version, sizeof source->version, "%lld %lld",
	    (long long)source->identity.size,
	    (long long)source->identity.mtime_ns);
	return STATUS_OK;
}

struct identity
source_lasting(const struct source *source)
{
	struct identity id = source->identity;
	uint64_t hash = UINT64_C(14695981039346656037);

	if (source->blob == NULL)
		return id;
	for (const char *s = source->version; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * UINT64_C(1099511628211);
	id.device = 0;
	id.inode = hash;
	id.mtime_ns = id.ctime_ns = 0;
	return id;
}

bool
source_of_memory(struct source *source, struct blob *blob)
{
	struct stat st;

	if (fstat(blob->fd, &st) == -1)
		return false;
	source->fd = blob->fd;
	source->blob = blob;
	identity_of(&st, &source->identity);
	source->identity.sealed = 1;
	return true;
}

void
source_close(struct source *source)
{
	if (source->blob != NULL)
		blob_release(source->blob);
	else if (source->fd != -1)
		close(source->fd);
	source->blob = NULL;
	source->fd = -1;
}

/*
 * From the beginning, until size bytes or the end; *len is what there was.
 * Returns 0 or an errno.
 */
static int
read_all(int fd, void *bytes, size_t size, size_t *len)
{
	ssize_t n;

	for (*len = 0; *len < size; *len += (size_t)n) {
		n = pread(fd, (char *)bytes + *len, size - *len, (off_t)*len);
		if (n == 0)
			break;
		if (n > 0)
			continue;
		if (errno != EINTR)
			return errno;
		n = 0;
	}
	return 0;
}

enum status
source_head(const struct source *source, void *bytes, size_t size, size_t *len)
{
	int error = read_all(source->fd, bytes, size, len);

	if (error == 0)
		return STATUS_OK;
	*len = 0;
	return explain_errno(error, "", NULL);
}

/*
 * Waits until what was written last is complete and told apart.  An empty
 * file always waits: one that is being cut has lost its size a moment before
 * it gets a new date.
 */
static void
let_settle(const struct identity *id)
{
	struct timespec t;
	int64_t now, left = 0;

	if (id->sealed || clock_gettime(CLOCK_REALTIME, &t) == -1)
		return;
	now = stamp_ns(&t);
	/* A date of the far future says nothing about the last write. */
	if (id->mtime_ns > now - SETTLE_NS && id->mtime_ns < now + SETTLE_NS)
		left = id->mtime_ns + SETTLE_NS - now;
	else if (id->size == 0)
		left = SETTLE_NS;
	t = (struct timespec){ .tv_nsec = (long)left };
	while (left > 0 && nanosleep(&t, &t) == -1 && errno == EINTR)
		continue;
}

static enum status
check_identity(int fd, const struct identity *want, struct why *why)
{
	struct identity now;
	struct stat st;

	if (beneath_stat(fd, &st) == -1)
		return explain_errno(errno, "the source", why);
	identity_of(&st, &now);
	if (same_identity(&now, want))
		return STATUS_OK;
	why_set(why, "the source is not what it was when it was opened");
	return STATUS_CHANGED;
}

static enum status
read_into(int fd, const struct identity *identity, void *bytes, struct why *why)
{
	size_t len;
	int error = read_all(fd, bytes, (size_t)identity->size, &len);

	if (error != 0)
		return explain_errno(error, "the source", why);
	if (len != (size_t)identity->size) {
		why_set(why, "the source became shorter while it was read");
		return STATUS_CHANGED;
	}
	return check_identity(fd, identity, why);
}

/*
 * Nobody can change these bytes any more: they need no copy, and no look
 * afterwards.
 */
static bool
is_mapped(const struct identity *identity)
{
	return identity->sealed && identity->size > 0;
}

static enum status
map_bytes(int fd, const struct identity *identity, const void **bytes,
    struct why *why)
{
	void *map =
	    mmap(NULL, (size_t)identity->size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (map == MAP_FAILED)
		return explain_errno(errno, "the source", why);
	*bytes = map;
	return STATUS_OK;
}

static enum status
copy_bytes(int fd, const struct identity *identity, const void **bytes,
    struct why *why)
{
	/* malloc(0) may be NULL: an empty file is not a lack of memory. */
	void *buffer = malloc(identity->size > 0 ? (size_t)identity->size : 1);
	enum status status;

	if (buffer == NULL)
		return explain_errno(ENOMEM, "the source", why);
	status = read_into(fd, identity, buffer, why);
	if (status == STATUS_OK)
		*bytes = buffer;
	else
		free(buffer);
	return status;
}

enum status
source_read(int fd, const struct identity *identity, const void **bytes,
    struct why *why)
{
	enum status status;

	*bytes = NULL;
	let_settle(identity);
	status = check_identity(fd, identity, why);
	if (status != STATUS_OK)
		return status;
	if ((uint64_t)identity->size > SIZE_MAX)
		return explain_errno(ENOMEM, "the source", why);
	return is_mapped(identity) ? map_bytes(fd, identity, bytes, why)
	                           : copy_bytes(fd, identity, bytes, why);
}

void
source_free(const void *bytes, const struct identity *identity)
{
	void *memory = (void *)(uintptr_t)bytes;

	if (bytes == NULL)
		return;
	if (is_mapped(identity))
		munmap(memory, (size_t)identity->size);
	else
		free(memory);
}
