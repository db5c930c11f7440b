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

TEST(each_word_is_known)
{
	char line[64];
	size_t len;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		ck_assert_int_eq(order_of(words[i].line).word, words[i].word);
		ck_assert(!order_of(words[i].line).json);
		ck_assert(control_acts(words[i].word) == words[i].acts);
		snprintf(line, sizeof(line), " json\t%s \r", words[i].line);
		ck_assert_int_eq(order_of(line).word, words[i].word);
		ck_assert(order_of(line).json);
		snprintf(line, sizeof(line), "%s x", words[i].line);
		ck_assert_int_eq(order_of(line).word, CONTROL_NONE);
		/* Help has a line that begins with it. */
		len = strcspn(words[i].line, " ");
		snprintf(
		    line, sizeof(line), "\n%.*s ", (int)len, words[i].line);
		ck_assert_msg(
		    i == 0 || strstr(control_help, line + 1), "%s", line);
	}
}

TEST(nothing_else_is_one)
{
	static const char *const lines[] = {"", " ", "json", "statu", "statuss",
	    "json json status", "Status", "log-level", "log-level loud", "end",
	    "none"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		ck_assert_msg(
		    order_of(lines[i]).word == CONTROL_NONE, "%s", lines[i]);
	ck_assert_int_eq(control_read("hold\0", 5).word, CONTROL_NONE);
}

TEST(levels_are_those_of_the_log)
{
	ck_assert_int_eq(order_of("log-level error").level, LOG_LEVEL_ERROR);
	ck_assert_int_eq(order_of("log-level warn").level, LOG_LEVEL_WARN);
	ck_assert_int_eq(order_of("log-level info").level, LOG_LEVEL_INFO);
	ck_assert_int_eq(order_of("log-level debug").level, LOG_LEVEL_DEBUG);
}

TEST(a_client_is_an_address_with_or_without_a_port)
{
	static const struct {
		const char *word, *printed;
	} clients[] = {
	    {"10.0.0.5", "10.0.0.5:0"},
	    {"10.0.0.5:41022", "10.0.0.5:41022"},
	    {"::1", "[::1]:0"},
	    {"[::1]", "[::1]:0"},
	    {"[2001:db8::7]:80", "[2001:db8::7]:80"},
	    {"unix", "unix"},
	};
	char line[64], text[ADDR_TEXT_MAX];
	struct control_order o;

	for (size_t i = 0; i < sizeof(clients) / sizeof(*clients); i++) {
		snprintf(line, sizeof(line), "end %s", clients[i].word);
		o = order_of(line);
		ck_assert_msg(o.word == CONTROL_END, "%s", line);
		ck_assert_str_eq(
		    peer_print(&o.client, text), clients[i].printed);
	}
}

/* A scope would have to be looked up. */
TEST(what_is_no_address_is_no_client)
{
	static const char *const others[] = {"80", ":80", "greenhouse",
	    "greenhouse:80", "10.0.0.5:", "10.0.0.5:x", "10.0.0.5:65536",
	    "/run/x", "./1:80", "[::1", "::1]", "[]", "[]:80", "[10.0.0.5",
	    "fe80::1%lo", "[fe80::1%lo]:80", "10.0.0.0/8",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333"};
	char line[96];

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		snprintf(line, sizeof(line), "end %s", others[i]);
		ck_assert_msg(order_of(line).word == CONTROL_NONE, "%s", line);
	}
	ck_assert_int_eq(control_read("end ::1\0", 8).word, CONTROL_NONE);
}
