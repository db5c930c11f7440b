/*
 * request.c: a request read a byte at a time.
 *
 * One function a state; `step` sends each byte to the state it is for. CR is
 * handled before all of them: it means nothing but "an LF must follow", so
 * the states know LF only. Errors end the reading, so a state need not be
 * left in order after one.
 */
#include "policy/request.h"

#include <string.h>

#include "base/bug.h"

enum state { BLANK, METHOD, TARGET, VERSION, LINE_END, FIELD, NAME, VALUE, BODY };

enum {
	CONTENT_LENGTH,
	TRANSFER_ENCODING,
	UPGRADE,
	AUTHORIZATION,
	COOKIE,
	RANGE,
	EXPECT,
	FIELDS
};

static const char *const names[FIELDS] = {
    [CONTENT_LENGTH] = "content-length",
    [TRANSFER_ENCODING] = "transfer-encoding",
    [UPGRADE] = "upgrade",
    [AUTHORIZATION] = "authorization",
    [COOKIE] = "cookie",
    [RANGE] = "range",
    [EXPECT] = "expect",
};

/* Where in the value of Content-Length we are. */
enum { BEFORE_DIGITS, IN_DIGITS, AFTER_DIGITS };

#define METHOD_GET  0x00474554u
#define METHOD_HEAD 0x48454144u

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A byte of a token, RFC 9110 section 5.6.2. */
static bool is_token(char c)
{
	if (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool has(const struct request *g, int field)
{
	return g->fields >> field & 1;
}

/* How far into the request the byte now read is. */
static uint32_t position(const struct request *g)
{
	return (uint32_t)g->fed_bytes - 1 - g->drop_bytes;
}

static enum request_verdict in_method(struct request *g, char c)
{
	if (c == ' ' && g->method != 0) {
		/* Four letters are kept: more may merely end in HEAD. */
		if (g->at > 4)
			g->method = 0;
		g->at = 0;
		g->state = TARGET;
		g->target_at = position(g) + 1;
		return REQUEST_WAIT;
	}
	g->method = g->method << 8 | (unsigned char)c;
	if (g->at < UINT8_MAX)
		g->at++;
	return is_token(c) ? REQUEST_WAIT : REQUEST_BAD;
}

static enum request_verdict in_blank(struct request *g, char c)
{
	if (c == '\n') {
		g->drop_bytes = (uint32_t)g->fed_bytes;
		return REQUEST_WAIT;
	}
	g->state = METHOD;
	return in_method(g, c);
}

static enum request_verdict in_target(struct request *g, char c)
{
	if (c != ' ')
		return is_control(c) ? REQUEST_BAD : REQUEST_WAIT;
	g->target_bytes = position(g) - g->target_at;
	g->state = VERSION;
	return g->target_bytes > 0 ? REQUEST_WAIT : REQUEST_BAD;
}

static enum request_verdict in_version(struct request *g, char c)
{
	static const char want[] = "HTTP/1.";

	if (want[g->at] != '\0')
		return want[g->at++] == c ? REQUEST_WAIT : REQUEST_BAD;
	g->state = LINE_END;
	return is_digit(c) ? REQUEST_WAIT : REQUEST_BAD;
}

/* The head is whole: what it says of the body decides. */
static enum request_verdict end_head(struct request *g, const struct request_conf *conf)
{
	g->head_bytes = position(g) + 1;
	if (has(g, TRANSFER_ENCODING))
		return REQUEST_LENGTH_REQUIRED;
	if (g->body_bytes > UINT64_MAX - g->fed_bytes)
		return REQUEST_BAD;
	g->request_bytes = g->head_bytes + g->body_bytes;
	g->state = BODY;
	return g->body_bytes > conf->body_limit_bytes ? REQUEST_PASS : REQUEST_WAIT;
}

static enum request_verdict in_name(struct request *g, char c)
{
	g->state = NAME;
	if (c != ':') {
		field_byte(&g->field, names, c);
		return is_token(c) ? REQUEST_WAIT : REQUEST_BAD;
	}
	g->state = VALUE;
	g->known = (int8_t)field_end(&g->field, names);
	g->at = BEFORE_DIGITS;
	if (g->known < 0)
		return REQUEST_WAIT;
	/* Two lengths, even equal ones, are two chances to disagree. */
	if (g->known == CONTENT_LENGTH && has(g, CONTENT_LENGTH))
		return REQUEST_BAD;
	g->fields |= (uint8_t)(1u << g->known);
	return REQUEST_WAIT;
}

/* At the start of a line of the head. A blank here would continue the line
 * before, which RFC 9112 lets a server refuse; no token begins with one. */
static enum request_verdict in_field(
    struct request *g, const struct request_conf *conf, char c)
{
	if (c == '\n')
		return end_head(g, conf);
	if (c == ':')
		return REQUEST_BAD;
	field_begin(&g->field, FIELDS);
	return in_name(g, c);
}

static enum request_verdict in_length(struct request *g, char c)
{
	uint64_t digit = (uint64_t)(c - '0');

	if (c == ' ' || c == '\t') {
		if (g->at == IN_DIGITS)
			g->at = AFTER_DIGITS;
		return REQUEST_WAIT;
	}
	if (!is_digit(c) || g->at == AFTER_DIGITS)
		return REQUEST_BAD;
	if (g->body_bytes > (UINT64_MAX - digit) / 10)
		return REQUEST_BAD;
	g->body_bytes = g->body_bytes * 10 + digit;
	g->at = IN_DIGITS;
	return REQUEST_WAIT;
}

static enum request_verdict in_value(struct request *g, char c)
{
	bool is_length = g->known == CONTENT_LENGTH;

	if (c == '\n') {
		g->state = FIELD;
		return is_length && g->at == BEFORE_DIGITS ? REQUEST_BAD
							   : REQUEST_WAIT;
	}
	if (is_length)
		return in_length(g, c);
	return is_control(c) && c != '\t' ? REQUEST_BAD : REQUEST_WAIT;
}

static enum request_verdict step(
    struct request *g, const struct request_conf *conf, char c)
{
	if (g->cr && c != '\n')
		return REQUEST_BAD;
	g->cr = c == '\r';
	if (g->cr)
		return REQUEST_WAIT;
	switch ((enum state)g->state) {
	case BLANK:
		return in_blank(g, c);
	case METHOD:
		return in_method(g, c);
	case TARGET:
		return in_target(g, c);
	case VERSION:
		return in_version(g, c);
	case LINE_END:
		g->state = FIELD;
		return c == '\n' ? REQUEST_WAIT : REQUEST_BAD;
	case FIELD:
		return in_field(g, conf, c);
	case NAME:
		return in_name(g, c);
	case VALUE:
		return in_value(g, c);
	case BODY:
		break;
	}
	BUG_ON(true);
	return REQUEST_BAD;
}

static enum request_verdict feed_http(struct request *g, const struct request_conf *conf,
    const char *data, size_t len)
{
	enum request_verdict verdict = REQUEST_WAIT;
	size_t i;

	for (i = 0; i < len && verdict == REQUEST_WAIT && g->state != BODY; i++) {
		if (g->fed_bytes == conf->head_limit_bytes)
			return REQUEST_TOO_LARGE;
		g->fed_bytes++;
		verdict = step(g, conf, data[i]);
	}
	if (verdict != REQUEST_WAIT || g->state != BODY)
		return verdict;
	g->fed_bytes += len - i;
	return g->fed_bytes - g->drop_bytes < g->request_bytes ? REQUEST_WAIT
							       : REQUEST_PASS;
}

static enum request_verdict feed_line(struct request *g, const struct request_conf *conf,
    const char *data, size_t len)
{
	size_t room = conf->head_limit_bytes - (size_t)g->fed_bytes;

	if (len > 0 && memchr(data, '\n', len < room ? len : room))
		return REQUEST_PASS;
	if (len > room)
		return REQUEST_TOO_LARGE;
	g->fed_bytes += len;
	return REQUEST_WAIT;
}

static enum request_verdict feed(struct request *g, const struct request_conf *conf,
    const char *data, size_t len)
{
	switch (conf->kind) {
	case GATE_DATA:
		return len > 0 ? REQUEST_PASS : REQUEST_WAIT;
	case GATE_LINE:
		return feed_line(g, conf, data, len);
	case GATE_HTTP:
		return feed_http(g, conf, data, len);
	case GATE_NONE:
		break;
	}
	return REQUEST_PASS;
}

void request_init(struct request *g)
{
	*g = (struct request){.request_bytes = UINT64_MAX};
}

enum request_verdict request_feed(struct request *g, const struct request_conf *conf,
    const char *data, size_t len)
{
	if (g->verdict == REQUEST_WAIT)
		g->verdict = (uint8_t)feed(g, conf, data, len);
	return (enum request_verdict)g->verdict;
}

enum request_verdict request_eof(struct request *g, const struct request_conf *conf)
{
	if (g->verdict != REQUEST_WAIT)
		return (enum request_verdict)g->verdict;
	if (conf->kind == GATE_NONE)
		g->verdict = REQUEST_PASS;
	else if (!request_began(g))
		g->verdict = REQUEST_EMPTY;
	else
		g->verdict = conf->kind == GATE_HTTP ? REQUEST_BAD : REQUEST_PASS;
	return (enum request_verdict)g->verdict;
}

bool request_began(const struct request *g)
{
	return g->fed_bytes > (uint64_t)g->drop_bytes + g->cr;
}

bool request_is_head(const struct request *g)
{
	return g->method == METHOD_HEAD;
}

bool request_wants_upgrade(const struct request *g)
{
	return has(g, UPGRADE);
}

bool request_waits_for_continue(struct request *g)
{
	if (g->verdict != REQUEST_WAIT || g->state != BODY || !has(g, EXPECT) ||
	    g->fed_bytes > (uint64_t)g->drop_bytes + g->head_bytes)
		return false;
	g->fields &= (uint8_t) ~(1u << EXPECT);
	return true;
}

bool request_is_shareable(const struct request *g)
{
	return g->method == METHOD_GET && g->body_bytes == 0 &&
	    !has(g, UPGRADE) && !has(g, AUTHORIZATION) && !has(g, COOKIE) &&
	    !has(g, RANGE);
}
