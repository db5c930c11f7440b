/*
 * Proves that a query is told from a command, and that the end of an answer is
 * found wherever it is cut, also behind a block that holds newlines.
 */
#include "policy/line.h"

#include <string.h>

#include "unit.h"

TEST(a_question_mark_outside_of_quotes_asks)
{
	static const struct {
		const char *line;
		bool asks;
	} t[] = {
	    {"*IDN?\n", true},
	    {"*CLS\n", false},
	    {"\r\n", false},
	    {"DISP \"what?\"\n", false},
	    {"DISP 'it is \"?\n", false},
	    {"DISP \"a'b\";MEAS:VOLT? (@1)\r\n", true},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		ck_assert_msg(
		    line_asks(t[i].line, strlen(t[i].line)) == t[i].asks, "%s",
		    t[i].line);
}

TEST(an_answer_ends_wherever_it_is_cut)
{
	static const char *const t[] = {"\n", "1,2\r\n", "#\n", "#0a#\n",
	    "#a\n", "#2x\n", "#1\n", "#212one\ntwo\nxyz\n\n",
	    "1,#13a\nb,2;#11\n\n", "#10\n", "a#12\n"};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		size_t len = strlen(t[i]), used;

		for (size_t cut = 0; cut < len; cut++) {
			struct line_reader r = {0};

			ck_assert_msg(
			    !line_feed(&r, t[i], cut, &used), "%s", t[i]);
			ck_assert_uint_eq(used, cut);
			ck_assert_msg(
			    line_feed(&r, t[i] + cut, len - cut, &used), "%s",
			    t[i]);
			ck_assert_uint_eq(used, len - cut);
			ck_assert(!r.block_bytes && !r.state && !r.digits);
		}
	}
}
