/*
 * Proves that the gate gives each request its verdict, wherever the pieces
 * are cut: every case is fed whole, byte by byte, at every single cut, and in
 * pieces of random sizes.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/request.h"
#include "unit.h"

struct want {
	const char *name;
	const char *bytes;
	size_t len; /* 0: bytes is a string */
	enum request_verdict verdict;
	enum request_verdict at_eof; /* asked when the verdict is REQUEST_WAIT */
	const char *target;
	unsigned int drop;
	unsigned int head;
	unsigned long long body; /* announced */
	const char *host;
	bool shareable, upgrade, is_head, safe;
};

#define GET  "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\n"
#define BAD(what, text)                                                        \
	{                                                                      \
		.name = what, .bytes = text, .len = sizeof(text) - 1,          \
		.verdict = REQUEST_BAD                                            \
	}
#define OPEN(what, text, eof)                                                  \
	{                                                                      \
		.name = what, .bytes = text, .verdict = REQUEST_WAIT,             \
		.at_eof = eof                                                  \
	}

static const struct request_conf http = {
    .kind = GATE_HTTP, .head_limit_bytes = 200, .body_limit_bytes = 20};

/* A GET without a query and with ordinary fields only. */
#define PLAIN .shareable = true, .safe = true

static const struct want http_cases[] = {
    {.name = "plain", .bytes = GET "\r\n", .verdict = REQUEST_PASS, .head = 18,
	.target = "/", PLAIN},
    {.name = "LF alone", .bytes = "GET /a HTTP/1.0\n\n", .verdict = REQUEST_PASS,
	.head = 17, .target = "/a", PLAIN},
    {.name = "LF and CRLF mixed", .bytes = "GET / HTTP/1.1\nA: b\r\n\n",
	.verdict = REQUEST_PASS, .head = 22, .target = "/", .safe = true},
    {.name = "bytes beyond the head", .bytes = GET "\r\nGET /b",
	.verdict = REQUEST_PASS, .head = 18, .target = "/", PLAIN},
    {.name = "leading blank lines", .bytes = "\r\n\n\r\n" GET "\r\n",
	.verdict = REQUEST_PASS, .drop = 5, .head = 18, .target = "/",
	PLAIN},
    {.name = "longer target", .bytes = "GET /a?b=c;d%20 HTTP/1.9\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 28, .target = "/a?b=c;d%20",
	.shareable = true},
    {.name = "raw UTF-8 target", .bytes = "GET /\xc3\xa4 HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 20, .target = "/\xc3\xa4", PLAIN},
    {.name = "query of nothing", .bytes = "GET /? HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 19, .target = "/?",
	.shareable = true},
    {.name = "HEAD", .bytes = "HEAD / HTTP/1.1\r\n\r\n", .verdict = REQUEST_PASS,
	.head = 19, .target = "/", .is_head = true, .safe = true},
    {.name = "HEAD with a query", .bytes = "HEAD /?a HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 21, .target = "/?a",
	.is_head = true},
    {.name = "not HEAD", .bytes = "AHEAD / HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 20, .target = "/"},
    {.name = "method in small letters", .bytes = "get / HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 18, .target = "/"},
    {.name = "any token", .bytes = "Zz!9 / HTTP/1.1\r\naz-AZ^_: b\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 31, .target = "/"},
    {.name = "empty value", .bytes = GET "Host:\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 25, .target = "/", PLAIN},
    {.name = "Host", .bytes = GET "hOST: \td:80 \t\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 33, .target = "/", .host = "d:80",
	PLAIN},
    {.name = "Host without a blank", .bytes = "\n" GET "Host:a\n\n",
	.verdict = REQUEST_PASS, .drop = 1, .head = 24, .target = "/",
	.host = "a", PLAIN},
    {.name = "Host of words", .bytes = GET "Host:a  b\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 29, .target = "/", .host = "a  b",
	PLAIN},
    {.name = "two Hosts", .bytes = GET "Host:a\r\nHost:b\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 34, .target = "/", .host = "a",
	.safe = true},
    {.name = "all that makes no difference",
	.bytes = GET "Accept:*/*\r\naccept-foo:x\r\nUser-Agent:x\r\n"
		     "Connection:close\r\nCache-Control:no-cache\r\n"
		     "Referer:x\r\nDNT:1\r\nSec-Fetch-Mode:x\r\n"
		     "Upgrade-Insecure-Requests:1\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 165, .target = "/", PLAIN},
#define UNSHARED(text, len)                                                    \
	{                                                                      \
		.name = text, .bytes = GET text "\r\n\r\n",                    \
		.verdict = REQUEST_PASS, .head = 18 + (len) + 2, .target = "/", \
		.safe = true                                                   \
	}
    UNSHARED("AUTHORIZATION: x", 16), UNSHARED("cookie:x", 8),
    UNSHARED("Range:bytes=0-", 14), UNSHARED("If-None-Match:x", 15),
    UNSHARED("Accepted:x", 10), UNSHARED("Accep:x", 7),
    UNSHARED("Sec:x", 5), UNSHARED("Upgrade-Insecure-Requestsx:1", 28),
    UNSHARED("Upgrade-Insecure-Requests-And-More:1", 36),
    UNSHARED("X:1", 3), UNSHARED("Content-Length: 0", 17),
    {.name = "Upgrade", .bytes = GET "Upgrade: websocket\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 38, .target = "/", .upgrade = true,
	.safe = true},

    {.name = "no body", .bytes = POST "Content-Length: 0\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 38, .target = "/"},
    {.name = "whole body", .bytes = POST "Content-Length: 3 \t\r\n\r\nabc",
	.verdict = REQUEST_PASS, .head = 40, .body = 3, .target = "/"},
    {.name = "body of GET", .bytes = GET "content-LENGTH:\t3\r\n\r\nabc",
	.verdict = REQUEST_PASS, .head = 37, .body = 3, .target = "/",
	.safe = true},
    {.name = "body after blank lines",
	.bytes = "\n\n" POST "Content-Length:3\r\n\r\nabc",
	.verdict = REQUEST_PASS, .drop = 2, .head = 37, .body = 3, .target = "/"},
    {.name = "body at its limit",
	.bytes = POST "Content-Length: 20\r\n\r\n12345678901234567890",
	.verdict = REQUEST_PASS, .head = 39, .body = 20, .target = "/"},
    {.name = "body over its limit", .bytes = POST "Content-Length: 21\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 39, .body = 21, .target = "/"},
    {.name = "huge body",
	.bytes = POST "Content-Length: 9007199254740992\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 53, .body = 9007199254740992ull,
	.target = "/"},
    {.name = "zeros before a length",
	.bytes = POST "Content-Length: 0000000000000000000000003\r\n\r\nabc",
	.verdict = REQUEST_PASS, .head = 62, .body = 3, .target = "/"},

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
    {.name = "CONNECT", .bytes = "CONNECT a:1 HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_METHOD},
    {.name = "nearly CONNECT", .bytes = "CONNECTS a:1 HTTP/1.1\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 25, .target = "a:1"},
    {.name = "tabs and high bytes in a value",
	.bytes = GET "Referer:\t123\t5678\xc3\xa4\tabcdefgh\r\n\r\n",
	.verdict = REQUEST_PASS, .head = 48, .target = "/", PLAIN},
};

static size_t length_of(const struct want *w)
{
	return w->len ? w->len : strlen(w->bytes);
}

/* Feeds w->bytes in pieces: `first` bytes, then `rest` at a time, or, if that
 * is 0, in random sizes. */
static enum request_verdict feed(struct request *g,
    const struct request_conf *conf, const struct want *w, size_t first,
    size_t rest)
{
	size_t len = length_of(w), at, piece = first;

	request_init(g);
	request_feed(g, conf, NULL, 0);
	for (at = 0; at < len; at += piece,
	    piece = rest ? rest : 1 + (size_t)random() % 12) {
		if (piece > len - at)
			piece = len - at;
		request_feed(g, conf, w->bytes + at, piece);
	}
	return request_feed(g, conf, NULL, 0);
}

static void expect(struct request *g, const struct request_conf *conf,
    const struct want *w, size_t first, size_t rest)
{
	enum request_verdict verdict = feed(g, conf, w, first, rest);

	ck_assert_msg(verdict == w->verdict, "%s, cut at %zu: verdict %d",
	    w->name, first, verdict);
	if (verdict == REQUEST_WAIT)
		ck_assert_msg(request_eof(g, conf) == w->at_eof, "%s: at EOF %d",
		    w->name, request_eof(g, conf));
	if (verdict != REQUEST_PASS || conf->kind != GATE_HTTP)
		return;
	ck_assert_msg(g->drop_bytes == w->drop && g->head_bytes == w->head &&
		g->request_bytes == w->head + w->body,
	    "%s: drop %u head %u request %llu", w->name, g->drop_bytes,
	    g->head_bytes, (unsigned long long)g->request_bytes);
	ck_assert_msg(g->target_bytes == strlen(w->target) &&
		memcmp(w->bytes + w->drop + g->target_at, w->target,
		    g->target_bytes) == 0,
	    "%s: target %u+%u", w->name, g->target_at, g->target_bytes);
	ck_assert_msg(g->host_bytes == (w->host ? strlen(w->host) : 0) &&
		(!w->host ||
		    memcmp(w->bytes + w->drop + g->host_at, w->host,
			g->host_bytes) == 0),
	    "%s: host %u+%u", w->name, g->host_at, g->host_bytes);
	ck_assert_msg(request_is_shareable(g) == w->shareable &&
		request_wants_upgrade(g) == w->upgrade &&
		request_is_head(g) == w->is_head &&
		request_is_safe(g) == w->safe,
	    "%s: shareable %d upgrade %d head %d safe %d", w->name,
	    request_is_shareable(g), request_wants_upgrade(g),
	    request_is_head(g), request_is_safe(g));
}

static void expect_any_cut(const struct request_conf *conf, const struct want *w)
{
	size_t len = length_of(w), cut;
	struct request g;

	for (cut = 0; cut <= len; cut++)
		expect(&g, conf, w, cut, len);
	expect(&g, conf, w, 1, 1);
	for (cut = 0; cut < 100; cut++)
		expect(&g, conf, w, 1 + cut % 7, 0);
}

START_TEST(http_requests)
{
	expect_any_cut(&http, &http_cases[_i]);
}
END_TEST

/* The head below is 18 bytes; blank lines count too. */
START_TEST(head_limit)
{
	struct want exact = http_cases[0];
	struct want over = {.name = "one over", .bytes = GET "\r\n",
	    .verdict = REQUEST_TOO_LARGE};
	struct want blanks = {.name = "blanks", .bytes = "\n\n\n\n" GET "\r\n",
	    .verdict = REQUEST_TOO_LARGE};
	struct want endless = {.name = "endless", .bytes = "AAAAAAAAAAAAAAAAAAA",
	    .verdict = REQUEST_TOO_LARGE};
	struct request_conf conf = http;

	conf.head_limit_bytes = 18;
	expect_any_cut(&conf, &exact);
	expect_any_cut(&conf, &blanks);
	expect_any_cut(&conf, &endless);
	conf.head_limit_bytes = 17;
	expect_any_cut(&conf, &over);
}
END_TEST

/* Only the last letters of a method are kept; 256 more must not matter. */
START_TEST(long_method)
{
	struct request_conf conf = {.kind = GATE_HTTP, .head_limit_bytes = 1000};
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
END_TEST

START_TEST(kind_line)
{
	static const struct want cases[] = {
	    {.name = "line", .bytes = "*IDN?\n", .verdict = REQUEST_PASS},
	    {.name = "at the limit", .bytes = "1234567\n",
		.verdict = REQUEST_PASS},
	    {.name = "blank line", .bytes = "\n", .verdict = REQUEST_PASS},
	    {.name = "two", .bytes = "a\nb", .verdict = REQUEST_PASS},
	    {.name = "over", .bytes = "12345678\n", .verdict = REQUEST_TOO_LARGE},
	    OPEN("nothing", "", REQUEST_EMPTY),
	    OPEN("no end", "12345678", REQUEST_PASS),
	};
	struct request_conf conf = {.kind = GATE_LINE, .head_limit_bytes = 8};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_any_cut(&conf, &cases[i]);
}
END_TEST

#define HEAD "\0\1\0\0\0"

START_TEST(kind_modbus)
{
	static const struct want cases[] = {
	    {.name = "frame", .bytes = HEAD "\2\1\3", .len = 8,
		.verdict = REQUEST_PASS},
	    {.name = "frame and more", .bytes = HEAD "\2\1\3\1", .len = 9,
		.verdict = REQUEST_PASS},
	    BAD("no Modbus", "GET / HTTP/1.1"),
	    BAD("too short", HEAD "\1\1"),
	    {.name = "nothing", .bytes = "", .verdict = REQUEST_WAIT,
		.at_eof = REQUEST_EMPTY},
	    {.name = "cut", .bytes = HEAD "\2\1", .len = 7,
		.verdict = REQUEST_WAIT, .at_eof = REQUEST_CUT},
	};
	struct request_conf conf = {.kind = GATE_MODBUS};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_any_cut(&conf, &cases[i]);
}
END_TEST

START_TEST(kind_data_and_none)
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
}
END_TEST

/* Who is late with a request, and who has never begun one? */
START_TEST(began)
{
	struct request g;

	request_init(&g);
	ck_assert(!request_began(&g));
	request_feed(&g, &http, "\r\n\r", 3);
	ck_assert(!request_began(&g));
	request_feed(&g, &http, "\nG", 2);
	ck_assert(request_began(&g));
}
END_TEST

/* A body that waits beyond the head limit is waited for all the same. */
START_TEST(body_beyond_head_limit)
{
	struct request_conf conf = {.kind = GATE_HTTP, .head_limit_bytes = 64,
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
END_TEST

/* Asked for at the end of the head, once, where a body is awaited and none of
 * it has come. */
START_TEST(body_asked_for)
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
		ck_assert_int_eq(request_feed(&g, &http, head + i, 1), REQUEST_WAIT);
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
END_TEST

#define WORD(s) {s, sizeof(s) - 1}

/* What is configured decides at the end of the head. */
START_TEST(by_setting)
{
	static const struct request_conf conf = {.kind = GATE_HTTP,
	    .head_limit_bytes = 200, .body_limit_bytes = 20,
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
	    {"GET /a HTTP/1.1\r\nContent-Length:31\n\n",
		REQUEST_BODY_TOO_LARGE, 0},
	};
	struct request g;
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct want w = {.name = cases[i].bytes,
		    .bytes = cases[i].bytes};

		for (k = 0; k < 200; k++) {
			ck_assert_msg(feed(&g, &conf, &w, k % 50, k / 50) ==
				cases[i].verdict,
			    "%s: verdict %d", w.name, g.verdict);
			ck_assert_int_eq(g.answer_status, cases[i].status);
		}
	}
}
END_TEST

/* The last place of a full list counts as the first does. */
START_TEST(full_lists)
{
	static const char get[] = "GET /16 HTTP/1.1\r\n\r\n";
	struct request_conf conf = {.kind = GATE_HTTP, .head_limit_bytes = 200,
	    .method_count = REQUEST_LIST_MAX, .answer_count = REQUEST_LIST_MAX};
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
	ck_assert_int_eq(request_feed(&g, &conf, get, sizeof(get) - 1),
	    REQUEST_ANSWER);
	ck_assert_int_eq(g.answer_status, 410);
}
END_TEST

START_TEST(allow)
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
END_TEST

int main(void)
{
	Suite *s = suite_create("request");
	TCase *t = unit_case(s, "request");

	tcase_add_loop_test(t, http_requests, 0,
	    sizeof(http_cases) / sizeof(http_cases[0]));
	tcase_add_test(t, head_limit);
	tcase_add_test(t, long_method);
	tcase_add_test(t, kind_line);
	tcase_add_test(t, kind_modbus);
	tcase_add_test(t, kind_data_and_none);
	tcase_add_test(t, began);
	tcase_add_test(t, body_beyond_head_limit);
	tcase_add_test(t, body_asked_for);
	tcase_add_test(t, by_setting);
	tcase_add_test(t, full_lists);
	tcase_add_test(t, allow);
	return unit_run(s);
}
