/*
 * odd.c: replies that few devices send, and that are to pass byte for byte all
 * the same. Each ends where its head says, or else with the device's FIN; its
 * number stands within the first REPLY_MARK_BYTES.
 */
#include "site.h"

#include <stdio.h>
#include <string.h>

#define OK     "HTTP/1.1 200 OK\r\nX-Serial: ########\r\n"
#define CHUNKS OK "Transfer-Encoding: chunked\r\n\r\n"

static const char *const shared[] = {
    "HTTP/1.1 100 Go\r\nX-Serial: ########\r\n\r\n"
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
    /* Ends of lines, blank lines, letters. */
    "HTTP/1.1 200 OK\nX-Serial: ########\nContent-Length: 4\n\nbody",
    "HTTP/1.1 200 OK\n\rX-Serial: ########\n\rContent-Length: 4\n\r\n\rbody",
    "\nhttp/1.0 200\r\nX-Serial: ########\r\n\r\nbody",
    OK "CONTENT-length:4 \t\r\n\r\nbody",
    OK "<html>\r\nA-name-that-is-longer-than-all-that-matter: 1\r\nt\r\n"
       "Server: x\r\nContent-Length: 4\r\n\r\nbody",
    /* Lengths that are no trouble. */
    OK "Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody",
    OK "Content-Length: 4, 4\r\n\r\nbody",
    OK "Transfer-Encoding: identity\r\nContent-Length: 4\r\n\r\nbody",
    OK "Connection: close, keep-alive\r\nContent-Length: 4\r\n\r\nbody",
    OK "Content-Type: text/html; charset=\"utf-8\"\r\n"
       "Cache-Control: max-age=0\r\nContent-Length: 4\r\n\r\nbody",
};

static const char *const private[] = {
    "HTTP/1.1 204 No\r\nX-Serial: ########\r\n\r\n",
    "HTTP/1.1 304 No\r\nX-Serial: ########\r\nContent-Length: 77\r\n\r\n",
    OK "Set-Cookie: a=b\r\nContent-Length: 4\r\n\r\nbody",
    OK "Vary: Accept\r\nContent-Length: 4\r\n\r\nbody",
    OK "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody",
    OK "Cache-Control: max-age=9, private\r\nContent-Length: 4\r\n\r\nbody",
    OK "Cache-Control: no-store\r\nContent-Length: 4\r\n\r\nbody",
    OK "Content-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n--x--",
    /* Lengths that cannot be believed. */
    OK "Content-Length: 4, 5\r\n\r\nbody and more",
    OK "Content-Length: four\r\n\r\nbody",
    OK "Content-Length:\r\n\r\nbody",
    OK "Content-Length: 4 4\r\n\r\nbody",
    OK "Content-Length: 99999999999999999999\r\n\r\nbody",
    OK "Transfer-Encoding: gzip\r\n\r\nbody",
    OK "Transfer-Encoding: gzip, chunked\r\n\r\n"
       "3;a=\"b\"\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
    /* Chunks that can be followed, and others. */
    CHUNKS "A\r\n0123456789\r\nb \nABCDEFGHIJK\n00\nTrailer: x\r\n\r\n",
    CHUNKS "zz\r\nbody",
    CHUNKS "\r\nbody",
    CHUNKS "1\r\nabc",
    CHUNKS "fffffffffffffffff\r\nbody",
    /* What is no reply. */
    "HTTP/1.1 2x0 OK\r\nX-Serial: ########\r\n\r\nbody",
    "ICY 200 OK\r\nX-Serial: ########\r\nContent-Length: 4\r\n\r\nbody",
};

enum {
	SHARED = sizeof(shared) / sizeof(*shared),
	PRIVATE = sizeof(private) / sizeof(*private),
};

uint32_t site_odd(uint32_t which, uint32_t serial, char *out, bool *out_private)
{
	const char *text;
	char number[9];
	size_t len;

	which %= SHARED + PRIVATE;
	*out_private = which >= SHARED;
	text = *out_private ? private[which - SHARED] : shared[which];
	len = strlen(text);
	memcpy(out, text, len);
	snprintf(number, sizeof(number), "%08u", serial % 100000000);
	memcpy(out + (strchr(text, '#') - text), number, 8);
	return (uint32_t)len;
}
