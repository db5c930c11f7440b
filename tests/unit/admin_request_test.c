/*
 * Proves which requests the admin address answers with what: three views by
 * GET and HEAD, asked by an address or as localhost; all else is refused.
 */
#include <stdio.h>
#include <string.h>

#include "keeper/admin_request.h"
#include "unit.h"

#define HOST "Host: 127.0.0.1:9180\r\n\r\n"

static enum admin_view view_of(const char *request)
{
	struct admin_request r = {.view = ADMIN_HOST};

	ck_assert_msg(admin_read(request, strlen(request), &r), "%s", request);
	return r.view;
}

static const struct {
	const char *request;
	enum admin_view view;
} requests[] = {
    {"GET / HTTP/1.1\r\n" HOST, ADMIN_PAGE},
    {"HEAD / HTTP/1.1\r\n" HOST, ADMIN_PAGE},
    {"GET /?x HTTP/1.1\r\n" HOST, ADMIN_PAGE},
    {"GET /metrics HTTP/1.1\r\n" HOST, ADMIN_METRICS},
    {"GET /metrics?a=b HTTP/1.1\r\n" HOST, ADMIN_METRICS},
    {"GET /status.json HTTP/1.1\r\n" HOST, ADMIN_JSON},
    {"GET / HTTP/1.0\r\n\r\n", ADMIN_PAGE},
    {"GET / HTTP/1.1\nHost: localhost\n\n", ADMIN_PAGE},
    {"GET / HTTP/1.1\r\nAccept: a\r\nhOsT:\t[::1]:80 \r\n\r\n", ADMIN_PAGE},
    {"GET /metric HTTP/1.1\r\n" HOST, ADMIN_NOT_FOUND},
    {"GET //metrics HTTP/1.1\r\n" HOST, ADMIN_NOT_FOUND},
    {"GET http://127.0.0.1/ HTTP/1.1\r\n" HOST, ADMIN_NOT_FOUND},
    {"POST / HTTP/1.1\r\n" HOST, ADMIN_METHOD},
    {"get / HTTP/1.1\r\n" HOST, ADMIN_METHOD},
    {"GETS / HTTP/1.1\r\n" HOST, ADMIN_METHOD},
    {"POST /none HTTP/1.1\r\n" HOST, ADMIN_METHOD},
    {"GET / HTTP/1.1\r\n\r\n", ADMIN_BAD_REQUEST},
    {"GET / HTTP/2\r\n" HOST, ADMIN_BAD_REQUEST},
    {"GET / HTTP/1.1 \r\n" HOST, ADMIN_BAD_REQUEST},
    {"GET /\r\n" HOST, ADMIN_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: 1.2.3.4\r\nHost: 1.2.3.4\r\n\r\n",
	ADMIN_BAD_REQUEST},
    {"GET / HTTP/1.0\r\nHost: 1.2.3.4\r\nHost: 1.2.3.4\r\n\r\n",
	ADMIN_BAD_REQUEST},
    {"\r\n\r\n", ADMIN_BAD_REQUEST},
    /* What comes behind the head does not count. */
    {"GET / HTTP/1.1\r\n" HOST "Host: evil.example\r\n\r\n", ADMIN_PAGE},
    {"GET / HTTP/1.1\r\n\r\n" HOST, ADMIN_BAD_REQUEST},
};

TEST_ROWS(three_views_and_refusals, requests)
{
	ck_assert_int_eq(view_of(row->request), row->view);
}

/* A page elsewhere can have its own name lead here, but no address. */
static const char *const hosts[] = {"127.0.0.1", "192.168.1.10:9180",
    "localhost", "LocalHost:1", "[::1]", "[fe80::1]:65535"};

/* The scope would have to be looked up. */
static const char *const no_hosts[] = {"", "localhost.",
    "localhost.evil.example", "127.0.0.1.evil.example",
    "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:80:80",
    "evil.example", "127.1", "::1", "[::1", "[::1]x", "[::1]:x",
    "[evil.example]", "[fe80::1%lo]",
    "1111.1111.1111.1111.1111.1111.1111.1111.1111.1111.1111.1111.11"};

static enum admin_view view_for_host(const char *host)
{
	char request[256];

	snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
	    host);
	return view_of(request);
}

TEST_ROWS(an_address_or_localhost_is_a_host, hosts)
{
	ck_assert_int_eq(view_for_host(*row), ADMIN_PAGE);
}

TEST_ROWS(nothing_else_is_a_host, no_hosts)
{
	ck_assert_int_eq(view_for_host(*row), ADMIN_HOST);
}

TEST(a_zero_byte_ends_no_host)
{
	static const char request[] =
	    "GET / HTTP/1.1\r\nHost: 127.0.0.1\0.evil.example\r\n\r\n";
	struct admin_request r;

	ck_assert(admin_read(request, sizeof(request) - 1, &r));
	ck_assert_int_eq(r.view, ADMIN_HOST);
}

TEST(it_is_whole_at_the_empty_line)
{
	static const char request[] = "HEAD /metrics HTTP/1.1\r\n" HOST;
	struct admin_request r = {.head = false};
	size_t len = 0;

	while (!admin_read(request, len, &r))
		len++;
	ck_assert_uint_eq(len, sizeof(request) - 1);
	ck_assert(r.head);
	ck_assert_int_eq(r.view, ADMIN_METRICS);
	ck_assert(admin_read("GET / HTTP/1.0\n\n", 16, &r));
	ck_assert(!r.head);
}
