/*
 * Proves that the end of a reply is seen where it is, in heads good and bad,
 * wherever the pieces are cut.
 */
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
	bool to_head, shareable;
};

#define OK  "HTTP/1.1 200 OK\r\n"
#define SHARE .shareable = true
#define UNTIL_FIN(what, text)                                                  \
	{                                                                      \
		.name = what, .bytes = text, .end = RESPONSE_FIN, .status = 200 \
	}

static const struct want cases[] = {
    {.name = "open", .bytes = OK "A: b\r\n", .end = RESPONSE_OPEN,
	.status = 200},
    {.name = "no length", .bytes = OK "\r\nbody", .end = RESPONSE_FIN,
	.status = 200, SHARE},
    {.name = "length", .bytes = OK "Content-Length: 4\r\n\r\nbody",
	.end = RESPONSE_LENGTH, .status = 200, .whole = 42, SHARE},
    {.name = "a head in the body",
	.bytes = OK "\r\nHTTP/1.1 404\r\nSet-Cookie: x\r\n\r\n",
	.end = RESPONSE_FIN, .status = 200, SHARE},
    {.name = "nine", .bytes = OK "Content-Length: 9\r\n\r\n",
	.end = RESPONSE_LENGTH, .status = 200, .whole = 47, SHARE},
    {.name = "LF alone", .bytes = "HTTP/1.0 200 OK\ncontent-length:4 \n\n",
	.end = RESPONSE_LENGTH, .status = 200, .whole = 39, SHARE},
    {.name = "no reason", .bytes = "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
	.end = RESPONSE_LENGTH, .status = 404, .whole = 35},
    {.name = "the page of the field log",
	.bytes = OK "Content-Type: text/html; charset=UTF-8\r\n"
		    "Connection: close\r\nRefresh: 5\r\n"
		    "<meta name=\"robots\" content=\"noindex\" />\r\n\r\n<!D",
	.end = RESPONSE_FIN, .status = 200, SHARE},
    {.name = "line without a colon before the length",
	.bytes = OK "<meta>\r\nContent-Length: 1\r\n\r\n",
	.end = RESPONSE_LENGTH, .status = 200, .whole = 47, SHARE},
    {.name = "zero byte after a name",
	.bytes = OK "Set-Cookie\0x: y\r\n\r\n", .len = 36, .end = RESPONSE_FIN,
	.status = 200, SHARE},

    {.name = "HEAD", .bytes = OK "Content-Length: 4\r\n\r\n", .to_head = true,
	.end = RESPONSE_LENGTH, .status = 200, .whole = 38, SHARE},
    {.name = "204", .bytes = "HTTP/1.1 204 No Content\r\n\r\n",
	.end = RESPONSE_LENGTH, .status = 204, .whole = 27},
    {.name = "304", .bytes = "HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n",
	.end = RESPONSE_LENGTH, .status = 304, .whole = 36},
    {.name = "101", .bytes = "HTTP/1.1 101 \r\nUpgrade: x\r\n\r\nraw",
	.end = RESPONSE_UPGRADE, .status = 101},
    {.name = "chunked", .bytes = OK "Transfer-Encoding: chunked\r\n\r\n",
	.end = RESPONSE_STREAM, .status = 200},
    {.name = "chunked and a length",
	.bytes = OK "Content-Length: 4\r\ntransfer-encoding:x\r\n\r\n",
	.end = RESPONSE_STREAM, .status = 200},

    {.name = "interim",
	.bytes = "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n"
		 "Transfer-Encoding: x\r\nSet-Cookie: x\r\n\r\n" OK
		 "Content-Length: 4\r\n\r\n",
	.end = RESPONSE_LENGTH, .status = 200, .whole = 123, SHARE},
    {.name = "interim only", .bytes = "HTTP/1.1 100 Continue\r\n\r\n",
	.end = RESPONSE_OPEN},

    UNTIL_FIN("two lengths",
	OK "Content-Length: 4\r\nContent-Length: 4\r\n\r\n"),
    UNTIL_FIN("empty length", OK "Content-Length:\r\n\r\n"),
    UNTIL_FIN("list of lengths", OK "Content-Length: 4,4\r\n\r\n"),
    UNTIL_FIN("split length", OK "Content-Length: 4 4\r\n\r\n"),
    UNTIL_FIN("digits after doubt", OK "Content-Length: -4\r\n\r\n"),
    UNTIL_FIN("huge", OK "Content-Length: 9223372036854775808\r\n\r\n"),

    {.name = "not HTTP", .bytes = "<html>\n\nContent-Length: 3\n\n",
	.end = RESPONSE_FIN},
    {.name = "nearly HTTP", .bytes = "HTTP/1.1  200 OK\r\n\r\n",
	.end = RESPONSE_FIN},
    {.name = "short status", .bytes = "HTTP/1.1 20\r\n\r\n",
	.end = RESPONSE_FIN},

    {.name = "Set-Cookie", .bytes = OK "set-cookie: x\r\n\r\n",
	.end = RESPONSE_FIN, .status = 200},
    {.name = "private", .bytes = OK "Cache-Control: private\r\n\r\n",
	.end = RESPONSE_FIN, .status = 200},
    {.name = "no-store among others",
	.bytes = OK "Cache-Control: max-age=0,No-Store, x\r\n\r\n",
	.end = RESPONSE_FIN, .status = 200},
    {.name = "private to a field",
	.bytes = OK "Cache-Control: x, private=\"y\"\r\n\r\n",
	.end = RESPONSE_FIN, .status = 200},
    {.name = "other directives",
	.bytes = OK "Cache-Control: no-cache, privates, no-stor\r\n\r\n",
	.end = RESPONSE_FIN, .status = 200, SHARE},
    {.name = "directive elsewhere", .bytes = OK "X: private\r\n\r\n",
	.end = RESPONSE_FIN, .status = 200, SHARE},
};

static void expect(const struct want *w, size_t first, size_t rest)
{
	size_t len = w->len ? w->len : strlen(w->bytes), at, piece = first;
	struct response r;

	response_init(&r, w->to_head);
	for (at = 0; at < len; at += piece, piece = rest) {
		if (piece > len - at)
			piece = len - at;
		response_feed(&r, w->bytes + at, piece);
	}
	ck_assert_msg(r.end == w->end && r.status == w->status,
	    "%s, cut at %zu: end %d, status %u", w->name, first, r.end,
	    r.status);
	if (w->end == RESPONSE_LENGTH)
		ck_assert_msg(r.whole_bytes == w->whole, "%s: whole %llu",
		    w->name, (unsigned long long)r.whole_bytes);
	ck_assert_msg(response_is_shareable(&r) == w->shareable,
	    "%s: shareable %d", w->name, !w->shareable);
}

START_TEST(replies)
{
	const struct want *w = &cases[_i];
	size_t len = w->len ? w->len : strlen(w->bytes), cut;

	for (cut = 0; cut <= len; cut++)
		expect(w, cut, len);
	expect(w, 1, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rephead");
	TCase *t = unit_case(s, "rephead");

	tcase_add_loop_test(
	    t, replies, 0, sizeof(cases) / sizeof(cases[0]));
	return unit_run(s);
}
