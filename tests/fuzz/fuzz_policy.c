/* Any text as a list of sizes. */
#include "url/policy.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct policy_list list = { -1, { 0 } }, again = { -1, { 0 } };
	char *text = fuzz_part(&data, &len);
	struct why why = { "" };
	struct buf b;

	if (!policy_list_parse(&list, text, &why)) {
		MUST(list.count == -1 && why.text[0] != '\0');
		free(text);
		return 0;
	}
	MUST(list.count >= 0 && list.count <= POLICY_LIST_MAX);
	for (int i = 0; i < list.count; i++) {
		MUST(list.value[i] >= 1 && list.value[i] <= PARAM_SIDE_MAX);
		MUST(i == 0 || list.value[i] > list.value[i - 1]);
	}
	buf_init(&b, 1024);
	policy_list_format(&list, &b);
	MUST(buf_ok(&b));
	MUST(policy_list_parse(&again, buf_cstr(&b), NULL));
	MUST(memcmp(&list, &again, sizeof list) == 0);
	buf_free(&b);
	free(text);
	return 0;
}
