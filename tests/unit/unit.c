/* unit.c: collects the tests of a program, and runs them. */
#include "unit.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TESTS_MAX = 64, TIMEOUT_S = 60 /* enough for a crowded machine */ };

static struct unit_test tests[TESTS_MAX];
static int count;
static SFun set_up, tear_down;

void unit_add(struct unit_test test)
{
	if (count == TESTS_MAX)
		abort();
	tests[count++] = test;
}

void unit_fixture(SFun setup, SFun teardown)
{
	set_up = setup;
	tear_down = teardown;
}

bool unit_has_seccomp(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 ||
	    errno != ENOSYS)
		return true;
	fprintf(stderr, "skipped: this kernel has no seccomp\n");
	return false;
}

int unit_run(Suite *s)
{
	SRunner *r = srunner_create(s);
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

/* A test with a main of its own takes that. */
__attribute__((weak)) int main(void)
{
	Suite *s = suite_create(program_invocation_short_name);
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, TIMEOUT_S);
	if (set_up)
		tcase_add_checked_fixture(t, set_up, tear_down);
	for (int i = 0; i < count; i++)
		tcase_add_loop_test_raise_signal(t, *tests[i].test,
		    tests[i].signal, tests[i].from, tests[i].to);
	suite_add_tcase(s, t);
	return unit_run(s);
}
