/* site.c: a table of paths, and the bytes of their replies. */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"

enum {
	PAGE_BYTES = 200,
	SLOW_PIECES = 20,
	SLOW_PIECE_BYTES = 64,
	HTTP_OK = 200,
	HTTP_NOT_AUTHORIZED = 401,
	HTTP_NOT_FOUND = 404,
};

struct site_route {
	const char *path;
	uint32_t number, second_number; /* where the request names none */
	void (*decide)(struct site *s);
};

/* ---- by path ---- */

static void decide_page(struct site *s)
{
	s->page_bytes = s->number;
}

static void decide_slow(struct site *s)
{
	s->piece_bytes = SLOW_PIECE_BYTES;
	s->page_bytes = SLOW_PIECES * SLOW_PIECE_BYTES;
	s->pause_us = (int64_t)s->number * US_PER_S / SLOW_PIECES;
}

static void decide_wait(struct site *s)
{
	s->before_us = (int64_t)s->number * US_PER_S;
}

static void decide_keep(struct site *s)
{
	s->page_bytes = s->number;
	s->after = SITE_KEEP;
}

static void decide_chunked(struct site *s)
{
	decide_keep(s);
	s->chunked = true;
}

static void decide_events(struct site *s)
{
	s->after = SITE_STREAM;
	s->type = "text/event-stream";
	s->page_bytes = 0;
}

static void decide_toggle(struct site *s)
{
	s->body_most = s->body_bytes;
}

static void decide_form(struct site *s)
{
	s->body_most = s->body_bytes;
	s->body_rate = s->number;
}

static void decide_update(struct site *s)
{
	decide_form(s);
	s->before_us = (int64_t)s->second_number * US_PER_S;
}

static void decide_locked(struct site *s)
{
	s->body_most = s->number < s->body_bytes ? s->number : s->body_bytes;
	s->status = HTTP_NOT_AUTHORIZED;
}

static const struct site_route routes[] = {
    {"/", PAGE_BYTES, 0, decide_page},
    {"/long", 100000, 0, decide_page},
    {"/slow", 15, 0, decide_slow},
    {"/wait", 8, 0, decide_wait},
    {"/keep", PAGE_BYTES, 0, decide_keep},
    {"/chunked", 2000, 0, decide_chunked},
    {"/events", 1000, 0, decide_events},
    {"/toggle", 0, 0, decide_toggle},
    {"/form", 0, 0, decide_form},
    {"/update", 40000, 2, decide_update},
    {"/locked", 1000, 0, decide_locked},
};

static const struct site_route *find(const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return NULL;
}

bool site_is_command(const struct site *s)
{
	return s->route != NULL && s->route->decide == decide_toggle;
}

void site_decide(struct site *s)
{
	char *query = strchr(s->path, '?');
	char *end;

	if (query != NULL)
		*query++ = '\0';
	s->route = find(s->path);
	s->status = HTTP_OK;
	s->type = "text/html";
	s->page_bytes = PAGE_BYTES;
	s->piece_bytes = SITE_PIECE_BYTES;
	if (s->route == NULL) {
		s->status = HTTP_NOT_FOUND;
		return;
	}
	s->number = s->route->number;
	s->second_number = s->route->second_number;
	if (query != NULL) {
		s->number = (uint32_t)strtoul(query, &end, 10);
		if (*end == ',')
			s->second_number = (uint32_t)strtoul(end + 1, NULL, 10);
	}
	s->route->decide(s);
}

/* ---- the head ---- */

void site_begin(struct site *s)
{
	*s = (struct site){0};
}

static void take_line(struct site *s)
{
	static const char length[] = "content-length:";

	if (!s->has_first_line) {
		s->has_first_line =
		    sscanf(s->line, "%7s %31s", s->method, s->path) > 0;
		return;
	}
	if (strncasecmp(s->line, length, sizeof(length) - 1) == 0)
		s->body_bytes =
		    strtoull(s->line + sizeof(length) - 1, NULL, 10);
}

bool site_take(struct site *s, char byte)
{
	bool is_empty;

	if (byte != '\n') {
		if (byte != '\r' && s->used < SITE_LINE - 1)
			s->line[s->used++] = byte;
		return false;
	}
	s->line[s->used] = '\0';
	is_empty = s->used == 0;
	s->used = 0;
	if (is_empty)
		return s->has_first_line; /* leading blank lines are none */
	take_line(s);
	return false;
}

/* ---- the reply ---- */

static unsigned int pieces(const struct site *s)
{
	return (s->page_bytes + s->piece_bytes - 1) / s->piece_bytes;
}

/* The head, the page's pieces, and the last chunk. */
unsigned int site_writes(const struct site *s)
{
	return 1 + pieces(s) + s->chunked;
}

static size_t write_head(struct site *s)
{
	char framing[48] = "";

	if (s->chunked)
		strcpy(framing, "Transfer-Encoding: chunked\r\n");
	else if (s->after != SITE_STREAM)
		snprintf(framing, sizeof(framing), "Content-Length: %u\r\n",
		    s->page_bytes);
	return (size_t)snprintf(s->text, sizeof(s->text),
	    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n%sConnection: %s\r\n\r\n",
	    s->status, s->status == HTTP_OK ? "OK" : "No", s->type, framing,
	    s->after == SITE_STOP ? "close" : "keep-alive");
}

/* Dots in lines of 64, and the end by which a torn page is known. */
static char page_byte(const struct site *s, uint32_t at)
{
	static const char end[] = "</html>\n";
	uint32_t from = s->page_bytes - (uint32_t)sizeof(end) + 1;

	if (s->page_bytes >= sizeof(end) && at >= from)
		return end[at - from];
	return at % 64 == 63 ? '\n' : '.';
}

static size_t write_piece(struct site *s, uint32_t from)
{
	uint32_t len = s->page_bytes - from < s->piece_bytes
			   ? s->page_bytes - from
			   : s->piece_bytes;
	size_t used = 0;

	if (s->chunked)
		used =
		    (size_t)snprintf(s->text, sizeof(s->text), "%x\r\n", len);
	for (uint32_t i = 0; i < len; i++)
		s->text[used++] = page_byte(s, from + i);
	if (s->chunked) {
		s->text[used++] = '\r';
		s->text[used++] = '\n';
	}
	return used;
}

const char *site_write(struct site *s, unsigned int n, size_t *out_len)
{
	if (n == 0)
		*out_len = write_head(s);
	else if (n <= pieces(s))
		*out_len = write_piece(s, (n - 1) * s->piece_bytes);
	else
		*out_len =
		    (size_t)snprintf(s->text, sizeof(s->text), "0\r\n\r\n");
	return s->text;
}
