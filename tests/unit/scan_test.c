/*
 * Proves that numbers with units are read as meant or not at all, that what
 * is printed reads back the same, and that slips of the hand are counted.
 */
#include <string.h>

#include "base/scan.h"
#include "unit.h"

static const struct {
	enum scan_verdict (*read)(const char *text, int64_t *out);
	const char *text;
	enum scan_verdict verdict;
	int64_t value;
} readings[] = {
    /* numbers have no unit */
    {scan_number, "0", SCAN_OK, 0},
    {scan_number, "64", SCAN_OK, 64},
    {scan_number, "007", SCAN_OK, 7},
    {scan_number, "9223372036854775807", SCAN_OK, INT64_MAX},
    {scan_number, "9223372036854775808", SCAN_TOO_LARGE, 0},
    {scan_number, "99999999999999999999", SCAN_TOO_LARGE, 0},
    {scan_number, "", SCAN_MALFORMED, 0},
    {scan_number, "-1", SCAN_MALFORMED, 0},
    {scan_number, "+1", SCAN_MALFORMED, 0},
    {scan_number, " 1", SCAN_MALFORMED, 0},
    {scan_number, "1 ", SCAN_MALFORMED, 0},
    {scan_number, "1k", SCAN_MALFORMED, 0},
    {scan_number, "0x10", SCAN_MALFORMED, 0},
    {scan_number, "1.5", SCAN_MALFORMED, 0},
    /* times need theirs */
    {scan_time, "0", SCAN_OK, 0},
    {scan_time, "0ms", SCAN_OK, 0},
    {scan_time, "50ms", SCAN_OK, 50},
    {scan_time, "10s", SCAN_OK, 10000},
    {scan_time, "5m", SCAN_OK, 300000},
    {scan_time, "2h", SCAN_OK, 7200000},
    {scan_time, "1d", SCAN_OK, 86400000},
    {scan_time, "5", SCAN_NO_UNIT, 0},
    {scan_time, "00", SCAN_OK, 0},
    {scan_time, "5S", SCAN_MALFORMED, 0},
    {scan_time, "5 s", SCAN_MALFORMED, 0},
    {scan_time, "1m30s", SCAN_MALFORMED, 0},
    {scan_time, "0.5s", SCAN_MALFORMED, 0},
    {scan_time, "s", SCAN_MALFORMED, 0},
    {scan_time, "0w", SCAN_MALFORMED, 0},
    {scan_time, "106751991167d", SCAN_OK, 106751991167 * 86400000},
    {scan_time, "106751991168d", SCAN_TOO_LARGE, 0},
    /* sizes may have one */
    {scan_size, "0", SCAN_OK, 0},
    {scan_size, "1000", SCAN_OK, 1000},
    {scan_size, "4k", SCAN_OK, 4096},
    {scan_size, "64m", SCAN_OK, 64 << 20},
    {scan_size, "2g", SCAN_OK, INT64_C(2) << 30},
    {scan_size, "4K", SCAN_MALFORMED, 0},
    {scan_size, "4kb", SCAN_MALFORMED, 0},
    {scan_size, "8589934591g", SCAN_OK, INT64_C(8589934591) << 30},
    {scan_size, "8589934592g", SCAN_TOO_LARGE, 0},
};

TEST_ROWS(a_number_is_read_as_meant_or_not_at_all, readings)
{
	int64_t n = -7;

	ck_assert_msg(
	    row->read(row->text, &n) == row->verdict, "'%s'", row->text);
	ck_assert_msg(n == (row->verdict == SCAN_OK ? row->value : -7),
	    "'%s' gives %ld", row->text, (long)n);
}

TEST(prints_with_the_largest_unit_that_fits)
{
	char text[SCAN_TEXT_MAX];

	ck_assert_str_eq(scan_print_time(0, text), "0");
	ck_assert_str_eq(scan_print_time(999, text), "999ms");
	ck_assert_str_eq(scan_print_time(60000, text), "1m");
	ck_assert_str_eq(scan_print_time(90000, text), "90s");
	ck_assert_str_eq(scan_print_time(86400000, text), "1d");
	ck_assert_str_eq(scan_print_size(0, text), "0");
	ck_assert_str_eq(scan_print_size(1023, text), "1023");
	ck_assert_str_eq(scan_print_size(65536, text), "64k");
	ck_assert_str_eq(scan_print_size(INT64_C(3) << 30, text), "3g");
	ck_assert_str_eq(
	    scan_print_time(INT64_MAX, text), "9223372036854775807ms");
}

/* Round numbers too: those get a unit. */
TEST(what_is_printed_reads_back)
{
	static const int64_t factor[] = {1, 1000, 60000, 1 << 10, 1 << 20};
	uint64_t state = 11;

	for (int i = 0; i < 100000; i++) {
		int64_t n = chance_below(&state, 100000) *
			    factor[chance_below(&state, 5)];
		char text[SCAN_TEXT_MAX];
		int64_t back = -1;

		ck_assert_int_eq(
		    scan_time(scan_print_time(n, text), &back), SCAN_OK);
		ck_assert_int_eq(back, n);
		ck_assert_int_eq(
		    scan_size(scan_print_size(n, text), &back), SCAN_OK);
		ck_assert_int_eq(back, n);
	}
}

TEST(counts_slips_of_the_hand)
{
	ck_assert_int_eq(scan_distance("", ""), 0);
	ck_assert_int_eq(scan_distance("slots", "slots"), 0);
	ck_assert_int_eq(scan_distance("slot", "slots"), 1);
	ck_assert_int_eq(scan_distance("slotss", "slots"), 1);
	ck_assert_int_eq(scan_distance("slats", "slots"), 1);
	ck_assert_int_eq(scan_distance("sltos", "slots"), 1);
	ck_assert_int_eq(scan_distance("slsot", "slots"), 2);
	ck_assert_int_eq(scan_distance("", "slots"), 5);
	ck_assert_int_eq(scan_distance("kitten", "sitting"), 3);
	ck_assert_int_eq(
	    scan_distance("a", "0123456789012345678901234567890123456789"),
	    SCAN_FAR);
}

/* Known truths: symmetric, and one random slip is never more than one. */
TEST(one_slip_is_one)
{
	static const char word[] = "first-byte-timeout";
	uint64_t state = 5;
	char slip[sizeof(word) + 1];

	for (int i = 0; i < 20000; i++) {
		unsigned int at = chance_below(&state, sizeof(word) - 1);
		char c = (char)('a' + chance_below(&state, 26));

		strcpy(slip, word);
		if (i % 3 == 0)
			slip[at] = c;
		else if (i % 3 == 1)
			memmove(slip + at, slip + at + 1, sizeof(word) - at);
		else
			memmove(slip + at + 1, slip + at, sizeof(word) - at);
		ck_assert_msg(scan_distance(slip, word) <= 1, "%s", slip);
		ck_assert_int_eq(
		    scan_distance(slip, word), scan_distance(word, slip));
	}
}
