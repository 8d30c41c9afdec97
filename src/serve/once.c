#include "serve/once.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "image/pipeline.h"
#include "serve/converter.h"
#include "serve/handler.h"
#include "serve/sandbox.h"
#include "url/escape.h"
#include "url/request.h"

#define ENTRY_MAX (REQUEST_PATH_MAX + 64)
#define PARTS     5

static enum status
convert_here(void *arg, const struct order *order, struct picture *picture,
    struct why *why)
{
	(void)arg;
	return converter_do(order->job, order->source->fd,
	    &order->source->identity, clock_ms() + order->timeout_ms, picture,
	    why);
}

static bool
never_gone(void *arg)
{
	(void)arg;
	return false;
}

static bool
write_all(const char *bytes, size_t len)
{
	return fwrite(bytes, 1, len, stdout) == len && fflush(stdout) == 0;
}

static void
print_answer(void *arg, const struct response *r)
{
	bool *printed = arg;

	fwrite(buf_cstr(&r->head), 1, r->head.len, stderr);
	/* Of a refusal the head says it all. */
	*printed = r->status == STATUS_OK || r->status == STATUS_NOT_MODIFIED;
	if (!*printed)
		return;
	*printed = write_all(r->body, r->body_len);
	if (!*printed)
		perror("imgfcgi: standard output");
}

static int
answer(const struct handler *h, char *const *envp)
{
	bool printed = false;
	const struct visitor visitor = { { never_gone, &printed },
		print_answer };

	handler_serve(h, envp, &visitor);
	return printed ? 0 : 1;
}

/* "/path?query" into the variables that nginx would send. */
static bool
split(const char *target, struct buf *path, struct buf *query)
{
	const char *mark = strchr(target, '?');
	size_t len = mark != NULL ? (size_t)(mark - target) : strlen(target);

	buf_str(path, "DOCUMENT_URI=");
	buf_str(query, "QUERY_STRING=");
	if (mark != NULL)
		buf_str(query, mark + 1);
	return escape_undo(path, target, len) && buf_ok(path) && buf_ok(query);
}

static void
add_variable(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "%s=%s", name, value != NULL ? value : "");
}

static int
run(const struct handler *h, const struct once_request *request)
{
	char method[] = "REQUEST_METHOD=GET";
	struct buf part[PARTS];
	char *envp[PARTS + 2] = { method };
	int status = 1;

	for (int i = 0; i < PARTS; i++)
		buf_init(&part[i], ENTRY_MAX);
	add_variable(&part[2], "IMGFCGI_SITE", request->site);
	add_variable(&part[3], "IMGFCGI_ACCEPT", request->accept);
	add_variable(&part[4], "HTTP_IF_NONE_MATCH", request->etag);
	if (!split(request->target, &part[0], &part[1]))
		fprintf(stderr, "imgfcgi: %s is no /path?query\n",
		    request->target);
	else {
		for (int i = 0; i < PARTS; i++)
			envp[i + 1] = part[i].data;
		status = answer(h, envp);
	}
	for (int i = 0; i < PARTS; i++)
		buf_free(&part[i]);
	return status;
}

int
once_run(const struct settings *settings, const struct once_request *request)
{
	const struct config *config = settings->config;
	static struct handler handler;
	struct why why;
	int status;

	log_open(STDERR_FILENO, config->log_level, LOG_STYLE_PLAIN);
	if (!handler_open(&handler, config, settings->rings, settings->s3,
	        &why) ||
	    !pipeline_init(config_inputs(config), &why)) {
		fprintf(stderr, "imgfcgi: %s\n", why.text);
		return 1;
	}
	/* Libraries are named by paths, and inside there are none. */
	converter_versions(handler.versions);
	handler.maker = (struct maker){ convert_here, NULL, NULL };
	/* For what libvips cannot interrupt: SIGALRM ends us. */
	alarm((unsigned int)(config->timeout_ms / 1000 + 2));
	if (!sandbox_once(config, &why)) {
		fprintf(stderr, "imgfcgi: %s\n", why.text);
		return 1;
	}
	status = run(&handler, request);
	handler_close(&handler);
	pipeline_end();
	return status;
}
