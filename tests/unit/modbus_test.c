/*
 * Proves that Modbus frames are found wherever they are cut, that what is no
 * frame is refused, and that only what only asks counts as a read.
 */
#include "policy/modbus.h"

#include <string.h>

#include "unit.h"

static const uint8_t ask[] = {0x12, 0x34, 0, 0, 0, 6, 17, 3, 0, 1, 0, 2};

TEST(a_frame_is_found_wherever_it_is_cut)
{
	uint8_t two[2 * sizeof(ask)];
	size_t used;

	memcpy(two, ask, sizeof(ask));
	memcpy(two + sizeof(ask), ask, sizeof(ask));
	for (size_t cut = 0; cut < sizeof(ask); cut++) {
		struct modbus_framer f = {0};

		ck_assert_int_eq(modbus_feed(&f, two, cut, &used), MODBUS_WAIT);
		ck_assert_uint_eq(used, cut);
		ck_assert_int_eq(
		    modbus_feed(&f, two + cut, sizeof(two) - cut, &used),
		    MODBUS_FRAME);
		ck_assert_uint_eq(used, sizeof(ask) - cut);
		ck_assert_int_eq(
		    modbus_feed(&f, ask, sizeof(ask), &used), MODBUS_FRAME);
	}
}

static const struct {
	unsigned int length;
	enum modbus_verdict verdict;
} lengths[] = {{0, MODBUS_BAD}, {1, MODBUS_BAD}, {2, MODBUS_WAIT},
    {254, MODBUS_WAIT}, {255, MODBUS_BAD}, {0xFFFF, MODBUS_BAD}};

TEST_ROWS(lengths_have_bounds, lengths)
{
	uint8_t head[] = {
	    0, 1, 0, 0, (uint8_t)(row->length >> 8), (uint8_t)row->length};
	struct modbus_framer f = {0};
	size_t used;

	ck_assert_int_eq(
	    modbus_feed(&f, head, sizeof(head), &used), row->verdict);
}

TEST(another_protocol_is_bad_for_good)
{
	static const char *const heads[] = {"GET / HTTP", "\0\1\1", "\0\1\0\1"};
	static const size_t len[] = {10, 3, 4};

	for (size_t i = 0; i < sizeof(len) / sizeof(*len); i++) {
		struct modbus_framer f = {0};
		size_t used;

		ck_assert_int_eq(
		    modbus_feed(&f, heads[i], len[i], &used), MODBUS_BAD);
		ck_assert_int_eq(
		    modbus_feed(&f, ask, sizeof(ask), &used), MODBUS_BAD);
	}
}

TEST(only_what_only_asks_is_a_read)
{
	static const uint8_t reads[] = {1, 2, 3, 4, 7, 11, 12, 17, 20};
	uint8_t frame[sizeof(ask)];

	memcpy(frame, ask, sizeof(ask));
	for (unsigned int function = 0; function < 256; function++) {
		frame[7] = (uint8_t)function;
		ck_assert_int_eq(modbus_is_read(frame),
		    memchr(reads, (int)function, sizeof(reads)) != NULL);
	}
}

TEST(an_exception_answers_its_request)
{
	static const uint8_t expected[] = {
	    0x12, 0x34, 0, 0, 0, 3, 17, 0x83, 0x0B};
	uint8_t out[MODBUS_EXCEPTION_BYTES];

	modbus_write_exception(ask, MODBUS_NO_ANSWER, out);
	ck_assert_mem_eq(out, expected, sizeof(expected));
	ck_assert(modbus_answers(out, ask));
	ck_assert(modbus_answers(ask, ask));
	out[7] = 0x84;
	ck_assert(!modbus_answers(out, ask));
	modbus_set_id(out, 0xABCD);
	ck_assert_uint_eq(modbus_id(out), 0xABCD);
}

TEST(an_answer_of_another_unit_answers_nobody)
{
	static const struct {
		uint8_t asked, answers;
		bool good;
	} t[] = {{1, 1, true}, {1, 2, false}, {17, 1, false}, {247, 1, false},
	    /* No unit of a serial line: it is the device itself. */
	    {0, 1, true}, {255, 1, true}, {1, 0, true}, {1, 255, true},
	    {248, 3, true}, {0, 255, true}};
	uint8_t answer[sizeof(ask)], request[sizeof(ask)];

	memcpy(answer, ask, sizeof(ask));
	memcpy(request, ask, sizeof(ask));
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		request[6] = t[i].asked;
		answer[6] = t[i].answers;
		ck_assert_int_eq(modbus_answers(answer, request), t[i].good);
		answer[7] = 0x83;
		ck_assert_int_eq(modbus_answers(answer, request), t[i].good);
		answer[7] = 3;
	}
}
