#include "url/seal.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

#define ZEROS  "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES   "1111111111111111111111111111111111111111111111111111111111111111"
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

static char dir[] = "/tmp/t_seal.XXXXXX";
static char file[64];
static char line[65536];

static bool
load_bytes(struct seal_ring *ring, const char *text, size_t len, mode_t mode,
    struct why *why)
{
	int fd;

	unlink(file);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len ||
	    fchmod(fd, mode) != 0)
		abort();
	close(fd);
	why->text[0] = '\0';
	return seal_ring_load(ring, file, why);
}

static bool
load(struct seal_ring *ring, const char *text)
{
	struct why why;

	return load_bytes(ring, text, strlen(text), 0600, &why);
}

static bool
opens(const struct seal_ring *ring, const char *site, const char *path,
    const char *token, size_t len, const char *want)
{
	char text[SEAL_TEXT_MAX + 1], *copy;
	size_t text_len = 77;
	struct why why = { "" };
	enum status st;

	/* Of exactly its length: a read past its end is a finding. */
	copy = malloc(len > 0 ? len : 1);
	if (copy == NULL)
		abort();
	memcpy(copy, token, len);
	memset(text, 0x5a, sizeof text);
	st = seal_open(ring, site, path, copy, len, text, &text_len, &why);
	free(copy);
	if (st == STATUS_OK)
		return strlen(want) == text_len && strcmp(text, want) == 0;
	CHECK(st == STATUS_BAD_TOKEN && why.text[0] != '\0');
	CHECK(text_len == 77 && text[0] == 0x5a && text[SEAL_TEXT_MAX] == 0x5a);
	return false;
}

static void
test_flips(int at, const struct seal_ring *ring, const char *const *cell)
{
	uint8_t raw[600];
	char token[SEAL_TOKEN_MAX + 1];
	size_t len = strlen(cell[5]), n;
	int opened = 0;

	memcpy(token, cell[5], len + 1);
	for (size_t i = 0; i < len * 8; i++) {
		token[i / 8] = (char)(token[i / 8] ^ 1 << i % 8);
		opened += opens(ring, cell[2], cell[3], token, len, cell[4]);
		token[i / 8] = cell[5][i / 8];
	}
	EQ_INT_AT(at, opened, 0);
	sodium_base642bin(raw, sizeof raw, token, len, NULL, &n, NULL, BASE64);
	for (size_t i = 0; i < n * 8; i++) {
		raw[i / 8] = (uint8_t)(raw[i / 8] ^ 1 << i % 8);
		sodium_bin2base64(token, sizeof token, raw, n, BASE64);
		opened += opens(ring, cell[2], cell[3], token, len, cell[4]);
		raw[i / 8] = (uint8_t)(raw[i / 8] ^ 1 << i % 8);
	}
	EQ_INT_AT(at, opened, 0);
	for (size_t i = 0; i < len; i++)
		opened += opens(ring, cell[2], cell[3], cell[5], i, cell[4]);
	EQ_INT_AT(at, opened, 0);
}

/* Every spelling of the last character's unused bits but the canonical. */
static void
test_spellings(int at, const struct seal_ring *ring, const char *const *cell)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                               "abcdefghijklmnopqrstuvwxyz"
	                               "0123456789-_";
	static const char *const tails[] = { "=", "==", " ", "\n", "A", "AA",
		"AAA", "AAAA", "&", "%3D" };
	char token[SEAL_TOKEN_MAX + 8];
	size_t len = strlen(cell[5]);
	int opened = 0;

	memcpy(token, cell[5], len + 1);
	for (const char *c = alphabet; *c != '\0'; c++) {
		token[len - 1] = *c;
		opened += opens(ring, cell[2], cell[3], token, len, cell[4]);
	}
	EQ_INT_AT(at, opened, 1);
	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
		snprintf(token, sizeof token, "%s%s", cell[5], tails[i]);
		CHECK_AT(at,
		    !opens(ring, cell[2], cell[3], token, strlen(token),
		        cell[4]));
		snprintf(token, sizeof token, "%s%s", tails[i], cell[5]);
		CHECK_AT(at,
		    !opens(ring, cell[2], cell[3], token, strlen(token),
		        cell[4]));
	}
	/* With its closing NUL. */
	CHECK_AT(at, !opens(ring, cell[2], cell[3], cell[5], len + 1, cell[4]));
}

static void
test_vector(int at, const char *const *cell)
{
	struct seal_ring ring;
	char key[128], other[8192];
	size_t len = strlen(cell[5]);
	struct buf token;

	snprintf(key, sizeof key, "%s:%s\n", cell[0], cell[1]);
	if (!CHECK_AT(at, load(&ring, key)))
		return;
	buf_init(&token, SEAL_TOKEN_MAX);
	CHECK_AT(at,
	    seal_mint(&ring, cell[2], cell[3], cell[4], strlen(cell[4]),
	        &token) == STATUS_OK);
	EQ_STR_AT(at, buf_cstr(&token), cell[5]);
	buf_free(&token);
	CHECK_AT(at, opens(&ring, cell[2], cell[3], cell[5], len, cell[4]));
	test_flips(at, &ring, cell);
	test_spellings(at, &ring, cell);
	snprintf(other, sizeof other, "%sx", cell[2]);
	CHECK_AT(at, !opens(&ring, other, cell[3], cell[5], len, cell[4]));
	snprintf(other, sizeof other, "%s/", cell[3]);
	CHECK_AT(at, !opens(&ring, cell[2], other, cell[5], len, cell[4]));
	snprintf(other, sizeof other, "/%s", cell[3]);
	CHECK_AT(at, !opens(&ring, cell[2], other, cell[5], len, cell[4]));
	/* Same key under another number, another key under the same. */
	snprintf(key, sizeof key, "%d:%s\n", atoi(cell[0]) ^ 1, cell[1]);
	CHECK_AT(at, load(&ring, key));
	CHECK_AT(at, !opens(&ring, cell[2], cell[3], cell[5], len, cell[4]));
	snprintf(key, sizeof key, "%s:%s\n", cell[0], ONES);
	CHECK_AT(at, load(&ring, key));
	CHECK_AT(at, !opens(&ring, cell[2], cell[3], cell[5], len, cell[4]));
	memset(&ring, 0, sizeof ring);
	CHECK_AT(at, !opens(&ring, cell[2], cell[3], cell[5], len, cell[4]));
}

static void
test_vectors(const char *path)
{
	FILE *in = fopen(path, "r");
	int at = 0, seen = 0;

	if (!CHECK(in != NULL))
		return;
	while (fgets(line, sizeof line, in) != NULL) {
		const char *cell[6];
		char *p = line;
		size_t n = 0;

		at++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		for (; n < 6 && p != NULL; n++) {
			char *tab = strchr(p, '\t');

			cell[n] = p;
			if (tab != NULL)
				*tab++ = '\0';
			p = tab;
		}
		if (CHECK_AT(at, n == 6 && p == NULL)) {
			test_vector(at, cell);
			seen++;
		}
	}
	fclose(in);
	CHECK(seen >= 10);
}

/* Where one part ends and the next begins must be part of the seal. */
static void
test_boundaries(const struct seal_ring *ring)
{
	static const struct {
		int at;
		const char *site, *path;
	} rows[] = {
		{ __LINE__, "", "" },
		{ __LINE__, "", "/" },
		{ __LINE__, "", "/a/b/c" },
		{ __LINE__, "a", "b/c" },
		{ __LINE__, "a", "/b/c" },
		{ __LINE__, "ab", "/c" },
		{ __LINE__, "a.b", "c" },
		{ __LINE__, "a", ".bc" },
		{ __LINE__, "", "a.bc" },
		{ __LINE__, "a.bc", "" },
		{ __LINE__, "A", "b/c" },
		{ __LINE__, "a", "b/C" },
		{ __LINE__, "a", "b%2fc" },
	};
	size_t count = sizeof rows / sizeof rows[0];
	struct buf token;

	buf_init(&token, SEAL_TOKEN_MAX);
	for (size_t i = 0; i < count; i++) {
		buf_clear(&token);
		seal_mint(ring, rows[i].site, rows[i].path, "w=1", 3, &token);
		for (size_t k = 0; k < count; k++)
			CHECK_AT(rows[k].at,
			    opens(ring, rows[k].site, rows[k].path,
			        buf_cstr(&token), token.len,
			        "w=1") == (i == k));
	}
	buf_free(&token);
}

static void
test_mint_refusals(const struct seal_ring *ring)
{
	static const char *const sites[] = { "a/b", "/", "a b", "\xc3\xa4",
		"a\n", "a%", "a:b", "a\x01", "*" };
	static char text[SEAL_TEXT_MAX + 1], path[4098], site[257];
	struct seal_ring none = { 0 };
	struct buf b;

	memset(text, 'x', sizeof text);
	memset(path, 'p', sizeof path - 1);
	memset(site, 's', sizeof site - 1);
	buf_init(&b, SEAL_TOKEN_MAX);
	for (size_t i = 0; i < sizeof sites / sizeof sites[0]; i++) {
		EQ_INT(seal_mint(ring, sites[i], "/", "", 0, &b),
		    STATUS_BAD_PARAM);
		CHECK(!opens(ring, sites[i], "/", text, SEAL_TOKEN_MIN, ""));
	}
	EQ_INT(seal_mint(ring, "", "/", text, sizeof text, &b),
	    STATUS_BAD_PARAM);
	EQ_INT(seal_mint(ring, "", path, "", 0, &b), STATUS_BAD_PARAM);
	EQ_INT(seal_mint(ring, site, "/", "", 0, &b), STATUS_BAD_PARAM);
	EQ_INT(seal_mint(&none, "", "/", "", 0, &b), STATUS_INTERNAL);
	EQ_INT((int64_t)b.len, 0);
	path[4096] = site[255] = '\0';
	EQ_INT(seal_mint(ring, site, path, text, SEAL_TEXT_MAX, &b), 0);
	EQ_INT((int64_t)b.len, SEAL_TOKEN_MAX);
	EQ_INT(seal_mint(ring, "", "/", "", 0, &b), STATUS_NO_MEMORY);
	buf_free(&b);
	buf_init(&b, SEAL_TOKEN_MAX);
	EQ_INT(seal_mint(ring, "", "/", "", 0, &b), 0);
	EQ_INT((int64_t)b.len, SEAL_TOKEN_MIN);
	buf_free(&b);
}

/* Another minter's nonce is as good; another version is none of ours. */
static void
test_nonces(const struct seal_ring *ring)
{
	static const uint8_t bound[] = "imgfcgi1\0\0\0s\0/p";
	uint8_t raw[42 + 4], nonce[24], version;
	char token[SEAL_TOKEN_MAX + 1];
	uint8_t ad[sizeof bound - 1];

	memcpy(ad, bound, sizeof ad);
	ad[9] = ring->key[0].id;
	for (version = 0; version < 4; version++) {
		randombytes_buf(nonce, sizeof nonce);
		raw[0] = version;
		raw[1] = ring->key[0].id;
		memcpy(raw + 2, nonce, sizeof nonce);
		crypto_aead_xchacha20poly1305_ietf_encrypt(raw + 26, NULL,
		    (const uint8_t *)"w=77", 4, ad, sizeof ad, NULL, nonce,
		    ring->key[0].cipher);
		sodium_bin2base64(token, sizeof token, raw, sizeof raw, BASE64);
		CHECK(opens(ring, "s", "/p", token, strlen(token), "w=77") ==
		    (version == 1));
	}
}

/* Derived nonces: a change of anything changes the nonce. */
static void
test_derivation(const struct seal_ring *ring)
{
	static const char *const rows[][3] = { { "", "/p", "w=1" },
		{ "s", "/p", "w=1" }, { "", "/p2", "w=1" }, { "", "/p", "w=2" },
		{ "", "/pw", "=1" }, { "", "/", "pw=1" } };
	struct buf b[6];

	for (size_t i = 0; i < 6; i++) {
		buf_init(&b[i], SEAL_TOKEN_MAX);
		seal_mint(ring, rows[i][0], rows[i][1], rows[i][2],
		    strlen(rows[i][2]), &b[i]);
		for (size_t k = 0; k < i; k++)
			CHECK(memcmp(b[i].data + 3, b[k].data + 3, 31) != 0);
	}
	for (size_t i = 0; i < 6; i++)
		buf_free(&b[i]);
}

static void
test_rotation(void)
{
	struct seal_ring old, both;
	struct buf a, b;

	CHECK(load(&old, "1:" ZEROS "\n"));
	CHECK(load(&both, "# new\n2:" ONES "\n\n# old\n1:" ZEROS "\n"));
	EQ_INT(both.count, 2);
	buf_init(&a, SEAL_TOKEN_MAX);
	buf_init(&b, SEAL_TOKEN_MAX);
	seal_mint(&old, "", "/p", "w=1", 3, &a);
	seal_mint(&both, "", "/p", "w=1", 3, &b);
	CHECK(opens(&both, "", "/p", buf_cstr(&a), a.len, "w=1"));
	CHECK(opens(&both, "", "/p", buf_cstr(&b), b.len, "w=1"));
	CHECK(!opens(&old, "", "/p", buf_cstr(&b), b.len, "w=1"));
	buf_free(&a);
	buf_free(&b);
}

static void
test_key_files(void)
{
#define EIGHT                                                                  \
	"0:" ZEROS "\n1:" ZEROS "\n2:" ZEROS "\n3:" ZEROS "\n4:" ZEROS         \
	"\n5:" ZEROS "\n6:" ZEROS "\n7:" ZEROS "\n"
	static const struct {
		int at;
		const char *text;
		const char *wrong; /* in the reason; NULL: loads */
	} rows[] = {
		{ __LINE__, "1:" ZEROS "\n", NULL },
		{ __LINE__, "1:" ZEROS, NULL },
		{ __LINE__, "0:" ZEROS "\n255:" ONES, NULL },
		{ __LINE__, "#c\n\n\n1:" ZEROS "\n\n#x", NULL },
		{ __LINE__, EIGHT, NULL },
		{ __LINE__, EIGHT "8:" ZEROS, "line 9: more than 8" },
		{ __LINE__, "", "no key" },
		{ __LINE__, "# none\n\n", "no key" },
		{ __LINE__, "1:" ZEROS "\n1:" ONES "\n", "line 2: this id" },
		{ __LINE__, "1:" ZEROS "\r\n", "carriage return" },
		{ __LINE__, "\r\n1:" ZEROS "\n", "carriage return" },
		{ __LINE__, "256:" ZEROS, "0 to 255" },
		{ __LINE__, "-1:" ZEROS, "0 to 255" },
		{ __LINE__, "01:" ZEROS, "0 to 255" },
		{ __LINE__, ":" ZEROS, "0 to 255" },
		{ __LINE__, ZEROS, "0 to 255" },
		{ __LINE__, " 1:" ZEROS, "0 to 255" },
		{ __LINE__, " #", "0 to 255" },
		{ __LINE__,
		    "\xef\xbb\xbf"
		    "1:" ZEROS,
		    "0 to 255" },
		{ __LINE__, "1:", "64 hex" },
		{ __LINE__, "1:" ZEROS "0", "64 hex" },
		{ __LINE__, "1:" ZEROS "00", "64 hex" },
		{ __LINE__, "1:" ZEROS " ", "64 hex" },
		{ __LINE__, "1: " ZEROS, "64 hex" },
		{ __LINE__, "1::" ZEROS, "64 hex" },
		{ __LINE__, "1:0x" ZEROS, "64 hex" },
		{ __LINE__, &("1:" ZEROS)[0] + 1, "0 to 255" },
		{ __LINE__, "1:g" ONES, "64 hex" },
	};
	struct seal_ring ring, blank = { 0 };
	struct why why;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool ok = load_bytes(&ring, rows[i].text, strlen(rows[i].text),
		    0600, &why);

		CHECK_AT(rows[i].at, ok == (rows[i].wrong == NULL));
		if (rows[i].wrong == NULL)
			continue;
		if (!CHECK_AT(rows[i].at,
		        strstr(why.text, rows[i].wrong) != NULL))
			puts(why.text);
		CHECK_AT(rows[i].at, strstr(why.text, file) != NULL);
		CHECK_AT(rows[i].at, strstr(why.text, "0000") == NULL);
		CHECK_AT(rows[i].at, memcmp(&ring, &blank, sizeof ring) == 0);
	}
}

static void
test_bad_digits(void)
{
	char key[] = "1:" ZEROS "\n";
	struct seal_ring ring;

	for (size_t i = 2; i < sizeof key - 2; i++) {
		for (const char *c = "g/:@G`+ -"; *c != '\0'; c++) {
			key[i] = *c;
			CHECK(!load(&ring, key));
		}
		key[i] = 'F';
		CHECK(load(&ring, key));
		key[i] = '\0';
		CHECK(!load_bytes(&ring, key, sizeof key - 1, 0600,
		    &(struct why){ "" }));
		key[i] = '0';
	}
}

static void
test_file_state(void)
{
	static const char key[] = "1:" ZEROS "\n";
	static char big[20000];
	struct seal_ring ring;
	struct why why;

	for (mode_t mode = 0400; mode <= 0777; mode++) {
		bool want = (mode & 0066) == 0;

		CHECK(load_bytes(&ring, key, strlen(key), mode, &why) == want);
		CHECK(want || strstr(why.text, "chmod 600") != NULL);
	}
	memset(big, '\n', sizeof big);
	CHECK(!load_bytes(&ring, big, sizeof big, 0600, &why));
	CHECK(load_bytes(&ring, key, strlen(key), 0600, &why));
	if (geteuid() == 0) {
		CHECK(chown(file, 12345, 12345) == 0);
		CHECK(!seal_ring_load(&ring, file, &why));
		CHECK(strstr(why.text, "neither ours") != NULL);
	} else
		test_skip("only root can give a key file away");
	unlink(file);
	CHECK(!seal_ring_load(&ring, file, &why));
	CHECK(!seal_ring_load(&ring, "", &why));
	CHECK(!seal_ring_load(&ring, dir, &why));
	CHECK(strstr(why.text, "regular") != NULL);
	CHECK(!seal_ring_load(&ring, "/dev/zero", &why));
	CHECK(mkfifo(file, 0600) == 0);
	CHECK(!seal_ring_load(&ring, file, &why)); /* and does not wait */
	unlink(file);
}

/* systemd's credentials: the group's read bit is the mask of a list. */
static void
test_credential(void)
{
	static const char key[] = "1:" ZEROS "\n";
	struct seal_ring ring;
	struct why why;

	if (geteuid() != 0) {
		test_skip("only root's files can be credentials");
		return;
	}
	CHECK(setenv("CREDENTIALS_DIRECTORY", dir, 1) == 0);
	CHECK(load_bytes(&ring, key, strlen(key), 0440, &why));
	CHECK(!load_bytes(&ring, key, strlen(key), 0460, &why));
	CHECK(!load_bytes(&ring, key, strlen(key), 0444, &why));
	CHECK(setenv("CREDENTIALS_DIRECTORY", "/tmp", 1) == 0);
	CHECK(!load_bytes(&ring, key, strlen(key), 0440, &why));
	CHECK(setenv("CREDENTIALS_DIRECTORY", "/tmp/t_seal", 1) == 0);
	CHECK(!load_bytes(&ring, key, strlen(key), 0440, &why));
	CHECK(setenv("CREDENTIALS_DIRECTORY", "", 1) == 0);
	CHECK(!load_bytes(&ring, key, strlen(key), 0440, &why));
	CHECK(unsetenv("CREDENTIALS_DIRECTORY") == 0);
	unlink(file);
}

static void
test_keygen(void)
{
	struct seal_ring ring, other;
	char text[2][128];

	for (int i = 0; i < 2; i++) {
		FILE *out = fmemopen(text[i], sizeof text[i], "w");

		if (!CHECK(out != NULL))
			return;
		seal_keygen(out, 255);
		fclose(out);
	}
	CHECK(load(&ring, text[0]));
	CHECK(load(&other, text[1]));
	EQ_INT(ring.key[0].id, 255);
	CHECK(memcmp(&ring, &other, sizeof ring) != 0);
	CHECK(memcmp(ring.key[0].cipher, ring.key[0].nonce, 32) != 0);
}

int
main(int argc, char *argv[])
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	struct seal_ring ring;

	if (sodium_init() < 0 || mkdtemp(dir) == NULL)
		return 99;
	snprintf(file, sizeof file, "%s/key", dir);
	snprintf(path, sizeof path, "%s/tests/unit/seal-vectors.txt",
	    srcdir != NULL ? srcdir : ".");
	test_vectors(argc > 1 ? argv[1] : path);
	CHECK(load(&ring, "10:" ONES "\n"));
	test_boundaries(&ring);
	test_mint_refusals(&ring);
	test_nonces(&ring);
	test_derivation(&ring);
	test_rotation();
	test_key_files();
	test_bad_digits();
	test_file_state();
	test_credential();
	test_keygen();
	unlink(file);
	rmdir(dir);
	return test_end("t_seal");
}
