#include "serve/converter.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "image/pipeline.h"
#include "origin/origin.h"
#include "serve/fatal.h"
#include "serve/platform.h"
#include "serve/wire.h"

/* So long without a job, and memory is not kept for the next one. */
#define IDLE_MS 10000

enum status
converter_do(const struct job *job, int source, const struct identity *identity,
    int64_t deadline_ms, struct picture *picture, struct why *why)
{
	int64_t began = clock_us();
	enum status st;
	const void *bytes;
	int32_t us;

	memset(picture, 0, sizeof *picture);
	st = source_read(source, identity, &bytes, why);
	us = (int32_t)(clock_us() - began);
	picture->read_us = us;
	if (st != STATUS_OK)
		return st;
	st = pipeline_run(job, bytes, (size_t)identity->size, deadline_ms,
	    picture, why);
	picture->read_us = us;
	source_free(bytes, identity);
	return st;
}

void
converter_versions(char versions[CONVERTER_VERSIONS_MAX])
{
	struct buf text;

	buf_init(&text, CONVERTER_VERSIONS_MAX - 1);
	pipeline_versions(&text);
	memcpy(versions, buf_cstr(&text), text.len + 1);
	buf_free(&text);
}

static bool
say_hello(int fd, const char *versions)
{
	return wire_send(fd, WIRE_HELLO, 0, versions, strlen(versions), -1,
	           WIRE_FOREVER) == WIRE_OK;
}

static bool
answer(int fd, enum status st, const struct picture *picture,
    const struct why *why)
{
	struct wire_reply reply = { .status = (int32_t)st,
		.width = picture->width,
		.height = picture->height,
		.frames = picture->frames,
		.read_us = picture->read_us,
		.load_us = picture->load_us,
		.encode_us = picture->encode_us,
		.resident = platform_resident(),
		.why = *why };
	size_t len = st == STATUS_OK ? picture->len : 0;

	return wire_send2(fd, WIRE_REPLY, 0, &reply, sizeof reply,
	           picture->bytes, len, -1, WIRE_FOREVER) == WIRE_OK;
}

static void
wait_for_job(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	if (poll(&p, 1, IDLE_MS) == 0)
		platform_trim_memory();
}

bool
converter_serve(int fd)
{
	struct wire_head head;
	struct wire_job message;
	struct picture picture;
	struct why why = { "" };
	enum status st;
	bool good;
	int source;

	wait_for_job(fd);
	if (wire_recv_head(fd, &head, &source, WIRE_FOREVER) != WIRE_OK)
		return false;
	if (head.type != WIRE_JOB || head.len != sizeof message || source < 0 ||
	    wire_recv_body(fd, &message, sizeof message, WIRE_FOREVER) !=
	        WIRE_OK) {
		if (source >= 0)
			close(source);
		return false;
	}
	fatal_enter(FATAL_WORKING);
	st = converter_do(&message.job, source, &message.identity,
	    message.deadline_ms, &picture, &why);
	close(source);
	fatal_enter(FATAL_ANSWERING);
	good = answer(fd, st, &picture, &why);
	fatal_enter(FATAL_IDLE);
	free(picture.bytes);
	return good;
}

int
converter_run(uint32_t inputs, enum sandbox sandbox, int64_t memory)
{
	const int fd = CONVERTER_SOCKET;
	char versions[CONVERTER_VERSIONS_MAX];
	struct why why;

	platform_set_memory();
	if (!pipeline_init(inputs, &why)) {
		log_line(LOG_LEVEL_ERROR, "converter: %s", why.text);
		return 1;
	}
	/* What opens files comes before: inside there are none. */
	converter_versions(versions);
	platform_resident();
	fatal_catch(fd);
	if (!sandbox_converter(sandbox, memory, &why)) {
		log_line(LOG_LEVEL_ERROR, "converter: %s", why.text);
		return 1;
	}
	if (!say_hello(fd, versions))
		return 1;
	while (converter_serve(fd))
		continue;
	pipeline_end();
	return 0;
}
