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

TEST(words_are_the_published_ones)
{
	for (enum cause c = CAUSE_NONE; c < CAUSE_COUNT; c++) {
		ck_assert_ptr_nonnull(cause_row(c)->word);
		ck_assert_str_eq(cause_row(c)->word, words[c]);
	}
}

TEST(tcplog_letters_are_haproxys)
{
	for (enum cause c = CAUSE_NONE; c < CAUSE_COUNT; c++)
		ck_assert_msg(cause_row(c)->tcplog != '\0' &&
				  strchr("-CSPLRIDUKcs", cause_row(c)->tcplog),
		    "cause %s", words[c]);
}

TEST(who_is_to_blame_is_in_the_word)
{
	for (enum cause c = CAUSE_NONE; c < CAUSE_COUNT; c++) {
		const struct cause_row *row = cause_row(c);

		if (c == CAUSE_CLIENT_RESET || c == CAUSE_CLIENT_LEFT)
			ck_assert_int_eq(row->blame, BLAME_CLIENT);
		if (c == CAUSE_DEVICE_HELD)
			ck_assert_int_eq(row->blame, BLAME_PROXY);
		else if (strncmp(row->word, "device-", 7) == 0 ||
			 strncmp(row->word, "connect-", 8) == 0)
			ck_assert_int_eq(row->blame, BLAME_DEVICE);
	}
}

/* Whoever is told something is told what is true of that end: by a kind that
 * no cause of another sort uses. */
TEST(each_answer_has_its_cause)
{
	enum http_error_kind kind;
	enum cause c;

	for (kind = HTTP_ERROR_ANSWER; kind < HTTP_ERROR_KINDS; kind++) {
		for (c = CAUSE_NONE; c < CAUSE_COUNT; c++)
			if (cause_row(c)->reply == kind)
				break;
		ck_assert_msg(c < CAUSE_COUNT, "kind %d", kind);
	}
	/* Refusals are heard: every cause that refuses says something. */
	ck_assert_int_eq(cause_row(CAUSE_DENIED)->reply, HTTP_ERROR_NONE);
	for (c = CAUSE_SOURCE_LIMIT; c <= CAUSE_DEVICE_EMPTY; c++)
		ck_assert_msg(cause_row(c)->reply != HTTP_ERROR_NONE,
		    "cause %s", cause_row(c)->word);
}

TEST(what_is_short_is_a_warning)
{
	for (enum cause c = CAUSE_NONE; c < CAUSE_COUNT; c++)
		ck_assert_msg(
		    (cause_row(c)->level == CAUSE_WARN) ==
			(c == CAUSE_CLIENT_LIMIT || c == CAUSE_NO_PORT ||
			    c == CAUSE_NO_DESCRIPTOR || c == CAUSE_NO_MEMORY),
		    "cause %s", cause_row(c)->word);
}

TEST_ABORTS(a_cause_beyond_the_table_is_a_bug)
{
	cause_row(CAUSE_COUNT);
}
