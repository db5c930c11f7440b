/*
 * Proves when a request has begun, when its body is asked for, and that the
 * settings for methods and answers decide at the end of its head.
 */
#include "request_fixture.h"

/* Who is late with a request, and who has never begun one? */
TEST(began)
{
	struct request g;

	request_init(&g);
	ck_assert(!request_began(&g));
	request_feed(&g, &http, "\r\n\r", 3);
	ck_assert(!request_began(&g));
	request_feed(&g, &http, "\nG", 2);
	ck_assert(request_began(&g));
}

/* A body that waits beyond the head limit is waited for all the same. */
TEST(body_beyond_head_limit)
{
	struct request_conf conf = {.kind = GATE_HTTP,
	    .head_limit_bytes = 64,
	    .body_limit_bytes = 1000};
	static const char head[] = POST "Content-Length: 1000\r\n\r\n";
	static const char body[1000];
	struct request g;

	request_init(&g);
	request_feed(&g, &conf, head, sizeof(head) - 1);
	ck_assert_int_eq(request_feed(&g, &conf, body, 999), REQUEST_WAIT);
	ck_assert_int_eq(request_feed(&g, &conf, body, 1), REQUEST_PASS);
	ck_assert_uint_eq(g.request_bytes, sizeof(head) - 1 + 1000);
}

/* Asked for at the end of the head, once, where a body is awaited and none of
 * it has come. */
TEST(body_asked_for)
{
	static const char head[] =
	    "\r\n" POST "Content-Length: 9\r\nExpect: 100-continue\r\n\r\n";
	static const char no_body[] = GET "Expect: 100-continue\r\n\r\n";
	static const char no_wish[] = POST "Content-Length: 9\r\n\r\n";
	static const char too_old[] = "POST / HTTP/1.0\r\nContent-Length: 9\r\n"
				      "Expect: 100-continue\r\n\r\n";
	size_t len = sizeof(head) - 1;
	struct request g;

	request_init(&g);
	for (size_t i = 0; i < len; i++) {
		ck_assert(!request_waits_for_continue(&g));
		ck_assert_int_eq(
		    request_feed(&g, &http, head + i, 1), REQUEST_WAIT);
	}
	ck_assert(request_waits_for_continue(&g));
	ck_assert(!request_waits_for_continue(&g));

	request_init(&g);
	request_feed(&g, &http, head, len);
	request_feed(&g, &http, "b", 1);
	ck_assert(!request_waits_for_continue(&g));

	request_init(&g);
	request_feed(&g, &http, no_body, sizeof(no_body) - 1);
	ck_assert(!request_waits_for_continue(&g));

	request_init(&g);
	request_feed(&g, &http, no_wish, sizeof(no_wish) - 1);
	ck_assert(!request_waits_for_continue(&g));

	request_init(&g);
	request_feed(&g, &http, too_old, sizeof(too_old) - 1);
	ck_assert_int_eq(g.verdict, REQUEST_WAIT);
	ck_assert(!request_waits_for_continue(&g));
}

#define WORD(s)                                                                \
	{                                                                      \
		s, sizeof(s) - 1                                               \
	}

/* What is configured decides at the end of the head. */
TEST(by_setting)
{
	static const struct request_conf conf = {.kind = GATE_HTTP,
	    .head_limit_bytes = 200,
	    .body_limit_bytes = 20,
	    .body_max_bytes = 30,
	    .method_count = 4,
	    .methods = {WORD("GET"), WORD("POST"), WORD("CONNECT"),
		WORD("M-SEARCH-AND-SOME-MORE-OF-IT")},
	    .answer_count = 3,
	    .answers = {{WORD("/favicon.ico"), 404}, {WORD("/fav"), 204},
		{WORD("/"), 200}}};
	static const struct {
		const char *bytes;
		enum request_verdict verdict;
		int status;
	} cases[] = {
	    {"GET /a HTTP/1.1\r\n\r\n", REQUEST_PASS, 0},
	    {"POST /a HTTP/1.1\r\n\r\n", REQUEST_PASS, 0},
	    {"HEAD /a HTTP/1.1\r\n\r\n", REQUEST_METHOD, 0},
	    {"get /a HTTP/1.1\r\n\r\n", REQUEST_METHOD, 0},
	    {"GETS /a HTTP/1.1\r\n\r\n", REQUEST_METHOD, 0},
	    {"CONNECT /a HTTP/1.1\r\n\r\n", REQUEST_METHOD, 0},
	    {"HEAD / HTTP/1.1\r\n\r\n", REQUEST_METHOD, 0},
	    {"HEAD / HTTP/1.1\r\n", REQUEST_WAIT, 0},
	    {"HEAD / HTTP/1.1\r\na\r\n", REQUEST_BAD, 0},
	    {"PUT / HTTP/1.1\r\nTransfer-Encoding:x\n\n", REQUEST_METHOD, 0},
	    {"GET /favicon.ico HTTP/1.1\r\n\r\n", REQUEST_ANSWER, 404},
	    {"GET /favicon.ico?v=3 HTTP/1.1\r\n\r\n", REQUEST_ANSWER, 404},
	    {"GET /fav HTTP/1.1\r\n\r\n", REQUEST_ANSWER, 204},
	    {"POST / HTTP/1.1\r\nContent-Length:50\n\n", REQUEST_ANSWER, 200},
	    {"GET /? HTTP/1.1\r\n\r\n", REQUEST_ANSWER, 200},
	    {"GET /favicon.icon HTTP/1.1\r\n\r\n", REQUEST_PASS, 0},
	    {"GET /favicon.ic HTTP/1.1\r\n\r\n", REQUEST_PASS, 0},
	    {"GET /favicon.ico/ HTTP/1.1\r\n\r\n", REQUEST_PASS, 0},
	    {"GET /x?/fav HTTP/1.1\r\n\r\n", REQUEST_PASS, 0},
	    {"POST /x HTTP/1.1\r\nTransfer-Encoding:x\n\n",
		REQUEST_LENGTH_REQUIRED, 0},
	    {"POST /a HTTP/1.1\r\nContent-Length:30\n\n", REQUEST_PASS, 0},
	    {"POST /a HTTP/1.1\r\nContent-Length:31\n\n",
		REQUEST_BODY_TOO_LARGE, 0},
	    {"GET /a HTTP/1.1\r\nContent-Length:31\n\n", REQUEST_BODY_TOO_LARGE,
		0},
	};
	struct request g;
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct want w = {
		    .name = cases[i].bytes, .bytes = cases[i].bytes};

		for (k = 0; k < 200; k++) {
			ck_assert_msg(feed(&g, &conf, &w, k % 50, k / 50) ==
					  cases[i].verdict,
			    "%s: verdict %d", w.name, g.verdict);
			ck_assert_int_eq(g.answer_status, cases[i].status);
		}
	}
}

/* The last place of a full list counts as the first does. */
TEST(full_lists)
{
	static const char get[] = "GET /16 HTTP/1.1\r\n\r\n";
	struct request_conf conf = {.kind = GATE_HTTP,
	    .head_limit_bytes = 200,
	    .method_count = REQUEST_LIST_MAX,
	    .answer_count = REQUEST_LIST_MAX};
	struct request g;
	size_t i;

	for (i = 0; i < REQUEST_LIST_MAX; i++) {
		conf.methods[i] = (struct request_word)WORD("POST");
		conf.answers[i].path = (struct request_word)WORD("/1");
	}
	conf.methods[REQUEST_LIST_MAX - 1] = (struct request_word)WORD("GET");
	conf.answers[REQUEST_LIST_MAX - 1] =
	    (struct request_answer){WORD("/16"), 410};
	request_init(&g);
	ck_assert_int_eq(
	    request_feed(&g, &conf, get, sizeof(get) - 1), REQUEST_ANSWER);
	ck_assert_int_eq(g.answer_status, 410);
}

TEST(allow)
{
	struct request_conf conf = {.method_count = 3,
	    .methods = {WORD("CONNECT"), WORD("GET"), WORD("HEAD")}};
	char text[REQUEST_ALLOW_MAX], longest[200];
	size_t i;

	request_allow(&conf, text);
	ck_assert_str_eq(text, "GET, HEAD");
	conf.method_count = 0;
	request_allow(&conf, text);
	ck_assert_str_eq(text, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
	memset(longest, 'X', sizeof(longest));
	conf.method_count = REQUEST_LIST_MAX;
	for (i = 0; i < REQUEST_LIST_MAX; i++)
		conf.methods[i] = (struct request_word){longest, 100 + i};
	request_allow(&conf, text);
	ck_assert_uint_eq(strlen(text), 100 + 2 + 101);
}
