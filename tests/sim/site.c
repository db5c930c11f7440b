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
		    site_odd(size, r->serial, r->head, &r->is_private);
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
