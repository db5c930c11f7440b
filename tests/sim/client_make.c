/*
 * client_make.c: characters: what a client sends, and what it expects to reach
 * the device.
 */
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "settings/conf.h"

enum { SENT = 1, PASSED = 2, BOTH = SENT | PASSED };

/* More of what is sent, and of what is to reach the device. */
static void add(struct client_actor *c, int where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(struct client_actor *c, int where, const char *format, ...)
{
	char more[CLIENT_TEXT_MAX];
	uint32_t bytes;
	va_list args;

	va_start(args, format);
	bytes = (uint32_t)vsnprintf(more, sizeof(more), format, args);
	va_end(args);
	if (where & SENT)
		memcpy(c->text + c->text_bytes, more, bytes + 1);
	if (where & PASSED)
		memcpy(c->expect + c->expect_bytes, more, bytes + 1);
	c->text_bytes += where & SENT ? bytes : 0;
	c->expect_bytes += where & PASSED ? bytes : 0;
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
	uint32_t host = 0;

	header_add(c, true);
	if (model.gate_http && chance_is(&c->chance, 60))
		add(c, SENT, "\r\n");
	if (kind == REPLY_PAGE)
		host = chance_below(&c->chance, 2);
	add(c, BOTH, "%s /%c%u%s HTTP/1.1\r\nHost: dev%u\r\n", method,
	    site_letter(kind), size, query, host);
	c->target = site_target(c->expect);
	c->shareable = strcmp(method, "GET") == 0;
	add(c, BOTH, "User-Agent: s%u\r\n", c->id);
	if (kind != REPLY_PAGE && chance_is(&c->chance, 200)) {
		add(c, model.strips_cookie ? SENT : BOTH,
		    "Cookie: crumb=%u\r\n", chance_below(&c->chance, 1000));
		c->shareable = false;
	}
	if (has_body) {
		add(c, BOTH, "Content-Length: %u\r\n", claims);
		c->body_bytes = claims;
	}
	add(c, BOTH, "\r\n");
	c->head_only = strcmp(method, "HEAD") == 0;
	c->safe = !has_body && query[0] == '\0';
	c->whole = true;
	c->odd = kind == REPLY_NOTHING;
}

/* More lines of its head: the empty one is taken back, for now. */
static void reopen_head(struct client_actor *c)
{
	c->text_bytes -= 2;
	c->expect_bytes -= 2;
}

static void send_slowly(
    struct client_actor *c, uint32_t piece_bytes, int64_t piece_us)
{
	c->piece_bytes = piece_bytes;
	c->piece_us = piece_us;
}

static void leave_within(struct client_actor *c, enum leave how, uint32_t ms)
{
	c->leaves = how;
	c->leaves_us = chance_below(&c->chance, ms) * MS;
}

/* One or the other way, as often. */
static enum leave leave_one(
    struct client_actor *c, enum leave one, enum leave other)
{
	return chance_is(&c->chance, 500) ? one : other;
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

static void uploader(struct client_actor *c)
{
	ask(c, "POST", REPLY_LENGTH, 100, "", chance_skewed(&c->chance, 60000));
	c->urges = chance_is(&c->chance, 200);
}

/* Is gone within its body. */
static void aborter(struct client_actor *c)
{
	uploader(c);
	send_slowly(c, 1000, chance_between(&c->chance, 1, 500) * MS);
	leave_within(c, leave_one(c, LEAVE_RESET, LEAVE_CLOSE), 5000);
}

static void page_reader(struct client_actor *c)
{
	ask(c, "GET", REPLY_PAGE, 100 * (1 + chance_below(&c->chance, 12)), "",
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
	c->leaves_us = chance_between(&c->chance, 1, 60) * SECOND;
}

static void silent(struct client_actor *c)
{
	if (chance_is(&c->chance, 500)) {
		c->leaves = LEAVE_CLOSE;
		c->leaves_us = chance_between(&c->chance, 1, 30) * SECOND;
	}
}

static void scanner(struct client_actor *c)
{
	static const char *const lines[] = {
	    "\026\003\001\002", "HELO there\r\n", "?\r\n\r\n", "CONNECT x:1"};

	add(c, BOTH, "%s", lines[chance_below(&c->chance, 4)]);
	c->odd = true;
}

static void dripper(struct client_actor *c)
{
	browser(c);
	c->piece_bytes = chance_between(&c->chance, 1, 20);
	c->piece_us = chance_between(&c->chance, 1, 900) * MS;
	c->urges = chance_is(&c->chance, 200);
}

static void non_reader(struct client_actor *c)
{
	big_reader(c);
	c->read_us = -1;
}

static void slow_reader(struct client_actor *c)
{
	big_reader(c);
	c->read_us = chance_between(&c->chance, 20, 3000) * MS;
	c->read_bytes = chance_between(&c->chance, 100, 4000);
}

/* A command, and the one who gave it goes before it is carried out. */
static void leaver(struct client_actor *c)
{
	enum leave how = LEAVE_FIN;

	commander(c);
	if (!chance_is(&c->chance, 500))
		how = leave_one(c, LEAVE_CLOSE, LEAVE_RESET);
	leave_within(c, how, 2000);
}

static void pipeliner(struct client_actor *c)
{
	browser(c);
	add(c, SENT, "GET /l100 HTTP/1.1\r\nHost: x\r\n\r\n");
	c->odd = !model.gate_http;
}

/* Announces more than it sends, and then waits, leaves or goes on slowly. */
static void liar(struct client_actor *c)
{
	ask(c, "POST", REPLY_LENGTH, 100, "",
	    chance_between(&c->chance, 1000, 40000));
	if (chance_is(&c->chance, 300)) {
		send_slowly(c, 100, chance_between(&c->chance, 50, 2000) * MS);
		return;
	}
	c->body_bytes = chance_below(&c->chance, c->body_bytes);
	c->whole = false;
	c->fin_after = chance_is(&c->chance, 500);
	c->odd = true;
}

/* What no proxy passes on, and what it answers. */
static void heckler(struct client_actor *c)
{
	static const struct {
		const char *status, *text;
	} heads[] = {
	    {"400", "GET\r\n\r\n"},
	    {"400", "GET  HTTP/1.1\r\n\r\n"},
	    {"400", "GET /l1 HTTP/2.0\r\n\r\n"},
	    {"400", "GET /l1 HTTP/1.x\r\n\r\n"},
	    {"400", "GET /l1 HTTP/1.1 \r\n\r\n"},
	    {"400", "GET /l1 HTTP/1.1\rHost: x\r\n\r\n"},
	    {"400", "GET /l1 HTTP/1.1\r\n: x\r\n\r\n"},
	    {"400", "GET /l1 HTTP/1.1\r\nHost : x\r\n\r\n"},
	    {"400", "GET /l1 HTTP/1.1\r\nHost: x\r\n y\r\n\r\n"},
	    {"400", "GET /l1 HTTP/1.1\r\nHost: x\177y\r\n\r\n"},
	    {"400", "POST /l1 HTTP/1.1\r\nContent-Length:\r\n\r\n"},
	    {"400", "POST /l1 HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\nx"},
	    {"400", "POST /l1 HTTP/1.1\r\nContent-Length: 1 1\r\n\r\nx"},
	    {"400", "POST /l1 HTTP/1.1\r\nContent-Length: 1\r\n"
		    "Content-Length: 1\r\n\r\nx"},
	    {"400", "POST /l1 HTTP/1.1\r\n"
		    "Content-Length: 9007199254740993\r\n\r\n"},
	    {"411", "GET /l1 HTTP/1.1\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	    {"405", "CONNECT /l1 HTTP/1.1\r\n\r\n"},
	};
	uint32_t i = chance_below(&c->chance, sizeof(heads) / sizeof(*heads));

	header_add(c, true);
	add(c, SENT, "%s", heads[i].text);
	if (model.gate_http)
		c->status = heads[i].status;
	c->whole = model.gate_http;
	c->odd = true;
}

/* What passes, though few would send it. */
static void curious(struct client_actor *c)
{
	static const char *const lines[] = {"Host: other", "Expect: nothing",
	    "X-Empty:", "X-High: \303\244\303\266",
	    "Accept: */*\r\nAccept-Language: \t de", "DNT: 1",
	    "Sec-Fetch-Mode: no-cors", "cache-CONTROL: no-cache",
	    "Connection: x, , close"};
	enum { LINES = sizeof(lines) / sizeof(*lines), SPECIAL = 4 };

	ask(c, "GET", REPLY_PAGE, 100, "", 0);
	reopen_head(c);
	for (uint32_t n = chance_below(&c->chance, 4); n > 0; n--) {
		uint32_t i = chance_below(&c->chance, LINES);

		add(c, BOTH, "%s\r\n", lines[i]);
		c->shareable &= i >= SPECIAL;
	}
	add(c, BOTH, "\r\n");
	c->odd = !model.gate_http;
}

/* Asks for what the proxy may have an answer to. */
static void fetcher(struct client_actor *c)
{
	const struct request_conf *conf = &model.conf->request;
	static char status[8];

	if (conf->answer_count == 0 || conf->kind != GATE_HTTP) {
		browser(c);
		return;
	}
	header_add(c, true);
	add(c, SENT, "GET /favicon.ico%s HTTP/1.1\r\nHost: x\r\n\r\n",
	    chance_is(&c->chance, 300) ? "?v=1" : "");
	snprintf(status, sizeof(status), "%d", conf->answers[0].status);
	c->status = status;
	c->whole = true;
	c->polite = false;
}

static void odd_reader(struct client_actor *c)
{
	ask(c, "GET", REPLY_ODD, chance_below(&c->chance, 100), "", 0);
}

/* Asks for another protocol, speaks it at once or later, and leaves or not. */
static void upgrader(struct client_actor *c)
{
	bool stays = !model.gate_http || model.conf->request.upgrade;

	ask(c, "GET", REPLY_UPGRADE, some_size(c, 4000), "", 0);
	reopen_head(c);
	add(c, stays ? BOTH : SENT, "Upgrade: echo\r\nHTTP2-Settings: x\r\n");
	if (chance_is(&c->chance, 500)) {
		add(c, stays ? BOTH : SENT,
		    "Connection: Upgrade, HTTP2-Settings\r\n");
	} else {
		add(c, stays ? BOTH : SENT,
		    "Connection: keep-alive, Upgrade, x\r\n");
		if (!stays)
			add(c, PASSED, "Connection: keep-alive, x\r\n");
	}
	add(c, BOTH, "\r\n");
	c->body_bytes = chance_skewed(&c->chance, 20000);
	if (chance_is(&c->chance, 500)) {
		c->piece_bytes = chance_between(&c->chance, 100, 3000);
		c->piece_us = chance_between(&c->chance, 1, 500) * MS;
	}
	c->shareable = false;
	c->fin_after = chance_is(&c->chance, 500);
}

/* Sends its body only when it is asked to, or after a second. */
static void waiter(struct client_actor *c)
{
	ask(c, "POST", REPLY_LENGTH, 100, "", chance_skewed(&c->chance, 3000));
	reopen_head(c);
	add(c, BOTH, "Expect: 100-continue\r\n");
	add(c, BOTH, "\r\n");
	c->continues = model.gate_http;
	send_slowly(c, c->text_bytes, SECOND);
}

/* Where others send a PROXY header, something that is none. */
static void mislabeled(struct client_actor *c)
{
	if (header_is_due(c)) {
		header_add(c, false);
		add(c, SENT, "GET /l100 HTTP/1.1\r\n\r\n");
		c->polite = false;
		c->odd = true;
	} else {
		browser(c);
	}
}

static void odd_one(struct client_actor *c)
{
	ask(c, "GET", REPLY_NOTHING, 0, "", 0);
}

static const struct {
	const char *name;
	void (*make)(struct client_actor *c);
	bool polite, fin_after;
	enum leave leaves;
	uint32_t leaves_ms; /* at most */
} characters[CHARACTERS] = {
    {"browser", browser, .polite = true},
    {"poller", poller, .polite = true},
    {"commander", commander, .polite = true},
    {"half-closer", browser, .polite = true, .fin_after = true},
    {"uploader", uploader, .polite = true},
    {"page-reader", page_reader, .polite = true},
    {"big-reader", big_reader, .polite = true},
    {"streamer", streamer, .polite = false},
    {"silent", silent, .polite = false},
    {"scanner", scanner, .polite = false},
    {"dripper", dripper, .polite = false},
    {"non-reader", non_reader, .polite = false},
    {"slow-reader", slow_reader, .polite = false},
    {"resetter", browser, .leaves = LEAVE_RESET, .leaves_ms = 3000},
    {"leaver", leaver, .polite = false},
    {"pipeliner", pipeliner, .polite = false},
    {"liar", liar, .polite = false},
    {"vanisher", browser, .leaves = LEAVE_VANISH, .leaves_ms = 3000},
    {"aborter", aborter, .polite = false},
    {"heckler", heckler, .polite = false},
    {"curious", curious, .polite = true},
    {"fetcher", fetcher, .polite = true},
    {"odd-reader", odd_reader, .polite = true},
    {"upgrader", upgrader, .polite = false},
    {"waiter", waiter, .polite = false},
    {"mislabeled", mislabeled, .polite = true},
    {"odd-one", odd_one, .polite = true},
    /* Takes a little of a reply that does not fit, and loses patience. */
    {"impatient", slow_reader, .leaves = LEAVE_RESET, .leaves_ms = 10000},
};

const char *character_name(uint32_t character)
{
	return character < CHARACTERS ? characters[character].name : NULL;
}

void client_make(struct client_actor *c, uint32_t character)
{
	c->polite = characters[character].polite;
	characters[character].make(c);
	c->fin_after |= characters[character].fin_after;
	if (characters[character].leaves)
		leave_within(c, characters[character].leaves,
		    characters[character].leaves_ms);
}
