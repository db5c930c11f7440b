/* Proves that words are told apart however alike they begin, and cut. */
#include <string.h>

#include "policy/field.h"
#include "unit.h"

static const struct field_word words[] = {FIELD_WORD("range"),
    FIELD_WORD("ran"), FIELD_WORD("rang-x"), FIELD_WORD("az"),
    FIELD_WORD("a-word-of-25-bytes-in-all")};

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
    {"A-word-of-25-bytes-in-all", 25, 4},
    {"", 0, -1},
    {"rang", 4, -1},
    {"ranges", 6, -1},
    {"xrange", 6, -1},
    {"rang\rx", 6, -1}, /* '-' but for the bit that tells case */
    {"xange", 5, -1},
    {"range\0", 6, -1},
    {"az\0", 3, -1},
    {"a-word-of-25-bytes-in-all!", 26, -1},
    {"a-word-of-25-bytes-in-all and many more", 39, -1},
};

START_TEST(told_apart)
{
	struct field f;
	size_t cut;

	for (cut = 0; cut <= cases[_i].len; cut++) {
		field_begin(&f);
		field_add(&f, cases[_i].text, cut);
		field_add(&f, cases[_i].text + cut, cases[_i].len - cut);
		ck_assert_int_eq(field_find(&f, words, 5), cases[_i].index);
	}
}
END_TEST

/* Words beyond the count are no candidates. */
START_TEST(only_the_first)
{
	struct field f;

	field_begin(&f);
	field_add(&f, "az", 2);
	ck_assert_int_eq(field_find(&f, words, 3), -1);
}
END_TEST

START_TEST(beginnings)
{
	struct field f;

	field_begin(&f);
	field_add(&f, "ACCept-word-of-25-bytes-and-more", 32);
	ck_assert(field_begins(&f, "accept-"));
	ck_assert(!field_begins(&f, "accept--"));
	field_begin(&f);
	field_add(&f, "acc", 3);
	ck_assert(!field_begins(&f, "accept"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("field");
	TCase *t = unit_case(s, "field");

	tcase_add_loop_test(
	    t, told_apart, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, only_the_first);
	tcase_add_test(t, beginnings);
	return unit_run(s);
}
