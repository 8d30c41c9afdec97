/*
 * Any bytes as an origin's answer: the first byte, whether a copy of ours was
 * to be confirmed; then what an error's body begins with, up to a NUL; then
 * the lines of the head.  What is kept of them goes back to the origin in
 * headers of ours: it must not be able to end one.
 */
#include "origin/reply.h"

#include "fuzz.h"

static void
check_text(const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	MUST(n < size);
	for (size_t i = 0; i < n; i++)
		MUST(text[i] >= ' ' && text[i] <= '~');
}

/* Of its own, so that a read beside the line is seen. */
static bool
feed_line(struct reply *r, const uint8_t *data, size_t len)
{
	char *line = malloc(len > 0 ? len : 1);
	size_t before = r->bytes;
	bool more;

	MUST(line != NULL);
	if (len > 0)
		memcpy(line, data, len);
	more = reply_line(r, line, len);
	free(line);
	MUST(r->bytes == before + len);
	return more;
}

static void
feed_head(struct reply *r, const uint8_t *data, size_t len)
{
	bool more = true;

	reply_init(r);
	while (len > 0 && more) {
		const uint8_t *eol = memchr(data, '\n', len);
		size_t n = eol != NULL ? (size_t)(eol - data) + 1 : len;

		more = feed_line(r, data, n);
		data += n;
		len -= n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct why why = { "" };
	struct reply r;
	enum status st;
	char *body;
	bool conditional;

	if (len < 1)
		return 0;
	conditional = data[0] & 1;
	data++;
	len--;
	body = fuzz_part(&data, &len);
	feed_head(&r, data, len);
	MUST(r.http == 0 || (r.http >= 100 && r.http <= 999));
	MUST(r.length >= -1);
	MUST(r.modified[0] != '\0' || r.mtime == 0);
	check_text(r.etag, sizeof r.etag);
	check_text(r.modified, sizeof r.modified);
	st = reply_judge(&r, conditional, body, &why);
	if (st == STATUS_OK)
		MUST((r.http == 200 && !r.encoded) ||
		    (r.http == 304 && conditional));
	else {
		MUST(st == STATUS_NOT_FOUND || st == STATUS_FORBIDDEN ||
		    st == STATUS_ORIGIN);
		MUST(why.text[0] != '\0');
		check_text(why.text, sizeof why.text);
	}
	free(body);
	return 0;
}
