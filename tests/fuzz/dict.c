/*
 * Prints a libFuzzer dictionary of the URL language and of the options, from
 * the tables themselves: dict > imgfcgi.dict
 */
#include <stdio.h>

#include "serve/options.h"
#include "url/params.h"

static void
put_row(const struct param_def *def)
{
	printf("\"%s=\"\n\"&%s=\"\n", def->name, def->name);
	if (def->alias != NULL)
		printf("\"&%s=\"\n", def->alias);
	if (def->choices != NULL) {
		for (int i = 0; def->choices[i] != NULL; i++)
			printf("\"%s\"\n", def->choices[i]);
		return;
	}
	if (def->max > 0)
		printf("\"%lld\"\n\"%lld\"\n\"%lld\"\n", (long long)def->min,
		    (long long)def->max, (long long)def->max + 1);
}

static void
put_options(void)
{
	size_t count;
	const struct option_def *table = options_table(&count);

	for (size_t i = 0; i < count; i++) {
		printf("\"\\x0a%s = \"\n", table[i].name);
		for (int c = 0;
		     table[i].choices != NULL && table[i].choices[c] != NULL;
		     c++)
			printf("\"= %s\\x0a\"\n", table[i].choices[c]);
	}
	puts("\"\\x0a[site x]\\x0a\"");
}

int
main(void)
{
	for (int p = 0; p < PARAM_MAX; p++)
		put_row(param_def((enum param)p));
	for (int f = FORMAT_NONE + 1; f < FORMAT_MAX; f++) {
		const struct format_def *def = format_def((enum format)f);

		printf("\"%s\"\n", def->name);
		if (def->alias != NULL)
			printf("\"%s\"\n", def->alias);
	}
	put_options();
	puts("\"100x100+10+10\"\n\"tcl\"\n\"next\"\n\"%00\"");
	return 0;
}
