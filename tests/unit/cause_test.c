/*
 * Proves that the table of causes is whole: the published words, each once,
 * in the order of the enum, and every row says who is to blame, what it
 * teaches and how HAProxy would write it.
 */
#include <signal.h>
#include <string.h>

#include "policy/cause.h"
#include "unit.h"

/* The words published for logs and counters. They never change. */
static const char *const words[CAUSE_COUNT] = {"none", "done", "client-reset",
    "client-left", "denied", "source-limit", "no-seat", "gate-timeout",
    "head-limit", "bad-head", "queue-full", "queue-timeout", "displaced",
    "connect-refused", "connect-timeout", "connect-reset", "unreachable",
    "no-descriptor", "no-port", "device-down", "device-silent", "device-reset",
    "reply-timeout", "request-timeout", "idle", "fin-timeout", "linger",
    "feed-timeout", "max-age", "preempted", "no-memory", "drain", "killed"};

START_TEST(words_are_the_published_ones)
{
	for (enum cause c = CAUSE_NONE; c < CAUSE_COUNT; c++) {
		ck_assert_ptr_nonnull(cause_row(c)->word);
		ck_assert_str_eq(cause_row(c)->word, words[c]);
	}
}
END_TEST

START_TEST(tcplog_letters_are_haproxys)
{
	for (enum cause c = CAUSE_NONE; c < CAUSE_COUNT; c++)
		ck_assert_msg(cause_row(c)->tcplog != '\0' &&
				  strchr("-CSPLRIDUKcs", cause_row(c)->tcplog),
		    "cause %s", words[c]);
}
END_TEST

/* The breaker may learn ill of the device only from what the device did. */
START_TEST(only_the_devices_faults_teach_ill_of_it)
{
	for (enum cause c = CAUSE_NONE; c < CAUSE_COUNT; c++) {
		const struct cause_row *row = cause_row(c);

		if (row->lesson != LESSON_NONE)
			ck_assert_msg(
			    row->blame == BLAME_DEVICE, "cause %s", row->word);
		if (strncmp(row->word, "client-", 7) == 0)
			ck_assert_int_eq(row->blame, BLAME_CLIENT);
		if (strncmp(row->word, "device-", 7) == 0 ||
		    strncmp(row->word, "connect-", 8) == 0)
			ck_assert_int_eq(row->blame, BLAME_DEVICE);
	}
}
END_TEST

START_TEST(a_cause_beyond_the_table_is_a_bug)
{
	cause_row(CAUSE_COUNT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cause");
	TCase *t = unit_case(s, "cause");

	tcase_add_test(t, words_are_the_published_ones);
	tcase_add_test(t, tcplog_letters_are_haproxys);
	tcase_add_test(t, only_the_devices_faults_teach_ill_of_it);
	tcase_add_test_raise_signal(
	    t, a_cause_beyond_the_table_is_a_bug, SIGABRT);
	return unit_run(s);
}
