/*
 * The sequences that the transparency test plays, and what it excuses: one
 * thing, in one place, and nothing beside it.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "../transparency/compare.h"
#include "unit.h"

/* The server closes; then the client's send provokes a reset that its next
 * call meets when direct, and only later through a proxy. */
static struct sequence late;
static struct seen direct, proxied;

static void set_up(void)
{
	ck_assert(sequence_parse("s:clo,c:snd,c:snd,c:rcv", &late));
	memset(&direct, 0, sizeof(direct));
	direct.step[1].ret = SEND_LETTERS;
	direct.end[SERVER].mask = NO_MASK;
	proxied = direct;
	direct.step[2].ret = -EPIPE;
	proxied.step[2].ret = SEND_LETTERS;
	direct.end[CLIENT].mask = POLLIN | POLLHUP;
	proxied.end[CLIENT].mask = POLLIN | POLLHUP | POLLERR;
	proxied.end[CLIENT].so_error = EPIPE;
}

static enum verdict verdict(enum mode mode)
{
	return compare(mode, &late, &direct, &proxied);
}

TEST(every_sequence_is_listed_once)
{
	static const size_t counts[] = {10, 80, 548, 3500, 21644};
	struct sequence list[548];
	char one[SEQUENCE_TEXT_MAX], other[SEQUENCE_TEXT_MAX];

	for (unsigned int depth = 1; depth <= 5; depth++)
		ck_assert_uint_eq(
		    sequence_list(depth, NULL), counts[depth - 1]);
	ck_assert_uint_eq(sequence_list(3, list), 548);
	for (size_t i = 0; i < 548; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(sequence_print(&list[i], one),
			    sequence_print(&list[j], other));
}

TEST(what_is_printed_can_be_read)
{
	char text[SEQUENCE_TEXT_MAX];
	struct sequence s;

	ck_assert(sequence_parse("c:snd,s:rcv,s:shw,c:rst", &s));
	ck_assert_str_eq(sequence_print(&s, text), "c:snd,s:rcv,s:shw,c:rst");
	ck_assert(!sequence_parse("", &s));
	ck_assert(!sequence_parse("c:snd,", &s));
	ck_assert(!sequence_parse("c:snd s:rcv", &s));
	ck_assert(!sequence_parse("c:clo,c:snd", &s));
}

TEST(a_turn_ends_where_the_other_side_acts)
{
	struct sequence s;

	ck_assert(sequence_parse("c:snd,c:shw,s:rcv,c:rcv", &s));
	ck_assert_uint_eq(sequence_turn_end(&s, 0), 2);
	ck_assert_uint_eq(sequence_turn_end(&s, 2), 3);
	ck_assert_uint_eq(sequence_turn_end(&s, 3), 4);
}

TEST(a_late_error_is_excused_in_turns)
{
	ck_assert_int_eq(verdict(TURNS), EXCUSED);
	ck_assert_int_eq(verdict(SETTLED), DIFFERENT);
	proxied = direct;
	ck_assert_int_eq(verdict(TURNS), EQUAL);
}

TEST(bytes_are_never_excused)
{
	strcpy(proxied.step[3].bytes, "A");
	ck_assert_int_eq(verdict(TURNS), DIFFERENT);
	strcpy(proxied.step[3].bytes, "");
	strcpy(proxied.end[CLIENT].drain.bytes, "A");
	ck_assert_int_eq(verdict(TURNS), DIFFERENT);
}

TEST(other_bits_and_calls_are_never_excused)
{
	proxied.end[CLIENT].mask ^= POLLHUP;
	ck_assert_int_eq(verdict(TURNS), DIFFERENT);
	proxied.end[CLIENT].mask ^= POLLHUP;
	proxied.step[1].ret = -EPIPE;
	ck_assert_int_eq(verdict(TURNS), DIFFERENT);
}

TEST(nothing_is_excused_while_the_peer_is_open)
{
	ck_assert(sequence_parse("s:shw,c:snd,c:snd,c:rcv", &late));
	ck_assert_int_eq(verdict(TURNS), DIFFERENT);
}

TEST(an_error_not_provoked_in_the_turn_is_not_excused)
{
	ck_assert(sequence_parse("s:clo,c:rcv,c:snd,c:rcv", &late));
	direct.step[1].ret = proxied.step[1].ret = 0;
	ck_assert_int_eq(verdict(TURNS), DIFFERENT);
}

FIXTURE(set_up, NULL)
