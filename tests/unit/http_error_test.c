/*
 * Proves that each answer is one complete reply: the proxy's own reader of
 * replies finds its end exactly where the bytes end; and that it says what
 * its status demands, and no two 503 the same.
 */
#include <string.h>

#include "policy/http_error.h"
#include "policy/response.h"
#include "unit.h"

#define LONG_METHOD "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF"
#define LONG_ALLOW                                                             \
	LONG_METHOD LONG_METHOD LONG_METHOD LONG_METHOD LONG_METHOD            \
	    LONG_METHOD LONG_METHOD LONG_METHOD

static const int status[HTTP_ERROR_KINDS] = {
    [HTTP_ERROR_BAD_REQUEST] = 400,
    [HTTP_ERROR_REQUEST_CUT] = 400,
    [HTTP_ERROR_METHOD] = 405,
    [HTTP_ERROR_REQUEST_TIMEOUT] = 408,
    [HTTP_ERROR_LENGTH_REQUIRED] = 411,
    [HTTP_ERROR_BODY_TOO_LARGE] = 413,
    [HTTP_ERROR_REQUEST_LIMIT] = 429,
    [HTTP_ERROR_HEAD_TOO_LARGE] = 431,
    [HTTP_ERROR_REFUSED... HTTP_ERROR_DEVICE_EMPTY] = 502,
    [HTTP_ERROR_QUEUE_FULL... HTTP_ERROR_SHUTDOWN] = 503,
    [HTTP_ERROR_SILENT... HTTP_ERROR_REPLY_LONG] = 504,
};

/* The answer as text; its length is checked against its own head. */
static const char *answer(
    const struct http_error *e, int want, char out[HTTP_ERROR_MAX + 1])
{
	size_t len = http_error_write(e, out);
	struct response r;

	out[len] = '\0';
	ck_assert_uint_eq(strlen(out), len);
	response_init(&r, e->to_head);
	ck_assert_int_eq(response_feed(&r, out, len), RESPONSE_LENGTH);
	ck_assert_uint_eq(r.whole_bytes, len);
	ck_assert_int_eq((int)r.status, want);
	ck_assert(!response_is_shareable(&r));
	return out;
}

static void says(const char *text, const char *part, bool wanted)
{
	ck_assert_msg(
	    (strstr(text, part) != NULL) == wanted, "%s in: %s", part, text);
}

TEST_LOOP(each_answer_is_whole_and_says_its_status, HTTP_ERROR_ANSWER + 1,
    HTTP_ERROR_KINDS)
{
	struct http_error e = {.kind = (enum http_error_kind)_i,
	    .retry_after_s = 7,
	    .allow = LONG_ALLOW "X"};
	char with[HTTP_ERROR_MAX + 1], without[HTTP_ERROR_MAX + 1];
	int code = status[_i];
	const char *body;

	ck_assert_int_eq(http_error_status(e.kind), code);
	answer(&e, code, with);
	e.to_head = true;
	answer(&e, code, without);
	body = strstr(with, "\r\n\r\n") + 4;
	ck_assert_str_eq(body + strlen(body) - 8, "</html>\n");
	/* HEAD gets the same head. */
	ck_assert_int_eq(strncmp(with, without, (size_t)(body - with)), 0);
	ck_assert_uint_eq(strlen(without), (size_t)(body - with));
	says(with, "\r\nConnection: close\r\n", true);
	says(with, "\r\nContent-Type: text/html", true);
	says(with, "\r\nRetry-After: 7\r\n", code == 503 || code == 429);
	says(with, "\r\nAllow: " LONG_ALLOW "\r\n", code == 405);
}

/* "In a second" is the least that can be said. */
TEST(retry_after_is_a_second_at_least)
{
	struct http_error e = {.kind = HTTP_ERROR_DOWN};
	char text[HTTP_ERROR_MAX + 1];

	says(answer(&e, 503, text), "\r\nRetry-After: 1\r\n", true);
}

/* One sentence for all would be untrue for some. */
TEST(each_sentence_is_its_own)
{
	char a[HTTP_ERROR_MAX + 1], b[HTTP_ERROR_MAX + 1];
	int i, k;

	for (i = HTTP_ERROR_QUEUE_FULL; i < HTTP_ERROR_KINDS; i++)
		for (k = i + 1; k < HTTP_ERROR_KINDS; k++) {
			struct http_error e = {.kind = (unsigned int)i};
			struct http_error f = {.kind = (unsigned int)k};

			ck_assert_str_ne(
			    strstr(answer(&e, status[i], a), "<p>"),
			    strstr(answer(&f, status[k], b), "<p>"));
		}
}

TEST_LOOP(any_status_is_answered, 200, 600)
{
	struct http_error e = {
	    .kind = HTTP_ERROR_ANSWER, .status = _i, .retry_after_s = 7};
	char text[HTTP_ERROR_MAX + 1];
	bool bare = _i == 204 || _i == 205 || _i == 304;

	answer(&e, _i, text);
	says(text, "<html", !bare);
	says(text, "Content-Type", !bare);
	says(text, "Content-Length", _i != 204 && _i != 304);
	says(text, "Retry-After", false);
	says(text, "\r\nAllow:", false);
	e.to_head = true;
	answer(&e, _i, text);
	says(text, "<html", false);
}

static const struct {
	int status;
	const char *head;
} reasons[] = {
    {404, "HTTP/1.1 404 Not Found\r\n"},
    {204, "HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\n"
	  "Connection: close\r\n\r\n"},
    {299, "HTTP/1.1 299 Success\r\n"},
    {599, "HTTP/1.1 599 Server Error\r\n"},
};

TEST_ROWS(each_status_has_a_reason, reasons)
{
	struct http_error e = {
	    .kind = HTTP_ERROR_ANSWER, .status = row->status};
	char text[HTTP_ERROR_MAX + 1];

	says(answer(&e, row->status, text), row->head, true);
}

TEST(no_answer_has_no_status)
{
	ck_assert_int_eq(http_error_status(HTTP_ERROR_NONE), 0);
	ck_assert_int_eq(http_error_status(HTTP_ERROR_ANSWER), 0);
}
