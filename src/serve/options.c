#include "serve/options.h"

#include <string.h>

#include "base/format.h"
#include "base/num.h"
#include "url/params.h"

#define IN_CONFIG(member)                                                      \
	offsetof(struct config, member), sizeof(((struct config *)0)->member)
#define IN_SITE(member)                                                        \
	offsetof(struct site, member), sizeof(((struct site *)0)->member)
#define SITE   OPTION_SITE
#define FIRST  OPTION_FIRST
#define FIXED  OPTION_FIXED
#define PREFIX OPTION_PREFIX

/* min and max of a text count bytes; of formats: min 1 is "not none". */
#define PATH       0, CONFIG_PATH_MAX - 1
#define NAME       0, CONFIG_NAME_MAX - 1
#define MIB        INT64_C(1048576)
#define SECOND     INT64_C(1000)
#define DAY        (86400 * SECOND)
#define WAIT       100, 3600 * SECOND
#define PIXELS     1, INT64_C(5000000000) /* more than 65535 × 65535 */
#define FORMATS_IN ((INT64_C(1) << FORMAT_AUTO) - 2)
#define FORMATS_OUT                                                            \
	(FORMATS_IN + FORMAT_BIT(FORMAT_AUTO) - FORMAT_BIT(FORMAT_HEIC) -      \
	    FORMAT_BIT(FORMAT_SVG))

static const char *const no_yes[] = { "no", "yes", NULL };
static const char *const policies[] = { "reject", "nearest", NULL };
static const char *const error_modes[] = { "opaque", "precise", NULL };
static const char *const isolations[] = { "process", "none", NULL };
static const char *const sandboxes[] = { "auto", "required", "off", NULL };
static const char *const s3_styles[] = { "auto", "path", "host", NULL };
static const char *const levels[] = { "error", "warn", "info", "debug", NULL };

static const struct option_def table[] = {
	{ "root", OPTION_TEXT, SITE | FIRST, IN_SITE(root), PATH, NULL, "",
	    "DIR", "The folder of the originals." },
	{ "socket", OPTION_TEXT, FIRST | FIXED, IN_CONFIG(socket), PATH, NULL,
	    "", "PATH",
	    "Where to listen. Empty: where a launcher does (descriptor 0, or "
	    "LISTEN_FDS), else the path that --help shows." },
	{ "key-file", OPTION_TEXT, SITE | FIRST, IN_SITE(key_file), PATH, NULL,
	    "", "FILE",
	    "Keys of hash=, made by imgfcgi-url keygen. Without it every "
	    "token is refused." },
	{ "widths", OPTION_LIST, SITE | FIRST, IN_SITE(policy.widths), 1,
	    PARAM_SIDE_MAX, NULL, "tcl", "LIST",
	    "Allowed values of w: numbers, and the words tcl and next for "
	    "ready lists. Empty: none." },
	{ "heights", OPTION_LIST, SITE, IN_SITE(policy.heights), 1,
	    PARAM_SIDE_MAX, NULL, "", "LIST",
	    "Allowed values of h, as in widths." },
	{ "qualities", OPTION_LIST, SITE | FIRST, IN_SITE(policy.qualities), 1,
	    100, NULL, "75 80 85 90", "LIST", "Allowed values of q." },
	{ "formats", OPTION_FORMATS, SITE | FIRST, IN_SITE(policy.formats), 0,
	    FORMATS_OUT, NULL, "jpg png webp avif gif auto", "FORMATS",
	    "Allowed values of f." },
	{ "inputs", OPTION_FORMATS, SITE, IN_SITE(inputs), 1, FORMATS_IN, NULL,
	    "jpg png webp gif avif", "FORMATS",
	    "Formats that an original may have: any of jpg png webp avif gif "
	    "jxl tiff heic svg that libvips can read." },
	{ "open", OPTION_PARAMS, SITE, IN_SITE(policy.open), 0, 0, NULL,
	    "f fit g h hash q w", "NAMES",
	    "Parameters that may stand in the clear. hash always may; empty: "
	    "sealed URLs alone." },
	{ "policy", OPTION_CHOICE, SITE, IN_SITE(policy.mode), 0, 0, policies,
	    "reject", "reject|nearest",
	    "A value outside its list is refused, or redirected to the next "
	    "allowed one." },
	{ "strict", OPTION_BOOL, SITE, IN_SITE(policy.strict), 0, 0, no_yes,
	    "no", "yes|no",
	    "Refuse names that are no parameters, instead of ignoring them." },
	{ "errors", OPTION_CHOICE, SITE, IN_SITE(errors), 0, 0, error_modes,
	    "opaque", "opaque|precise",
	    "Every refusal is a bare 404, or says by its status what was "
	    "wrong." },
	{ "enlarge", OPTION_CHOICE, SITE, IN_SITE(limits.enlarge), 0, 0, no_yes,
	    "no", "yes|no",
	    "Pictures that are smaller than asked for are made larger." },
	{ "prefix", OPTION_TEXT, SITE | PREFIX, IN_SITE(prefix), PATH, NULL, "",
	    "/PATH",
	    "Cut off the URL's path before the file is looked up; begins with "
	    "/ and does not end with one." },
	{ "fresh", OPTION_DURATION, SITE, IN_SITE(fresh_ms), 0, 365 * DAY, NULL,
	    "600s", "TIME",
	    "How long nginx serves a picture before it asks again." },
	{ "max-age", OPTION_DURATION, SITE, IN_SITE(max_age_ms), 0, 365 * DAY,
	    NULL, "30d", "TIME", "How long a browser may keep a picture." },

	{ "origin", OPTION_TEXT, SITE, IN_SITE(origin), PATH, NULL, "", "URL",
	    "Another host of originals: https://HOST/PREFIX, http:// or "
	    "s3://BUCKET/PREFIX. Asked for what root, if there is one, has "
	    "not." },
	{ "origin-fresh", OPTION_DURATION, SITE, IN_SITE(origin_fresh_ms), 0,
	    365 * DAY, NULL, "60s", "TIME",
	    "How long an original is believed unchanged before its host is "
	    "asked again." },
	{ "origin-timeout", OPTION_DURATION, SITE, IN_SITE(origin_timeout_ms),
	    WAIT, NULL, "5s", "TIME",
	    "How long a fetch may take, waiting included; a quarter of it to "
	    "connect, half of it without a byte." },
	{ "origin-private", OPTION_BOOL, SITE, IN_SITE(origin_private), 0, 0,
	    no_yes, "no", "yes|no",
	    "origin's name may lead to a private or loopback address." },
	{ "origin-redirects", OPTION_BOOL, SITE, IN_SITE(origin_redirects), 0,
	    0, no_yes, "no", "yes|no",
	    "Follow redirects that stay below origin." },
	{ "origin-ca", OPTION_TEXT, SITE, IN_SITE(origin_ca), PATH, NULL, "",
	    "FILE",
	    "Certificates of the only authorities that origin's may be of. "
	    "Empty: the system's." },
	{ "fetches", OPTION_INT, SITE, IN_SITE(fetches), 1, 256, NULL, "16",
	    "NUMBER",
	    "Fetches from origin at once; four times as many requests may "
	    "wait for them, more get 503." },
	{ "s3-endpoint", OPTION_TEXT, SITE, IN_SITE(s3_endpoint), PATH, NULL,
	    "", "URL", "Where the bucket is. Empty: at AWS." },
	{ "s3-region", OPTION_TEXT, SITE, IN_SITE(s3_region), NAME, NULL,
	    "us-east-1", "NAME", "The bucket's region." },
	{ "s3-style", OPTION_CHOICE, SITE, IN_SITE(s3_style), 0, 0, s3_styles,
	    "auto", "auto|path|host",
	    "The bucket's name stands in the path or before the host. auto: "
	    "before the host at AWS, else in the path." },
	{ "s3-keys", OPTION_TEXT, SITE, IN_SITE(s3_keys), PATH, NULL, "",
	    "FILE",
	    "The bucket's keys, in the format of ~/.aws/credentials. Empty: "
	    "the environment's, or those in that file." },
	{ "fallback", OPTION_TEXT, SITE, IN_SITE(fallback), PATH, NULL, "",
	    "FILE",
	    "A picture to show in the place of an original that is missing or "
	    "cannot be fetched." },

	{ "max-bytes", OPTION_SIZE, SITE, IN_SITE(limits.max_bytes), 1024,
	    2048 * MIB, NULL, "100M", "SIZE", "Bytes of an original." },
	{ "max-pixels", OPTION_COUNT, SITE, IN_SITE(limits.max_pixels), PIXELS,
	    NULL, "50M", "COUNT", "Pixels of one frame of an original." },
	{ "interlaced-pixels", OPTION_COUNT, SITE,
	    IN_SITE(limits.interlaced_pixels), PIXELS, NULL, "25M", "COUNT",
	    "The same where it must be decoded whole: progressive JPEG, "
	    "interlaced PNG." },
	{ "max-side", OPTION_INT, SITE, IN_SITE(limits.max_side), 1, 65535,
	    NULL, "65535", "PIXELS", "Width and height of an original." },
	{ "max-frames", OPTION_INT, SITE, IN_SITE(limits.max_frames), 1, 100000,
	    NULL, "10000", "NUMBER",
	    "Frames of an original; more are refused." },
	{ "max-scans", OPTION_INT, SITE, IN_SITE(limits.max_scans), 1, 10000,
	    NULL, "100", "NUMBER", "Scans of a progressive JPEG." },
	{ "max-icc", OPTION_SIZE, SITE, IN_SITE(limits.max_icc), 0, 64 * MIB,
	    NULL, "4M", "SIZE", "Bytes of an original's colour profile." },
	{ "animation-frames", OPTION_INT, SITE,
	    IN_SITE(limits.animation_frames), 1, 100000, NULL, "100", "NUMBER",
	    "An original with more frames gives its first one." },
	{ "animation-pixels", OPTION_COUNT, SITE,
	    IN_SITE(limits.animation_pixels), PIXELS, NULL, "100M", "COUNT",
	    "An original with more pixels in all frames together gives its "
	    "first one." },
	{ "output-side", OPTION_INT, SITE, IN_SITE(limits.output_side), 1,
	    65535, NULL, "8192", "PIXELS", "Width and height of an answer." },
	{ "output-pixels", OPTION_COUNT, SITE, IN_SITE(limits.output_pixels),
	    PIXELS, NULL, "16M", "COUNT", "Pixels of one frame of an answer." },

	{ "user", OPTION_TEXT, 0, IN_CONFIG(user), NAME, NULL, "", "USER",
	    "Whom front and converters become if root starts the daemon. "
	    "Empty: they stay what they are." },
	{ "group", OPTION_TEXT, 0, IN_CONFIG(group), NAME, NULL, "", "GROUP",
	    "Their group, instead of the user's own." },
	{ "socket-owner", OPTION_TEXT, FIXED, IN_CONFIG(socket_owner), NAME,
	    NULL, "", "USER",
	    "Who owns the socket. Empty: who started the daemon." },
	{ "socket-group", OPTION_TEXT, FIXED, IN_CONFIG(socket_group), NAME,
	    NULL, "", "GROUP", "The socket's group; nginx must be in it." },
	{ "socket-mode", OPTION_OCTAL, FIXED, IN_CONFIG(socket_mode), 0600,
	    0777, NULL, "0660", "MODE", "The socket's permissions." },
	{ "backlog", OPTION_INT, FIXED, IN_CONFIG(backlog), 1, 65535, NULL,
	    "1024", "NUMBER",
	    "Connections that the kernel holds until we accept." },
	{ "tcp", OPTION_BOOL, FIXED, IN_CONFIG(tcp), 0, 0, no_yes, "no",
	    "yes|no", "socket may be 127.0.0.1:PORT or [::1]:PORT." },
	{ "threads", OPTION_INT, 0, IN_CONFIG(threads), 0, 16384, NULL, "0",
	    "NUMBER",
	    "Requests held at once, waiting ones included. 0: converters + "
	    "queue + 32, and five times fetches for each origin." },
	{ "converters", OPTION_INT, 0, IN_CONFIG(converters), 0,
	    CONFIG_CONVERTERS_MAX, NULL, "0", "NUMBER",
	    "Conversions at once. 0: one for each core." },
	{ "queue", OPTION_INT, 0, IN_CONFIG(queue), 1, 10000, NULL, "400",
	    "NUMBER", "Requests that may wait for a converter; more get 503." },
	{ "queue-timeout", OPTION_DURATION, 0, IN_CONFIG(queue_timeout_ms),
	    WAIT, NULL, "10s", "TIME",
	    "How long a request waits for a converter before it gets 503." },
	{ "timeout", OPTION_DURATION, 0, IN_CONFIG(timeout_ms), WAIT, NULL,
	    "10s", "TIME",
	    "How long one conversion may take before it is ended; an SVG "
	    "1.5 s at most." },
	{ "quarantine", OPTION_DURATION, 0, IN_CONFIG(quarantine_ms), 0,
	    7 * DAY, NULL, "600s", "TIME",
	    "How long an original is refused that has twice killed or overrun "
	    "its converter. 0: never." },
	{ "converter-jobs", OPTION_INT, 0, IN_CONFIG(converter_jobs), 1,
	    1000000000, NULL, "10000", "NUMBER",
	    "Conversions after which a converter is replaced." },
	{ "converter-memory", OPTION_SIZE, 0, IN_CONFIG(converter_memory),
	    64 * MIB, 1024 * 1024 * MIB, NULL, "1G", "SIZE",
	    "Memory of a job; a converter that keeps a quarter is replaced." },
	{ "io-timeout", OPTION_DURATION, 0, IN_CONFIG(io_timeout_ms), WAIT,
	    NULL, "10s", "TIME",
	    "How long nginx may take to send or to receive." },
	{ "origin-memory", OPTION_SIZE, 0, IN_CONFIG(origin_memory), MIB,
	    1024 * 1024 * MIB, NULL, "256M", "SIZE",
	    "Fetched originals held at once, in use or for the next width." },
	{ "isolation", OPTION_CHOICE, FIXED, IN_CONFIG(isolation), 0, 0,
	    isolations, "process", "process|none",
	    "Decode in processes of their own, or all in one process." },
	{ "sandbox", OPTION_CHOICE, 0, IN_CONFIG(sandbox), 0, 0, sandboxes,
	    "auto", "auto|required|off",
	    "The kernel's sandbox: as far as it goes, all of it, or none." },
	{ "log", OPTION_TEXT, 0, IN_CONFIG(log), 1, CONFIG_PATH_MAX - 1, NULL,
	    "stderr", "FILE",
	    "Where log lines go: stderr, syslog, a file, or a syslog's "
	    "socket. stderr that is /dev/null: syslog." },
	{ "slow", OPTION_DURATION, 0, IN_CONFIG(slow_ms), 0, 3600 * SECOND,
	    NULL, "0", "TIME",
	    "A request that takes longer is logged as a warning. 0: none." },
	{ "log-level", OPTION_CHOICE, 0, IN_CONFIG(log_level), 0, 0, levels,
	    "info", "error|warn|info|debug",
	    "The least important lines that are still written." },
};

#define ROWS (sizeof table / sizeof table[0])

const struct option_def *
options_table(size_t *count)
{
	*count = ROWS;
	return table;
}

static bool
is(const char *word, const char *s, size_t len)
{
	return strlen(word) == len && memcmp(word, s, len) == 0;
}

const struct option_def *
option_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (is(table[i].name, name, len))
			return &table[i];
	}
	return NULL;
}

void
options_usage(FILE *out)
{
	for (size_t i = 0; i < ROWS; i++) {
		const char *fallback = table[i].fallback;

		/* Known only to the build, so no part of the table. */
		if (table[i].offset == offsetof(struct config, socket) &&
		    !(table[i].flags & SITE))
			fallback = IMGFCGI_SOCKET;
		fprintf(out, "  --%s=%s  %s", table[i].name, table[i].values,
		    table[i].text);
		if (*fallback != '\0')
			fprintf(out, " [%s]", fallback);
		putc('\n', out);
	}
}

/* flags: of the rows that are wanted; 0: all. */
static void
dump_rows(FILE *out, enum dump_style style, unsigned int flags)
{
	const char *const heads[] = { "option", "per site", "by reload",
		"default", "values", "meaning" };
	const char *quote = style == DUMP_MARKDOWN ? "`" : "";
	char name[64];
	struct dump d;

	dump_begin(&d, out, style, heads, 6);
	for (size_t i = 0; i < ROWS; i++) {
		if ((table[i].flags & flags) != flags)
			continue;
		snprintf(name, sizeof name, "%s%s%s", quote, table[i].name,
		    quote);
		dump_row(&d,
		    (const char *[]){ name, table[i].flags & SITE ? "yes" : "",
		        table[i].flags & FIXED ? "" : "yes", table[i].fallback,
		        table[i].values, table[i].text });
	}
	dump_end(&d);
}

void
options_dump(FILE *out, enum dump_style style)
{
	dump_rows(out, style, 0);
}

void
options_dump_first(FILE *out, enum dump_style style)
{
	dump_rows(out, style, FIRST);
}
