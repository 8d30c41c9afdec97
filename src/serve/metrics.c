#include "serve/metrics.h"

#include <stdatomic.h>

static const char gauge[] = "gauge", counter[] = "counter";

static const struct metric_def table[METRIC_MAX] = {
	[METRIC_UPTIME] = { "uptime_s", gauge,
	    "Seconds since this front started." },
	[METRIC_ACTIVE] = { "active", gauge,
	    "Requests under way, waiting ones included." },
	[METRIC_WAITING] = { "waiting", gauge,
	    "Requests that wait for a converter." },
	[METRIC_CONVERTERS] = { "converters", gauge,
	    "Converters that are ready or at work." },
	[METRIC_BUSY] = { "busy", gauge, "Converters at work." },
	[METRIC_QUARANTINED] = { "quarantined", gauge,
	    "Originals that are refused for what they did to converters." },
	[METRIC_MEMORY] = { "memory", gauge,
	    "Resident bytes of the front; a converter's stand beside it." },
	[METRIC_LOG_DROPPED] = { "log_dropped", counter,
	    "Lines that the log could not take." },
	[METRIC_REQUESTS] = { "requests", counter, "Requests answered." },
	[METRIC_BYTES] = { "bytes", counter, "Bytes of the answers' bodies." },
	[METRIC_SLOW] = { "slow", counter,
	    "Requests that took longer than slow." },
	[METRIC_JOBS] = { "jobs", counter,
	    "Conversions given to a converter." },
	[METRIC_WAIT_US] = { "wait_us", counter,
	    "Microseconds that requests waited for a converter." },
	[METRIC_READ_US] = { "read_us", counter,
	    "Microseconds that converters read originals." },
	[METRIC_LOAD_US] = { "load_us", counter,
	    "Microseconds that they decoded and resized." },
	[METRIC_ENCODE_US] = { "encode_us", counter,
	    "Microseconds that they encoded." },
	[METRIC_CRASHED] = { "crashed", counter,
	    "Converters that their own job killed." },
	[METRIC_OVERRAN] = { "overran", counter,
	    "Converters that were killed at a job's deadline." },
	[METRIC_LOST] = { "lost", counter,
	    "Converters that ended otherwise: killed by somebody, answered "
	    "nonsense, or died without a job." },
	[METRIC_RETIRED] = { "retired", counter,
	    "Converters replaced for converter-jobs or converter-memory." },
	[METRIC_CONVICTED] = { "convicted", counter,
	    "Times that an original was quarantined." },
};

static _Atomic int64_t values[METRIC_MAX];
static _Atomic int64_t answers[STATUS_MAX];

const struct metric_def *
metric_def(enum metric m)
{
	return &table[m];
}

void
metrics_add(enum metric m, int64_t n)
{
	atomic_fetch_add_explicit(&values[m], n, memory_order_relaxed);
}

void
metrics_set(enum metric m, int64_t n)
{
	atomic_store_explicit(&values[m], n, memory_order_relaxed);
}

int64_t
metrics_get(enum metric m)
{
	return atomic_load_explicit(&values[m], memory_order_relaxed);
}

void
metrics_answer(enum status st)
{
	atomic_fetch_add_explicit(&answers[st], 1, memory_order_relaxed);
}

int64_t
metrics_answers(enum status st)
{
	return atomic_load_explicit(&answers[st], memory_order_relaxed);
}

void
metrics_dump(FILE *out, enum dump_style style)
{
	const char *const heads[] = { "counter", "kind", "meaning" };
	struct dump d;

	dump_begin(&d, out, style, heads, 3);
	for (int i = 0; i < METRIC_MAX; i++)
		dump_row(&d,
		    (const char *[]){ table[i].name, table[i].kind,
		        table[i].text });
	dump_end(&d);
}
