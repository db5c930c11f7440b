/*
 * Proves that the end of a reply is seen where it is, in heads good and bad
 * and in chunks, wherever the pieces are cut.
 */
#include "policy/response.h"

#include <stdlib.h>

#include "unit.h"

struct want {
	const char *name;
	const char *bytes;
	size_t len;
	enum response_end end;
	unsigned int status;
	unsigned long long whole; /* with RESPONSE_LENGTH */
	bool to_head, shareable, stream, keeps;
	unsigned long long interim;
};

#define OK	    "HTTP/1.1 200 OK\r\n"
#define CODED	    OK "Transfer-Encoding: chunked\r\n\r\n"
#define BYTES(text) .bytes = text, .len = sizeof(text) - 1
#define ENDS_AT(at) RESPONSE_LENGTH, 200, at
#define TO_HEAD	    .to_head = true
#define STREAM	    .stream = true
#define SHARE	    .shareable = true
#define KEEPS	    .keeps = true /* the device has said that it stays */
#define UNTIL_FIN(what, text)                                                  \
	{                                                                      \
		what, BYTES(text), RESPONSE_FIN, 200                           \
	}
#define SHARED_FIN(what, text)                                                 \
	{                                                                      \
		what, BYTES(text), RESPONSE_FIN, 200, SHARE                    \
	}

static const struct want cases[] = {
    {"open", BYTES(OK "A: b\r\n"), RESPONSE_OPEN, 200},
    SHARED_FIN("no length", OK "\r\nbody"),
    {"length", BYTES(OK "Content-Length: 4\r\n\r\nbody"), ENDS_AT(42), SHARE},
    SHARED_FIN(
	"a head in the body", OK "\r\nHTTP/1.1 404\r\nSet-Cookie: x\r\n\r\n"),
    {"nine", BYTES(OK "Content-Length: 9\r\n\r\n"), ENDS_AT(47), SHARE},
    {"LF alone", BYTES("HTTP/1.0 200 OK\ncontent-length:4 \n\n"), ENDS_AT(39),
	SHARE},
    {"no reason", BYTES("HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n"),
	RESPONSE_LENGTH, 404, 35},
    SHARED_FIN("the page of the field log",
	OK "Content-Type: text/html; charset=UTF-8\r\n"
	   "Connection: close\r\nRefresh: 5\r\n"
	   "<meta name=\"robots\" content=\"noindex\" />\r\n\r\n<!D"),
    {"line without a colon before the length",
	BYTES(OK "<meta>\r\nContent-Length: 1\r\n\r\n"), ENDS_AT(47), SHARE},
    SHARED_FIN("zero byte after a name", OK "Set-Cookie\0x: y\r\n\r\n"),

    {"HEAD", BYTES(OK "Content-Length: 4\r\n\r\n"), ENDS_AT(38), TO_HEAD,
	SHARE},
    {"204", BYTES("HTTP/1.1 204 No Content\r\n\r\n"), RESPONSE_LENGTH, 204, 27},
    {"304", BYTES("HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n"),
	RESPONSE_LENGTH, 304, 36},
    {"101", BYTES("HTTP/1.1 101 \r\nUpgrade: x\r\n\r\nraw"), RESPONSE_UPGRADE,
	101, STREAM},
    {"chunked", BYTES(OK "Transfer-Encoding: chunked\r\n\r\n"),
	RESPONSE_CHUNKED, 200},
    {"chunked and a length",
	BYTES(OK "Content-Length: 4\r\ntransfer-encoding:CHUNKED\r\n\r\n"),
	RESPONSE_CHUNKED, 200},
    {"coded and chunked", BYTES(OK "Transfer-Encoding: gzip, chunked\r\n\r\n"),
	RESPONSE_CHUNKED, 200},
    {"not coded",
	BYTES(OK "Transfer-Encoding: identity\r\nContent-Length:2\r\n\r\n"),
	ENDS_AT(68), SHARE},
    {"last chunk", BYTES(CODED "0\r\n\r\n"), ENDS_AT(52)},
    {"chunks, and more", BYTES(CODED "5\r\nhello\r\n1\r\n\r\r\n0\r\n\r\nmore"),
	ENDS_AT(68)},
    {"chunks of LF lines", BYTES(CODED "3\na\nb\n0\n\n"), ENDS_AT(56)},
    {"extensions, trailers, blanks, zeros",
	BYTES(CODED "0A;x=\"y\"\r\n0123456789\r\n1 \r\nx\r\n"
		    "000 ;z\r\nX: y\r\n0\r\n\r\n"),
	ENDS_AT(95)},
    {"within a chunk", BYTES(CODED "ff\r\n0\r\n\r\n"), RESPONSE_CHUNKED, 200},
    {"within the trailers", BYTES(CODED "0\r\nX: y\r\n\r"), RESPONSE_CHUNKED,
	200},
    {"the largest chunk", BYTES(CODED "20000000000000\r\n0\r\n\r\n"),
	RESPONSE_CHUNKED, 200},
    UNTIL_FIN("chunk beyond 2^53", CODED "20000000000001\r\n0\r\n\r\n"),
    UNTIL_FIN("chunk beyond 64 bits", CODED "10000000000000000\r\n0\r\n\r\n"),
    UNTIL_FIN("chunk without a size", CODED "\r\n0\r\n\r\n"),
    UNTIL_FIN("not chunks at all", CODED "<html>\r\n0\r\n\r\n"),
    UNTIL_FIN("zero byte behind a size", CODED "1\0\r\nx\r\n0\r\n\r\n"),
    UNTIL_FIN("longer than said", CODED "1\r\nxy\r\n0\r\n\r\n"),
    UNTIL_FIN("coded only", OK "Transfer-Encoding: gzip\r\n\r\n"),
    UNTIL_FIN(
	"chunked, then coded", OK "Transfer-Encoding: chunked, gzip\r\n\r\n"),
    {"chunked to HEAD", BYTES(CODED), ENDS_AT(47), TO_HEAD},
    {"chunked in HTTP/1.0",
	BYTES("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	      "0\r\n\r\n"),
	ENDS_AT(52)},

    {"event stream",
	BYTES(OK "Content-Type: Text/Event-Stream; charset=x\r\n\r\n"),
	RESPONSE_FIN, 200, STREAM},
    {"MJPEG",
	BYTES(OK "Content-Type: multipart/x-mixed-replace;boundary=x\r\n"
		 "Transfer-Encoding: chunked\r\n\r\n"),
	RESPONSE_CHUNKED, 200, STREAM},
    {"event stream asked for by HEAD",
	BYTES(OK "Content-Type: text/event-stream\r\n\r\n"), ENDS_AT(52),
	TO_HEAD, SHARE},
    SHARED_FIN("no stream",
	OK "Content-Type: text/html; x=text/event-stream\r\n"
	   "X: text/event-stream\r\n\r\n"),

    SHARED_FIN("close", OK "Connection: x, Close\r\n\r\n"),
    SHARED_FIN("close elsewhere", OK "X: close\r\n\r\n"),
    {"HTTP/1.0 that stays",
	BYTES("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n"),
	RESPONSE_FIN, 200, KEEPS, SHARE},
    SHARED_FIN("both said", OK "Connection: keep-alive, close\r\n\r\n"),

    {"leading blank lines", BYTES("\r\n\n" OK "Content-Length:1\r\n\r\n"),
	ENDS_AT(41), SHARE},
    {"small letters", BYTES("http/1.1 200 ok\r\nContent-Length: 4\r\n\r\n"),
	ENDS_AT(42), SHARE},
    {"lines that end in LFCR",
	BYTES("HTTP/1.1 200 OK\n\rContent-Length: 5\n\r\n\rhello"), ENDS_AT(43),
	SHARE},
    {"a lone CR before a body", BYTES(OK "Content-Length: 2\r\n\r\n\rx"),
	ENDS_AT(40), SHARE},

    {"interim",
	BYTES("HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n"
	      "Transfer-Encoding: x\r\nSet-Cookie: x\r\n\r\n" OK
	      "Content-Length: 4\r\n\r\n"),
	ENDS_AT(123), SHARE, .interim = 81},
    {"interim only", BYTES("HTTP/1.1 100 Continue\r\n\r\n"), RESPONSE_OPEN, 0,
	.interim = 25},
    {"two interim, with LFCR",
	BYTES("HTTP/1.1 102 \r\n\r\nHTTP/1.1 103 \n\rA: b\n\r\n\rH"),
	RESPONSE_OPEN, 0, .interim = 40},
    {"upgraded after an interim one",
	BYTES("HTTP/1.1 100 \r\n\r\nHTTP/1.1 101 \r\n\r\nH"), RESPONSE_UPGRADE,
	101, STREAM, .interim = 17},
    {"what an interim head said is over",
	BYTES("HTTP/1.1 103 \r\nConnection: close\r\n\r\n\n" OK "\r\n"),
	RESPONSE_FIN, 200, SHARE, .interim = 36},
    {"same length twice",
	BYTES(OK "Content-Length: 4\r\nContent-Length: 04,4\r\n\r\n"),
	ENDS_AT(64), SHARE},
    {"the largest length", BYTES(OK "Content-Length: 9007199254740992\r\n\r\n"),
	ENDS_AT(9007199254741045), SHARE},

    UNTIL_FIN(
	"two lengths", OK "Content-Length: 4\r\nContent-Length: 5\r\n\r\n"),
    UNTIL_FIN("empty length", OK "Content-Length:\r\n\r\n"),
    UNTIL_FIN("empty length among others", OK "Content-Length: 4,\r\n\r\n"),
    UNTIL_FIN("list of lengths", OK "Content-Length: 4,5\r\n\r\n"),
    UNTIL_FIN("split length", OK "Content-Length: 4 4\r\n\r\n"),
    UNTIL_FIN("digits after doubt", OK "Content-Length: -4\r\n\r\n"),
    UNTIL_FIN(
	"length beyond 2^53", OK "Content-Length: 9007199254740993\r\n\r\n"),
    UNTIL_FIN("huge", OK "Content-Length: 18446744073709551620\r\n\r\n"),

    {"not HTTP", BYTES("<html>\n\nContent-Length: 3\n\n"), RESPONSE_FIN, 0},
    {"nearly HTTP", BYTES("HTTP/1.1  200 OK\r\n\r\n"), RESPONSE_FIN, 0},
    {"short status", BYTES("HTTP/1.1 20\r\n\r\n"), RESPONSE_FIN, 0},

    UNTIL_FIN("Set-Cookie", OK "set-cookie: x\r\n\r\n"),
    UNTIL_FIN("Vary", OK "VARY: x\r\n\r\n"),
    UNTIL_FIN("Content-Encoding", OK "Content-Encoding:gzip\r\n\r\n"),
    UNTIL_FIN("private", OK "Cache-Control: private\r\n\r\n"),
    UNTIL_FIN("no-store among others",
	OK "Cache-Control: max-age=0,No-Store, x\r\n\r\n"),
    UNTIL_FIN(
	"private to a field", OK "Cache-Control: x, private=\"y\"\r\n\r\n"),
    SHARED_FIN("other directives",
	OK "Cache-Control: no-cache, privates, no-stor\r\n\r\n"),
    SHARED_FIN("directive elsewhere", OK "X: private\r\n\r\n"),
};

static void check(const struct want *w, const struct response *r, size_t cut)
{
	uint64_t whole = w->end == RESPONSE_LENGTH ? w->whole : UINT64_MAX;

	ck_assert_msg(r->end == w->end && r->status == w->status &&
			  r->whole_bytes == whole,
	    "%s, cut at %zu: end %d, status %u, whole %llu", w->name, cut,
	    r->end, r->status, (unsigned long long)r->whole_bytes);
	ck_assert_msg(r->interim_bytes == w->interim,
	    "%s, cut at %zu: interim %llu", w->name, cut,
	    (unsigned long long)r->interim_bytes);
	ck_assert_msg(response_is_shareable(r) == w->shareable &&
			  r->is_stream == w->stream &&
			  r->said_keep_alive == w->keeps,
	    "%s, cut at %zu: shareable %d, stream %d, keep-alive %d", w->name,
	    cut, response_is_shareable(r), r->is_stream, r->said_keep_alive);
}

/* Feeds `first` bytes, then `rest` at a time or, if it is 0, random sizes. */
static void expect(const struct want *w, size_t first, size_t rest)
{
	size_t piece = first;
	struct response r;

	response_init(&r, w->to_head);
	response_feed(&r, NULL, 0);
	for (size_t at = 0; at < w->len; at += piece) {
		if (at > 0)
			piece = rest ? rest : 1 + (size_t)random() % 12;
		if (piece > w->len - at)
			piece = w->len - at;
		response_feed(&r, w->bytes + at, piece);
	}
	check(w, &r, first);
}

TEST_ROWS(a_reply_ends_wherever_it_is_cut, cases)
{
	for (size_t cut = 1; cut <= row->len; cut++)
		expect(row, cut, row->len);
	expect(row, 1, 1);
	for (size_t round = 0; round < 100; round++)
		expect(row, 1 + round % 7, 0);
}

/* Behind a known end nothing changes, and a body of known length is not
 * looked at. */
TEST(nothing_is_read_beyond_the_end)
{
	static const char head[] = OK "Content-Length: 4\r\n\r\n";
	static const char body[] = "HTTP/1.1 404 x\r\n\r\n";
	struct response r;

	response_init(&r, false);
	response_feed(&r, head, sizeof(head) - 1);
	ck_assert_int_eq(
	    response_feed(&r, body, sizeof(body) - 1), RESPONSE_LENGTH);
	ck_assert_uint_eq(r.whole_bytes, sizeof(head) - 1 + 4);
	ck_assert_uint_eq(r.status, 200);
	/* An address that must not be read. */
	response_feed(&r, (const char *)16, 1u << 20);
}
