/*
 * Proves that numbers with units are read as meant or not at all, that what
 * is printed reads back the same, and that slips of the hand are counted.
 */
#include <string.h>

#include "base/scan.h"
#include "unit.h"

struct reading {
	const char *text;
	enum scan_verdict verdict;
	int64_t value;
};

typedef enum scan_verdict reader(const char *text, int64_t *out);

static void expect(const struct reading *r, size_t count, reader *read)
{
	for (; count > 0; count--, r++) {
		int64_t n = -7;

		ck_assert_msg(read(r->text, &n) == r->verdict, "'%s'", r->text);
		ck_assert_msg(n == (r->verdict == SCAN_OK ? r->value : -7),
		    "'%s' gives %ld", r->text, (long)n);
	}
}

#define EXPECT(table, read) expect(table, sizeof(table) / sizeof(*table), read)

TEST(numbers_have_no_unit)
{
	static const struct reading t[] = {
	    {"0", SCAN_OK, 0},
	    {"64", SCAN_OK, 64},
	    {"007", SCAN_OK, 7},
	    {"9223372036854775807", SCAN_OK, INT64_MAX},
	    {"9223372036854775808", SCAN_TOO_LARGE, 0},
	    {"99999999999999999999", SCAN_TOO_LARGE, 0},
	    {"", SCAN_MALFORMED, 0},
	    {"-1", SCAN_MALFORMED, 0},
	    {"+1", SCAN_MALFORMED, 0},
	    {" 1", SCAN_MALFORMED, 0},
	    {"1 ", SCAN_MALFORMED, 0},
	    {"1k", SCAN_MALFORMED, 0},
	    {"0x10", SCAN_MALFORMED, 0},
	    {"1.5", SCAN_MALFORMED, 0},
	};

	EXPECT(t, scan_number);
}

TEST(times_need_their_unit)
{
	static const struct reading t[] = {
	    {"0", SCAN_OK, 0},
	    {"0ms", SCAN_OK, 0},
	    {"50ms", SCAN_OK, 50},
	    {"10s", SCAN_OK, 10000},
	    {"5m", SCAN_OK, 300000},
	    {"2h", SCAN_OK, 7200000},
	    {"1d", SCAN_OK, 86400000},
	    {"5", SCAN_NO_UNIT, 0},
	    {"00", SCAN_OK, 0},
	    {"5S", SCAN_MALFORMED, 0},
	    {"5 s", SCAN_MALFORMED, 0},
	    {"1m30s", SCAN_MALFORMED, 0},
	    {"0.5s", SCAN_MALFORMED, 0},
	    {"s", SCAN_MALFORMED, 0},
	    {"0w", SCAN_MALFORMED, 0},
	    {"106751991167d", SCAN_OK, 106751991167 * 86400000},
	    {"106751991168d", SCAN_TOO_LARGE, 0},
	};

	EXPECT(t, scan_time);
}

TEST(sizes_may_have_a_unit)
{
	static const struct reading t[] = {
	    {"0", SCAN_OK, 0},
	    {"1000", SCAN_OK, 1000},
	    {"4k", SCAN_OK, 4096},
	    {"64m", SCAN_OK, 64 << 20},
	    {"2g", SCAN_OK, INT64_C(2) << 30},
	    {"4K", SCAN_MALFORMED, 0},
	    {"4kb", SCAN_MALFORMED, 0},
	    {"8589934591g", SCAN_OK, INT64_C(8589934591) << 30},
	    {"8589934592g", SCAN_TOO_LARGE, 0},
	};

	EXPECT(t, scan_size);
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
