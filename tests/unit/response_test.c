/*
 * Proves that the end of a reply is seen where it is, in heads good and bad
 * and in chunks, wherever the pieces are cut.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/response.h"
#include "unit.h"

struct want {
	const char *name;
	const char *bytes;
	size_t len; /* 0: bytes is a string */
	enum response_end end;
	unsigned int status;
	unsigned long long whole;
	bool to_head, shareable, stream, keeps;
};

#define OK    "HTTP/1.1 200 OK\r\n"
#define SHARE .shareable = true
#define KEEPS .keeps = true /* the device has said that it stays */
#define CODED OK "Transfer-Encoding: chunked\r\n\r\n"
#define UNTIL_FIN(what, text)                                                  \
	{                                                                      \
		.name = what, .bytes = text, .end = RESPONSE_FIN,              \
		.status = 200                                                  \
	}

static const struct want cases[] = {
    {.name = "open",
	.bytes = OK "A: b\r\n",
	.end = RESPONSE_OPEN,
	.status = 200},
    {.name = "no length",
	.bytes = OK "\r\nbody",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},
    {.name = "length",
	.bytes = OK "Content-Length: 4\r\n\r\nbody",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 42,
	SHARE},
    {.name = "a head in the body",
	.bytes = OK "\r\nHTTP/1.1 404\r\nSet-Cookie: x\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},
    {.name = "nine",
	.bytes = OK "Content-Length: 9\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 47,
	SHARE},
    {.name = "LF alone",
	.bytes = "HTTP/1.0 200 OK\ncontent-length:4 \n\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 39,
	SHARE},
    {.name = "no reason",
	.bytes = "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 404,
	.whole = 35},
    {.name = "the page of the field log",
	.bytes = OK "Content-Type: text/html; charset=UTF-8\r\n"
		    "Connection: close\r\nRefresh: 5\r\n"
		    "<meta name=\"robots\" content=\"noindex\" />\r\n\r\n<!D",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},
    {.name = "line without a colon before the length",
	.bytes = OK "<meta>\r\nContent-Length: 1\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 47,
	SHARE},
    {.name = "zero byte after a name",
	.bytes = OK "Set-Cookie\0x: y\r\n\r\n",
	.len = 36,
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},

    {.name = "HEAD",
	.bytes = OK "Content-Length: 4\r\n\r\n",
	.to_head = true,
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 38,
	SHARE},
    {.name = "204",
	.bytes = "HTTP/1.1 204 No Content\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 204,
	.whole = 27},
    {.name = "304",
	.bytes = "HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 304,
	.whole = 36},
    {.name = "101",
	.bytes = "HTTP/1.1 101 \r\nUpgrade: x\r\n\r\nraw",
	.end = RESPONSE_UPGRADE,
	.status = 101,
	.stream = true},
    {.name = "chunked",
	.bytes = OK "Transfer-Encoding: chunked\r\n\r\n",
	.end = RESPONSE_CHUNKED,
	.status = 200},
    {.name = "chunked and a length",
	.bytes = OK "Content-Length: 4\r\ntransfer-encoding:CHUNKED\r\n\r\n",
	.end = RESPONSE_CHUNKED,
	.status = 200},
    {.name = "coded and chunked",
	.bytes = OK "Transfer-Encoding: gzip, chunked\r\n\r\n",
	.end = RESPONSE_CHUNKED,
	.status = 200},
    {.name = "not coded",
	.bytes = OK "Transfer-Encoding: identity\r\nContent-Length:2\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 68,
	SHARE},
    {.name = "last chunk",
	.bytes = CODED "0\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 52},
    {.name = "chunks, and more",
	.bytes = CODED "5\r\nhello\r\n1\r\n\r\r\n0\r\n\r\nmore",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 68},
    {.name = "chunks of LF lines",
	.bytes = CODED "3\na\nb\n0\n\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 56},
    {.name = "extensions, trailers, blanks, zeros",
	.bytes = CODED "0A;x=\"y\"\r\n0123456789\r\n1 \r\nx\r\n"
		       "000 ;z\r\nX: y\r\n0\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 95},
    {.name = "within a chunk",
	.bytes = CODED "ff\r\n0\r\n\r\n",
	.end = RESPONSE_CHUNKED,
	.status = 200},
    {.name = "within the trailers",
	.bytes = CODED "0\r\nX: y\r\n\r",
	.end = RESPONSE_CHUNKED,
	.status = 200},
    {.name = "the largest chunk",
	.bytes = CODED "20000000000000\r\n0\r\n\r\n",
	.end = RESPONSE_CHUNKED,
	.status = 200},
    UNTIL_FIN("chunk beyond 2^53", CODED "20000000000001\r\n0\r\n\r\n"),
    UNTIL_FIN("chunk beyond 64 bits", CODED "10000000000000000\r\n0\r\n\r\n"),
    UNTIL_FIN("chunk without a size", CODED "\r\n0\r\n\r\n"),
    UNTIL_FIN("not chunks at all", CODED "<html>\r\n0\r\n\r\n"),
    {.name = "zero byte behind a size",
	.bytes = CODED "1\0\r\nx\r\n0\r\n\r\n",
	.len = 59,
	.end = RESPONSE_FIN,
	.status = 200},
    UNTIL_FIN("longer than said", CODED "1\r\nxy\r\n0\r\n\r\n"),
    UNTIL_FIN("coded only", OK "Transfer-Encoding: gzip\r\n\r\n"),
    UNTIL_FIN(
	"chunked, then coded", OK "Transfer-Encoding: chunked, gzip\r\n\r\n"),
    {.name = "chunked to HEAD",
	.bytes = CODED,
	.to_head = true,
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 47},
    {.name = "chunked in HTTP/1.0",
	.bytes = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "0\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 52},

    {.name = "event stream",
	.bytes = OK "Content-Type: Text/Event-Stream; charset=x\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200,
	.stream = true},
    {.name = "MJPEG",
	.bytes = OK "Content-Type: multipart/x-mixed-replace;boundary=x\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n",
	.end = RESPONSE_CHUNKED,
	.status = 200,
	.stream = true},
    {.name = "event stream asked for by HEAD",
	.to_head = true,
	.bytes = OK "Content-Type: text/event-stream\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 52,
	SHARE},
    {.name = "no stream",
	.bytes = OK "Content-Type: text/html; x=text/event-stream\r\n"
		    "X: text/event-stream\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},

    {.name = "close",
	.bytes = OK "Connection: x, Close\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},
    {.name = "close elsewhere",
	.bytes = OK "X: close\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},
    {.name = "HTTP/1.0 that stays",
	.bytes = "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE,
	KEEPS},
    {.name = "both said",
	.bytes = OK "Connection: keep-alive, close\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},

    {.name = "leading blank lines",
	.bytes = "\r\n\n" OK "Content-Length:1\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 41,
	SHARE},
    {.name = "small letters",
	.bytes = "http/1.1 200 ok\r\nContent-Length: 4\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 42,
	SHARE},
    {.name = "lines that end in LFCR",
	.bytes = "HTTP/1.1 200 OK\n\rContent-Length: 5\n\r\n\rhello",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 43,
	SHARE},
    {.name = "a lone CR before a body",
	.bytes = OK "Content-Length: 2\r\n\r\n\rx",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 40,
	SHARE},

    {.name = "interim",
	.bytes = "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n"
		 "Transfer-Encoding: x\r\nSet-Cookie: x\r\n\r\n" OK
		 "Content-Length: 4\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 123,
	SHARE},
    {.name = "interim only",
	.bytes = "HTTP/1.1 100 Continue\r\n\r\n",
	.end = RESPONSE_OPEN},
    {.name = "what an interim head said is over",
	.bytes = "HTTP/1.1 103 \r\nConnection: close\r\n\r\n\n" OK "\r\n",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},
    {.name = "same length twice",
	.bytes = OK "Content-Length: 4\r\nContent-Length: 04,4\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 64,
	SHARE},
    {.name = "the largest length",
	.bytes = OK "Content-Length: 9007199254740992\r\n\r\n",
	.end = RESPONSE_LENGTH,
	.status = 200,
	.whole = 9007199254741045,
	SHARE},

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

    {.name = "not HTTP",
	.bytes = "<html>\n\nContent-Length: 3\n\n",
	.end = RESPONSE_FIN},
    {.name = "nearly HTTP",
	.bytes = "HTTP/1.1  200 OK\r\n\r\n",
	.end = RESPONSE_FIN},
    {.name = "short status",
	.bytes = "HTTP/1.1 20\r\n\r\n",
	.end = RESPONSE_FIN},

    {.name = "Set-Cookie",
	.bytes = OK "set-cookie: x\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200},
    {.name = "Vary",
	.bytes = OK "VARY: x\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200},
    {.name = "Content-Encoding",
	.bytes = OK "Content-Encoding:gzip\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200},
    {.name = "private",
	.bytes = OK "Cache-Control: private\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200},
    {.name = "no-store among others",
	.bytes = OK "Cache-Control: max-age=0,No-Store, x\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200},
    {.name = "private to a field",
	.bytes = OK "Cache-Control: x, private=\"y\"\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200},
    {.name = "other directives",
	.bytes = OK "Cache-Control: no-cache, privates, no-stor\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},
    {.name = "directive elsewhere",
	.bytes = OK "X: private\r\n\r\n",
	.end = RESPONSE_FIN,
	.status = 200,
	SHARE},
};

static void check(const struct want *w, const struct response *r, size_t cut)
{
	uint64_t whole = UINT64_MAX;

	ck_assert_msg(r->end == w->end && r->status == w->status,
	    "%s, cut at %zu: end %d, status %u", w->name, cut, r->end,
	    r->status);
	if (w->end == RESPONSE_LENGTH)
		whole = w->whole;
	ck_assert_msg(r->whole_bytes == whole, "%s: whole %llu", w->name,
	    (unsigned long long)r->whole_bytes);
	ck_assert_msg(response_is_shareable(r) == w->shareable,
	    "%s: shareable %d", w->name, !w->shareable);
	ck_assert_msg(
	    r->is_stream == w->stream, "%s: stream %d", w->name, r->is_stream);
	ck_assert_msg(r->said_keep_alive == w->keeps, "%s: keep-alive %d",
	    w->name, r->said_keep_alive);
}

/* Feeds `first` bytes, then `rest` at a time or, if it is 0, random sizes. */
static void expect(const struct want *w, size_t first, size_t rest)
{
	size_t len = w->len ? w->len : strlen(w->bytes), at, piece = first;
	struct response r;

	response_init(&r, w->to_head);
	for (at = 0; at < len;
	     at += piece, piece = rest ? rest : 1 + (size_t)random() % 12) {
		if (piece > len - at)
			piece = len - at;
		response_feed(&r, w->bytes + at, piece);
	}
	check(w, &r, first);
}

TEST_LOOP(replies, 0, sizeof(cases) / sizeof(cases[0]))
{
	const struct want *w = &cases[_i];
	size_t len = w->len ? w->len : strlen(w->bytes), cut;

	for (cut = 0; cut <= len; cut++)
		expect(w, cut, len);
	expect(w, 1, 1);
	for (cut = 0; cut < 100; cut++)
		expect(w, cut % 7, 0);
}

/* Behind a known end nothing changes, and a body of known length is not
 * looked at. */
TEST(beyond_the_end)
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
