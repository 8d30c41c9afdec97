/* A file replaced or rewritten while it is read: old, new or an error. */
#include "origin/origin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "test.h"

#define SIZE     (3 << 20)
#define SIZE_B   (SIZE - 4097)
#define FLIP_MS  1200
#define STALL_MS 90
#define MAX_READ INT64_C(100000000)

/* The working directory is a private folder, and the root. */
static char base[256];
static struct origin *origin;
static char letters[2][SIZE];

/*
 * What the writer tells, in shared memory: when its present rewriting began
 * (0 between two) and how long the longest took.
 */
static struct tale {
	volatile int64_t began, longest;
} * tale;

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void
pause_ms(int ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		continue;
}

static void
put_file(const char *name, int flags, int letter, size_t size, size_t piece)
{
	int fd = open(name, O_WRONLY | O_CREAT | flags, 0644);
	size_t n, done;

	must(fd != -1, name);
	for (done = 0; done < size; done += n) {
		n = size - done < piece ? size - done : piece;
		must(pwrite(fd, letters[letter], n, (off_t)done) == (ssize_t)n,
		    name);
		if (n < size)
			pause_ms(10);
	}
	must(ftruncate(fd, (off_t)size) == 0, name);
	close(fd);
}

static void
set_time(const char *name, time_t seconds)
{
	const struct timespec t[2] = { { .tv_sec = seconds },
		{ .tv_sec = seconds } };

	must(utimensat(AT_FDCWD, name, t, 0) == 0, name);
}

static void
put_bytes(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	size_t n = strlen(text);

	must(fd != -1 && write(fd, text, n) == (ssize_t)n, name);
	close(fd);
	set_time(name, 1000000000);
}

static void
rewrite(int letter)
{
	put_file("flip", 0, letter, SIZE, SIZE);
}

static void
rewrite_other_size(int letter)
{
	put_file("flip", 0, letter, letter == 0 ? SIZE : SIZE_B, SIZE);
}

static void
truncate_and_rewrite(int letter)
{
	put_file("flip", O_TRUNC, letter, letter == 0 ? SIZE : SIZE_B, SIZE);
}

static void
rewrite_slowly(int letter)
{
	put_file("flip", O_TRUNC, letter, SIZE, SIZE / 5);
}

static void
rename_over(int letter)
{
	put_file("new", O_TRUNC, letter, letter == 0 ? SIZE : SIZE_B, SIZE);
	must(rename("new", "flip") == 0, "rename");
}

static const struct way {
	int line;
	void (*put)(int letter);
	size_t size_b;
} ways[] = {
	{ __LINE__, rewrite, SIZE },
	{ __LINE__, rewrite_other_size, SIZE_B },
	{ __LINE__, truncate_and_rewrite, SIZE_B },
	{ __LINE__, rewrite_slowly, SIZE },
	{ __LINE__, rename_over, SIZE_B },
};

/* One letter throughout, and as many as that letter's file has. */
static bool
is_whole(const struct way *way, const char *bytes, int64_t size)
{
	int letter = size > 0 && bytes[0] == 'B';
	size_t want = letter == 0 ? SIZE : way->size_b;

	return size == (int64_t)want &&
	    memcmp(bytes, letters[letter], want) == 0;
}

/* Counts in *torn what is neither the old file nor the new. */
static enum status
read_flip(const struct way *way, int *torn)
{
	enum status status;
	struct source s;
	const void *bytes;

	status = origin_open(origin, "/flip", MAX_READ, &s, NULL);
	EQ_INT_AT(way->line, status, STATUS_OK);
	if (status != STATUS_OK)
		return status;
	status = source_read(s.fd, &s.identity, &bytes, NULL);
	if (status != STATUS_OK)
		EQ_INT_AT(way->line, status, STATUS_CHANGED);
	else if (!is_whole(way, bytes, s.identity.size))
		(*torn)++;
	source_free(bytes, &s.identity);
	source_close(&s);
	return status;
}

/* Pauses from none to longer than a reader waits. */
static void
flip_until_killed(const struct way *way)
{
	static const int pauses[] = { 0, 0, 3, 0, 40, 0, 99, 101, 0, 150, 1 };
	int64_t took;
	size_t i;

	for (i = 0;; i++) {
		tale->began = clock_ms();
		way->put((int)(i & 1));
		took = clock_ms() - tale->began;
		if (took > tale->longest)
			tale->longest = took;
		tale->began = 0;
		pause_ms(pauses[i % (sizeof pauses / sizeof pauses[0])]);
	}
}

/* How often a second of reading beside the writer gave a torn file. */
static int
flip_once(const struct way *way)
{
	int64_t end;
	pid_t pid;
	int torn = 0;

	way->put(0);
	*tale = (struct tale){ 0 };
	fflush(stdout);
	pid = fork();
	must(pid != -1, "fork");
	if (pid == 0)
		flip_until_killed(way);
	for (end = clock_ms() + FLIP_MS; clock_ms() < end;)
		read_flip(way, &torn);
	must(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid, "kill");
	if (tale->began != 0 && clock_ms() - tale->began > tale->longest)
		tale->longest = clock_ms() - tale->began;
	return torn;
}

/*
 * A machine that stands still for a moment, as virtual ones do, leaves its
 * file system's clock behind: such a tear does not come three times.
 */
static void
flips(const struct way *way)
{
	int torn = 0;

	for (int tries = 0; tries == 0 || (torn > 0 && tries < 3); tries++)
		torn = flip_once(way);
	/* Half a file that stays so is what the disk holds, to any reader. */
	if (torn > 0 && tale->longest >= STALL_MS)
		test_skip("the writer was held up for longer than we wait");
	else
		EQ_INT_AT(way->line, torn, 0);
	torn = 0;
	way->put(1);
	EQ_INT_AT(way->line, read_flip(way, &torn), STATUS_OK);
	EQ_INT_AT(way->line, torn, 0);
}

/* What happens between the opening and the reading, one change a row. */
static void
same_again(void)
{
}

static void
same_size_old_date(void)
{
	put_file("flip", 0, 1, SIZE, SIZE);
	set_time("flip", 1000000000);
}

static void
shorter(void)
{
	must(truncate("flip", 1) == 0, "truncate");
	set_time("flip", 1000000000);
}

static void
longer(void)
{
	must(truncate("flip", SIZE + 1) == 0, "truncate");
	set_time("flip", 1000000000);
}

static void
touched(void)
{
	set_time("flip", 1000000001);
}

static void
replaced(void)
{
	rename_over(1);
}

static void
removed(void)
{
	must(unlink("flip") == 0, "unlink");
}

static void
between(void)
{
	static const struct {
		int line;
		void (*change)(void);
		enum status want;
		bool ours; /* by ctime alone */
	} rows[] = {
		{ __LINE__, same_again, STATUS_OK, false },
		{ __LINE__, same_size_old_date, STATUS_CHANGED, true },
		{ __LINE__, shorter, STATUS_CHANGED, false },
		{ __LINE__, longer, STATUS_CHANGED, false },
		{ __LINE__, touched, STATUS_CHANGED, false },
		{ __LINE__, replaced, STATUS_CHANGED, true },
		{ __LINE__, removed, STATUS_CHANGED, true },
	};
	struct source s;
	const void *bytes;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put_file("flip", 0, 0, SIZE, SIZE);
		set_time("flip", 1000000000);
		EQ_INT(origin_open(origin, "/flip", MAX_READ, &s, NULL), 0);
		/* The change must fall into another tick of ctime's clock. */
		if (rows[i].ours)
			pause_ms(30);
		rows[i].change();
		EQ_INT_AT(rows[i].line,
		    source_read(s.fd, &s.identity, &bytes, NULL), rows[i].want);
		CHECK_AT(rows[i].line,
		    (bytes != NULL) == (rows[i].want == STATUS_OK));
		source_free(bytes, &s.identity);
		source_close(&s);
	}
}

/* Who waits: a file of this moment; not one of the past or far future. */
static void
waits(void)
{
	static const struct {
		int line;
		int64_t date;
		int size;
		bool waits;
	} rows[] = {
		{ __LINE__, -1, 1, true }, /* now */
		{ __LINE__, 0, 1, false },
		{ __LINE__, 1000000000, 1, false },
		{ __LINE__, 4000000000, 1, false },
		{ __LINE__, 9223372035, 1, false },
		/* Beyond what nanoseconds can say; the disk may say less. */
		{ __LINE__, 9223372037, 1, false },
		{ __LINE__, 14000000000, 1, false },
		{ __LINE__, -2000000000, 1, false },
		/* Empty: perhaps cut just now, with the old date still. */
		{ __LINE__, 1000000000, 0, true },
	};
	struct source s;
	int64_t start, took;
	const void *bytes;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put_file("small", O_TRUNC, 0, (size_t)rows[i].size, 1);
		if (rows[i].date != -1)
			set_time("small", (time_t)rows[i].date);
		start = clock_ms();
		EQ_INT(origin_open(origin, "/small", 1, &s, NULL), 0);
		EQ_INT_AT(rows[i].line,
		    source_read(s.fd, &s.identity, &bytes, NULL), STATUS_OK);
		took = clock_ms() - start;
		CHECK_AT(rows[i].line, (took >= 80) == rows[i].waits);
		source_free(bytes, &s.identity);
		source_close(&s);
	}
}

static void
heads(void)
{
	char head[8] = "zzzzzzz";
	struct source s;
	size_t n = 99;

	EQ_INT(origin_open(origin, "/photo", 5, &s, NULL), STATUS_OK);
	EQ_INT(source_head(&s, head, 3, &n), STATUS_OK);
	CHECK(n == 3 && memcmp(head, "phoz", 4) == 0);
	EQ_INT(source_head(&s, head, 0, &n), STATUS_OK);
	EQ_INT((int64_t)n, 0);
	EQ_INT(source_head(&s, head, sizeof head, &n), STATUS_OK);
	CHECK(n == 5 && memcmp(head, "photozz", 8) == 0);
	source_close(&s);
	source_close(&s);
	EQ_INT(source_head(&s, head, 3, &n), STATUS_IO);
	EQ_INT((int64_t)n, 0);
}

static enum status
read_as(const struct source *s, const struct identity *id, const char *text)
{
	enum status status;
	struct why why = { "" };
	const void *bytes = &why;

	status = source_read(s->fd, id, &bytes, &why);
	CHECK((bytes != NULL) == (status == STATUS_OK));
	CHECK((why.text[0] == '\0') == (status == STATUS_OK));
	if (status == STATUS_OK)
		CHECK(memcmp(bytes, text, strlen(text)) == 0);
	source_free(bytes, id);
	return status;
}

/* Every part of the identity counts. */
static void
identities(void)
{
	struct identity id[8];
	struct source s;
	size_t i;

	EQ_INT(origin_open(origin, "/photo", 5, &s, NULL), STATUS_OK);
	EQ_INT(s.identity.mtime_ns, INT64_C(1000000000000000000));
	EQ_INT(read_as(&s, &s.identity, "photo"), STATUS_OK);
	for (i = 0; i < sizeof id / sizeof id[0]; i++)
		id[i] = s.identity;
	id[0].device++;
	id[1].inode ^= UINT64_C(1) << 63;
	id[2].size++;
	id[3].size--;
	id[4].mtime_ns--;
	id[5].ctime_ns++;
	id[6].size = -1;
	id[7].size = INT64_MAX;
	for (i = 0; i < sizeof id / sizeof id[0]; i++)
		EQ_INT(read_as(&s, &id[i], "photo"), STATUS_CHANGED);
	source_close(&s);
	EQ_INT(read_as(&s, &s.identity, "photo"), STATUS_IO);
	EQ_INT(origin_open(origin, "/none", 0, &s, NULL), STATUS_OK);
	EQ_INT(read_as(&s, &s.identity, ""), STATUS_OK);
	source_close(&s);
}

/* A writer that hides behind old dates, without pause. */
static void
disturb(off_t size)
{
	time_t i;

	for (i = 0;; i++) {
		if (i % 2 == 0)
			must(truncate("long", size - 1 - i % 3) == 0, "long");
		else
			must(truncate("long", size) == 0, "long");
		set_time("long", 1000000000 + i);
		pause_ms(1);
	}
}

/*
 * A file so long that a change falls into the reading: the look before it is
 * not enough.
 */
static void
during(void)
{
	const off_t size = 96 << 20;
	enum status status;
	struct source s;
	pid_t pid;
	const void *bytes;
	int i, changed = 0;

	put_bytes("long", "");
	must(truncate("long", size) == 0, "long");
	fflush(stdout);
	pid = fork();
	must(pid != -1, "fork");
	if (pid == 0)
		disturb(size);
	pause_ms(20);
	for (i = 0; i < 10; i++) {
		EQ_INT(origin_open(origin, "/long", size, &s, NULL), STATUS_OK);
		status = source_read(s.fd, &s.identity, &bytes, NULL);
		CHECK(status == STATUS_OK || status == STATUS_CHANGED);
		changed += status == STATUS_CHANGED;
		source_free(bytes, &s.identity);
		source_close(&s);
		/* Between two changes, not right behind one. */
		pause_ms(2);
	}
	must(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid, "kill");
	CHECK(changed >= 5);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	size_t i;

	snprintf(base, sizeof base, "%s/t_origin.XXXXXX",
	    tmp != NULL && strlen(tmp) < 200 ? tmp : "/tmp");
	must(mkdtemp(base) != NULL && chdir(base) == 0, base);
	tale = mmap(NULL, sizeof *tale, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(tale != MAP_FAILED, "mmap");
	memset(letters[0], 'A', SIZE);
	memset(letters[1], 'B', SIZE);
	origin = origin_open_root(".", NULL);
	must(origin != NULL, base);
	put_bytes("photo", "photo");
	put_bytes("none", "");
	heads();
	identities();
	between();
	waits();
	during();
	for (i = 0; i < sizeof ways / sizeof ways[0]; i++)
		flips(&ways[i]);
	origin_close_root(origin);
	unlink("flip");
	unlink("new");
	unlink("small");
	unlink("photo");
	unlink("none");
	unlink("long");
	must(rmdir(base) == 0, base);
	return test_end("origin_change");
}
