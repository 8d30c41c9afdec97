#include "serve/metrics.h"

#include <pthread.h>

#include "test.h"

#define THREADS 8
#define ROUNDS  10000

static void *
count_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		metrics_add(METRIC_JOBS, 1);
		metrics_add(METRIC_BYTES, 3);
		metrics_answer(STATUS_BROKEN);
		metrics_set(METRIC_WAITING, i);
	}
	return NULL;
}

static void
nothing_is_lost(void)
{
	pthread_t id[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&id[i], NULL, count_often, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	EQ_INT(metrics_get(METRIC_JOBS), THREADS * ROUNDS);
	EQ_INT(metrics_get(METRIC_BYTES), 3 * THREADS * ROUNDS);
	EQ_INT(metrics_answers(STATUS_BROKEN), THREADS * ROUNDS);
	EQ_INT(metrics_answers(STATUS_OK), 0);
	EQ_INT(metrics_get(METRIC_WAITING), ROUNDS - 1);
}

/* Laws of the table. */
static void
rows(void)
{
	for (int i = 0; i < METRIC_MAX; i++) {
		const struct metric_def *def = metric_def((enum metric)i);
		size_t len;

		if (!CHECK(def->name != NULL && def->text != NULL))
			continue;
		len = strlen(def->name);
		CHECK(len > 0 &&
		    strspn(def->name, "abcdefghijklmnopqrstuvwxyz_") == len);
		CHECK(strcmp(def->kind, "counter") == 0 ||
		    strcmp(def->kind, "gauge") == 0);
		CHECK(def->text[strlen(def->text) - 1] == '.');
		for (int j = 0; j < i; j++)
			CHECK(strcmp(def->name,
			          metric_def((enum metric)j)->name) != 0);
	}
}

int
main(void)
{
	nothing_is_lost();
	rows();
	return test_end("t_metrics");
}
