/*
 * Proves that each answer is one complete reply: the door's own reader of
 * replies finds its end exactly where the bytes end.
 */
#include <string.h>

#include "policy/http_error.h"
#include "policy/response.h"
#include "unit.h"

static const int status[HTTP_ERROR_KINDS] = {
    [HTTP_ERROR_BAD_REQUEST] = 400,
    [HTTP_ERROR_REQUEST_TIMEOUT] = 408,
    [HTTP_ERROR_LENGTH_REQUIRED] = 411,
    [HTTP_ERROR_HEAD_TOO_LARGE] = 431,
    [HTTP_ERROR_BAD_GATEWAY] = 502,
    [HTTP_ERROR_BUSY] = 503,
    [HTTP_ERROR_DOWN] = 503,
    [HTTP_ERROR_GATEWAY_TIMEOUT] = 504,
};

/* The answer as text; its length is checked against its own head. */
static const char *answer(
    enum http_error_kind kind, bool to_head, char out[HTTP_ERROR_MAX + 1])
{
	size_t len = http_error_write(kind, to_head, 7, out);
	struct response r;

	out[len] = '\0';
	ck_assert_uint_eq(strlen(out), len);
	response_init(&r, to_head);
	ck_assert_int_eq(response_feed(&r, out, len), RESPONSE_LENGTH);
	ck_assert_uint_eq(r.whole_bytes, len);
	ck_assert_int_eq((int)r.status, status[kind]);
	ck_assert(!response_is_shareable(&r));
	return out;
}

START_TEST(answers)
{
	enum http_error_kind kind = (enum http_error_kind)_i;
	char with[HTTP_ERROR_MAX + 1], without[HTTP_ERROR_MAX + 1];
	const char *body;

	ck_assert_int_eq(http_error_status(kind), status[kind]);
	answer(kind, false, with);
	answer(kind, true, without);
	body = strstr(with, "\r\n\r\n") + 4;
	ck_assert_str_eq(body + strlen(body) - 8, "</html>\n");
	/* HEAD gets the same head. */
	ck_assert_int_eq(strncmp(with, without, (size_t)(body - with)), 0);
	ck_assert_uint_eq(strlen(without), (size_t)(body - with));
	ck_assert_ptr_nonnull(strstr(with, "\r\nConnection: close\r\n"));
	ck_assert_ptr_nonnull(strstr(with, "\r\nContent-Type: text/html"));
	ck_assert_int_eq(strstr(with, "\r\nRetry-After: 7\r\n") != NULL,
	    status[kind] == 503);
}
END_TEST

START_TEST(nothing_said)
{
	ck_assert_int_eq(http_error_status(HTTP_ERROR_NONE), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reply");
	TCase *t = unit_case(s, "reply");

	tcase_add_loop_test(t, answers, HTTP_ERROR_NONE + 1, HTTP_ERROR_KINDS);
	tcase_add_test(t, nothing_said);
	return unit_run(s);
}
