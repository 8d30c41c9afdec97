/*
 * Sealed parameters: text ↔ token (DESIGN: hash).
 *
 * token = base64url(0x01 ‖ key id ‖ nonce(24) ‖ XChaCha20-Poly1305(text)),
 * bound to site and path as associated data.  The nonce is derived, so that
 * equal requests give equal URLs; any nonce is accepted when opening.
 *
 * Sources: draft-irtf-cfrg-xchacha-03 (cipher), RFC 8439 (AEAD), RFC 7693
 * (BLAKE2b), RFC 4648 §5 (alphabet).  sodium_init() must have been called.
 * Every function may be called from any thread.
 */
#ifndef URL_SEAL_H
#define URL_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/status.h"

#define SEAL_KEY_BYTES 32
#define SEAL_TEXT_MAX  512
#define SEAL_TOKEN_MIN 56  /* characters of the shortest: an empty text */
#define SEAL_TOKEN_MAX 739 /* of the longest, without NUL */
#define SEAL_RING_MAX  8   /* keys of one file */

struct seal_key {
	uint8_t id;
	uint8_t cipher[SEAL_KEY_BYTES]; /* subkey 1 */
	uint8_t nonce[SEAL_KEY_BYTES];  /* subkey 2 */
};

/* The first key mints, all open.  Plain bytes: wipe with seal_ring_wipe(). */
struct seal_ring {
	uint32_t count;
	struct seal_key key[SEAL_RING_MAX];
};

/*
 * A key file: one "id:64 hex digits" a line, id 0…255 decimal; blank lines
 * and # comments.  Refused: missing, readable or writable by group or
 * others, owned by neither us nor root, no key, wrong length, an id twice,
 * anything else on a line.  Root's files in $CREDENTIALS_DIRECTORY may have
 * the group's read bit.  why names the file and the line.
 */
bool seal_ring_load(struct seal_ring *, const char *path, struct why *);
void seal_ring_wipe(struct seal_ring *);

/* A new line for a key file, with a random key. */
void seal_keygen(FILE *, uint8_t id);

/* The token for text with ring's first key, appended to token. */
enum status seal_mint(const struct seal_ring *, const char *site,
    const char *path, const char *text, size_t len, struct buf *token);

/*
 * The text of a token, NUL-terminated.  BAD_TOKEN whatever the cause (the
 * cause goes to why, for the log); no byte of text is set then.
 */
enum status seal_open(const struct seal_ring *, const char *site,
    const char *path, const char *token, size_t len,
    char text[SEAL_TEXT_MAX + 1], size_t *text_len, struct why *);

#endif
