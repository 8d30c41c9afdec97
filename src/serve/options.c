#include "serve/options.h"

#include <string.h>

#include "base/format.h"
#include "base/num.h"
#include "url/params.h"

#define IN_CONFIG(member)                                                      \
	offsetof(struct config, member), sizeof(((struct config *)0)->member)
#define IN_SITE(member)                                                        \
	offsetof(struct site, member), sizeof(((struct site *)0)->member)
#define SITE  OPTION_SITE
#define FIRST OPTION_FIRST
#define FIXED OPTION_FIXED
/* Of this file alone: the text must be the beginning of an URL's path. */
#define PREFIX 0x100

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
	{ "prefix", OPTION_TEXT, SITE | PREFIX, IN_SITE(prefix), PATH, NULL, "",
	    "/PATH",
	    "Cut off the URL's path before the file is looked up; begins with "
	    "/ and does not end with one." },
	{ "fresh", OPTION_DURATION, SITE, IN_SITE(fresh_ms), 0, 365 * DAY, NULL,
	    "600s", "TIME",
	    "How long nginx serves a picture before it asks again." },
	{ "max-age", OPTION_DURATION, SITE, IN_SITE(max_age_ms), 0, 365 * DAY,
	    NULL, "30d", "TIME", "How long a browser may keep a picture." },

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
	    "queue + 32." },
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

/* One kind's way from text to field; a refused text changes nothing. */

static bool
read_text(const struct option_def *def, const char *s, char *field,
    struct why *why)
{
	size_t len = strlen(s);

	if (len < (size_t)def->min) {
		why_set(why, "must not be empty");
		return false;
	}
	if (len > (size_t)def->max) {
		why_set(why, "longer than %d bytes", (int)def->max);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f) {
			why_set(why, "a control character");
			return false;
		}
	}
	/* The file format could not give them back. */
	if (len > 0 && (s[0] == ' ' || s[len - 1] == ' ')) {
		why_set(why, "a blank at the beginning or the end");
		return false;
	}
	if ((def->flags & PREFIX) && len > 0 &&
	    (s[0] != '/' || s[len - 1] == '/' || strstr(s, "//") != NULL)) {
		why_set(why,
		    "'%.64s' does not begin with one / and end without", s);
		return false;
	}
	memset(field, 0, def->size);
	memcpy(field, s, len);
	return true;
}

static bool
read_octal(const char *s, int64_t *value)
{
	size_t len = strlen(s);
	int64_t v = 0;

	if (len < 3 || len > 4 || strspn(s, "01234567") != len)
		return false;
	for (; *s != '\0'; s++)
		v = v * 8 + (*s - '0');
	*value = v;
	return true;
}

/* A number in a kind's own spelling, and back. */
static bool
read_number(enum option_kind kind, const char *s, int64_t *value)
{
	size_t len = strlen(s);

	switch (kind) {
	case OPTION_OCTAL:
		return read_octal(s, value);
	case OPTION_SIZE:
		return num_parse_size(s, len, value);
	case OPTION_COUNT:
		return num_parse_count(s, len, value);
	case OPTION_DURATION:
		return num_parse_duration(s, len, value);
	default:
		return num_parse(s, len, 0, INT64_MAX, value);
	}
}

static void
write_number(enum option_kind kind, char text[NUM_TEXT_MAX], int64_t v)
{
	switch (kind) {
	case OPTION_OCTAL:
		snprintf(text, NUM_TEXT_MAX, "%04o", (unsigned int)v);
		break;
	case OPTION_SIZE:
		num_format_size(text, v);
		break;
	case OPTION_COUNT:
		num_format_count(text, v);
		break;
	case OPTION_DURATION:
		num_format_duration(text, v);
		break;
	default:
		snprintf(text, NUM_TEXT_MAX, "%lld", (long long)v);
		break;
	}
}

static bool
set_number(const struct option_def *def, const char *s, void *field,
    struct why *why)
{
	char min[NUM_TEXT_MAX], max[NUM_TEXT_MAX];
	int64_t v;
	int32_t small;

	if (!read_number(def->kind, s, &v) || v < def->min || v > def->max) {
		write_number(def->kind, min, def->min);
		write_number(def->kind, max, def->max);
		why_set(why, "'%.64s' is no %s from %s to %s", s,
		    def->kind == OPTION_DURATION ? "time" : "number", min, max);
		return false;
	}
	small = (int32_t)v;
	if (def->size == sizeof v)
		memcpy(field, &v, sizeof v);
	else
		memcpy(field, &small, sizeof small);
	return true;
}

static bool
set_choice(const struct option_def *def, const char *s, void *field,
    struct why *why)
{
	for (int32_t i = 0; def->choices[i] != NULL; i++) {
		bool yes = i == 1;

		if (strcmp(def->choices[i], s) != 0)
			continue;
		if (def->kind == OPTION_BOOL)
			memcpy(field, &yes, sizeof yes);
		else
			memcpy(field, &i, sizeof i);
		return true;
	}
	why_set(why, "'%.64s' is not one of %s", s, def->values);
	return false;
}

static bool
set_list(const struct option_def *def, const char *s, void *field,
    struct why *why)
{
	struct policy_list list;

	if (!policy_list_parse(&list, s, why))
		return false;
	for (int32_t i = 0; i < list.count; i++) {
		if (list.value[i] < def->min || list.value[i] > def->max) {
			why_set(why, "%d is not within %d and %d",
			    (int)list.value[i], (int)def->min, (int)def->max);
			return false;
		}
	}
	memcpy(field, &list, sizeof list);
	return true;
}

/* The bit of one word; 0 for a word that this option does not take. */
static uint32_t
find_bit(const struct option_def *def, const char *s, size_t len)
{
	enum param p;

	if (def->kind == OPTION_FORMATS)
		return FORMAT_BIT(format_find(s, len)) & (uint32_t)def->max;
	p = param_find(s, len);
	if (p == PARAM_MAX || (param_def(p)->flags & PARAM_SEALED))
		return 0;
	return PARAM_BIT(p);
}

static bool
set_bits(const struct option_def *def, const char *s, void *field,
    struct why *why)
{
	static const char blanks[] = " \t,";
	uint32_t bits = 0;

	/* A token is sealed; without it nothing at all could be asked. */
	if (def->kind == OPTION_PARAMS)
		bits = PARAM_BIT(PARAM_HASH);
	for (s += strspn(s, blanks); *s != '\0'; s += strspn(s, blanks)) {
		size_t len = strcspn(s, blanks);
		uint32_t bit = find_bit(def, s, len);

		if (bit == 0) {
			why_set(why, "'%.*s' is no %s that may stand here",
			    (int)(len > 64 ? 64 : len), s,
			    def->kind == OPTION_FORMATS ? "format"
			                                : "parameter");
			return false;
		}
		bits |= bit;
		s += len;
	}
	if (bits == 0 && def->min > 0) {
		why_set(why, "must not be empty");
		return false;
	}
	memcpy(field, &bits, sizeof bits);
	return true;
}

bool
option_set(const struct option_def *def, struct config *config,
    struct site *site, const char *value, struct why *why)
{
	char *base = def->flags & SITE ? (char *)site : (char *)config;
	char *field = base + def->offset;

	switch (def->kind) {
	case OPTION_TEXT:
		return read_text(def, value, field, why);
	case OPTION_BOOL:
	case OPTION_CHOICE:
		return set_choice(def, value, field, why);
	case OPTION_LIST:
		return set_list(def, value, field, why);
	case OPTION_FORMATS:
	case OPTION_PARAMS:
		return set_bits(def, value, field, why);
	default:
		return set_number(def, value, field, why);
	}
}

static void
put_bits(const struct option_def *def, const char *field, struct buf *out)
{
	bool formats = def->kind == OPTION_FORMATS;
	const char *separator = "";
	uint32_t bits;

	memcpy(&bits, field, sizeof bits);
	for (int i = 0; i < (formats ? (int)FORMAT_MAX : (int)PARAM_MAX); i++) {
		if (!(bits & (UINT32_C(1) << i)))
			continue;
		buf_printf(out, "%s%s", separator,
		    formats ? format_def((enum format)i)->name
		            : param_def((enum param)i)->name);
		separator = " ";
	}
}

static void
put_number(const struct option_def *def, const char *field, struct buf *out)
{
	char text[NUM_TEXT_MAX];
	int32_t small;
	int64_t v;

	memcpy(&small, field, sizeof small);
	v = small;
	if (def->size == sizeof v)
		memcpy(&v, field, sizeof v);
	if (def->kind == OPTION_CHOICE)
		buf_str(out, def->choices[small]);
	else {
		write_number(def->kind, text, v);
		buf_str(out, text);
	}
}

void
option_format(const struct option_def *def, const struct config *config,
    const struct site *site, struct buf *out)
{
	const char *base =
	    def->flags & SITE ? (const char *)site : (const char *)config;
	const char *field = base + def->offset;

	switch (def->kind) {
	case OPTION_TEXT:
		buf_str(out, field);
		break;
	case OPTION_BOOL:
		buf_str(out, no_yes[*(const bool *)field]);
		break;
	case OPTION_LIST:
		policy_list_format((const struct policy_list *)field, out);
		break;
	case OPTION_FORMATS:
	case OPTION_PARAMS:
		put_bits(def, field, out);
		break;
	default:
		put_number(def, field, out);
		break;
	}
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
