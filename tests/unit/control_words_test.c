/*
 * Proves that each order is read from its words and blanks only, with what
 * goes with it, and that nothing else is one.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "keeper/control_words.h"
#include "sys/log.h"
#include "unit.h"

static struct control_order order_of(const char *line)
{
	return control_read(line, strlen(line));
}

static const struct {
	const char *line;
	enum control_word word;
	bool acts;
} words[] = {
    {"help", CONTROL_HELP, false},
    {"status", CONTROL_STATUS, false},
    {"conns", CONTROL_CONNS, false},
    {"metrics", CONTROL_METRICS, false},
    {"hold", CONTROL_HOLD, true},
    {"release", CONTROL_RELEASE, true},
    {"reset-health", CONTROL_RESET_HEALTH, true},
    {"end 10.0.0.5", CONTROL_END, true},
    {"reload", CONTROL_RELOAD, true},
    {"upgrade", CONTROL_UPGRADE, true},
    {"log-level debug", CONTROL_LOG_LEVEL, true},
};

TEST_ROWS(each_word_is_known, words)
{
	char line[64];

	ck_assert_int_eq(order_of(row->line).word, row->word);
	ck_assert(!order_of(row->line).json);
	ck_assert(control_acts(row->word) == row->acts);
	snprintf(line, sizeof(line), " json\t%s \r", row->line);
	ck_assert_int_eq(order_of(line).word, row->word);
	ck_assert(order_of(line).json);
	snprintf(line, sizeof(line), "%s x", row->line);
	ck_assert_int_eq(order_of(line).word, CONTROL_NONE);
	/* Help has a line that begins with it. */
	snprintf(line, sizeof(line), "\n%.*s ", (int)strcspn(row->line, " "),
	    row->line);
	ck_assert(row->word == CONTROL_HELP || strstr(control_help, line + 1));
}

/* The scope would have to be looked up. */
static const char *const others[] = {"", " ", "json", "statu", "statuss",
    "json json status", "Status", "log-level", "log-level loud", "end", "none",
    "end 80", "end :80", "end greenhouse", "end greenhouse:80",
    "end 10.0.0.5:", "end 10.0.0.5:x", "end 10.0.0.5:65536", "end /run/x",
    "end ./1:80", "end [::1", "end ::1]", "end []", "end []:80",
    "end [10.0.0.5", "end fe80::1%lo", "end [fe80::1%lo]:80", "end 10.0.0.0/8",
    "end 1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333"};

TEST_ROWS(nothing_else_is_one, others)
{
	ck_assert_msg(order_of(*row).word == CONTROL_NONE, "%s", *row);
}

TEST(a_zero_byte_ends_no_word)
{
	ck_assert_int_eq(control_read("hold\0", 5).word, CONTROL_NONE);
	ck_assert_int_eq(control_read("end ::1\0", 8).word, CONTROL_NONE);
}

TEST(levels_are_those_of_the_log)
{
	ck_assert_int_eq(order_of("log-level error").level, LOG_LEVEL_ERROR);
	ck_assert_int_eq(order_of("log-level warn").level, LOG_LEVEL_WARN);
	ck_assert_int_eq(order_of("log-level info").level, LOG_LEVEL_INFO);
	ck_assert_int_eq(order_of("log-level debug").level, LOG_LEVEL_DEBUG);
}

static const struct {
	const char *line, *printed;
} clients[] = {
    {"end 10.0.0.5", "10.0.0.5:0"},
    {"end 10.0.0.5:41022", "10.0.0.5:41022"},
    {"end ::1", "[::1]:0"},
    {"end [::1]", "[::1]:0"},
    {"end [2001:db8::7]:80", "[2001:db8::7]:80"},
    {"end unix", "unix"},
};

TEST_ROWS(a_client_is_an_address_with_or_without_a_port, clients)
{
	struct control_order o = order_of(row->line);
	char text[ADDR_TEXT_MAX];

	ck_assert_int_eq(o.word, CONTROL_END);
	ck_assert_str_eq(peer_print(&o.client, text), row->printed);
}
