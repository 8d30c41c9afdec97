#include "serve/quarantine.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/log.h"
#include "test.h"

#define SENTENCE 600000

static const struct identity file = { .device = 1,
	.inode = 2,
	.size = 3,
	.mtime_ns = 4,
	.ctime_ns = 5 };

static struct suspect
source(int i)
{
	struct suspect s;
	char path[32];

	snprintf(path, sizeof path, "/%d.jpg", i);
	suspect_make(&s, "", path, &file);
	return s;
}

static void
two_strikes(void)
{
	struct quarantine *q = quarantine_new(SENTENCE);
	struct suspect a = source(1), b = source(2);
	struct convict list[2];

	CHECK(!quarantine_holds(q, &a, 1));
	CHECK(!quarantine_strike(q, &a, "fell", 1));
	CHECK(!quarantine_holds(q, &a, 2));
	EQ_INT((int64_t)quarantine_list(q, list, 2, 2), 0);
	CHECK(quarantine_strike(q, &a, "fell again", 1000));
	CHECK(quarantine_holds(q, &a, 1000));
	CHECK(!quarantine_holds(q, &b, 1000));
	EQ_INT((int64_t)quarantine_list(q, list, 2, 2000), 1);
	EQ_STR(list[0].text, "/1.jpg");
	EQ_STR(list[0].cause, "fell again");
	EQ_INT(list[0].left_ms, SENTENCE - 1000);
	/* Once is enough to say; a third begins it anew. */
	CHECK(!quarantine_strike(q, &a, "fell", 5000));
	CHECK(quarantine_holds(q, &a, 4999 + SENTENCE));
	CHECK(!quarantine_holds(q, &a, 5000 + SENTENCE));
	/* Served: two more are needed. */
	CHECK(!quarantine_strike(q, &a, "fell", 5000 + SENTENCE));
	CHECK(!quarantine_holds(q, &a, 5001 + SENTENCE));
	/* A first strike is forgotten, too. */
	CHECK(!quarantine_strike(q, &a, "fell", 5000 + 2 * SENTENCE));
	CHECK(quarantine_strike(q, &a, "fell", 4999 + 3 * SENTENCE));
	quarantine_free(q);
}

/* Each of these makes it another source. */
static void
who_is_who(void)
{
	struct quarantine *q = quarantine_new(SENTENCE);
	struct identity other[4] = { file, file, file, file };
	struct suspect a, b;

	suspect_make(&a, "site", "/a", &file);
	EQ_STR(a.text, "site /a");
	quarantine_strike(q, &a, "fell", 0);
	CHECK(quarantine_strike(q, &a, "fell", 0));
	other[0].device++;
	other[1].inode++;
	other[2].size++;
	other[3].mtime_ns++;
	for (int i = 0; i < 4; i++) {
		suspect_make(&b, "site", "/a", &other[i]);
		CHECK(!quarantine_holds(q, &b, 1));
	}
	suspect_make(&b, "sit", "e/a", &file);
	CHECK(!quarantine_holds(q, &b, 1));
	suspect_make(&b, "", "site /a", &file);
	EQ_STR(b.text, a.text);
	CHECK(!quarantine_holds(q, &b, 1));
	/* The text is cut, the name is not. */
	for (int i = 0; i < 2; i++) {
		char path[600];

		memset(path, 'x', sizeof path);
		path[598] = i == 0 ? '0' : '1';
		path[599] = '\0';
		suspect_make(i == 0 ? &a : &b, "", path, &file);
	}
	EQ_STR(a.text, b.text);
	quarantine_strike(q, &a, "fell", 0);
	quarantine_strike(q, &a, "fell", 0);
	CHECK(quarantine_holds(q, &a, 1));
	CHECK(!quarantine_holds(q, &b, 1));
	quarantine_free(q);
}

static void
switched_off(void)
{
	struct quarantine *q = quarantine_new(0);
	struct suspect a = source(1);

	for (int i = 0; i < 5; i++)
		CHECK(!quarantine_strike(q, &a, "fell", i));
	CHECK(!quarantine_holds(q, &a, 5));
	CHECK(!quarantine_lost(q, 1, &a, 6));
	CHECK(!quarantine_died(q, 1, SIGSEGV, 6));
	quarantine_free(q);
}

/* Full of convicts, then one more: who leaves is the oldest. */
static void
no_room(void)
{
	struct quarantine *q = quarantine_new(SENTENCE);
	struct convict list[1];
	struct suspect s;

	for (int i = 0; i < QUARANTINE_PLACES; i++) {
		s = source(i);
		quarantine_strike(q, &s, "fell", i);
		/* The last one has but one strike. */
		if (i < QUARANTINE_PLACES - 1)
			CHECK(quarantine_strike(q, &s, "fell", i));
	}
	EQ_INT((int64_t)quarantine_list(q, list, 1, 1000),
	    QUARANTINE_PLACES - 1);
	/* A newcomer puts out who has but one strike, and no convict. */
	s = source(1000);
	CHECK(!quarantine_strike(q, &s, "fell", 1000));
	CHECK(quarantine_strike(q, &s, "fell", 1000));
	s = source(QUARANTINE_PLACES - 1);
	CHECK(!quarantine_strike(q, &s, "fell", 1001));
	s = source(0);
	CHECK(!quarantine_holds(q, &s, 1001));
	for (int i = 1; i < QUARANTINE_PLACES - 1; i++) {
		s = source(i);
		CHECK(quarantine_holds(q, &s, 1001));
	}
	quarantine_free(q);
}

/* Wait statuses as Linux and the BSDs have them. */
static void
autopsies(void)
{
	static const struct {
		int line, status;
		bool guilty;
	} rows[] = {
		{ __LINE__, SIGSEGV, true },
		{ __LINE__, SIGBUS, true },
		{ __LINE__, SIGABRT, true },
		{ __LINE__, SIGSYS, true },
		{ __LINE__, 1 << 8, true },
		{ __LINE__, 0, true },
		{ __LINE__, SIGKILL, false },
		{ __LINE__, SIGTERM, false },
		{ __LINE__, SIGXCPU, false },
	};
	struct suspect a = source(1);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct quarantine *q = quarantine_new(SENTENCE);

		/* Whoever comes first. */
		CHECK(!quarantine_lost(q, 7, &a, 1));
		CHECK(!quarantine_died(q, 7, rows[i].status, 2));
		CHECK(!quarantine_died(q, 8, rows[i].status, 3));
		EQ_INT_AT(rows[i].line, quarantine_lost(q, 8, &a, 4),
		    rows[i].guilty);
		EQ_INT_AT(rows[i].line, quarantine_holds(q, &a, 5),
		    rows[i].guilty);
		quarantine_free(q);
	}
}

/* A death that nobody asks about leaves nothing behind. */
static void
old_cases(void)
{
	struct quarantine *q = quarantine_new(SENTENCE);
	struct suspect a = source(1);

	quarantine_strike(q, &a, "fell", 0);
	quarantine_lost(q, 1, &a, 0);
	for (uint32_t i = 2; i < 2 + QUARANTINE_CASES; i++)
		CHECK(!quarantine_died(q, i, SIGSEGV, 1));
	CHECK(!quarantine_died(q, 1, SIGSEGV, 2));
	CHECK(!quarantine_holds(q, &a, 3));
	quarantine_free(q);
}

#define THREADS 8
#define ROUNDS  2000

static atomic_int convicted;

static void *
strike_often(void *arg)
{
	struct quarantine *q = arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct suspect s = source(i % 100);
		struct convict list[4];

		if (quarantine_strike(q, &s, "fell", i))
			atomic_fetch_add(&convicted, 1);
		quarantine_holds(q, &s, i);
		quarantine_lost(q, (uint32_t)i, &s, i);
		quarantine_died(q, (uint32_t)i, SIGKILL, i);
		quarantine_list(q, list, 4, i);
	}
	return NULL;
}

/* Each is convicted once, whoever strikes. */
static void
all_at_once(void)
{
	struct quarantine *q = quarantine_new(SENTENCE);
	pthread_t id[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&id[i], NULL, strike_often, q);
	for (int i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	EQ_INT(convicted, 100);
	quarantine_free(q);
}

int
main(void)
{
	log_open(2, LOG_LEVEL_ERROR, LOG_STYLE_PLAIN);
	two_strikes();
	who_is_who();
	switched_off();
	no_room();
	autopsies();
	old_cases();
	all_at_once();
	return test_end("t_quarantine");
}
