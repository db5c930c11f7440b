/* Proves that words are told apart however alike they begin, and cut. */
#include <string.h>

#include "policy/field.h"
#include "unit.h"

static const struct field_word words[] = {FIELD_WORD("az"), FIELD_WORD("ran"),
    FIELD_WORD("range"), FIELD_WORD("rango"), FIELD_WORD("rang-x"),
    FIELD_WORD("a-word-of-25-bytes-in-all"), FIELD_WORDS_END};

static const struct {
	const char *text;
	size_t len;
	int index;
} cases[] = {
    {"range", 5, 2},
    {"rango", 5, 3},
    {"RaNgE", 5, 2},
    {"ran", 3, 1},
    {"rang-x", 6, 4},
    {"AZ", 2, 0},
    {"A-word-of-25-bytes-in-all", 25, 5},
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

TEST_ROWS(words_are_told_apart_however_cut, cases)
{
	struct field_text t;
	struct field f;

	field_begin(&f);
	for (size_t cut = 0; cut <= row->len; cut++) {
		field_add(&f, row->text, cut);
		t = field_end(&f, row->text + cut, row->len - cut);
		ck_assert_int_eq(field_find(t, words), row->index);
		ck_assert_uint_eq(f.len, 0);
	}
}

/* Longer than any length a list can hold. */
TEST(too_long_is_no_word)
{
	static char text[300];
	struct field_text t = {text, sizeof(text)};

	ck_assert_int_eq(field_find(t, words), -1);
	t.len = FIELD_MAX;
	ck_assert_int_eq(field_find(t, words), -1);
}

TEST(beginnings_are_told)
{
	struct field_text t = {"ACCept-x", 8};
	struct field f;

	ck_assert(field_begins(t, "accept-", 7));
	ck_assert(!field_begins(t, "accept--", 8));
	t.len = 3;
	ck_assert(!field_begins(t, "accept", 6));
	field_begin(&f);
	field_add(&f, "ACC", 3);
	t = field_end(&f, "ept-word-of-25-bytes-and-more", 29);
	ck_assert_uint_eq(t.len, FIELD_MAX);
	ck_assert(field_begins(t, "accept-word-of-25-bytes-a", 25));
}
