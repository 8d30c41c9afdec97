/*
 * Any words as a remote origin, parted by NULs: style, origin, endpoint,
 * region, a path, a URL that it sends us on to; then 16 bytes of an address.
 * Whatever path is asked for, its URL stays below the origin's base.
 */
#include <netinet/in.h>

#include "origin/guard.h"
#include "origin/target.h"

#include "fuzz.h"

static void
check_path(const struct target *t, const char *path)
{
	struct why why = { "" };
	struct buf url;

	buf_init(&url, TARGET_URL_MAX);
	if (target_url(t, path, &url, &why) == STATUS_OK) {
		MUST(strpbrk(buf_cstr(&url), "?# \\\r\n") == NULL);
		MUST(strncmp(buf_cstr(&url), t->base, strlen(t->base)) == 0);
		MUST(target_holds(t, buf_cstr(&url)));
	} else
		MUST(why.text[0] != '\0');
	buf_free(&url);
}

/* The base is of its own spelling, and holds what lies next below. */
static void
check_base(const struct target *t, const char *redirect)
{
	const struct target_words again = { t->base, "", "", TARGET_AUTO };
	struct target same;
	struct why why = { "" };

	MUST(memchr(t->base, '\0', sizeof t->base) != NULL);
	MUST(target_read(&same, &again, &why));
	MUST(strcmp(same.base, t->base) == 0);
	MUST(t->s3 || same.literal == t->literal);
	if (target_holds(t, redirect))
		MUST(strncmp(redirect, t->base, strlen(t->base)) == 0);
}

/* An IPv4 address is judged alike however IPv6 wraps it. */
static void
check_guard(const uint8_t *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	const char *plain;

	memcpy(&in6.sin6_addr, address, 16);
	guard_private((struct sockaddr *)&in6);
	memcpy(&in.sin_addr, address + 12, 4);
	plain = guard_private((struct sockaddr *)&in);
	memset(&in6.sin6_addr, 0, 10);
	memset((uint8_t *)&in6.sin6_addr + 10, 0xff, 2);
	MUST(guard_private((struct sockaddr *)&in6) == plain);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *part[6];
	uint8_t address[16] = { 0 };
	struct why why = { "" };
	struct target_words words;
	struct target t;

	for (size_t i = 0; i < 6; i++)
		part[i] = fuzz_part(&data, &len);
	memcpy(address, data, len < sizeof address ? len : sizeof address);
	words = (struct target_words){ part[1], part[2], part[3],
		(enum target_style)((unsigned char)*part[0] % 3) };
	if (target_read(&t, &words, &why)) {
		check_base(&t, part[5]);
		check_path(&t, part[4]);
	} else
		MUST(why.text[0] != '\0');
	check_guard(address);
	for (size_t i = 0; i < 6; i++)
		free(part[i]);
	return 0;
}
