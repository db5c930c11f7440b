/* Proves that words are told apart however alike they begin. */
#include <string.h>

#include "policy/field.h"
#include "unit.h"

/* One word goes on behind its end, where nothing may ever look. */
static const char *const words[] = {
    "range", "ran", "rang-x", "az", "ab\0c"};

START_TEST(told_apart)
{
	static const struct {
		const char *text;
		size_t len;
		int index;
	} cases[] = {
	    {"range", 5, 0},
	    {"RaNgE", 5, 0},
	    {"ran", 3, 1},
	    {"rang-x", 6, 2},
	    {"AZ", 2, 3},
	    {"ab", 2, 4},
	    {"", 0, -1},
	    {"rang", 4, -1},
	    {"ranges", 6, -1},
	    {"xrange", 6, -1},
	    {"rang\rx", 6, -1}, /* '-' but for the bit that tells case */
	    {"xange", 5, -1},
	    {"range\0", 6, -1},
	    {"ab\0", 3, -1},
	    {"ab\0c", 4, -1},
	};
	struct field f;
	size_t i;

	field_begin(&f, 5);
	for (i = 0; i < cases[_i].len; i++)
		field_byte(&f, words, cases[_i].text[i]);
	ck_assert_int_eq(field_end(&f, words), cases[_i].index);
}
END_TEST

/* Words beyond the count are no candidates. */
START_TEST(only_the_first)
{
	struct field f;

	field_begin(&f, 4);
	field_byte(&f, words, 'a');
	field_byte(&f, words, 'b');
	ck_assert_int_eq(field_end(&f, words), -1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("field");
	TCase *t = unit_case(s, "field");

	tcase_add_loop_test(t, told_apart, 0, 15);
	tcase_add_test(t, only_the_first);
	return unit_run(s);
}
