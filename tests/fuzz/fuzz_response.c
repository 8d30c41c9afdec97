/*
 * Whatever stands in a path or a query, the head of an answer stays a head.
 * Input: one byte, then path and query between NULs.
 */
#include "http/response.h"

#include "fuzz.h"

/* "Name: value\r\n" and again, an empty line, the end. */
static void
check_head(const struct response *r)
{
	const char *line = buf_cstr(&r->head), *end;

	MUST(buf_ok(&r->head) && strlen(line) == r->head.len);
	MUST(strncmp(line, "Status: ", 8) == 0);
	while (strncmp(line, "\r\n", 2) != 0) {
		size_t name = strspn(line,
		    "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

		end = strstr(line, "\r\n");
		MUST(end != NULL && name > 0);
		MUST(line[name] == ':' && line[name + 1] == ' ');
		for (const char *c = line; c < end; c++)
			MUST((unsigned char)*c >= 0x20 && *c != 0x7f);
		line = end + 2;
	}
	MUST(line[2] == '\0');
	MUST((r->body_len > 0) <= (r->body != NULL));
}

static void
check_picture(const char *path, unsigned int kind)
{
	const struct response_facts facts = {
		.etag = "\"0123456789abcdefABCDEF\"",
		.mtime = (int64_t)kind << 24,
		.fresh = 600,
		.max_age = 2592000,
		.varies = kind & 1,
		.format = (enum format)(FORMAT_JPEG + kind % 7),
		.path = path,
	};
	struct response r;
	void *bytes = malloc(3);

	MUST(bytes != NULL);
	memcpy(bytes, "abc", 3);
	response_init(&r);
	response_picture(&r, &facts, bytes, 3);
	MUST(r.http == 200 && r.body_len == 3);
	check_head(&r);
	response_free(&r);
	response_init(&r);
	response_not_modified(&r, &facts);
	MUST(r.http == 304 && r.body_len == 0);
	check_head(&r);
	response_free(&r);
}

static void
check_refusal(const char *cause, unsigned int kind)
{
	const struct response_refusal refusal = {
		.status = (enum status)(STATUS_BAD_REQUEST +
		    kind % (STATUS_MAX - STATUS_BAD_REQUEST)),
		.cause = cause,
		.precise = kind & 0x40,
		.revalidation = kind & 0x80,
		.retry_after = 1,
	};
	struct response r;

	response_init(&r);
	response_refusal(&r, &refusal);
	MUST(r.http >= 400);
	check_head(&r);
	response_free(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned int kind;
	char *path, *query;
	struct response r;

	/* What request_read() lets through is shorter than that. */
	if (len == 0 || len > 4096)
		return 0;
	kind = *data++;
	len--;
	path = fuzz_part(&data, &len);
	query = fuzz_part(&data, &len);
	check_picture(path, kind);
	response_init(&r);
	response_redirect(&r, path, query);
	check_head(&r);
	response_free(&r);
	check_refusal(status_def((enum status)kind)->word, kind);
	free(path);
	free(query);
	return 0;
}
