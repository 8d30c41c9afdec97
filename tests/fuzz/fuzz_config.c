/*
 * Any text as a configuration file.  What is taken, its own text gives back;
 * what is refused is refused in one line.
 */
#include "serve/config.h"

#include "fuzz.h"

static void
check_again(const struct config *config)
{
	struct config *again = config_new();
	struct why why = { "" };
	struct buf text;

	buf_init(&text, CONFIG_TEXT_MAX);
	config_format(config, &text);
	/* More sites than fit as text: config_settle() refuses them. */
	if (buf_ok(&text)) {
		MUST(again != NULL);
		MUST(config_parse(again, "again", buf_cstr(&text), NULL, &why));
		MUST(memcmp(config, again, sizeof *again) == 0);
	}
	buf_free(&text);
	config_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_part(&data, &len), *word = fuzz_part(&data, &len);
	const char *overrides[] = { word, NULL };
	struct config *config = config_new();
	struct why why = { "" };

	MUST(config != NULL);
	if (config_parse(config, "fuzz", text, *word != '\0' ? overrides : NULL,
	        &why)) {
		check_again(config);
		why.text[0] = '\0';
		if (config_settle(config, &why)) {
			MUST(config->threads >=
			    config->converters + config->queue);
			check_again(config);
		} else
			MUST(why.text[0] != '\0');
	} else
		MUST(why.text[0] != '\0' && strchr(why.text, '\n') == NULL);
	config_free(config);
	free(word);
	free(text);
	return 0;
}
