/* The filters' numbers for arm64 against the header that arm64 takes. */
#define __ARCH_WANT_NEW_STAT
#define __ARCH_WANT_SYS_CLONE3
#include <asm-generic/unistd.h>

#include "serve/filter_linux.h"
#include "test.h"

int
main(void)
{
#define SAME(name, x86, arm) EQ_INT(arm, __NR_##name);
	FILTER_CALLS(SAME)
	return test_end("t_sandbox_arm64");
}
