#include "http/fresh.h"

#include <sodium.h>
#include <string.h>

#include "base/clock.h"

#define HASH 16 /* bytes: 22 characters of base64url */

_Static_assert(sizeof(crypto_generichash_state) <=
        sizeof(((struct fresh_etag *)0)->state),
    "room for the hash state");
_Static_assert(FRESH_ETAG_MAX == (HASH * 4 + 2) / 3 + 3, "room for the text");

/*
 * The library wants its state aligned to 64 bytes, which a caller's struct
 * is not: it is worked on in a copy.
 */

void
fresh_etag_init(struct fresh_etag *etag)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, HASH);
	memset(etag, 0, sizeof *etag);
	memcpy(etag->state, &state, sizeof state);
}

void
fresh_etag_bytes(struct fresh_etag *etag, const void *bytes, size_t len)
{
	crypto_generichash_state state;
	uint8_t head[8];

	for (size_t i = 0; i < sizeof head; i++)
		head[i] = (uint8_t)((uint64_t)len >> (8 * i));
	memcpy(&state, etag->state, sizeof state);
	crypto_generichash_update(&state, head, sizeof head);
	crypto_generichash_update(&state, bytes, len);
	memcpy(etag->state, &state, sizeof state);
}

void
fresh_etag_text(struct fresh_etag *etag, const char *text)
{
	fresh_etag_bytes(etag, text, strlen(text));
}

/* Byte by byte, so that machines of either order agree on an ETag. */
void
fresh_etag_int(struct fresh_etag *etag, int64_t value)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
	fresh_etag_bytes(etag, bytes, sizeof bytes);
}

void
fresh_etag_final(struct fresh_etag *etag, char text[FRESH_ETAG_MAX])
{
	crypto_generichash_state state;
	uint8_t hash[HASH];

	memcpy(&state, etag->state, sizeof state);
	crypto_generichash_final(&state, hash, sizeof hash);
	text[0] = '"';
	sodium_bin2base64(text + 1, FRESH_ETAG_MAX - 1, hash, sizeof hash,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	text[FRESH_ETAG_MAX - 2] = '"';
	text[FRESH_ETAG_MAX - 1] = '\0';
}

static const char *
skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* Past the quoted tag that s begins with; NULL if it begins with none. */
static const char *
skip_tag(const char *s)
{
	if (*s++ != '"')
		return NULL;
	for (; *s != '"'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c <= 0x20 || c == 0x7f)
			return NULL;
	}
	return s + 1;
}

/*
 * Weak comparison, which If-None-Match asks for: W/ does not count.  A list
 * with a fault anywhere matches nothing; the cost is one full answer.
 */
static bool
list_names(const char *list, const char *etag)
{
	size_t len = strlen(etag);
	bool found = false;
	const char *end;

	list = skip_blanks(list);
	if (*list == '*')
		return *skip_blanks(list + 1) == '\0';
	for (;;) {
		list += strspn(list, ", \t");
		if (*list == '\0')
			return found;
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		end = skip_tag(list);
		if (end == NULL)
			return false;
		if ((size_t)(end - list) == len && memcmp(list, etag, len) == 0)
			found = true;
		list = skip_blanks(end);
		if (*list != ',' && *list != '\0')
			return false;
	}
}

bool
fresh_matches(const char *etag, int64_t mtime, const char *if_none_match,
    const char *if_modified_since)
{
	int64_t since;

	if (*if_none_match != '\0')
		return list_names(if_none_match, etag);
	return *if_modified_since != '\0' &&
	    clock_parse_date(if_modified_since, &since) && mtime <= since;
}
