/* Any If-None-Match and, behind a NUL, any If-Modified-Since. */
#include "http/fresh.h"

#include "base/clock.h"
#include "fuzz.h"

#define ETAG  "\"0123456789abcdefABCDEF\""
#define MTIME INT64_C(784111777)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *match = fuzz_part(&data, &len);
	char *since = fuzz_part(&data, &len);
	bool fresh = fresh_matches(ETAG, MTIME, match, since);
	int64_t t;

	if (match[0] != '\0') {
		/* It silences the other, and must name us to match. */
		MUST(fresh == fresh_matches(ETAG, MTIME, match, ""));
		MUST(!fresh || strstr(match, ETAG) != NULL ||
		    strchr(match, '*') != NULL);
	} else if (clock_parse_date(since, &t))
		MUST(fresh == (MTIME <= t));
	else
		MUST(!fresh);
	free(match);
	free(since);
	return 0;
}
