#include "origin/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "test.h"

#define L __LINE__

static const char *
judge(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return guard_private((const struct sockaddr *)&in);
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		return guard_private((const struct sockaddr *)&in6);
	return "not read";
}

/* Both ends of each block, and its neighbours outside; NULL: public. */
static const struct row {
	int line;
	const char *address, *word;
} rows[] = {
	{ L, "0.0.0.0", "this network" },
	{ L, "0.255.255.255", "this network" },
	{ L, "1.0.0.0", NULL },
	{ L, "9.255.255.255", NULL },
	{ L, "10.0.0.0", "private" },
	{ L, "10.255.255.255", "private" },
	{ L, "11.0.0.0", NULL },
	{ L, "100.63.255.255", NULL },
	{ L, "100.64.0.0", "CGNAT" },
	{ L, "100.127.255.255", "CGNAT" },
	{ L, "100.128.0.0", NULL },
	{ L, "126.255.255.255", NULL },
	{ L, "127.0.0.1", "loopback" },
	{ L, "127.255.255.255", "loopback" },
	{ L, "128.0.0.0", NULL },
	{ L, "169.253.255.255", NULL },
	{ L, "169.254.169.254", "link-local" },
	{ L, "169.255.0.0", NULL },
	{ L, "172.15.255.255", NULL },
	{ L, "172.16.0.0", "private" },
	{ L, "172.31.255.255", "private" },
	{ L, "172.32.0.0", NULL },
	{ L, "191.255.255.255", NULL },
	{ L, "192.0.0.0", "protocol assignment" },
	{ L, "192.0.0.255", "protocol assignment" },
	{ L, "192.0.1.0", NULL },
	{ L, "192.0.2.7", "documentation" },
	{ L, "192.0.3.0", NULL },
	{ L, "192.31.196.1", "AS112" },
	{ L, "192.52.193.1", "AMT relay" },
	{ L, "192.88.98.255", NULL },
	{ L, "192.88.99.1", "6to4 relay" },
	{ L, "192.88.100.0", NULL },
	{ L, "192.167.255.255", NULL },
	{ L, "192.168.0.0", "private" },
	{ L, "192.168.255.255", "private" },
	{ L, "192.169.0.0", NULL },
	{ L, "192.175.48.1", "AS112" },
	{ L, "198.17.255.255", NULL },
	{ L, "198.18.0.0", "benchmark" },
	{ L, "198.19.255.255", "benchmark" },
	{ L, "198.20.0.0", NULL },
	{ L, "198.51.99.255", NULL },
	{ L, "198.51.100.1", "documentation" },
	{ L, "198.51.101.0", NULL },
	{ L, "203.0.113.1", "documentation" },
	{ L, "203.0.114.0", NULL },
	{ L, "223.255.255.255", NULL },
	{ L, "224.0.0.1", "multicast" },
	{ L, "239.255.255.255", "multicast" },
	{ L, "240.0.0.1", "reserved" },
	{ L, "255.255.255.255", "reserved" },
	{ L, "8.8.8.8", NULL },
	{ L, "93.184.216.34", NULL },

	{ L, "::", "loopback" },
	{ L, "::1", "loopback" },
	{ L, "::8.8.8.8", "loopback" },
	{ L, "::ffff:127.0.0.1", "loopback" },
	{ L, "::ffff:10.1.2.3", "private" },
	{ L, "::ffff:169.254.169.254", "link-local" },
	{ L, "::ffff:8.8.8.8", NULL },
	{ L, "::ffff:0:127.0.0.1", "loopback" },
	{ L, "::ffff:0:8.8.8.8", NULL },
	{ L, "64:ff9b::127.0.0.1", "loopback" },
	{ L, "64:ff9b::a9fe:a9fe", "link-local" },
	{ L, "64:ff9b::8.8.8.8", NULL },
	{ L, "64:ff9b:0:1::8.8.8.8", "reserved" },
	{ L, "64:ff9b:1::8.8.8.8", "reserved" },
	{ L, "100::1", "reserved" },
	{ L, "1fff:ffff::1", "reserved" },
	{ L, "2000::1", NULL },
	{ L, "2001:0:808:808:0:0:f7f7:f7f7", NULL },
	/* Server 127.0.0.1; client 127.0.0.1; client 10.0.0.1. */
	{ L, "2001:0:7f00:1:0:0:f7f7:f7f7", "loopback" },
	{ L, "2001:0:808:808:0:0:80ff:fffe", "loopback" },
	{ L, "2001:0:808:808:0:0:f5ff:fffe", "private" },
	{ L, "2001:1::1", "protocol assignment" },
	{ L, "2001:10::1", "protocol assignment" },
	{ L, "2001:2f::1", "protocol assignment" },
	{ L, "2001:1ff:ffff::1", "protocol assignment" },
	{ L, "2001:200::1", NULL },
	{ L, "2001:db7::1", NULL },
	{ L, "2001:db8::1", "documentation" },
	{ L, "2001:db9::1", NULL },
	{ L, "2001:4860:4860::8888", NULL },
	{ L, "2002:7f00:1::", "loopback" },
	{ L, "2002:a00:1::1", "private" },
	{ L, "2002:a9fe:a9fe::1", "link-local" },
	{ L, "2002:6440:1::1", "CGNAT" },
	{ L, "2002:808:808::1", NULL },
	{ L, "2003::1", NULL },
	{ L, "2606:4700::1", NULL },
	{ L, "2620:4f:8000::1", "AS112" },
	{ L, "3ffe::1", "6bone" },
	{ L, "3fff::1", "documentation" },
	{ L, "3fff:fff::1", "documentation" },
	{ L, "3fff:1000::1", NULL },
	{ L, "4000::1", "reserved" },
	{ L, "5f00::1", "reserved" },
	{ L, "fbff::1", "reserved" },
	{ L, "fc00::1", "private" },
	{ L, "fd00:ec2::254", "private" },
	{ L, "fdff:ffff::1", "private" },
	{ L, "fe00::1", "reserved" },
	{ L, "fe7f::1", "reserved" },
	{ L, "fe80::1", "link-local" },
	{ L, "febf:ffff::1", "link-local" },
	{ L, "fec0::1", "site-local" },
	{ L, "feff::1", "site-local" },
	{ L, "ff02::1", "multicast" },
	/* ISATAP under a public prefix: local and global forms. */
	{ L, "2606:4700::5efe:10.0.0.1", "private" },
	{ L, "2606:4700::200:5efe:127.0.0.1", "loopback" },
	{ L, "2606:4700::100:5efe:127.0.0.1", "loopback" },
	{ L, "2606:4700::300:5efe:169.254.169.254", "link-local" },
	{ L, "2606:4700::5efe:8.8.8.8", NULL },
	{ L, "2606:4700::400:5efe:10.0.0.1", NULL },
	{ L, "fe80::5efe:8.8.8.8", "link-local" },
};

static void
addresses(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *word = judge(rows[i].address);

		EQ_STR_AT(rows[i].line, word != NULL ? word : "public",
		    rows[i].word != NULL ? rows[i].word : "public");
	}
}

/* What is refused as IPv4 is refused in every IPv6 dress, and vice versa. */
static void
dresses(void)
{
	static const char *const forms[] = { "::ffff:%s", "::ffff:0:%s",
		"64:ff9b::%s", "2606:4700::5efe:%s", "2606:4700::200:5efe:%s" };
	char text[64];
	int wrong = 0, seen = 0;

	for (unsigned int a = 0; a < 256; a++) {
		for (unsigned int b = 0; b < 256; b++) {
			char plain[32];
			const char *word;

			snprintf(plain, sizeof plain, "%u.%u.99.100", a, b);
			word = judge(plain);
			for (size_t i = 0; i < 5; i++) {
				snprintf(text, sizeof text, forms[i], plain);
				wrong += judge(text) != word;
			}
			snprintf(text, sizeof text, "2002:%02x%02x:6364::1", a,
			    b);
			wrong += judge(text) != word;
			snprintf(text, sizeof text,
			    "2001:0:808:808:0:0:%02x%02x:9c9b", a ^ 255,
			    b ^ 255);
			wrong += judge(text) != word;
			snprintf(text, sizeof text,
			    "2001:0:%02x%02x:6364:0:0:f7f7:f7f7", a, b);
			wrong += judge(text) != word;
			seen++;
		}
	}
	EQ_INT(wrong, 0);
	EQ_INT(seen, 65536);
}

static void
families(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	EQ_STR(guard_private((const struct sockaddr *)&un),
	    "no Internet address");
	EQ_STR(guard_private(&none), "no Internet address");
}

int
main(void)
{
	addresses();
	dresses();
	families();
	return test_end("t_guard");
}
