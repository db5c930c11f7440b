/*
 * Proves that the table of causes is whole: the published words, each once,
 * in the order of the enum, and every row says who is to blame, how HAProxy
 * would write it, and warns where something is short.
 */
#include <signal.h>
#include <string.h>

#include "policy/cause.h"
#include "unit.h"

/* The words published for logs and counters. They never change. */
static const char *const words[CAUSE_COUNT] = {"none", "done", "answered",
    "client-reset", "client-left", "denied", "source-limit", "request-limit",
    "client-limit", "gate-timeout", "head-limit", "bad-head", "request-cut",
    "method", "length-required", "body-limit", "queue-full", "queue-timeout",
    "evicted", "connect-refused", "connect-timeout", "connect-reset",
    "unreachable", "no-descriptor", "no-port", "no-stream-slot", "no-memory",
    "device-suspected", "device-down", "device-held", "device-silent",
    "device-stalled", "device-reset", "device-empty", "reply-timeout",
    "reply-max", "request-timeout", "request-rate", "send-timeout", "send-rate",
    "idle-timeout", "fin-timeout", "linger-timeout", "stream-timeout",
    "stream-yield", "stream-limit", "max-age", "preempted", "shutdown",
    "forced"};

TEST_LOOP(each_row_is_whole, CAUSE_NONE, CAUSE_COUNT)
{
	const struct cause_row *row = cause_row((enum cause)_i);
	bool is_short = _i == CAUSE_CLIENT_LIMIT || _i == CAUSE_NO_PORT ||
			_i == CAUSE_NO_DESCRIPTOR || _i == CAUSE_NO_MEMORY;

	ck_assert_str_eq(row->word, words[_i]);
	ck_assert(row->tcplog && strchr("-CSPLRIDUKcs", row->tcplog));
	ck_assert_int_eq(row->level == CAUSE_WARN, is_short);
	if (_i == CAUSE_CLIENT_RESET || _i == CAUSE_CLIENT_LEFT)
		ck_assert_int_eq(row->blame, BLAME_CLIENT);
	if (_i == CAUSE_DEVICE_HELD)
		ck_assert_int_eq(row->blame, BLAME_PROXY);
	else if (strncmp(row->word, "device-", 7) == 0 ||
		 strncmp(row->word, "connect-", 8) == 0)
		ck_assert_int_eq(row->blame, BLAME_DEVICE);
}

/* Whoever is told something is told what is true of that end: by a kind that
 * no cause of another sort uses. */
TEST_LOOP(each_answer_has_its_cause, HTTP_ERROR_ANSWER, HTTP_ERROR_KINDS)
{
	enum cause c = CAUSE_NONE;

	while (c < CAUSE_COUNT && (int)cause_row(c)->reply != _i)
		c++;
	ck_assert_int_lt(c, CAUSE_COUNT);
}

/* Every cause that refuses says something. */
TEST_LOOP(refusals_are_heard, CAUSE_SOURCE_LIMIT, CAUSE_DEVICE_EMPTY + 1)
{
	ck_assert_int_eq(cause_row(CAUSE_DENIED)->reply, HTTP_ERROR_NONE);
	ck_assert_int_ne(cause_row((enum cause)_i)->reply, HTTP_ERROR_NONE);
}

TEST_ABORTS(a_cause_beyond_the_table_is_a_bug)
{
	cause_row(CAUSE_COUNT);
}
