/*
 * Proves that the gate gives each request its verdict, wherever the pieces
 * are cut: every case is fed whole, byte by byte, at every single cut, and in
 * pieces of random sizes.
 */
#include "request_fixture.h"

#define BAD(what, text)                                                        \
	{                                                                      \
		what, BYTES(text), REQUEST_BAD                                 \
	}
#define OPEN(what, text, eof)                                                  \
	{                                                                      \
		what, BYTES(text), REQUEST_WAIT, eof                           \
	}
#define UNSHARED(field)                                                        \
	{                                                                      \
		field, BYTES(GET field "\r\n\r\n"),                            \
		    PASS(18 + sizeof(field) + 1, "/"), SAFE                    \
	}

static const struct want cases[] = {
    {"plain", BYTES(GET "\r\n"), PASS(18, "/"), PLAIN},
    {"LF alone", BYTES("GET /a HTTP/1.0\n\n"), PASS(17, "/a"), PLAIN},
    {"LF and CRLF mixed", BYTES("GET / HTTP/1.1\nA: b\r\n\n"), PASS(22, "/"),
	SAFE},
    {"bytes beyond the head", BYTES(GET "\r\nGET /b"), PASS(18, "/"), PLAIN},
    {"leading blank lines", BYTES("\r\n\n\r\n" GET "\r\n"), PASS(18, "/"),
	PLAIN, .drop = 5},
    {"longer target", BYTES("GET /a?b=c;d%20 HTTP/1.9\r\n\r\n"),
	PASS(28, "/a?b=c;d%20"), SHARE},
    {"raw UTF-8 target", BYTES("GET /\xc3\xa4 HTTP/1.1\r\n\r\n"),
	PASS(20, "/\xc3\xa4"), PLAIN},
    {"query of nothing", BYTES("GET /? HTTP/1.1\r\n\r\n"), PASS(19, "/?"),
	SHARE},
    {"HEAD", BYTES("HEAD / HTTP/1.1\r\n\r\n"), PASS(19, "/"), SAFE,
	.is_head = true},
    {"HEAD with a query", BYTES("HEAD /?a HTTP/1.1\r\n\r\n"), PASS(21, "/?a"),
	.is_head = true},
    {"not HEAD", BYTES("AHEAD / HTTP/1.1\r\n\r\n"), PASS(20, "/")},
    {"method in small letters", BYTES("get / HTTP/1.1\r\n\r\n"), PASS(18, "/")},
    {"any token", BYTES("Zz!9 / HTTP/1.1\r\naz-AZ^_: b\r\n\r\n"),
	PASS(31, "/")},
    {"empty value", BYTES(GET "Host:\r\n\r\n"), PASS(25, "/"), PLAIN},
    {"Host", BYTES(GET "hOST: \td:80 \t\r\n\r\n"), PASS(33, "/"), PLAIN,
	.host = "d:80"},
    {"Host without a blank", BYTES("\n" GET "Host:a\n\n"), PASS(24, "/"), PLAIN,
	.drop = 1, .host = "a"},
    {"Host of words", BYTES(GET "Host:a  b\r\n\r\n"), PASS(29, "/"), PLAIN,
	.host = "a  b"},
    {"two Hosts", BYTES(GET "Host:a\r\nHost:b\r\n\r\n"), PASS(34, "/"), SAFE,
	.host = "a"},
    {"all that makes no difference",
	BYTES(GET "Accept:*/*\r\naccept-foo:x\r\nUser-Agent:x\r\n"
		  "Connection:close\r\nCache-Control:no-cache\r\n"
		  "Referer:x\r\nDNT:1\r\nSec-Fetch-Mode:x\r\n"
		  "Upgrade-Insecure-Requests:1\r\n\r\n"),
	PASS(165, "/"), PLAIN},
    UNSHARED("AUTHORIZATION: x"),
    UNSHARED("cookie:x"),
    UNSHARED("Range:bytes=0-"),
    UNSHARED("If-None-Match:x"),
    UNSHARED("Accepted:x"),
    UNSHARED("Accep:x"),
    UNSHARED("Sec:x"),
    UNSHARED("Upgrade-Insecure-Requestsx:1"),
    UNSHARED("Upgrade-Insecure-Requests-And-More:1"),
    UNSHARED("X:1"),
    UNSHARED("Content-Length: 0"),
    {"Upgrade", BYTES(GET "Upgrade: websocket\r\n\r\n"), PASS(38, "/"), SAFE,
	.upgrade = true},

    {"no body", BYTES(POST "Content-Length: 0\r\n\r\n"), PASS(38, "/")},
    {"whole body", BYTES(POST "Content-Length: 3 \t\r\n\r\nabc"), PASS(40, "/"),
	.body = 3},
    {"body of GET", BYTES(GET "content-LENGTH:\t3\r\n\r\nabc"), PASS(37, "/"),
	SAFE, .body = 3},
    {"body after blank lines", BYTES("\n\n" POST "Content-Length:3\r\n\r\nabc"),
	PASS(37, "/"), .drop = 2, .body = 3},
    {"body at its limit",
	BYTES(POST "Content-Length: 20\r\n\r\n12345678901234567890"),
	PASS(39, "/"), .body = 20},
    {"body over its limit", BYTES(POST "Content-Length: 21\r\n\r\n"),
	PASS(39, "/"), .body = 21},
    {"huge body", BYTES(POST "Content-Length: 9007199254740992\r\n\r\n"),
	PASS(53, "/"), .body = 9007199254740992ull},
    {"zeros before a length",
	BYTES(POST "Content-Length: 0000000000000000000000003\r\n\r\nabc"),
	PASS(62, "/"), .body = 3},

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

    {"Transfer-Encoding",
	BYTES(POST "transfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
	REQUEST_LENGTH_REQUIRED},
    {"Transfer-Encoding and a length",
	BYTES(POST "Content-Length: 3\r\nTransfer-Encoding: x\r\n\r\nabc"),
	REQUEST_LENGTH_REQUIRED},
    {"CONNECT", BYTES("CONNECT a:1 HTTP/1.1\r\n\r\n"), REQUEST_METHOD},
    {"nearly CONNECT", BYTES("CONNECTS a:1 HTTP/1.1\r\n\r\n"), PASS(25, "a:1")},
    {"tabs and high bytes in a value",
	BYTES(GET "Referer:\t123\t5678\xc3\xa4\tabcdefgh\r\n\r\n"),
	PASS(48, "/"), PLAIN},
};

TEST_ROWS(an_http_request, cases)
{
	expect_any_cut(row);
}

/* The head is 18 bytes; blank lines count too. */
static const struct request_conf room_for_18 = {
    .kind = GATE_HTTP, .head_limit_bytes = 18};
static const struct request_conf room_for_17 = {
    .kind = GATE_HTTP, .head_limit_bytes = 17};
static const struct request_conf room_for_1000 = {
    .kind = GATE_HTTP, .head_limit_bytes = 1000};
static const struct request_conf line = {
    .kind = GATE_LINE, .head_limit_bytes = 8};
static const struct request_conf modbus = {.kind = GATE_MODBUS};
static const struct request_conf data = {.kind = GATE_DATA};
static const struct request_conf none = {.kind = GATE_NONE};

/* Only the last letters of a method are kept; 256 more must not matter. */
#define A16   "AAAAAAAAAAAAAAAA"
#define A64   A16 A16 A16 A16
#define A256  A64 A64 A64 A64
#define FRAME "\0\1\0\0\0"

static const struct want kinds[] = {
    {"exact", BYTES(GET "\r\n"), PASS(18, "/"), PLAIN, .conf = &room_for_18},
    {"over", BYTES(GET "\r\n"), REQUEST_TOO_LARGE, .conf = &room_for_17},
    {"open at the limit", BYTES(GET "A:"), REQUEST_WAIT, REQUEST_CUT,
	&room_for_18},
    {"blanks", BYTES("\n\n\n\n" GET "\r\n"), REQUEST_TOO_LARGE,
	.conf = &room_for_18},
    {"endless", BYTES("AAAAAAAAAAAAAAAAAAA"), REQUEST_TOO_LARGE,
	.conf = &room_for_18},
    {"ends in HEAD", BYTES(A256 "HEAD / HTTP/1.1\n\n"), PASS(273, "/"),
	.conf = &room_for_1000},

    {"line", BYTES("*IDN?\n"), REQUEST_PASS, .conf = &line},
    {"line at the limit", BYTES("1234567\n"), REQUEST_PASS, .conf = &line},
    {"blank line", BYTES("\n"), REQUEST_PASS, .conf = &line},
    {"two lines", BYTES("a\nb"), REQUEST_PASS, .conf = &line},
    {"line over the limit", BYTES("12345678\n"), REQUEST_TOO_LARGE,
	.conf = &line},
    {"no line", BYTES(""), REQUEST_WAIT, REQUEST_EMPTY, &line},
    {"no end of line", BYTES("12345678"), REQUEST_WAIT, REQUEST_PASS, &line},

    {"frame", BYTES(FRAME "\2\1\3"), REQUEST_PASS, .conf = &modbus},
    {"frame and more", BYTES(FRAME "\2\1\3\1"), REQUEST_PASS, .conf = &modbus},
    {"no Modbus", BYTES("GET / HTTP/1.1"), REQUEST_BAD, .conf = &modbus},
    {"frame too short", BYTES(FRAME "\1\1"), REQUEST_BAD, .conf = &modbus},
    {"no frame", BYTES(""), REQUEST_WAIT, REQUEST_EMPTY, &modbus},
    {"frame cut", BYTES(FRAME "\2\1"), REQUEST_WAIT, REQUEST_CUT, &modbus},

    {"data", BYTES("x"), REQUEST_PASS, .conf = &data},
    {"no data", BYTES(""), REQUEST_WAIT, REQUEST_EMPTY, &data},
    {"none", BYTES(""), REQUEST_PASS, .conf = &none},
};

TEST_ROWS(a_limit_or_another_kind, kinds)
{
	expect_any_cut(row);
}

TEST(data_has_no_end_and_none_needs_no_byte)
{
	struct request g;

	ck_assert_int_eq(feed_whole(&g, &data, "x", 1), REQUEST_PASS);
	ck_assert_uint_eq(g.request_bytes, UINT64_MAX);
	ck_assert_uint_eq(g.drop_bytes, 0);
	request_init(&g);
	ck_assert_int_eq(request_eof(&g, &none), REQUEST_PASS);
	ck_assert_int_eq(request_eof(&g, &none), REQUEST_PASS);
}
