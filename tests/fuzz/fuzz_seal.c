/*
 * Tokens.  Input: one byte, then parts between NULs: site, path, token; the
 * rest is a text to seal.  No input knows the key, so none opens.
 */
#include "url/seal.h"

#include <sodium.h>

#include "fuzz.h"

static const struct seal_ring ring = { 2,
	{ { .id = 5, .cipher = { 1, 2, 3 }, .nonce = { 4, 5, 6 } },
	    { .id = 0, .cipher = { 7, 8, 9 }, .nonce = { 10, 11, 12 } } } };

/* A refusal sets a reason and not one byte of text. */
static void
must_not_open(const char *site, const char *path, const char *token, size_t len)
{
	char text[SEAL_TEXT_MAX + 1];
	struct why why = { "" };
	size_t n = 0;

	memset(text, 0x55, sizeof text);
	MUST(seal_open(&ring, site, path, token, len, text, &n, &why) ==
	    STATUS_BAD_TOKEN);
	MUST(why.text[0] != '\0');
	for (size_t i = 0; i < sizeof text; i++)
		MUST(text[i] == 0x55);
}

/* What was sealed opens as it was, and nothing near it does. */
static void
check_pair(const char *site, const char *path, const uint8_t *text, size_t len,
    unsigned int where)
{
	char plain[SEAL_TEXT_MAX + 1], other[8192];
	struct buf token, again;
	size_t n;
	char *at;

	buf_init(&token, SEAL_TOKEN_MAX);
	buf_init(&again, SEAL_TOKEN_MAX);
	if (seal_mint(&ring, site, path, (const char *)text, len, &token) !=
	    STATUS_OK) {
		MUST(token.len == 0);
		return;
	}
	MUST(token.len >= SEAL_TOKEN_MIN && token.len <= SEAL_TOKEN_MAX);
	MUST(seal_mint(&ring, site, path, (const char *)text, len, &again) ==
	    STATUS_OK);
	MUST(strcmp(buf_cstr(&token), buf_cstr(&again)) == 0);
	MUST(seal_open(&ring, site, path, buf_cstr(&token), token.len, plain,
	         &n, NULL) == STATUS_OK);
	MUST(n == len && plain[n] == '\0');
	MUST(len == 0 || memcmp(plain, text, len) == 0);

	snprintf(other, sizeof other, "%sx", path);
	must_not_open(site, other, buf_cstr(&token), token.len);
	snprintf(other, sizeof other, "%sx", site);
	must_not_open(other, path, buf_cstr(&token), token.len);
	must_not_open(site, path, buf_cstr(&token), token.len - 1);
	at = token.data + where * 7 % token.len;
	*at = *at == 'A' ? 'B' : 'A';
	must_not_open(site, path, buf_cstr(&token), token.len);
	buf_free(&token);
	buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *site, *path, *token;
	unsigned int where;

	if (len == 0 || sodium_init() < 0)
		return 0;
	where = *data++;
	len--;
	site = fuzz_part(&data, &len);
	path = fuzz_part(&data, &len);
	token = fuzz_part(&data, &len);
	must_not_open(site, path, token, strlen(token));
	check_pair(site, path, data, len, where);
	free(site);
	free(path);
	free(token);
	return 0;
}
