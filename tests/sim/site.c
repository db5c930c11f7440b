/*
 * site.c: replies by number.
 */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLIES = 1 << 14, CHUNK = 100, CHUNK_CELL = CHUNK + 6 };

static const char letters[] = "lcfsexnpou";
static struct reply replies[REPLIES];
static uint32_t last_serial;

void site_start(void)
{
	memset(replies, 0, sizeof(replies));
	last_serial = 0;
}

char site_letter(enum reply_kind kind)
{
	return letters[kind];
}

bool site_parse(
    const char *target, enum reply_kind *out_kind, uint32_t *out_size)
{
	const char *at = target[0] == '/' && target[1] != '\0'
			     ? strchr(letters, target[1])
			     : NULL;

	if (!at)
		return false;
	*out_kind = (enum reply_kind)(at - letters);
	*out_size = (uint32_t)strtoul(target + 2, NULL, 10);
	return true;
}

uint32_t site_target(const char *head)
{
	uint32_t hash = 2166136261u;

	for (int lines = 0; *head && lines < 2; head++) {
		lines += *head == '\n';
		hash = (hash ^ (unsigned char)*head) * 16777619u;
	}
	return hash;
}

static uint64_t body_bytes(const struct reply *r)
{
	if (r->head_only || r->kind == REPLY_ODD)
		return 0;
	if (r->kind == REPLY_EVENTS)
		return UINT64_MAX / 2;
	if (r->kind == REPLY_CHUNKED)
		return (uint64_t)(r->size / CHUNK) * CHUNK_CELL + 5;
	return r->size;
}

/* ---- replies that few devices send ---- */

/* They are to pass byte for byte all the same. Each ends where its head says,
 * or else with the device's FIN; its number stands within the first
 * REPLY_MARK_BYTES. */
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

/* The text of the `which`th, number `serial`; returns how many bytes. */
static uint32_t make_odd(
    uint32_t which, uint32_t serial, char *out, bool *out_private)
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

/* ---- all replies ---- */

struct reply *site_new(
    enum reply_kind kind, uint32_t size, bool head_only, bool keeps_open)
{
	struct reply *r = &replies[++last_serial % REPLIES];
	int n;

	*r = (struct reply){.serial = last_serial,
	    .kind = kind,
	    .size = size,
	    .head_only = head_only,
	    .keeps_open = keeps_open};
	if (kind == REPLY_ODD) {
		r->head_bytes =
		    make_odd(size, r->serial, r->head, &r->is_private);
		r->total = r->head_bytes;
		return r;
	}
	n = snprintf(r->head, sizeof(r->head),
	    "HTTP/1.1 %s\r\nX-Serial: %08u\r\n",
	    kind == REPLY_UPGRADE ? "101 Go" : "200 OK", r->serial);
	if (kind == REPLY_LENGTH || kind == REPLY_PAGE || kind == REPLY_CUT)
		n += snprintf(r->head + n, sizeof(r->head) - (size_t)n,
		    "Content-Length: %u\r\n", size);
	if (kind == REPLY_CHUNKED)
		n += snprintf(r->head + n, sizeof(r->head) - (size_t)n,
		    "Transfer-Encoding: chunked\r\n");
	if (kind == REPLY_EVENTS)
		n += snprintf(r->head + n, sizeof(r->head) - (size_t)n,
		    "Content-Type: text/event-stream\r\n");
	n += snprintf(r->head + n, sizeof(r->head) - (size_t)n, "%s\r\n",
	    keeps_open ? "Connection: keep-alive\r\n" : "");
	r->head_bytes = (uint32_t)n;
	r->total = r->head_bytes + body_bytes(r);
	if (kind == REPLY_EMPTY)
		r->total = 0;
	return r;
}

struct reply *site_find(uint32_t serial)
{
	struct reply *r = &replies[serial % REPLIES];

	return serial > 0 && r->serial == serial ? r : NULL;
}

static char letter_at(const struct reply *r, uint64_t at)
{
	return (char)('a' + (at * 7 + r->serial * 11 + (at >> 9)) % 26);
}

static char chunked_at(const struct reply *r, uint64_t at)
{
	uint64_t cells = r->size / CHUNK;
	uint64_t in = at % CHUNK_CELL;

	if (at >= cells * CHUNK_CELL)
		return "0\r\n\r\n"[at - cells * CHUNK_CELL];
	if (in < 4)
		return "64\r\n"[in];
	return in < 4 + CHUNK ? letter_at(r, at) : "\r\n"[in - 4 - CHUNK];
}

void site_bytes(const struct reply *r, uint64_t from, char *out, size_t len)
{
	size_t i = 0;

	for (; i < len && from + i < r->head_bytes; i++)
		out[i] = r->head[from + i];
	from -= r->head_bytes;
	if (r->kind == REPLY_CHUNKED)
		for (; i < len; i++)
			out[i] = chunked_at(r, from + i);
	else
		for (; i < len; i++)
			out[i] = letter_at(r, from + i);
}

uint32_t site_serial(const char *bytes)
{
	const char *mark =
	    memmem(bytes, REPLY_MARK_BYTES - 8, "X-Serial: ", 10);

	return mark ? (uint32_t)strtoul(mark + 10, NULL, 10) : 0;
}
