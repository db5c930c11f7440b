/*
 * Proves that numbers and times in the log are what libc would print, and that
 * a quoted string is valid whatever it holds and wherever it is cut.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "unit.h"

static char bytes[128];
static struct text t;

static void setup(void)
{
	memset(bytes, '#', sizeof(bytes));
	t = (struct text){.bytes = bytes, .size = sizeof(bytes)};
}

static const struct {
	uint64_t value;
	int digits;
	const char *text;
} numbers[] = {
    {0, 1, "0"},
    {7, 2, "07"},
    {123, 2, "123"},
    {UINT64_MAX, 1, "18446744073709551615"},
};

TEST_ROWS(numbers_have_their_digits, numbers)
{
	setup();
	text_add_uint(&t, row->value, row->digits);
	ck_assert_uint_eq(text_end(&t), strlen(row->text));
	ck_assert_str_eq(bytes, row->text);
}

static void check_time(int64_t seconds)
{
	time_t s = (time_t)seconds;
	char libc[64];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(libc, sizeof(libc), "%Y-%m-%dT%H:%M:%S.042Z", &tm);
	setup();
	text_add_utc(&t, seconds * 1000 + 42);
	text_end(&t);
	ck_assert_str_eq(bytes, libc);
}

/* Beyond 2038 too, and around every turn of a month in 500 years. */
TEST(utc_is_what_libc_says)
{
	uint64_t seed = 7;

	for (int64_t day = 0; day < 366 * 500; day++) {
		check_time(day * 86400);
		check_time(day * 86400 + chance_below(&seed, 86400));
	}
}

TEST(local_time_takes_the_zone)
{
	setenv("TZ", "XYZ-2", 1);
	tzset();
	text_add_local(&t, INT64_C(981173106089));
	text_end(&t);
	ck_assert_str_eq(bytes, "[03/Feb/2001:06:05:06.089]");
}

static const struct {
	const char *from, *to;
} quotes[] = {
    {"", "\"\""},
    {"plain text", "\"plain text\""},
    {"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
    {"line\nend\x7f", "\"line\\u000aend\\u007f\""},
    {"Gew\xc3\xa4"
     "chs \xe2\x82\xac \xf0\x9f\x8c\xb1",
	"\"Gew\xc3\xa4"
	"chs \xe2\x82\xac \xf0\x9f\x8c\xb1\""},
    /* Alone, overlong, a surrogate, beyond the last, cut short. */
    {"\x80", "\"\\u0080\""},
    {"\xc0\xaf", "\"\\u00c0\\u00af\""},
    {"\xe0\x80\xaf", "\"\\u00e0\\u0080\\u00af\""},
    {"\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\""},
    {"\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\""},
    {"\xe2\x82", "\"\\u00e2\\u0082\""},
};

TEST_ROWS(quotes_hold_any_bytes, quotes)
{
	setup();
	text_add_quoted(&t, row->from, 0);
	text_end(&t);
	ck_assert_str_eq(bytes, row->to);
}

TEST(what_does_not_fit_is_cut_between_characters)
{
	for (size_t size = 8; size < 30; size++) {
		setup();
		t.size = size;
		text_add_quoted(&t, "ab\n\"\xe2\x82\xac\x80zzzzzzzzzzzz", 3);
		ck_assert_uint_le(t.len, size - 3 - 1);
		ck_assert_uint_gt(t.len + 6 + 3, size - 1);
		ck_assert_int_eq(bytes[t.len - 1], '"');
		ck_assert_int_ne(bytes[t.len - 2], '\\');
		text_add(&t, "end");
		text_end(&t);
		ck_assert_int_eq(bytes[size], '#');
	}
}

TEST_ABORTS(too_long_is_a_bug)
{
	t.size = 4;
	text_add(&t, "four");
}

FIXTURE(setup, NULL)
