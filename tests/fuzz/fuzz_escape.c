/* Percent-coding: what is encoded decodes to itself and is harmless. */
#include "url/escape.h"

#include "fuzz.h"

static void
check_keep(const char *text, size_t len, const char *keep)
{
	struct buf coded, plain;

	buf_init(&coded, 3 * len);
	buf_init(&plain, len);
	escape_add(&coded, text, len, keep);
	MUST(buf_ok(&coded));
	for (size_t i = 0; i < coded.len; i++)
		MUST((unsigned char)coded.data[i] > 0x20 &&
		    (unsigned char)coded.data[i] < 0x7f);
	/* Where % stays, the text was coded before: nothing to undo. */
	if (strchr(keep, '%') == NULL && memchr(text, 0, len) == NULL) {
		MUST(escape_undo(&plain, buf_cstr(&coded), coded.len));
		MUST(plain.len == len);
		MUST(len == 0 || memcmp(plain.data, text, len) == 0);
	}
	buf_free(&coded);
	buf_free(&plain);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	struct buf plain;

	if (len == 0)
		return 0;
	check_keep(text, len, ESCAPE_PATH);
	check_keep(text, len, ESCAPE_QUERY);
	buf_init(&plain, len);
	if (escape_undo(&plain, text, len))
		MUST(buf_ok(&plain) && plain.len <= len);
	buf_free(&plain);
	return 0;
}
