#include "origin/guard.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first bits of an address, and what they say; the first row that fits. */
struct block {
	uint8_t head[12];
	unsigned int bits;
	const char *word; /* NULL: judged by the IPv4 address within */
	unsigned int at;  /* where that begins */
	bool inverted;    /* Teredo's client: its bits are flipped */
};

static const struct block v4[] = {
	{ { 0 }, 8, "this network", 0, false },
	{ { 10 }, 8, "private", 0, false },
	{ { 100, 64 }, 10, "CGNAT", 0, false },
	{ { 127 }, 8, "loopback", 0, false },
	{ { 169, 254 }, 16, "link-local", 0, false },
	{ { 172, 16 }, 12, "private", 0, false },
	{ { 192, 0, 0 }, 24, "protocol assignment", 0, false },
	{ { 192, 0, 2 }, 24, "documentation", 0, false },
	{ { 192, 31, 196 }, 24, "AS112", 0, false },
	{ { 192, 52, 193 }, 24, "AMT relay", 0, false },
	{ { 192, 88, 99 }, 24, "6to4 relay", 0, false },
	{ { 192, 168 }, 16, "private", 0, false },
	{ { 192, 175, 48 }, 24, "AS112", 0, false },
	{ { 198, 18 }, 15, "benchmark", 0, false },
	{ { 198, 51, 100 }, 24, "documentation", 0, false },
	{ { 203, 0, 113 }, 24, "documentation", 0, false },
	{ { 224 }, 4, "multicast", 0, false },
	{ { 240 }, 4, "reserved", 0, false },
};

static const struct block v6[] = {
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 96, NULL, 12, false },
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0 }, 96, NULL, 12, false },
	/* ::, ::1 and the IPv4-compatible ones. */
	{ { 0 }, 96, "loopback", 0, false },
	{ { 0, 0x64, 0xff, 0x9b, 0 }, 96, NULL, 12, false },
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, "documentation", 0, false },
	{ { 0x20, 0x01, 0, 0 }, 23, "protocol assignment", 0, false },
	{ { 0x26, 0x20, 0, 0x4f, 0x80, 0 }, 48, "AS112", 0, false },
	{ { 0x20, 0x02 }, 16, NULL, 2, false },
	{ { 0x3f, 0xfe }, 16, "6bone", 0, false },
	{ { 0x3f, 0xff, 0 }, 20, "documentation", 0, false },
	{ { 0xfc }, 7, "private", 0, false },
	{ { 0xfe, 0x80 }, 10, "link-local", 0, false },
	{ { 0xfe, 0xc0 }, 10, "site-local", 0, false },
	{ { 0xff }, 8, "multicast", 0, false },
};

/* Both ends of a Teredo tunnel: its server, and its client behind a NAT. */
static const struct block teredo[] = {
	{ { 0x20, 0x01, 0, 0 }, 32, NULL, 4, false },
	{ { 0x20, 0x01, 0, 0 }, 32, NULL, 12, true },
};

static bool
begins_with(const uint8_t *address, const struct block *b)
{
	unsigned int whole = b->bits / 8, rest = b->bits % 8;
	uint8_t mask = (uint8_t)(0xff00U >> rest);

	return memcmp(address, b->head, whole) == 0 &&
	    (rest == 0 || ((address[whole] ^ b->head[whole]) & mask) == 0);
}

static const char *
judge_v4(const uint8_t *address)
{
	for (size_t i = 0; i < sizeof v4 / sizeof v4[0]; i++) {
		if (begins_with(address, &v4[i]))
			return v4[i].word;
	}
	return NULL;
}

static const char *
judge_within(const uint8_t *address, const struct block *b)
{
	uint8_t inner[4];

	for (size_t i = 0; i < sizeof inner; i++)
		inner[i] =
		    (uint8_t)(address[b->at + i] ^ (b->inverted ? 0xff : 0));
	return judge_v4(inner);
}

/* An interface identifier that holds an IPv4 address, under any prefix. */
static bool
is_isatap(const uint8_t *address)
{
	static const uint8_t tag[] = { 0, 0x5e, 0xfe };

	return (address[8] & 0xfc) == 0 && memcmp(address + 9, tag, 3) == 0;
}

static const char *
judge_teredo(const uint8_t *address)
{
	for (size_t i = 0; i < sizeof teredo / sizeof teredo[0]; i++) {
		const char *word = judge_within(address, &teredo[i]);

		if (word != NULL)
			return word;
	}
	return NULL;
}

static const char *
judge_v6(const uint8_t *address)
{
	const struct block isatap = { { 0 }, 0, NULL, 12, false };
	const char *word = NULL;

	if (is_isatap(address))
		word = judge_within(address, &isatap);
	if (word != NULL)
		return word;
	if (begins_with(address, &teredo[0]))
		return judge_teredo(address);
	for (size_t i = 0; i < sizeof v6 / sizeof v6[0]; i++) {
		if (!begins_with(address, &v6[i]))
			continue;
		return v6[i].word != NULL ? v6[i].word
		                          : judge_within(address, &v6[i]);
	}
	/* Nothing else has been given out: RFC 4291 §2.4. */
	return (address[0] & 0xe0) == 0x20 ? NULL : "reserved";
}

const char *
guard_private(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof in);
		return judge_v4((const uint8_t *)&in.sin_addr);
	case AF_INET6:
		memcpy(&in6, sa, sizeof in6);
		return judge_v6(in6.sin6_addr.s6_addr);
	default:
		return "no Internet address";
	}
}
