/*
 * admission: who waits how long for a converter under which rule.  A model
 * in simulated time: a run takes seconds and gives the same figures each
 * time.  tests/e2e/admission.sh holds the daemon to what src/serve/queue.c
 * promises.
 *
 * Small jobs of 25 ms come at a steady rate, half of what the converters can
 * do; in their midst come large ones of 1500 ms, ten for each converter at
 * once.  What has started is never interrupted, who waits for 10 s is sent
 * away, and costs are guessed wrong by up to half.  Rules:
 *
 *	fifo	first come, first served
 *	half	large ones hold half of the converters at most
 *	aged	least arrival + 4 × cost first
 *	short	least cost first
 *	shares	two lines; the one that had less time goes first (queue.c)
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define JOBS_MAX    8000
#define LARGE_MS    300
#define CREDIT_MS   1000
#define PATIENCE_MS 10000
#define FOREVER     1e12

enum rule {
	FIFO,
	HALF,
	AGED,
	SHORT,
	SHARES,
	RULES
};

static const char *const names[] = { "fifo", "half", "aged", "short",
	"shares" };

struct job {
	double arrives, cost, guess, started; /* ms */
	bool waits, refused;
};

struct state {
	enum rule rule;
	int converters;
	double now, ends[8], spent[2];
	bool large[8];   /* what the converter is doing */
	int first, next; /* of the jobs: all before are over, not yet here */
};

static struct job jobs[JOBS_MAX];
static int count;

/* The same numbers on every machine. */
static uint32_t state;

static double
draw(void)
{
	state = state * UINT32_C(1664525) + UINT32_C(1013904223);
	return (state >> 8) / 16777216.0;
}

static void
add(double at, double cost)
{
	if (count == JOBS_MAX)
		abort();
	jobs[count] = (struct job){ .arrives = at };
	jobs[count].cost = cost * (0.7 + 0.6 * draw());
	jobs[count++].guess = cost * (0.5 + draw());
}

static bool
is_large(const struct job *j)
{
	return j->guess >= LARGE_MS;
}

static bool
any_waits(const struct state *s, bool large)
{
	for (int i = s->first; i < s->next; i++) {
		if (jobs[i].waits && is_large(&jobs[i]) == large)
			return true;
	}
	return false;
}

static void
arrive(struct state *s)
{
	struct job *j = &jobs[s->next];
	bool large = is_large(j);
	double least = s->spent[!large] - CREDIT_MS;

	if (!any_waits(s, large) && s->spent[large] < least)
		s->spent[large] = least;
	j->waits = true;
	s->next++;
}

static bool
may_start(const struct state *s, const struct job *j)
{
	int held = 0;

	if (s->rule == SHARES && any_waits(s, !is_large(j)))
		return is_large(j) == (s->spent[1] < s->spent[0]);
	if (s->rule != HALF || !is_large(j))
		return true;
	for (int c = 0; c < s->converters; c++)
		held += s->large[c] && s->ends[c] > s->now;
	return held < s->converters / 2 || held == 0;
}

static double
key_of(enum rule rule, const struct job *j)
{
	if (rule == SHORT)
		return j->guess;
	return j->arrives + (rule == AGED ? 4 * j->guess : 0);
}

/* Whoever starts now; NULL if nobody may. */
static struct job *
choose(struct state *s)
{
	struct job *best = NULL;

	for (int i = s->first; i < s->next; i++) {
		struct job *j = &jobs[i];

		if (j->waits && s->now - j->arrives > PATIENCE_MS) {
			j->waits = false;
			j->refused = true;
		}
		if (j->waits && may_start(s, j) &&
		    (best == NULL ||
		        key_of(s->rule, j) < key_of(s->rule, best)))
			best = j;
	}
	while (s->first < s->next && !jobs[s->first].waits)
		s->first++;
	return best;
}

static void
start(struct state *s, struct job *j, int converter)
{
	j->waits = false;
	j->started = s->now;
	s->ends[converter] = s->now + j->cost;
	s->large[converter] = is_large(j);
	s->spent[is_large(j)] += j->guess;
}

/* When something happens next: an arrival or an end. */
static double
next_event(const struct state *s)
{
	double at = s->next < count ? jobs[s->next].arrives : FOREVER;

	for (int c = 0; c < s->converters; c++) {
		if (s->ends[c] > s->now && s->ends[c] < at)
			at = s->ends[c];
	}
	return at;
}

static double
run(enum rule rule, int converters)
{
	struct state s = { .rule = rule, .converters = converters };
	double last = 0;

	while ((s.now = next_event(&s)) < FOREVER) {
		last = s.now;
		while (s.next < count && jobs[s.next].arrives <= s.now)
			arrive(&s);
		for (int c = 0; c < converters; c++) {
			struct job *j;

			if (s.ends[c] > s.now)
				continue;
			j = choose(&s);
			if (j == NULL)
				break;
			start(&s, j, c);
		}
	}
	return last;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
tell(const char *who, bool large)
{
	static double waits[JOBS_MAX];
	int n = 0, refused = 0;

	for (int i = 0; i < count; i++) {
		if ((jobs[i].cost > LARGE_MS) != large ||
		    jobs[i].arrives < 2000)
			continue;
		if (jobs[i].refused)
			refused++;
		else
			waits[n++] = jobs[i].started - jobs[i].arrives;
	}
	qsort(waits, (size_t)n, sizeof waits[0], compare);
	if (n > 0)
		printf(" %6s %5.0f %5.0f %5.0f %4d", who, waits[n / 2],
		    waits[n * 99 / 100], waits[n - 1], refused);
}

static int
by_arrival(const void *a, const void *b)
{
	return compare(&((const struct job *)a)->arrives,
	    &((const struct job *)b)->arrives);
}

static void
burst(enum rule rule, int converters, bool small)
{
	double last;

	count = 0;
	state = 1;
	for (double t = 0; small && t < 20000; t += 50.0 / converters)
		add(t, 25);
	for (int i = 0; i < (small ? 10 : 5) * converters; i++)
		add(2000 + i, 1500);
	qsort(jobs, (size_t)count, sizeof jobs[0], by_arrival);
	last = run(rule, converters);
	printf("%-6s %d", names[rule], converters);
	if (small)
		tell("small", false);
	tell("large", true);
	printf("  over at %.1f s\n", last / 1e3);
}

int
main(void)
{
	static const int converters[] = { 1, 2, 4, 8 };

	puts("rule converters | p50 p99 max of the wait in ms, sent away");
	for (int c = 0; c < 4; c++) {
		for (int rule = 0; rule < RULES; rule++)
			burst((enum rule)rule, converters[c], true);
	}
	puts("large ones alone, five a converter");
	for (int rule = 0; rule < RULES; rule++)
		burst((enum rule)rule, 2, false);
	return 0;
}
