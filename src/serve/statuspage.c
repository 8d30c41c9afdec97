#include "serve/statuspage.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "serve/metrics.h"
#include "serve/platform.h"
#include "url/escape.h"

/* Both styles by one writer: a text is a JSON without its punctuation. */
struct page {
	struct buf *out;
	bool json;
	bool first; /* in this object or list: no comma yet */
};

static void
separate(struct page *p)
{
	if (p->json && !p->first)
		buf_char(p->out, ',');
	p->first = false;
}

/* Names are ours; what a path brings is percent-coded, but for blanks. */
static void
put_text(struct page *p, const char *name, const char *text)
{
	separate(p);
	buf_printf(p->out, p->json ? "\"%s\":\"" : " %s=", name);
	escape_add(p->out, text, strlen(text),
	    p->json ? " ,:;/+()" : ",:;/+()");
	if (p->json)
		buf_char(p->out, '"');
}

static void
put_number(struct page *p, const char *name, int64_t n)
{
	separate(p);
	buf_printf(p->out, p->json ? "\"%s\":%" PRId64 : " %s=%" PRId64, name,
	    n);
}

/* A counter of its own: a line, or a member of the whole. */
static void
put_value(struct page *p, const char *name, int64_t n)
{
	separate(p);
	buf_printf(p->out, p->json ? "\n\"%s\":%" PRId64 : "%s %" PRId64 "\n",
	    name, n);
}

static void
begin_list(struct page *p, const char *name)
{
	separate(p);
	if (p->json)
		buf_printf(p->out, "\n\"%s\":[", name);
	p->first = true;
}

static void
end_list(struct page *p)
{
	if (p->json)
		buf_char(p->out, ']');
	p->first = false;
}

/* One of a list: a line that begins with name, or an object. */
static void
begin_item(struct page *p, const char *name)
{
	separate(p);
	buf_str(p->out, p->json ? "\n{" : name);
	p->first = true;
}

static void
end_item(struct page *p)
{
	buf_char(p->out, p->json ? '}' : '\n');
	p->first = false;
}

static void
put_answers(struct page *p)
{
	begin_list(p, "answers");
	for (int i = 0; i < STATUS_MAX; i++) {
		enum status st = (enum status)i;

		begin_item(p, "answer");
		put_text(p, "cause", status_def(st)->word);
		put_number(p, "code", status_def(st)->http);
		put_number(p, "count", metrics_answers(st));
		end_item(p);
	}
	end_list(p);
}

static void
put_converters(struct page *p, const struct page_view *view)
{
	begin_list(p, "pool");
	for (size_t i = 0; i < view->converters; i++) {
		const struct page_converter *c = &view->converter[i];

		begin_item(p, "converter");
		put_number(p, "serial", c->serial);
		put_number(p, "jobs", c->jobs);
		put_number(p, "memory", c->memory);
		put_text(p, "state", c->busy ? "busy" : "idle");
		if (c->busy) {
			put_number(p, "ms", c->busy_ms);
			put_text(p, "source", c->source);
		}
		end_item(p);
	}
	end_list(p);
}

static void
put_convicts(struct page *p, const struct page_view *view)
{
	size_t n = view->convicts;

	if (n > QUARANTINE_PLACES)
		n = QUARANTINE_PLACES;
	begin_list(p, "quarantine");
	for (size_t i = 0; i < n; i++) {
		const struct convict *c = &view->convict[i];

		begin_item(p, "convict");
		put_number(p, "left_ms", c->left_ms);
		put_text(p, "source", c->text);
		put_text(p, "cause", c->cause);
		end_item(p);
	}
	end_list(p);
}

static void
set_gauges(const struct page_view *view)
{
	int64_t busy = 0;

	for (size_t i = 0; i < view->converters; i++)
		busy += view->converter[i].busy;
	metrics_set(METRIC_WAITING, view->waiting);
	metrics_set(METRIC_CONVERTERS, (int64_t)view->converters);
	metrics_set(METRIC_BUSY, busy);
	metrics_set(METRIC_QUARANTINED, (int64_t)view->convicts);
	metrics_set(METRIC_MEMORY, platform_resident());
	metrics_set(METRIC_LOG_DROPPED, (int64_t)log_dropped());
}

void
statuspage_write(struct buf *out, enum page_style style,
    const struct page_view *view)
{
	struct page p = { .out = out,
		.json = style == PAGE_STYLE_JSON,
		.first = true };

	set_gauges(view);
	if (p.json)
		buf_char(out, '{');
	for (int i = 0; i < METRIC_MAX; i++)
		put_value(&p, metric_def((enum metric)i)->name,
		    metrics_get((enum metric)i));
	put_answers(&p);
	put_converters(&p, view);
	put_convicts(&p, view);
	if (p.json)
		buf_str(out, "\n}\n");
}
