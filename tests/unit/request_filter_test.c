/*
 * Proves that a head loses the fields it is to lose and nothing else, and
 * that what is filtered twice is filtered once.
 */
#include <string.h>

#include "policy/request.h"
#include "unit.h"

#define LINE "GET /upgrade HTTP/1.1\r\n"

struct want {
	const char *before;
	const char *after; /* NULL: the same */
};

#define WORD(s)                                                                \
	{                                                                      \
		s, sizeof(s) - 1                                               \
	}

static const struct request_conf off = {.kind = GATE_HTTP,
    .strip_count = 6,
    .strip = {WORD("Cookie"), WORD("x-a"), WORD("HOST"), WORD("Connection"),
	WORD("content-length"), WORD("transfer-encoding")}};

static const struct want cases[] = {
    {LINE "\r\n", NULL},
    {LINE "Host: Upgrade\r\nContent-Length: 0\r\nTransfer-Encoding: x\r\n\r\n",
	NULL},
    {LINE "cookie: a=b\r\n\r\n", LINE "\r\n"},
    {LINE "Cookie:a\nX-A:b\nX-AB:c\nX:d\nCookie:e\n\n", LINE "X-AB:c\nX:d\n\n"},
    {LINE "X: Cookie: a\r\nHost: b\r\n\r\n", NULL},
    {LINE "Upgrade: h2c\r\nHTTP2-Settings: AA\r\n"
	  "Connection: Upgrade, HTTP2-Settings\r\nHost: a\r\n\r\n",
	LINE "Host: a\r\n\r\n"},
    {LINE "Connection: keep-alive, Upgrade\r\n\r\n",
	LINE "Connection: keep-alive\r\n\r\n"},
    {LINE "Connection: Upgrade, keep-alive\r\n\r\n",
	LINE "Connection: keep-alive\r\n\r\n"},
    {LINE "Connection:upgrade,keep-alive , Te\n\n",
	LINE "Connection:keep-alive , Te\n\n"},
    {LINE "Connection: a,\tUPGRADE\t,b \r\n\r\n",
	LINE "Connection: a,b \r\n\r\n"},
    {LINE "Connection:  Upgrade \r\n\r\n", LINE "\r\n"},
    {LINE "Connection: , upgrade,\r\n\r\n", LINE "\r\n"},
    {LINE "Connection:\r\n\r\n", NULL},
    {LINE "Connection: ,\r\n\r\n", NULL},
    {LINE "Connection: close\r\n\r\n", NULL},
    {LINE "Connection: upgrades, up grade\r\n\r\n", NULL},
    {LINE "Upgrade-Insecure-Requests: 1\r\n\r\n", NULL},
};

static void filtered(
    const struct request_conf *conf, const char *before, const char *after)
{
	char head[512] = "";
	size_t len = strlen(before);

	if (!after)
		after = before;
	memcpy(head, before, len);
	for (int twice = 0; twice < 2; twice++) {
		len = request_filter(conf, head, len);
		ck_assert_msg(
		    len == strlen(after) && memcmp(head, after, len) == 0,
		    "%s\nbecame\n%.*s", before, (int)len, head);
	}
}

TEST_LOOP(heads, 0, sizeof(cases) / sizeof(cases[0]))
{
	filtered(&off, cases[_i].before, cases[_i].after);
}

TEST(upgrade_on)
{
	struct request_conf on = {.kind = GATE_HTTP, .upgrade = true};
	static const char head[] =
	    LINE "Connection: Upgrade\r\nUpgrade: x\r\nCookie: a\r\n\r\n";

	filtered(&on, head, NULL);
	on.strip_count = 1;
	on.strip[0] = (struct request_word)WORD("cookie");
	filtered(&on, head, LINE "Connection: Upgrade\r\nUpgrade: x\r\n\r\n");
}

static bool needs(const struct request_conf *conf, const char *head)
{
	struct request_conf limits = *conf;
	struct request g;

	limits.head_limit_bytes = 500;
	request_init(&g);
	ck_assert_int_eq(
	    request_feed(&g, &limits, head, strlen(head)), REQUEST_PASS);
	return request_needs_filter(&g, conf);
}

TEST(needed)
{
	struct request_conf conf = {.kind = GATE_HTTP};

	ck_assert(!needs(&conf, LINE "Connection: x\r\n\r\n"));
	ck_assert(needs(&conf, LINE "upgrade: x\r\n\r\n"));
	ck_assert(needs(&conf, LINE "HTTP2-Settings: x\r\n\r\n"));
	conf.upgrade = true;
	ck_assert(!needs(&conf, LINE "Upgrade: x\r\n\r\n"));
	conf.strip_count = 1;
	ck_assert(needs(&conf, LINE "\r\n"));
}
