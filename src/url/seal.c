#include "url/seal.h"

#include <sodium.h>
#include <string.h>

#include "base/num.h"
#include "base/secret.h"

#define VERSION   0x01
#define NONCE     crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG       crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD      (2 + NONCE) /* version, key id, nonce */
#define RAW_MIN   (HEAD + TAG)
#define RAW_MAX   (RAW_MIN + SEAL_TEXT_MAX)
#define SITE_SIZE 255
#define PATH_SIZE 4096
#define FILE_SIZE 16384
#define BASE64    sodium_base64_VARIANT_URLSAFE_NO_PADDING

static const char context[] = "imgfcgi1"; /* of the key derivation, too */

#define CONTEXT (sizeof context - 1)

_Static_assert(SEAL_KEY_BYTES == crypto_kdf_KEYBYTES &&
        SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES &&
        CONTEXT == crypto_kdf_CONTEXTBYTES,
    "the key sizes of the format");
_Static_assert((RAW_MIN * 4 + 2) / 3 == SEAL_TOKEN_MIN &&
        (RAW_MAX * 4 + 2) / 3 == SEAL_TOKEN_MAX,
    "the token sizes of the format");

/* What a token is bound to, as the bytes that the cipher authenticates. */
struct binding {
	size_t len;
	uint8_t bytes[CONTEXT + 3 + SITE_SIZE + 1 + PATH_SIZE];
};

static void
bind_bytes(struct binding *b, const void *bytes, size_t n)
{
	memcpy(b->bytes + b->len, bytes, n);
	b->len += n;
}

/*
 * The zeros between the parts tell them apart because none of the parts can
 * hold one: that is why a site's name has an alphabet.
 */
static bool
bind_token(struct binding *b, uint8_t id, const char *site, const char *path)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz"
	                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                               "0123456789._-";
	size_t site_len = strlen(site), path_len = strlen(path);

	if (site_len > SITE_SIZE || strspn(site, alphabet) != site_len ||
	    path_len > PATH_SIZE)
		return false;
	b->len = 0;
	bind_bytes(b, context, CONTEXT + 1);
	bind_bytes(b, &id, 1);
	bind_bytes(b, "", 1);
	bind_bytes(b, site, site_len + 1);
	bind_bytes(b, path, path_len);
	return true;
}

static void
derive_nonce(const struct seal_key *key, const struct binding *b,
    const void *text, size_t len, uint8_t nonce[NONCE])
{
	crypto_generichash_state state;
	uint8_t head[2 + 8] = { VERSION, key->id };

	for (size_t i = 0; i < 8; i++)
		head[2 + i] = (uint8_t)((uint64_t)b->len >> (8 * i));
	crypto_generichash_init(&state, key->nonce, sizeof key->nonce, NONCE);
	crypto_generichash_update(&state, head, sizeof head);
	crypto_generichash_update(&state, b->bytes, b->len);
	crypto_generichash_update(&state, text, len);
	crypto_generichash_final(&state, nonce, NONCE);
	sodium_memzero(&state, sizeof state);
}

enum status
seal_mint(const struct seal_ring *ring, const char *site, const char *path,
    const char *text, size_t len, struct buf *token)
{
	const struct seal_key *key = &ring->key[0];
	uint8_t raw[RAW_MAX] = { VERSION };
	char out[SEAL_TOKEN_MAX + 1];
	struct binding b;

	if (ring->count == 0)
		return STATUS_INTERNAL;
	if (len > SEAL_TEXT_MAX || !bind_token(&b, key->id, site, path))
		return STATUS_BAD_PARAM;
	raw[1] = key->id;
	derive_nonce(key, &b, text, len, raw + 2);
	crypto_aead_xchacha20poly1305_ietf_encrypt(raw + HEAD, NULL,
	    (const uint8_t *)text, len, b.bytes, b.len, NULL, raw + 2,
	    key->cipher);
	sodium_bin2base64(out, sizeof out, raw, RAW_MIN + len, BASE64);
	buf_str(token, out);
	return buf_ok(token) ? STATUS_OK : STATUS_NO_MEMORY;
}

static const struct seal_key *
find_key(const struct seal_ring *ring, uint8_t id)
{
	for (uint32_t i = 0; i < ring->count; i++) {
		if (ring->key[i].id == id)
			return &ring->key[i];
	}
	return NULL;
}

/*
 * One spelling a token.  With an end pointer the library would take any junk
 * after it, and where char is signed its decoder takes most bytes from 0x80
 * on for '_': what it read must spell the same token again.
 */
static bool
decode_token(const char *token, size_t len, uint8_t raw[RAW_MAX], size_t *n)
{
	char again[SEAL_TOKEN_MAX + 1];

	if (sodium_base642bin(raw, RAW_MAX, token, len, NULL, n, NULL,
	        BASE64) != 0 ||
	    *n < RAW_MIN)
		return false;
	sodium_bin2base64(again, sizeof again, raw, *n, BASE64);
	return strlen(again) == len && memcmp(again, token, len) == 0;
}

enum status
seal_open(const struct seal_ring *ring, const char *site, const char *path,
    const char *token, size_t len, char text[SEAL_TEXT_MAX + 1],
    size_t *text_len, struct why *why)
{
	const struct seal_key *key;
	uint8_t raw[RAW_MAX], plain[SEAL_TEXT_MAX];
	struct binding b;
	size_t n;

	if (len < SEAL_TOKEN_MIN || len > SEAL_TOKEN_MAX) {
		why_set(why, "the token has %zu characters, not %d to %d", len,
		    SEAL_TOKEN_MIN, SEAL_TOKEN_MAX);
		return STATUS_BAD_TOKEN;
	}
	if (!decode_token(token, len, raw, &n)) {
		why_set(why, "the token is not canonical base64url");
		return STATUS_BAD_TOKEN;
	}
	if (raw[0] != VERSION) {
		why_set(why, "the token has version %d", raw[0]);
		return STATUS_BAD_TOKEN;
	}
	key = find_key(ring, raw[1]);
	if (key == NULL) {
		why_set(why, "the token names key %d, which is not here",
		    raw[1]);
		return STATUS_BAD_TOKEN;
	}
	if (!bind_token(&b, key->id, site, path)) {
		why_set(why, "no token is for such a site or path");
		return STATUS_BAD_TOKEN;
	}
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL,
	        raw + HEAD, n - HEAD, b.bytes, b.len, raw + 2,
	        key->cipher) != 0) {
		why_set(why,
		    "key %d does not open the token: forged, or for another "
		    "site or path",
		    key->id);
		return STATUS_BAD_TOKEN;
	}
	*text_len = n - RAW_MIN;
	memcpy(text, plain, *text_len);
	text[*text_len] = '\0';
	return STATUS_OK;
}

/* One "id:64 hex digits"; NULL, or what is wrong with it. */
static const char *
add_key(struct seal_ring *ring, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	uint8_t master[SEAL_KEY_BYTES];
	struct seal_key *key;
	int64_t id;
	int bad;

	if (line[len - 1] == '\r')
		return "a carriage return ends the line";
	if (colon == NULL ||
	    !num_parse(line, (size_t)(colon - line), 0, UINT8_MAX, &id))
		return "not id:key, id a number from 0 to 255";
	if (len - (size_t)(colon + 1 - line) != 2 * sizeof master)
		return "the key is not 64 hexadecimal digits";
	if (find_key(ring, (uint8_t)id) != NULL)
		return "this id stands here twice";
	if (ring->count == SEAL_RING_MAX)
		return "more than 8 keys";
	bad = sodium_hex2bin(master, sizeof master, colon + 1,
	    2 * sizeof master, NULL, NULL, NULL);
	if (bad == 0) {
		key = &ring->key[ring->count++];
		key->id = (uint8_t)id;
		crypto_kdf_derive_from_key(key->cipher, sizeof key->cipher, 1,
		    context, master);
		crypto_kdf_derive_from_key(key->nonce, sizeof key->nonce, 2,
		    context, master);
	}
	sodium_memzero(master, sizeof master);
	return bad == 0 ? NULL : "the key is not 64 hexadecimal digits";
}

static bool
read_keys(struct seal_ring *ring, const char *text, size_t len,
    const char *path, struct why *why)
{
	const char *end = text + len, *wrong = NULL;

	for (int number = 1; text < end; number++) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((eol != NULL ? eol : end) - text);

		if (n > 0 && text[0] != '#')
			wrong = add_key(ring, text, n);
		if (wrong != NULL) {
			why_set(why, "%s, line %d: %s", path, number, wrong);
			return false;
		}
		text += n + 1;
	}
	if (ring->count == 0)
		why_set(why, "%s: no key in it; imgfcgi-url keygen makes one",
		    path);
	return ring->count > 0;
}

bool
seal_ring_load(struct seal_ring *ring, const char *path, struct why *why)
{
	char text[FILE_SIZE];
	size_t len;
	bool ok;

	memset(ring, 0, sizeof *ring);
	ok = secret_read(path, text, sizeof text, &len, why) &&
	    read_keys(ring, text, len, path, why);
	sodium_memzero(text, sizeof text);
	if (!ok)
		seal_ring_wipe(ring);
	return ok;
}

void
seal_ring_wipe(struct seal_ring *ring)
{
	sodium_memzero(ring, sizeof *ring);
}

void
seal_keygen(FILE *out, uint8_t id)
{
	uint8_t master[SEAL_KEY_BYTES];
	char hex[2 * SEAL_KEY_BYTES + 1];

	crypto_kdf_keygen(master);
	sodium_bin2hex(hex, sizeof hex, master, sizeof master);
	fprintf(out, "%d:%s\n", id, hex);
	sodium_memzero(master, sizeof master);
	sodium_memzero(hex, sizeof hex);
}
