#include "http/fresh.h"

#include <sodium.h>

#include "test.h"

#define ETAG "\"abc\""
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define SECS 784111777

static void
test_conditions(void)
{
	static const struct {
		int at;
		const char *none_match, *since;
		bool current;
	} rows[] = {
		{ __LINE__, "", "", false },
		{ __LINE__, ETAG, "", true },
		{ __LINE__, "W/" ETAG, "", true },
		{ __LINE__, "w/" ETAG, "", false },
		{ __LINE__, "W/ " ETAG, "", false },
		{ __LINE__, "W" ETAG, "", false },
		{ __LINE__, " \t" ETAG " ", "", true },
		{ __LINE__, "\"x\", " ETAG, "", true },
		{ __LINE__, "\"x\"," ETAG ",\"y\"", "", true },
		{ __LINE__, "\"x\"\t,\tW/" ETAG, "", true },
		{ __LINE__, ",, ," ETAG ", ,", "", true },
		{ __LINE__, "\"\", " ETAG, "", true },
		{ __LINE__, "\"a,b\", " ETAG, "", true },
		{ __LINE__, "\"\xc3\xa4\", " ETAG, "", true },
		{ __LINE__, "*", "", true },
		{ __LINE__, " * ", "", true },
		{ __LINE__, "*, " ETAG, "", false },
		{ __LINE__, "**", "", false },
		{ __LINE__, ETAG ", *", "", false },
		{ __LINE__, "\"*\"", "", false },
		{ __LINE__, "\"ABC\"", "", false },
		{ __LINE__, "\"ab\"", "", false },
		{ __LINE__, "\"abcd\"", "", false },
		{ __LINE__, "\"x," ETAG, "", false },
		{ __LINE__, "\"x,abc\"", "", false },
		{ __LINE__, "\"\\\"abc\"", "", false },
		{ __LINE__, "abc", "", false },
		{ __LINE__, "\"abc", "", false },
		{ __LINE__, "abc\"", "", false },
		{ __LINE__, "\"", "", false },
		{ __LINE__, "W/", "", false },
		{ __LINE__, ",", "", false },
		{ __LINE__, " ", "", false },
		/* A fault anywhere, before or after the match. */
		{ __LINE__, ETAG " " ETAG, "", false },
		{ __LINE__, ETAG ETAG, "", false },
		{ __LINE__, ETAG ", x", "", false },
		{ __LINE__, "x, " ETAG, "", false },
		{ __LINE__, ETAG ", \"a b\"", "", false },
		{ __LINE__, ETAG ", \"\x7f\"", "", false },
		{ __LINE__, ETAG ";", "", false },
		/* If-Modified-Since */
		{ __LINE__, "", DATE, true },
		{ __LINE__, "", "Sunday, 06-Nov-94 08:49:37 GMT", true },
		{ __LINE__, "", "Sun Nov  6 08:49:37 1994", true },
		{ __LINE__, "", "Sun, 06 Nov 1994 08:49:38 GMT", true },
		{ __LINE__, "", "Sun, 06 Nov 1994 08:49:36 GMT", false },
		{ __LINE__, "", "Sun, 06 Nov 1994 08:49:37 CET", false },
		{ __LINE__, "", "784111777", false },
		{ __LINE__, "", "tomorrow", false },
		{ __LINE__, "", "*", false },
		/* … is silent beside If-None-Match, even an unreadable one. */
		{ __LINE__, "\"x\"", DATE, false },
		{ __LINE__, "x", DATE, false },
		{ __LINE__, " ", DATE, false },
		{ __LINE__, ETAG, "Sun, 06 Nov 1993 08:49:37 GMT", true },
		{ __LINE__, ETAG, "x", true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK_AT(rows[i].at,
		    fresh_matches(ETAG, SECS, rows[i].none_match,
		        rows[i].since) == rows[i].current);
	CHECK(fresh_matches(ETAG, -1, "", "Thu, 01 Jan 1970 00:00:00 GMT"));
	CHECK(!fresh_matches(ETAG, INT64_MAX, "", DATE));
}

/* One of the ways to say parts; those of different rows must differ. */
static void
make_etag(int way, char text[FRESH_ETAG_MAX])
{
	/* An odd address: the state's alignment is not the caller's worry. */
	struct {
		uint64_t shift;
		struct fresh_etag etag;
	} at, moved;
	struct fresh_etag *e = &at.etag;

	fresh_etag_init(e);
	switch (way) {
	case 0:
		break;
	case 1:
		fresh_etag_text(e, "");
		break;
	case 2:
		fresh_etag_text(e, "ab");
		fresh_etag_text(e, "c");
		break;
	case 3:
		fresh_etag_text(e, "a");
		fresh_etag_text(e, "bc");
		break;
	case 4:
		fresh_etag_text(e, "abc");
		break;
	case 5:
		fresh_etag_text(e, "");
		fresh_etag_text(e, "abc");
		break;
	case 6:
		fresh_etag_text(e, "abc");
		fresh_etag_text(e, "");
		break;
	case 7:
		fresh_etag_int(e, 0);
		break;
	case 8:
		fresh_etag_int(e, 1);
		break;
	case 9:
		fresh_etag_int(e, INT64_C(1) << 56);
		break;
	case 10:
		fresh_etag_int(e, -1);
		break;
	case 11:
		fresh_etag_bytes(e, "a\0b", 3);
		break;
	case 12:
		fresh_etag_bytes(e, "a\0c", 3);
		break;
	default:
		for (int i = 0; i < way * 10; i++)
			fresh_etag_int(e, i);
		break;
	}
	moved = at; /* a copy goes on where the original stood */
	fresh_etag_text(&moved.etag, "end");
	fresh_etag_final(&moved.etag, text);
}

#define WAYS 40

static void
test_etags(void)
{
	static char text[WAYS][FRESH_ETAG_MAX];
	char again[FRESH_ETAG_MAX];

	for (int i = 0; i < WAYS; i++) {
		make_etag(i, text[i]);
		make_etag(i, again);
		EQ_STR(text[i], again);
		EQ_INT((int64_t)strlen(text[i]), FRESH_ETAG_MAX - 1);
		CHECK(text[i][0] == '"' && text[i][23] == '"');
		CHECK(strspn(text[i] + 1,
		          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		          "abcdefghijklmnopqrstuvwxyz"
		          "0123456789-_") == 22);
		CHECK(fresh_matches(text[i], 0, text[i], ""));
		for (int k = 0; k < i; k++)
			CHECK(strcmp(text[i], text[k]) != 0);
	}
}

int
main(void)
{
	if (sodium_init() < 0)
		return 99;
	test_conditions();
	test_etags();
	return test_end("t_fresh");
}
