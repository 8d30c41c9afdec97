#include "serve/settings.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/options.h"
#include "serve/origins.h"
#include "serve/sandbox.h"

/* Every site's key file; a site without one opens no token. */
static bool
load_keys(struct settings *s, struct why *why)
{
	const struct config *config = s->config;

	s->rings = calloc(config->sites, sizeof *s->rings);
	if (s->rings == NULL) {
		why_set(why, "out of memory");
		return false;
	}
	for (uint32_t i = 0; i < config->sites; i++) {
		const char *path = config->site[i].key_file;

		if (path[0] != '\0' && !seal_ring_load(&s->rings[i], path, why))
			return false;
	}
	return true;
}

static bool
load_s3(struct settings *s, struct why *why)
{
	bool wanted;

	s->s3 = origins_keys(s->config, &wanted, why);
	return s->s3 != NULL || !wanted;
}

static bool
find_user(struct settings *s, struct why *why)
{
	const struct config *config = s->config;
	const struct passwd *pw = NULL;
	const struct group *gr = NULL;

	if (config->user[0] != '\0' && (pw = getpwnam(config->user)) == NULL) {
		why_set(why, "user %s: no such user", config->user);
		return false;
	}
	if (config->group[0] != '\0' &&
	    (gr = getgrnam(config->group)) == NULL) {
		why_set(why, "group %s: no such group", config->group);
		return false;
	}
	s->drops = pw != NULL && geteuid() == 0;
	if (pw == NULL)
		return true;
	s->uid = pw->pw_uid;
	s->gid = gr != NULL ? gr->gr_gid : pw->pw_gid;
	return true;
}

static bool
check_sandbox(const struct config *config, struct why *why)
{
	char text[SANDBOX_TEXT_MAX];

	return sandbox_describe(config, text, why);
}

struct settings *
settings_load(const char *path, const char *const *overrides, struct why *why)
{
	struct settings *s = calloc(1, sizeof *s);

	if (s == NULL || (s->config = config_new()) == NULL) {
		why_set(why, "out of memory");
		settings_free(s);
		return NULL;
	}
	if (config_load(s->config, path, overrides, why) &&
	    config_settle(s->config, why) && check_sandbox(s->config, why) &&
	    find_user(s, why) && load_keys(s, why) &&
	    origins_check(s->config, why) && load_s3(s, why))
		return s;
	settings_free(s);
	return NULL;
}

bool
settings_drop(const struct settings *s)
{
	return !s->drops ||
	    (initgroups(s->config->user, s->gid) == 0 && setgid(s->gid) == 0 &&
	        setuid(s->uid) == 0 && setuid(0) != 0);
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; s->rings != NULL && i < s->config->sites; i++)
		seal_ring_wipe(&s->rings[i]);
	for (uint32_t i = 0; s->s3 != NULL && i < s->config->sites; i++)
		s3_keys_wipe(&s->s3[i]);
	free(s->rings);
	free(s->s3);
	config_free(s->config);
	free(s);
}

void
settings_keep_fixed(struct settings *s, const struct settings *was)
{
	size_t count;
	const struct option_def *table = options_table(&count);

	for (size_t i = 0; i < count; i++) {
		const struct option_def *def = &table[i];
		char *now = (char *)s->config + def->offset;
		const char *then = (const char *)was->config + def->offset;

		if (!(def->flags & OPTION_FIXED) ||
		    memcmp(now, then, def->size) == 0)
			continue;
		log_line(LOG_LEVEL_WARN,
		    "reload: %s stays as it was: restart to change it",
		    def->name);
		memcpy(now, then, def->size);
	}
}
