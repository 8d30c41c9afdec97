#include "origin/s3.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

#define L __LINE__

/* wrong NULL: good, and these are the values. */
static const struct row {
	int line;
	const char *text, *section, *wrong, *id, *secret, *token;
} rows[] = {
	{ L, "aws_access_key_id = A\naws_secret_access_key=s/+=\n", "default",
	    NULL, "A", "s/+=", "" },
	{ L,
	    "# remark\n; another\n\n[default]\r\n"
	    "aws_access_key_id\t=\tA\r\naws_secret_access_key = b\r\n"
	    "region = x y\n",
	    "default", NULL, "A", "b", "" },
	{ L,
	    "[one]\naws_access_key_id=1\naws_secret_access_key=1\n"
	    "[ two ]\naws_access_key_id=2\naws_secret_access_key=2\n"
	    "aws_session_token=t\n[three]\nrubbish",
	    "two", NULL, "2", "2", "t" },
	{ L, "aws_access_key_id=A\naws_secret_access_key=b", "default", NULL,
	    "A", "b", "" },
	{ L, "", "default", "no aws_access_key_id", "", "", "" },
	{ L, "[x]\naws_access_key_id=A\naws_secret_access_key=b\n", "default",
	    "no aws_access_key_id", "", "", "" },
	{ L, "aws_access_key_id=A\n", "default", "no aws_secret_access_key",
	    "A", "", "" },
	{ L, "[default\n", "default", "a section has no ]", "", "", "" },
	{ L, "rubbish\n", "default", "a line is no name = value", "", "", "" },
	{ L, "aws_access_key_id=A B\n", "default",
	    "a value has a blank or a strange byte", "", "", "" },
	{ L, "aws_access_key_id=A\x01\n", "default",
	    "a value has a blank or a strange byte", "", "", "" },
};

static void
texts(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct s3_keys k;
		const char *wrong =
		    s3_keys_read(&k, r->text, strlen(r->text), r->section);

		EQ_STR_AT(r->line, wrong != NULL ? wrong : "good",
		    r->wrong != NULL ? r->wrong : "good");
		if (r->wrong != NULL)
			continue;
		EQ_STR_AT(r->line, k.id, r->id);
		EQ_STR_AT(r->line, k.secret, r->secret);
		EQ_STR_AT(r->line, k.token, r->token);
	}
}

static void
lengths(void)
{
	static char text[8192];
	struct s3_keys k;
	size_t room = sizeof k.secret - 1;

	for (size_t n = room - 1; n <= room + 1; n++) {
		int len = snprintf(text, sizeof text,
		    "aws_access_key_id=A\naws_secret_access_key=%0*d\n", (int)n,
		    0);

		EQ_STR(s3_keys_read(&k, text, (size_t)len, "x") == NULL
		        ? "good"
		        : "refused",
		    n <= room ? "good" : "refused");
	}
}

static void
put_file(const char *path, const char *id, mode_t mode)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		exit(1);
	fprintf(f,
	    "aws_access_key_id=%s\naws_secret_access_key=x\n"
	    "[other]\naws_access_key_id=other\naws_secret_access_key=x\n",
	    id);
	fclose(f);
	chmod(path, mode);
}

/* Named file, environment, shared file, home: the first that there is. */
static void
places(void)
{
	char home[] = "/tmp/t_s3.XXXXXX";
	struct why why;
	struct s3_keys k;

	if (mkdtemp(home) == NULL || chdir(home) != 0 ||
	    mkdir(".aws", 0700) != 0)
		exit(1);
	put_file("named", "named", 0600);
	put_file("shared", "shared", 0600);
	put_file(".aws/credentials", "home", 0600);
	setenv("HOME", home, 1);
	unsetenv("AWS_PROFILE");
	unsetenv("AWS_SESSION_TOKEN");
	setenv("AWS_ACCESS_KEY_ID", "variable", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "x", 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "shared", 1);

	CHECK(s3_keys_load(&k, "named", &why));
	EQ_STR(k.id, "named");
	CHECK(s3_keys_load(&k, "", &why));
	EQ_STR(k.id, "variable");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	CHECK(!s3_keys_load(&k, "", &why));
	EQ_STR(why.text,
	    "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
	EQ_STR(k.id, "");
	unsetenv("AWS_ACCESS_KEY_ID");
	CHECK(s3_keys_load(&k, "", &why));
	EQ_STR(k.id, "shared");
	setenv("AWS_PROFILE", "other", 1);
	CHECK(s3_keys_load(&k, "", &why));
	EQ_STR(k.id, "other");
	CHECK(s3_keys_load(&k, "named", &why));
	EQ_STR(k.id, "named");
	unsetenv("AWS_PROFILE");
	unsetenv("AWS_SHARED_CREDENTIALS_FILE");
	CHECK(s3_keys_load(&k, "", &why));
	EQ_STR(k.id, "home");
	chmod("named", 0640);
	CHECK(!s3_keys_load(&k, "named", &why));
	EQ_STR(why.text, "named: open to group or others: chmod 600");
	unsetenv("HOME");
	CHECK(!s3_keys_load(&k, "", &why));
	EQ_STR(why.text, "there are none: name a file with s3-keys");

	setenv("AWS_SESSION_TOKEN", "x", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "x", 1);
	s3_keys_hide();
	CHECK(getenv("AWS_SESSION_TOKEN") == NULL);
	CHECK(getenv("AWS_SECRET_ACCESS_KEY") == NULL);

	unlink("named");
	unlink("shared");
	unlink(".aws/credentials");
	rmdir(".aws");
	if (chdir("/") == 0)
		rmdir(home);
}

int
main(void)
{
	texts();
	lengths();
	places();
	return test_end("t_s3");
}
