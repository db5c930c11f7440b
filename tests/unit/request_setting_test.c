/*
 * Proves when a request has begun, when its body is asked for, and that the
 * settings for methods, bodies and answers decide at the end of its head.
 */
#include "request_fixture.h"

/* Who is late with a request, and who has never begun one? */
TEST(a_request_begins_behind_blank_lines)
{
	struct request g;

	request_init(&g);
	ck_assert(!request_began(&g));
	request_feed(&g, &http, "\r\n\r", 3);
	ck_assert(!request_began(&g));
	request_feed(&g, &http, "\nG", 2);
	ck_assert(request_began(&g));
}

TEST(a_body_beyond_the_head_limit_is_waited_for)
{
	static const struct request_conf conf = {.kind = GATE_HTTP,
	    .head_limit_bytes = 64,
	    .body_limit_bytes = 1000};
	static const char head[] = POST "Content-Length: 1000\r\n\r\n";
	static const char body[1000];
	struct request g;

	feed_whole(&g, &conf, head, sizeof(head) - 1);
	ck_assert_int_eq(request_feed(&g, &conf, body, 999), REQUEST_WAIT);
	ck_assert_int_eq(request_feed(&g, &conf, body, 1), REQUEST_PASS);
	ck_assert_uint_eq(g.request_bytes, sizeof(head) - 1 + 1000);
}

#define EXPECT "Content-Length: 9\r\nExpect: 100-continue\r\n\r\n"

/* At the end of the head, where a body is awaited and none of it has come. */
TEST(a_body_is_asked_for_once)
{
	static const struct {
		const char *bytes;
		bool asks;
	} t[] = {
	    {"\r\n" POST EXPECT, true},
	    {"\r\n" POST EXPECT "b", false},
	    {GET "Expect: 100-continue\r\n\r\n", false},
	    {POST "Content-Length: 9\r\n\r\n", false},
	    {"POST / HTTP/1.0\r\n" EXPECT, false},
	};
	struct request g;

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		feed_whole(&g, &http, t[i].bytes, strlen(t[i].bytes));
		ck_assert_msg(request_waits_for_continue(&g) == t[i].asks, "%s",
		    t[i].bytes);
		ck_assert(!request_waits_for_continue(&g));
	}
	request_init(&g);
	for (const char *c = t[0].bytes; *c != '\0'; c++) {
		ck_assert(!request_waits_for_continue(&g));
		ck_assert_int_eq(request_feed(&g, &http, c, 1), REQUEST_WAIT);
	}
	ck_assert(request_waits_for_continue(&g));
}

/* ---- what is configured decides at the end of the head ---- */

static const struct request_conf set = {.kind = GATE_HTTP,
    .head_limit_bytes = 200,
    .body_limit_bytes = 20,
    .body_max_bytes = 30,
    .method_count = 4,
    .methods = {WORD("GET"), WORD("POST"), WORD("CONNECT"),
	WORD("M-SEARCH-AND-SOME-MORE-OF-IT")},
    .answer_count = 3,
    .answers = {
	{WORD("/favicon.ico"), 404}, {WORD("/fav"), 204}, {WORD("/"), 200}}};

#define ROW(text, verdict)                                                     \
	{                                                                      \
		text, BYTES(text), verdict, .conf = &set                       \
	}
#define ANSWERED(text, status)                                                 \
	{                                                                      \
		text, BYTES(text), REQUEST_ANSWER, .conf = &set,               \
						   .answer_status = status     \
	}

static const struct want cases[] = {
    ROW("GET /a HTTP/1.1\r\n\r\n", REQUEST_PASS),
    ROW("POST /a HTTP/1.1\r\n\r\n", REQUEST_PASS),
    ROW("HEAD /a HTTP/1.1\r\n\r\n", REQUEST_METHOD),
    ROW("get /a HTTP/1.1\r\n\r\n", REQUEST_METHOD),
    ROW("GETS /a HTTP/1.1\r\n\r\n", REQUEST_METHOD),
    ROW("CONNECT /a HTTP/1.1\r\n\r\n", REQUEST_METHOD),
    ROW("HEAD / HTTP/1.1\r\n\r\n", REQUEST_METHOD),
    {"open", BYTES("HEAD / HTTP/1.1\r\n"), REQUEST_WAIT, REQUEST_CUT, &set},
    ROW("HEAD / HTTP/1.1\r\na\r\n", REQUEST_BAD),
    ROW("PUT / HTTP/1.1\r\nTransfer-Encoding:x\n\n", REQUEST_METHOD),
    ANSWERED("GET /favicon.ico HTTP/1.1\r\n\r\n", 404),
    ANSWERED("GET /favicon.ico?v=3 HTTP/1.1\r\n\r\n", 404),
    ANSWERED("GET /fav HTTP/1.1\r\n\r\n", 204),
    ANSWERED("POST / HTTP/1.1\r\nContent-Length:50\n\n", 200),
    ANSWERED("GET /? HTTP/1.1\r\n\r\n", 200),
    ROW("GET /favicon.icon HTTP/1.1\r\n\r\n", REQUEST_PASS),
    ROW("GET /favicon.ic HTTP/1.1\r\n\r\n", REQUEST_PASS),
    ROW("GET /favicon.ico/ HTTP/1.1\r\n\r\n", REQUEST_PASS),
    ROW("GET /x?/fav HTTP/1.1\r\n\r\n", REQUEST_PASS),
    ROW("POST /x HTTP/1.1\r\nTransfer-Encoding:x\n\n", REQUEST_LENGTH_REQUIRED),
    ROW("POST /a HTTP/1.1\r\nContent-Length:30\n\n", REQUEST_PASS),
    ROW("POST /a HTTP/1.1\r\nContent-Length:31\n\n", REQUEST_BODY_TOO_LARGE),
    ROW("GET /a HTTP/1.1\r\nContent-Length:31\n\n", REQUEST_BODY_TOO_LARGE),
};

TEST_ROWS(settings_decide, cases)
{
	expect_any_cut(row);
}

TEST(the_last_place_of_a_full_list_counts_as_the_first)
{
	static const char get[] = "GET /16 HTTP/1.1\r\n\r\n";
	enum { LAST = REQUEST_LIST_MAX - 1 };
	struct request_conf conf = {.kind = GATE_HTTP,
	    .head_limit_bytes = 200,
	    .method_count = REQUEST_LIST_MAX,
	    .answer_count = REQUEST_LIST_MAX};
	struct request g;

	for (size_t i = 0; i < LAST; i++) {
		conf.methods[i] = (struct request_word)WORD("POST");
		conf.answers[i].path = (struct request_word)WORD("/1");
	}
	conf.methods[LAST] = (struct request_word)WORD("GET");
	conf.answers[LAST] = (struct request_answer){WORD("/16"), 410};
	ck_assert_int_eq(
	    feed_whole(&g, &conf, get, sizeof(get) - 1), REQUEST_ANSWER);
	ck_assert_int_eq(g.answer_status, 410);
}

TEST(the_methods_allowed_are_listed_as_far_as_they_fit)
{
	struct request_conf conf = {.method_count = 3,
	    .methods = {WORD("CONNECT"), WORD("GET"), WORD("OPTIONS")}};
	char text[REQUEST_ALLOW_MAX], longest[200];

	request_allow(&conf, text);
	ck_assert_str_eq(text, "GET, OPTIONS");
	conf.method_count = 0;
	request_allow(&conf, text);
	ck_assert_str_eq(text, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
	memset(longest, 'X', sizeof(longest));
	conf.method_count = REQUEST_LIST_MAX;
	for (size_t i = 0; i < REQUEST_LIST_MAX; i++)
		conf.methods[i] = (struct request_word){longest, 100 + i};
	/* The third is one byte too long, then just not. */
	conf.methods[2].bytes = REQUEST_ALLOW_MAX - (100 + 2 + 101 + 2);
	request_allow(&conf, text);
	ck_assert_uint_eq(strlen(text), 100 + 2 + 101);
	conf.methods[2].bytes--;
	request_allow(&conf, text);
	ck_assert_uint_eq(strlen(text), REQUEST_ALLOW_MAX - 1);
}
