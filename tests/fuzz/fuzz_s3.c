/*
 * Any bytes as a file of S3 keys: the section that is looked for, up to a
 * NUL, then the file.  What is taken goes into headers: printable, without
 * blanks, and another reading of the same keys.
 */
#include "origin/s3.h"

#include "fuzz.h"

static void
check_word(const char *word, size_t size)
{
	size_t n = strnlen(word, size);

	MUST(n < size);
	for (size_t i = 0; i < n; i++)
		MUST(word[i] > ' ' && word[i] <= '~');
}

static void
check_again(const struct s3_keys *keys)
{
	static struct s3_keys again;
	char text[sizeof *keys + 128];
	int n = snprintf(text, sizeof text,
	    "aws_access_key_id=%s\naws_secret_access_key = %s\r\n"
	    "\taws_session_token =\t%s",
	    keys->id, keys->secret, keys->token);

	MUST(n > 0 && (size_t)n < sizeof text);
	MUST(s3_keys_read(&again, text, (size_t)n, "any") == NULL);
	MUST(strcmp(again.id, keys->id) == 0);
	MUST(strcmp(again.secret, keys->secret) == 0);
	MUST(strcmp(again.token, keys->token) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *section = fuzz_part(&data, &len);
	char *text = malloc(len > 0 ? len : 1);
	static struct s3_keys keys;

	MUST(text != NULL);
	/* Of its own and without a NUL behind it. */
	if (len > 0)
		memcpy(text, data, len);
	if (s3_keys_read(&keys, text, len, section) == NULL) {
		MUST(keys.id[0] != '\0' && keys.secret[0] != '\0');
		check_again(&keys);
	}
	check_word(keys.id, sizeof keys.id);
	check_word(keys.secret, sizeof keys.secret);
	check_word(keys.token, sizeof keys.token);
	s3_keys_wipe(&keys);
	MUST(keys.id[0] == '\0' && keys.secret[0] == '\0');
	free(text);
	free(section);
	return 0;
}
