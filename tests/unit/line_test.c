/*
 * Proves that a query is told from a command, and that the end of an answer is
 * found wherever it is cut, also behind a block that holds newlines.
 */
#include "policy/line.h"

#include <string.h>

#include "unit.h"

static const struct {
	const char *line;
	bool asks;
} questions[] = {
    {"*IDN?\n", true},
    {"*CLS\n", false},
    {"\r\n", false},
    {"DISP \"what?\"\n", false},
    {"DISP 'it is \"?\n", false},
    {"DISP \"a'b\";MEAS:VOLT? (@1)\r\n", true},
};

TEST_ROWS(a_question_mark_outside_of_quotes_asks, questions)
{
	ck_assert_msg(line_asks(row->line, strlen(row->line)) == row->asks,
	    "%s", row->line);
}

static const char *const answers[] = {"\n", "1,2\r\n", "#\n", "#0a#\n", "#a\n",
    "#2x1\n", "#1\n", "#210one\ntwo\nx\n\n", "1,#13a\nb,2;#11\n\n", "#10\n",
    "a#12\n"};

TEST_ROWS(an_answer_ends_wherever_it_is_cut, answers)
{
	const char *text = *row;
	size_t len = strlen(text), used;

	for (size_t cut = 0; cut < len; cut++) {
		struct line_reader r = {0};

		ck_assert_msg(!line_feed(&r, text, cut, &used), "%s", text);
		ck_assert_uint_eq(used, cut);
		ck_assert_msg(
		    line_feed(&r, text + cut, len - cut, &used), "%s", text);
		ck_assert_uint_eq(used, len - cut);
		ck_assert(!r.block_bytes && !r.state && !r.digits);
	}
}
