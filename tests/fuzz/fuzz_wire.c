/*
 * Front and converter, each against any bytes in the other's place.  Input:
 * a byte of flags, one for the format that is asked for, then what the
 * hostile end sends before it closes.  What is not as asked for is refused;
 * nobody waits, and no descriptor that came along stays open.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/converse.h"
#include "serve/converter.h"
#include "serve/platform.h"

#include "fuzz.h"

#define FLAG_CONVERTER 0x1  /* it is the one that is under attack */
#define FLAG_GONE      0x2  /* the other end reads nothing, and is closed */
#define FLAG_PASSED    0x4  /* a descriptor comes along */
#define FLAG_TWO       0x8  /* one more than asked for */
#define FLAG_LATER     0x10 /* with the second byte, not with the first */

#define INPUT_MAX   65536 /* fits any socket */
#define DESCRIPTORS 64    /* none of ours has a higher number */
#define PIXELS      1000  /* that the picture may have */

/* In libc's place: a source that is empty or new has no time to settle here. */
int
nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time;
	(void)left;
	return 0;
}

static int
open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void
push(int fd, const uint8_t *data, size_t len, int descriptors)
{
	const int fds[2] = { STDERR_FILENO, STDERR_FILENO };
	size_t bytes = (size_t)descriptors * sizeof fds[0];
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof fds)];
	} control;
	struct iovec iov = { (void *)(uintptr_t)data, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (len == 0)
		return;
	memset(&control, 0, sizeof control);
	if (descriptors > 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = (uint8_t)CMSG_SPACE(bytes);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = (uint8_t)CMSG_LEN(bytes);
		memcpy(CMSG_DATA(&control.head), fds, bytes);
	}
	MUST(sendmsg(fd, &msg, MSG_DONTWAIT) == (ssize_t)len);
}

/* All that the hostile end has to say. */
static void
attack(int fd, unsigned int flags, const uint8_t *data, size_t len)
{
	int descriptors = flags & FLAG_TWO ? 2 : (flags & FLAG_PASSED) != 0;
	size_t first = flags & FLAG_LATER && len > 0;

	push(fd, data, first, 0);
	push(fd, data + first, len - first, descriptors);
	if (!(flags & FLAG_GONE))
		shutdown(fd, SHUT_WR);
}

static void
check_front(int fd, enum format format)
{
	static struct wire_job message;
	struct picture picture = { .bytes = NULL };
	struct conversation c;
	struct why why = { "" };
	enum outcome outcome;

	message.job.format = (int32_t)format;
	message.job.limits.output_pixels = PIXELS;
	message.deadline_ms = clock_ms() + 10000;
	outcome = converse(fd, 1, &message, STDERR_FILENO, &picture, &c, &why);
	MUST(clock_ms() < message.deadline_ms - 5000 && !c.late);
	MUST(memchr(why.text, '\0', sizeof why.text) != NULL);
	MUST(memchr(c.cause, '\0', sizeof c.cause) != NULL);
	MUST(picture.len <= 4 * PIXELS + (1 << 20));
	if (outcome != OUTCOME_SOUND)
		MUST(c.status != STATUS_OK);
	else {
		MUST(c.status >= 0 && c.status < STATUS_MAX && !c.silent);
		MUST(c.status != STATUS_GONE && c.status != STATUS_QUARANTINED);
		MUST(c.status == STATUS_OK || picture.len == 0);
	}
	if (c.status == STATUS_OK) {
		MUST(facts_sniff(picture.bytes, picture.len) == format);
		MUST(picture.width > 0 && picture.height > 0);
		MUST(picture.frames > 0);
	}
	/* An untouched or refused one may have left what was read. */
	free(picture.bytes);
}

/* Whatever it answers, its front takes for an answer. */
static void
check_converter(int fd, int front)
{
	struct wire_head head;
	struct wire_reply reply;
	int passed;

	while (converter_serve(fd)) {
		int64_t soon = clock_ms() + 5000;

		MUST(wire_recv_head(front, &head, &passed, soon) == WIRE_OK);
		MUST(head.type == WIRE_REPLY && passed < 0);
		MUST(head.len == sizeof reply);
		MUST(wire_recv_body(front, &reply, sizeof reply, soon) ==
		    WIRE_OK);
		MUST(reply.status > STATUS_OK && reply.status < STATUS_MAX);
		MUST(reply.why.text[0] != '\0');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned int flags;
	int pair[2], before;

	if (len < 2 || len > INPUT_MAX)
		return 0;
	platform_resident(); /* keeps a descriptor */
	flags = data[0];
	if (flags & FLAG_CONVERTER)
		flags &= ~(unsigned int)FLAG_GONE;
	before = open_descriptors();
	MUST(wire_pair(pair));
	attack(pair[1], flags, data + 2, len - 2);
	if (flags & FLAG_CONVERTER)
		check_converter(pair[0], pair[1]);
	else {
		if (flags & FLAG_GONE)
			close(pair[1]);
		check_front(pair[0], (enum format)(data[1] % FORMAT_MAX));
	}
	close(pair[0]);
	if (!(flags & FLAG_GONE))
		close(pair[1]);
	MUST(open_descriptors() == before);
	return 0;
}
