/*
 * Proves that a head loses the fields it is to lose and nothing else, and
 * that what is filtered twice is filtered once.
 */
#include "request_fixture.h"

#define LINE "GET /upgrade HTTP/1.1\r\n"

static const struct request_conf off = {.kind = GATE_HTTP,
    .strip_count = 6,
    .strip = {WORD("Cookie"), WORD("x-a"), WORD("HOST"), WORD("Connection"),
	WORD("content-length"), WORD("transfer-encoding")}};
static const struct request_conf on = {.kind = GATE_HTTP, .upgrade = true};
static const struct request_conf on_but_cookie = {.kind = GATE_HTTP,
    .upgrade = true,
    .strip_count = 1,
    .strip = {WORD("cookie")}};
static const struct request_conf plain = {.kind = GATE_HTTP};

static const struct {
	const char *before;
	const char *after; /* NULL: the same */
	const struct request_conf *conf;
} cases[] = {
    {LINE "\r\n", NULL, &off},
    {LINE "Host: Upgrade\r\nContent-Length: 0\r\nTransfer-Encoding: x\r\n\r\n",
	NULL, &off},
    {LINE "cookie: a=b\r\n\r\n", LINE "\r\n", &off},
    {LINE "Cookie:a\nX-A:b\nX-AB:c\nX:d\nCookie:e\n\n", LINE "X-AB:c\nX:d\n\n",
	&off},
    {LINE "X: Cookie: a\r\nHost: b\r\n\r\n", NULL, &off},
    {LINE "Upgrade: h2c\r\nHTTP2-Settings: AA\r\n"
	  "Connection: Upgrade, HTTP2-Settings\r\nHost: a\r\n\r\n",
	LINE "Host: a\r\n\r\n", &off},
    {LINE "Connection: keep-alive, Upgrade\r\n\r\n",
	LINE "Connection: keep-alive\r\n\r\n", &off},
    {LINE "Connection: Upgrade, keep-alive\r\n\r\n",
	LINE "Connection: keep-alive\r\n\r\n", &off},
    {LINE "Connection:upgrade,keep-alive , Te\n\n",
	LINE "Connection:keep-alive , Te\n\n", &off},
    {LINE "Connection: a,\tUPGRADE\t,b \r\n\r\n",
	LINE "Connection: a,b \r\n\r\n", &off},
    {LINE "Connection:  Upgrade \r\n\r\n", LINE "\r\n", &off},
    {LINE "Connection: , upgrade,\r\n\r\n", LINE "\r\n", &off},
    {LINE "Connection:\r\n\r\n", NULL, &off},
    {LINE "Connection: ,\r\n\r\n", NULL, &off},
    {LINE "Connection: close\r\n\r\n", NULL, &off},
    {LINE "Connection: upgrades, up grade\r\n\r\n", NULL, &off},
    {LINE "Upgrade-Insecure-Requests: 1\r\n\r\n", NULL, &off},
    {LINE "Connection: Upgrade\r\nUpgrade: x\r\nCookie: a\r\n\r\n", NULL, &on},
    {LINE "Connection: Upgrade\r\nUpgrade: x\r\nCookie: a\r\n\r\n",
	LINE "Connection: Upgrade\r\nUpgrade: x\r\n\r\n", &on_but_cookie},
};

TEST_ROWS(a_head_loses_what_it_is_to_lose, cases)
{
	const char *after = row->after ? row->after : row->before;
	const char *host = strstr(after, "Host: ");
	struct request g;
	char head[512];

	strcpy(head, row->before);
	feed_whole(&g, &http, head, strlen(head));
	for (int twice = 0; twice < 2; twice++) {
		request_filter(&g, row->conf, head);
		ck_assert_msg(g.head_bytes == strlen(after) &&
				  memcmp(head, after, g.head_bytes) == 0,
		    "%s\nbecame\n%.*s", row->before, (int)g.head_bytes, head);
		ck_assert_uint_eq(g.host_at,
		    host ? (size_t)(host - after) + strlen("Host: ") : 0);
	}
}

static const struct {
	const struct request_conf *conf;
	const char *head;
	bool needed;
} needs[] = {
    {&plain, LINE "Connection: x\r\n\r\n", false},
    {&plain, LINE "upgrade: x\r\n\r\n", true},
    {&plain, LINE "HTTP2-Settings: x\r\n\r\n", true},
    {&on, LINE "Upgrade: x\r\n\r\n", false},
    {&on_but_cookie, LINE "\r\n", true},
};

TEST_ROWS(a_filter_is_needed_for_upgrades_and_where_a_field_is_stripped, needs)
{
	struct request g;

	ck_assert_int_eq(
	    feed_whole(&g, &http, row->head, strlen(row->head)), REQUEST_PASS);
	ck_assert_msg(request_needs_filter(&g, row->conf) == row->needed, "%s",
	    row->head);
}
