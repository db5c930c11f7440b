/*
 * client_make.c: characters: what a client sends, and what it expects to reach
 * the device.
 */
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

enum { MS = US_PER_MS, SECOND = 1000 * MS };

static void add(char *to, uint32_t *bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char *to, uint32_t *bytes, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*bytes += (uint32_t)vsnprintf(
	    to + *bytes, CLIENT_TEXT_MAX - *bytes, format, args);
	va_end(args);
}

/* A line of the head that reaches the device, unless it is stripped. */
static void add_line(struct client_actor *c, const char *line, bool stripped)
{
	add(c->text, &c->text_bytes, "%s\r\n", line);
	if (!stripped)
		add(c->expect, &c->expect_bytes, "%s\r\n", line);
}

static uint32_t some_size(struct client_actor *c, uint32_t most)
{
	uint32_t n = chance_skewed(&c->chance, most);

	return n - n % 100;
}

/* A request for `kind`; `claims` is its Content-Length, body_bytes what it
 * really sends. */
static void ask(struct client_actor *c, const char *method,
    enum reply_kind kind, uint32_t size, const char *query, uint32_t claims)
{
	bool has_body = strcmp(method, "POST") == 0;
	char line[128];

	if (model.wants_header)
		add(c->text, &c->text_bytes,
		    "PROXY TCP4 10.9.0.%u 10.0.0.1 %u 80\r\n", c->address + 1,
		    1000 + c->id % 60000);
	if (model.gate_http && chance_is(&c->chance, 60))
		add(c->text, &c->text_bytes, "\r\n");
	c->kind = kind;
	snprintf(line, sizeof(line), "%s /%c%u%s HTTP/1.1", method,
	    site_letter(kind), size, query);
	add_line(c, line, false);
	snprintf(line, sizeof(line), "Host: dev%u",
	    kind == REPLY_PAGE ? chance_below(&c->chance, 2) : 0);
	add_line(c, line, false);
	c->target = site_target(c->expect);
	c->shareable = strcmp(method, "GET") == 0;
	snprintf(line, sizeof(line), "User-Agent: s%u", c->id);
	add_line(c, line, false);
	if (kind != REPLY_PAGE && chance_is(&c->chance, 200)) {
		snprintf(line, sizeof(line), "Cookie: crumb=%u",
		    chance_below(&c->chance, 1000));
		add_line(c, line, model.strips_cookie);
		c->shareable = false;
	}
	if (has_body) {
		snprintf(line, sizeof(line), "Content-Length: %u", claims);
		add_line(c, line, false);
		c->body_bytes = claims;
	}
	add_line(c, "", false);
	c->expect_body = c->body_bytes;
	c->head_only = strcmp(method, "HEAD") == 0;
	c->safe = !has_body && query[0] == '\0';
	c->whole = true;
	c->odd = kind == REPLY_NOTHING;
}

static void browser(struct client_actor *c)
{
	static const enum reply_kind kinds[] = {REPLY_LENGTH, REPLY_CHUNKED,
	    REPLY_FIN, REPLY_LENGTH, REPLY_EMPTY, REPLY_CUT};
	uint32_t k = chance_below(&c->chance, 60);

	k = k < 50 ? k % 4 : k < 55 ? 4 : 5;
	ask(c, "GET", kinds[k], some_size(c, 4000), "", 0);
}

static void poller(struct client_actor *c)
{
	ask(c, chance_is(&c->chance, 100) ? "HEAD" : "GET", REPLY_LENGTH, 200,
	    "", 0);
}

static void commander(struct client_actor *c)
{
	ask(c, "GET", REPLY_LENGTH, 100, "?on=1", 0);
}

static void half_closer(struct client_actor *c)
{
	browser(c);
	c->fin_after = true;
}

static void uploader(struct client_actor *c)
{
	ask(c, "POST", REPLY_LENGTH, 100, "", chance_skewed(&c->chance, 60000));
}

static void page_reader(struct client_actor *c)
{
	ask(c, "GET", REPLY_PAGE, 100 * (1 + chance_below(&c->chance, 4)), "",
	    0);
}

static void big_reader(struct client_actor *c)
{
	enum reply_kind kind =
	    chance_is(&c->chance, 300) ? REPLY_FIN : REPLY_LENGTH;

	ask(c, "GET", kind, 20000 + some_size(c, 300000), "", 0);
}

static void streamer(struct client_actor *c)
{
	ask(c, "GET", REPLY_EVENTS, 0, "", 0);
	c->leaves = LEAVE_CLOSE;
	c->leaves_us = (int64_t)chance_between(&c->chance, 1, 60) * SECOND;
	c->polite = false;
}

static void silent(struct client_actor *c)
{
	c->polite = false;
	if (chance_is(&c->chance, 500)) {
		c->leaves = LEAVE_CLOSE;
		c->leaves_us =
		    (int64_t)chance_between(&c->chance, 1, 30) * SECOND;
	}
}

static void scanner(struct client_actor *c)
{
	static const char *const lines[] = {
	    "\026\003\001\002", "HELO there\r\n", "?\r\n\r\n", "CONNECT x:1"};

	add(c->text, &c->text_bytes, "%s", lines[chance_below(&c->chance, 4)]);
	memcpy(c->expect, c->text, c->text_bytes);
	c->expect_bytes = c->text_bytes;
	c->polite = false;
	c->odd = true;
}

static void dripper(struct client_actor *c)
{
	browser(c);
	c->piece_bytes = chance_between(&c->chance, 1, 20);
	c->piece_us = (int64_t)chance_between(&c->chance, 1, 900) * MS;
	c->polite = false;
}

static void non_reader(struct client_actor *c)
{
	big_reader(c);
	c->read_us = -1;
	c->polite = false;
}

static void slow_reader(struct client_actor *c)
{
	big_reader(c);
	c->read_us = (int64_t)chance_between(&c->chance, 20, 3000) * MS;
	c->read_bytes = chance_between(&c->chance, 100, 4000);
	c->polite = false;
}

static void resetter(struct client_actor *c)
{
	browser(c);
	c->leaves = LEAVE_RESET;
	c->leaves_us = chance_below(&c->chance, 3000) * (int64_t)MS;
	c->polite = false;
}

/* A command, and the one who gave it goes before it is carried out. */
static void leaver(struct client_actor *c)
{
	commander(c);
	c->leaves = chance_is(&c->chance, 500)	 ? LEAVE_FIN
		    : chance_is(&c->chance, 500) ? LEAVE_CLOSE
						 : LEAVE_RESET;
	c->leaves_us = chance_below(&c->chance, 2000) * (int64_t)MS;
	c->polite = false;
}

static void pipeliner(struct client_actor *c)
{
	browser(c);
	add(c->text, &c->text_bytes, "GET /l100 HTTP/1.1\r\nHost: x\r\n\r\n");
	c->polite = false;
	c->odd = !model.gate_http;
}

/* Announces more than it sends, and then waits, leaves or goes on slowly. */
static void liar(struct client_actor *c)
{
	ask(c, "POST", REPLY_LENGTH, 100, "",
	    chance_between(&c->chance, 1000, 40000));
	c->polite = false;
	if (chance_is(&c->chance, 300)) {
		c->piece_bytes = 100;
		c->piece_us = chance_between(&c->chance, 50, 2000) * MS;
		return;
	}
	c->body_bytes = chance_below(&c->chance, c->body_bytes);
	c->whole = false;
	c->fin_after = chance_is(&c->chance, 500);
	c->odd = true;
}

static void vanisher(struct client_actor *c)
{
	browser(c);
	c->leaves = LEAVE_VANISH;
	c->leaves_us = chance_below(&c->chance, 3000) * (int64_t)MS;
	c->polite = false;
}

static void odd_one(struct client_actor *c)
{
	ask(c, "GET", REPLY_NOTHING, 0, "", 0);
}

static const struct {
	const char *name;
	void (*make)(struct client_actor *c);
} characters[CHARACTERS] = {
    {"browser", browser},
    {"poller", poller},
    {"commander", commander},
    {"half-closer", half_closer},
    {"uploader", uploader},
    {"page-reader", page_reader},
    {"big-reader", big_reader},
    {"streamer", streamer},
    {"silent", silent},
    {"scanner", scanner},
    {"dripper", dripper},
    {"non-reader", non_reader},
    {"slow-reader", slow_reader},
    {"resetter", resetter},
    {"leaver", leaver},
    {"pipeliner", pipeliner},
    {"liar", liar},
    {"vanisher", vanisher},
    {"odd-one", odd_one},
};

const char *character_name(uint32_t character)
{
	return character < CHARACTERS ? characters[character].name : NULL;
}

void client_make(struct client_actor *c)
{
	c->polite = true;
	characters[c->character].make(c);
}
