/*
 * Proves that the gate gives each request its verdict, wherever the pieces
 * are cut: every case is fed whole, byte by byte, at every single cut, and in
 * pieces of random sizes.
 */
#include "request_fixture.h"

// clang-format off: a row a case
static const struct want http_cases[] = {
    {.name = "plain",
	.bytes = GET "\r\n",
	.verdict = REQUEST_PASS,
	.head = 18,
	.target = "/",
	PLAIN},
    {.name = "LF alone",
	.bytes = "GET /a HTTP/1.0\n\n",
	.verdict = REQUEST_PASS,
	.head = 17,
	.target = "/a",
	PLAIN},
    {.name = "LF and CRLF mixed",
	.bytes = "GET / HTTP/1.1\nA: b\r\n\n",
	.verdict = REQUEST_PASS,
	.head = 22,
	.target = "/",
	.safe = true},
    {.name = "bytes beyond the head",
	.bytes = GET "\r\nGET /b",
	.verdict = REQUEST_PASS,
	.head = 18,
	.target = "/",
	PLAIN},
    {.name = "leading blank lines",
	.bytes = "\r\n\n\r\n" GET "\r\n",
	.verdict = REQUEST_PASS,
	.drop = 5,
	.head = 18,
	.target = "/",
	PLAIN},
    {.name = "longer target",
	.bytes = "GET /a?b=c;d%20 HTTP/1.9\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 28,
	.target = "/a?b=c;d%20",
	.shareable = true},
    {.name = "raw UTF-8 target",
	.bytes = "GET /\xc3\xa4 HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 20,
	.target = "/\xc3\xa4",
	PLAIN},
    {.name = "query of nothing",
	.bytes = "GET /? HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 19,
	.target = "/?",
	.shareable = true},
    {.name = "HEAD",
	.bytes = "HEAD / HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 19,
	.target = "/",
	.is_head = true,
	.safe = true},
    {.name = "HEAD with a query",
	.bytes = "HEAD /?a HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 21,
	.target = "/?a",
	.is_head = true},
    {.name = "not HEAD",
	.bytes = "AHEAD / HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 20,
	.target = "/"},
    {.name = "method in small letters",
	.bytes = "get / HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 18,
	.target = "/"},
    {.name = "any token",
	.bytes = "Zz!9 / HTTP/1.1\r\naz-AZ^_: b\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 31,
	.target = "/"},
    {.name = "empty value",
	.bytes = GET "Host:\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 25,
	.target = "/",
	PLAIN},
    {.name = "Host",
	.bytes = GET "hOST: \td:80 \t\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 33,
	.target = "/",
	.host = "d:80",
	PLAIN},
    {.name = "Host without a blank",
	.bytes = "\n" GET "Host:a\n\n",
	.verdict = REQUEST_PASS,
	.drop = 1,
	.head = 24,
	.target = "/",
	.host = "a",
	PLAIN},
    {.name = "Host of words",
	.bytes = GET "Host:a  b\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 29,
	.target = "/",
	.host = "a  b",
	PLAIN},
    {.name = "two Hosts",
	.bytes = GET "Host:a\r\nHost:b\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 34,
	.target = "/",
	.host = "a",
	.safe = true},
    {.name = "all that makes no difference",
	.bytes = GET "Accept:*/*\r\naccept-foo:x\r\nUser-Agent:x\r\n"
		     "Connection:close\r\nCache-Control:no-cache\r\n"
		     "Referer:x\r\nDNT:1\r\nSec-Fetch-Mode:x\r\n"
		     "Upgrade-Insecure-Requests:1\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 165,
	.target = "/",
	PLAIN},
#define UNSHARED(text, len)                                                    \
	{                                                                      \
		.name = text, .bytes = GET text "\r\n\r\n",                    \
		.verdict = REQUEST_PASS, .head = 18 + (len) + 2,               \
		.target = "/", .safe = true                                    \
	}
    UNSHARED("AUTHORIZATION: x", 16),
    UNSHARED("cookie:x", 8),
    UNSHARED("Range:bytes=0-", 14),
    UNSHARED("If-None-Match:x", 15),
    UNSHARED("Accepted:x", 10),
    UNSHARED("Accep:x", 7),
    UNSHARED("Sec:x", 5),
    UNSHARED("Upgrade-Insecure-Requestsx:1", 28),
    UNSHARED("Upgrade-Insecure-Requests-And-More:1", 36),
    UNSHARED("X:1", 3),
    UNSHARED("Content-Length: 0", 17),
    {.name = "Upgrade",
	.bytes = GET "Upgrade: websocket\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 38,
	.target = "/",
	.upgrade = true,
	.safe = true},

    {.name = "no body",
	.bytes = POST "Content-Length: 0\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 38,
	.target = "/"},
    {.name = "whole body",
	.bytes = POST "Content-Length: 3 \t\r\n\r\nabc",
	.verdict = REQUEST_PASS,
	.head = 40,
	.body = 3,
	.target = "/"},
    {.name = "body of GET",
	.bytes = GET "content-LENGTH:\t3\r\n\r\nabc",
	.verdict = REQUEST_PASS,
	.head = 37,
	.body = 3,
	.target = "/",
	.safe = true},
    {.name = "body after blank lines",
	.bytes = "\n\n" POST "Content-Length:3\r\n\r\nabc",
	.verdict = REQUEST_PASS,
	.drop = 2,
	.head = 37,
	.body = 3,
	.target = "/"},
    {.name = "body at its limit",
	.bytes = POST "Content-Length: 20\r\n\r\n12345678901234567890",
	.verdict = REQUEST_PASS,
	.head = 39,
	.body = 20,
	.target = "/"},
    {.name = "body over its limit",
	.bytes = POST "Content-Length: 21\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 39,
	.body = 21,
	.target = "/"},
    {.name = "huge body",
	.bytes = POST "Content-Length: 9007199254740992\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 53,
	.body = 9007199254740992ull,
	.target = "/"},
    {.name = "zeros before a length",
	.bytes = POST "Content-Length: 0000000000000000000000003\r\n\r\nabc",
	.verdict = REQUEST_PASS,
	.head = 62,
	.body = 3,
	.target = "/"},

    OPEN("nothing", "", REQUEST_EMPTY),
    OPEN("blank lines only", "\r\n\n", REQUEST_EMPTY),
    OPEN("half a blank line", "\r", REQUEST_EMPTY),
    OPEN("one byte", "G", REQUEST_CUT),
    OPEN("no empty line", GET, REQUEST_CUT),
    OPEN("half an empty line", GET "\r", REQUEST_CUT),
    OPEN("body not begun", POST "Content-Length: 3\r\n\r\n", REQUEST_CUT),
    OPEN("one byte missing", POST "Content-Length: 1\r\n\r\n", REQUEST_CUT),
    OPEN("short body after blank lines",
	"\n\n" POST "Content-Length: 3\r\n\r\nab", REQUEST_CUT),
    OPEN("body at its limit, short",
	POST "Content-Length: 20\r\n\r\n1234567890123456789", REQUEST_CUT),

    BAD("zero bytes", "\0\0\0\0"),
    BAD("TLS", "\x16\x03\x01\x02\x00\x01"),
    BAD("leading blank", " GET / HTTP/1.1\r\n\r\n"),
    BAD("bare CR before", "\rGET"),
    BAD("no target", "GET HTTP/1.1\r\n\r\n"),
    BAD("empty target", "GET  HTTP/1.1\r\n\r\n"),
    BAD("line end in the method", "GET\n/ HTTP/1.1\r\n\r\n"),
    BAD("two blanks", "GET  / HTTP/1.1\r\n"),
    BAD("blank in the target", "GET /a b HTTP/1.1\r\n"),
    BAD("tab for a blank", "GET\t/"),
    BAD("HTTP/0.9", "GET /\r\n"),
    BAD("HTTP/2", "PRI * HTTP/2.0\r\n"),
    BAD("version in small letters", "GET / http/1.1"),
    BAD("long version", "GET / HTTP/1.10\r\n"),
    BAD("blank after the version", "GET / HTTP/1.1 \r\n"),
    BAD("no digit", "GET / HTTP/1.\r\n"),
    BAD("zero byte in the target", "GET /\0 HTTP/1.1\r\n"),
    BAD("control in the target", "GET /\x7f HTTP/1.1\r\n"),
    BAD("folded line", GET "A: b\r\n c\r\n\r\n"),
    BAD("blank line, folded", GET " A: b\r\n\r\n"),
    BAD("blank before the colon", GET "A : b\r\n\r\n"),
    BAD("no colon", GET "Host\r\n\r\n"),
    BAD("no name", GET ": b\r\n\r\n"),
    BAD("zero byte in a name", GET "A\0: b\r\n\r\n"),
    BAD("zero byte after a known name", GET "range\0x: b\r\n\r\n"),
    BAD("zero byte in a value", GET "A: \0\r\n\r\n"),
    BAD("bare CR in a value", GET "A: b\rc\r\n\r\n"),
    BAD("two CR", GET "A: b\r\r\n\r\n"),
    BAD("empty length", POST "Content-Length:\r\n\r\n"),
    BAD("blank length", POST "Content-Length: \t\r\n\r\n"),
    BAD("signed length", POST "Content-Length: +3\r\n\r\nabc"),
    BAD("negative length", POST "Content-Length: -3\r\n\r\nabc"),
    BAD("hex length", POST "Content-Length: 0x3\r\n\r\nabc"),
    BAD("list of lengths", POST "Content-Length: 3, 3\r\n\r\nabc"),
    BAD("split length", POST "Content-Length: 3 3\r\n\r\nabc"),
    BAD("two lengths", POST "Content-Length: 3\r\nContent-Length: 4\r\n"),
    BAD("same length twice", POST "Content-Length: 3\nContent-length: 3\n"),
    BAD("length over 2^53", POST "Content-Length: 9007199254740993\r\n"),
    BAD("control after eight good bytes", GET "A: 123456789\x01\r\n\r\n"),
    BAD("DEL among eight bytes", GET "A: 123\1775678901234\r\n\r\n"),
    BAD("length over 64 bits", POST "Content-Length: 18446744073709551616\r\n"),
    BAD("length that wraps", POST "Content-Length: 18446744073709551615\n\n"),

    {.name = "Transfer-Encoding",
	.bytes = POST "transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
	.verdict = REQUEST_LENGTH_REQUIRED},
    {.name = "Transfer-Encoding and a length",
	.bytes = POST "Content-Length: 3\r\nTransfer-Encoding: x\r\n\r\nabc",
	.verdict = REQUEST_LENGTH_REQUIRED},
    {.name = "CONNECT",
	.bytes = "CONNECT a:1 HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_METHOD},
    {.name = "nearly CONNECT",
	.bytes = "CONNECTS a:1 HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 25,
	.target = "a:1"},
    {.name = "tabs and high bytes in a value",
	.bytes = GET "Referer:\t123\t5678\xc3\xa4\tabcdefgh\r\n\r\n",
	.verdict = REQUEST_PASS,
	.head = 48,
	.target = "/",
	PLAIN},
};
// clang-format on

TEST_LOOP(http_requests, 0, sizeof(http_cases) / sizeof(http_cases[0]))
{
	expect_any_cut(&http, &http_cases[_i]);
}

/* The head below is 18 bytes; blank lines count too. */
TEST(head_limit)
{
	struct want exact = http_cases[0];
	struct want over = {.name = "one over",
	    .bytes = GET "\r\n",
	    .verdict = REQUEST_TOO_LARGE};
	struct want blanks = {.name = "blanks",
	    .bytes = "\n\n\n\n" GET "\r\n",
	    .verdict = REQUEST_TOO_LARGE};
	struct want endless = {.name = "endless",
	    .bytes = "AAAAAAAAAAAAAAAAAAA",
	    .verdict = REQUEST_TOO_LARGE};
	struct request_conf conf = http;

	conf.head_limit_bytes = 18;
	expect_any_cut(&conf, &exact);
	expect_any_cut(&conf, &blanks);
	expect_any_cut(&conf, &endless);
	conf.head_limit_bytes = 17;
	expect_any_cut(&conf, &over);
}

/* Only the last letters of a method are kept; 256 more must not matter. */
TEST(long_method)
{
	struct request_conf conf = {
	    .kind = GATE_HTTP, .head_limit_bytes = 1000};
	static const char rest[] = "HEAD / HTTP/1.1\r\n\r\n";
	struct request g;
	int i;

	request_init(&g);
	for (i = 0; i < 256; i++)
		request_feed(&g, &conf, "A", 1);
	ck_assert_int_eq(
	    request_feed(&g, &conf, rest, sizeof(rest) - 1), REQUEST_PASS);
	ck_assert(!request_is_head(&g));
}

TEST(kind_line)
{
	static const struct want cases[] = {
	    {.name = "line", .bytes = "*IDN?\n", .verdict = REQUEST_PASS},
	    {.name = "at the limit",
		.bytes = "1234567\n",
		.verdict = REQUEST_PASS},
	    {.name = "blank line", .bytes = "\n", .verdict = REQUEST_PASS},
	    {.name = "two", .bytes = "a\nb", .verdict = REQUEST_PASS},
	    {.name = "over",
		.bytes = "12345678\n",
		.verdict = REQUEST_TOO_LARGE},
	    OPEN("nothing", "", REQUEST_EMPTY),
	    OPEN("no end", "12345678", REQUEST_PASS),
	};
	struct request_conf conf = {.kind = GATE_LINE, .head_limit_bytes = 8};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_any_cut(&conf, &cases[i]);
}

#define HEAD "\0\1\0\0\0"

TEST(kind_modbus)
{
	static const struct want cases[] = {
	    {.name = "frame",
		.bytes = HEAD "\2\1\3",
		.len = 8,
		.verdict = REQUEST_PASS},
	    {.name = "frame and more",
		.bytes = HEAD "\2\1\3\1",
		.len = 9,
		.verdict = REQUEST_PASS},
	    BAD("no Modbus", "GET / HTTP/1.1"),
	    BAD("too short", HEAD "\1\1"),
	    {.name = "nothing",
		.bytes = "",
		.verdict = REQUEST_WAIT,
		.at_eof = REQUEST_EMPTY},
	    {.name = "cut",
		.bytes = HEAD "\2\1",
		.len = 7,
		.verdict = REQUEST_WAIT,
		.at_eof = REQUEST_CUT},
	};
	struct request_conf conf = {.kind = GATE_MODBUS};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_any_cut(&conf, &cases[i]);
}

TEST(kind_data_and_none)
{
	struct request_conf data = {.kind = GATE_DATA};
	struct request_conf none = {.kind = GATE_NONE};
	struct want byte = {.name = "x", .bytes = "x", .verdict = REQUEST_PASS};
	struct want silent = OPEN("nothing", "", REQUEST_EMPTY);
	struct want open = {.name = "", .bytes = "", .verdict = REQUEST_PASS};
	struct request g;

	expect_any_cut(&data, &byte);
	expect_any_cut(&data, &silent);
	expect_any_cut(&none, &open);
	feed(&g, &data, &byte, 1, 1);
	ck_assert_uint_eq(g.request_bytes, UINT64_MAX);
	ck_assert_uint_eq(g.drop_bytes, 0);
	request_init(&g);
	ck_assert_int_eq(request_eof(&g, &none), REQUEST_PASS);
	ck_assert_int_eq(request_eof(&g, &none), REQUEST_PASS);
}
