#include "url/request.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/* The value of name if this "NAME=value" is it, else NULL. */
static const char *
value_of(const char *entry, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(entry, name, len) != 0 || entry[len] != '=')
		return NULL;
	return entry + len + 1;
}

enum status
request_read(struct request *rq, char *const *envp, struct why *why)
{
	const char *body = "";
	const struct {
		const char *name;
		const char **view;
	} wanted[] = {
		{ "REQUEST_METHOD", &rq->method },
		{ "DOCUMENT_URI", &rq->path },
		{ "QUERY_STRING", &rq->query },
		{ "IMGFCGI_SITE", &rq->site },
		{ "IMGFCGI_ACCEPT", &rq->accept },
		{ "IMGFCGI_ROLE", &rq->role },
		{ "HTTP_IF_NONE_MATCH", &rq->if_none_match },
		{ "HTTP_IF_MODIFIED_SINCE", &rq->if_modified_since },
		{ "REQUEST_ID", &rq->id },
		{ "CONTENT_LENGTH", &body },
	};
	const size_t count = sizeof wanted / sizeof wanted[0];

	for (size_t i = 0; i < count; i++)
		*wanted[i].view = "";
	for (; *envp != NULL; envp++) {
		for (size_t i = 0; i < count; i++) {
			const char *value = value_of(*envp, wanted[i].name);

			/* The first wins, as in libfcgi's own look-up. */
			if (value != NULL && **wanted[i].view == '\0')
				*wanted[i].view = value;
		}
	}
	rq->body = *body != '\0' && strcmp(body, "0") != 0;
	if (rq->path[0] != '/') {
		why_set(why,
		    "DOCUMENT_URI is missing or does not begin with /");
		return STATUS_BAD_REQUEST;
	}
	if (strlen(rq->path) > REQUEST_PATH_MAX ||
	    strlen(rq->query) > REQUEST_QUERY_MAX) {
		why_set(why, "path or query is too long");
		return STATUS_BAD_REQUEST;
	}
	return STATUS_OK;
}

bool
request_revalidates(const struct request *rq)
{
	return rq->if_none_match[0] != '\0' || rq->if_modified_since[0] != '\0';
}

static enum status
open_token(const struct request *rq, const struct query *clear,
    const struct seal_ring *ring, struct params *sealed, struct why *why)
{
	char text[SEAL_TEXT_MAX + 1];
	struct query inside;
	enum status st;
	size_t len;

	st = seal_open(ring, rq->site, rq->path, clear->token, clear->token_len,
	    text, &len, why);
	if (st != STATUS_OK)
		return st;
	st = params_parse(&inside, text, len, PARAMS_SEALED_TEXT, why);
	if (st != STATUS_OK)
		return st;
	*sealed = inside.params;
	if ((clear->params.set & sealed->set) == 0)
		return STATUS_OK;
	why_set(why, "a sealed parameter stands in the clear, too");
	return STATUS_BAD_PARAM;
}

/* The query to come back with: what is allowed, and the token as it was. */
static enum status
write_nearest(const struct query *clear, char nearest[REQUEST_QUERY_MAX])
{
	struct buf text;
	enum status st = STATUS_OK;

	buf_init(&text, REQUEST_QUERY_MAX - 1);
	params_format(&clear->params, &text);
	if (clear->token != NULL)
		buf_printf(&text, "%shash=%.*s", text.len > 0 ? "&" : "",
		    (int)clear->token_len, clear->token);
	if (buf_ok(&text))
		memcpy(nearest, buf_cstr(&text), text.len + 1);
	else
		st = STATUS_BAD_REQUEST;
	buf_free(&text);
	return st;
}

enum status
request_ask(const struct request *rq, const struct policy *policy,
    const struct seal_ring *ring, int64_t now, struct ask *ask, struct why *why)
{
	struct params sealed = { 0 };
	struct query clear;
	enum status st;

	memset(ask, 0, sizeof *ask);
	st = params_parse(&clear, rq->query, strlen(rq->query),
	    policy->strict ? PARAMS_STRICT : 0, why);
	if (st != STATUS_OK)
		return st;
	if (clear.token != NULL) {
		if (!(policy->open & PARAM_BIT(PARAM_HASH))) {
			why_set(why, "hash is not open");
			return STATUS_NOT_ALLOWED;
		}
		st = open_token(rq, &clear, ring, &sealed, why);
		if (st != STATUS_OK)
			return st;
		ask->sealed = true;
	}
	st = policy_admit(policy, &clear.params, why);
	if (st == STATUS_REDIRECT)
		st = write_nearest(&clear, ask->nearest) == STATUS_OK
		    ? STATUS_REDIRECT
		    : STATUS_BAD_REQUEST;
	if (st != STATUS_OK)
		return st;
	ask->params = clear.params;
	params_merge(&ask->params, &sealed);
	if (ask->params.set == 0 && !ask->sealed) {
		why_set(why, "none of our parameters");
		return STATUS_BAD_REQUEST;
	}
	if (ask->params.exp != 0 && now >= ask->params.exp) {
		why_set(why, "exp=%lld has passed", (long long)ask->params.exp);
		return STATUS_EXPIRED;
	}
	params_normalise(&ask->params);
	return STATUS_OK;
}

/* What the visitor's browser is known to show, for f=auto. */
static enum format
negotiate(const char *accept, uint32_t formats, enum format source, bool alpha)
{
	enum format token = format_find(accept, strlen(accept));
	bool moves = format_def(source)->flags & FORMAT_ANIMATION;

	/* Our AVIF holds one frame; who shows AVIF shows WebP. */
	if (token == FORMAT_AVIF && (moves || !(formats & FORMAT_BIT(token))))
		token = FORMAT_WEBP;
	if ((token == FORMAT_AVIF || token == FORMAT_WEBP) &&
	    (formats & FORMAT_BIT(token)))
		return token;
	if (source == FORMAT_JPEG || source == FORMAT_PNG ||
	    source == FORMAT_GIF)
		return source;
	return alpha ? FORMAT_PNG : FORMAT_JPEG;
}

enum format
request_format(const struct ask *ask, const char *accept,
    const struct policy *policy, enum format source, bool alpha, bool *varies)
{
	enum format asked = (enum format)ask->params.format;

	*varies = asked == FORMAT_AUTO;
	if (asked == FORMAT_AUTO)
		return negotiate(accept, policy->formats, source, alpha);
	if (asked != FORMAT_NONE)
		return asked;
	if (format_def(source)->flags & FORMAT_WEB)
		return source;
	return alpha ? FORMAT_PNG : FORMAT_JPEG;
}
