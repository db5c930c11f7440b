/*
 * request_head.c: the head of an HTTP request, read state by state.
 *
 * One function a state; each takes as many bytes as it can use at once, and
 * at least one. CR is handled before all of them: it means nothing but "an LF
 * must follow", so the states know LF only, and stop at a CR. Errors end the
 * reading, so a state need not be left in order after one.
 */
#include "policy/request.h"

#include <string.h>

#include "base/bug.h"

enum state { BLANK, METHOD, TARGET, VERSION, LINE_END, FIELD, NAME, VALUE };

enum {
	DNT,
	HOST,
	EXPECT,
	ACCEPT,
	REFERER,
	UPGRADE,
	USER_AGENT,
	CONNECTION,
	CACHE_CONTROL,
	CONTENT_LENGTH,
	HTTP2_SETTINGS,
	TRANSFER_ENCODING,
	UPGRADE_INSECURE_REQUESTS,
	FIELDS_END
};

static const struct field_word names[] = {
    [DNT] = FIELD_WORD("dnt"),
    [HOST] = FIELD_WORD("host"),
    [EXPECT] = FIELD_WORD("expect"),
    [ACCEPT] = FIELD_WORD("accept"),
    [REFERER] = FIELD_WORD("referer"),
    [UPGRADE] = FIELD_WORD("upgrade"),
    [USER_AGENT] = FIELD_WORD("user-agent"),
    [CONNECTION] = FIELD_WORD("connection"),
    [CACHE_CONTROL] = FIELD_WORD("cache-control"),
    [CONTENT_LENGTH] = FIELD_WORD("content-length"),
    [HTTP2_SETTINGS] = FIELD_WORD("http2-settings"),
    [TRANSFER_ENCODING] = FIELD_WORD("transfer-encoding"),
    [UPGRADE_INSECURE_REQUESTS] = FIELD_WORD("upgrade-insecure-requests"),
    [FIELDS_END] = FIELD_WORDS_END,
};

#define BIT(field) (1u << (field))

/* No reason for a reply of one's own. */
#define ORDINARY                                                               \
	(BIT(DNT) | BIT(HOST) | BIT(ACCEPT) | BIT(REFERER) | BIT(USER_AGENT) | \
	    BIT(CONNECTION) | BIT(CACHE_CONTROL) |                             \
	    BIT(UPGRADE_INSECURE_REQUESTS))

enum { OTHER_METHOD, GET, HEAD };

/* Where in the value of Content-Length we are. */
enum { BEFORE_DIGITS, IN_DIGITS, AFTER_DIGITS };

/* What every reader of JSON and JavaScript can still count to. */
#define LENGTH_MAX (UINT64_C(1) << 53)

/* Bytes of a token (RFC 9110 section 5.6.2), of a target, of a value. */
enum { TOKEN = 1, IN_TARGET = 2, IN_VALUE = 4, TEXT = IN_TARGET | IN_VALUE };

/* clang-format off */
static const uint8_t classes[256] = {
	['\t'] = IN_VALUE, [' '] = IN_VALUE,
	['!'] = TOKEN | TEXT, ['"'] = TEXT, ['#' ... '\''] = TOKEN | TEXT,
	['(' ... ')'] = TEXT, ['*' ... '+'] = TOKEN | TEXT, [','] = TEXT,
	['-' ... '.'] = TOKEN | TEXT, ['/'] = TEXT,
	['0' ... '9'] = TOKEN | TEXT, [':' ... '@'] = TEXT,
	['A' ... 'Z'] = TOKEN | TEXT, ['[' ... ']'] = TEXT,
	['^' ... 'z'] = TOKEN | TEXT, ['{'] = TEXT, ['|'] = TOKEN | TEXT,
	['}'] = TEXT, ['~'] = TOKEN | TEXT, [0x80 ... 0xff] = TEXT,
};
/* clang-format on */

/* The bytes now fed; `at` is the next one. */
struct piece {
	const char *begin;
	const char *at;
	const char *end;
};

static bool has(const struct request *g, int field)
{
	return g->fields >> field & 1;
}

/* How far into the request the next byte is. */
static uint32_t position(const struct request *g, const struct piece *in)
{
	return (uint32_t)(g->fed_bytes + (uint64_t)(in->at - in->begin)) -
	       g->drop_bytes;
}

static const char *skip(const struct piece *in, uint8_t class)
{
	const unsigned char *at = (const unsigned char *)in->at;
	const unsigned char *end = (const unsigned char *)in->end;

	while (end - at >= 4 && (classes[at[0]] & classes[at[1]] &
				    classes[at[2]] & classes[at[3]] & class))
		at += 4;
	while (at < end && (classes[*at] & class))
		at++;
	return (const char *)at;
}

/* Nothing is left that a state may judge. */
static bool spent(const struct piece *in)
{
	return in->at == in->end || *in->at == '\r';
}

/* A CR whose LF is there needs no state. */
static void skip_cr(struct piece *in)
{
	if (in->end - in->at >= 2 && in->at[0] == '\r' && in->at[1] == '\n')
		in->at++;
}

/* Goes behind a token; false: more of it may come. */
static bool take_token(
    struct request *g, struct piece *in, struct field_text *out)
{
	const char *begin = in->at;

	in->at = skip(in, TOKEN);
	if (spent(in)) {
		field_add(&g->word, begin, (size_t)(in->at - begin));
		return false;
	}
	*out = field_end(&g->word, begin, (size_t)(in->at - begin));
	return true;
}

static bool is(struct field_text t, const char *text, size_t bytes)
{
	return t.len == bytes && memcmp(t.at, text, bytes) == 0;
}

static bool method_allowed(
    struct field_text method, const struct request_conf *conf)
{
	size_t i;

	if (is(method, "CONNECT", 7))
		return false;
	for (i = 0; i < conf->method_count; i++)
		if (is(method, conf->methods[i].text, conf->methods[i].bytes))
			return true;
	return conf->method_count == 0;
}

static enum request_verdict in_method(
    struct request *g, const struct request_conf *conf, struct piece *in)
{
	struct field_text method;

	if (!take_token(g, in, &method))
		return REQUEST_WAIT;
	if (*in->at++ != ' ' || method.len == 0)
		return REQUEST_BAD;
	if (is(method, "GET", 3))
		g->method = GET;
	else if (is(method, "HEAD", 4))
		g->method = HEAD;
	g->allowed = method_allowed(method, conf);
	g->answers = (uint16_t)((1u << conf->answer_count) - 1);
	g->state = TARGET;
	g->target_at = position(g, in);
	return REQUEST_WAIT;
}

/* The next `len` bytes of the target's path: which answers still fit? */
static void in_path(struct request *g, const struct request_conf *conf,
    const char *path, size_t len)
{
	const struct request_word *want;
	unsigned int i;

	for (i = 0; g->answers >> i; i++) {
		want = &conf->answers[i].path;
		if (want->bytes < g->path_bytes + len ||
		    memcmp(want->text + g->path_bytes, path, len) != 0)
			g->answers &= (uint16_t) ~(1u << i);
	}
	g->path_bytes += (uint32_t)len;
}

static enum request_verdict in_target(
    struct request *g, const struct request_conf *conf, struct piece *in)
{
	const char *end = skip(in, IN_TARGET);
	size_t len = (size_t)(end - in->at);
	const char *query;

	if (!g->query) {
		query = memchr(in->at, '?', len);
		in_path(
		    g, conf, in->at, query ? (size_t)(query - in->at) : len);
		g->query = query;
	}
	in->at = end;
	if (spent(in))
		return REQUEST_WAIT;
	g->target_bytes = position(g, in) - g->target_at;
	g->state = VERSION;
	g->at = 0;
	return *in->at++ == ' ' && g->target_bytes > 0 ? REQUEST_WAIT
						       : REQUEST_BAD;
}

static enum request_verdict in_version(struct request *g, struct piece *in)
{
	static const char want[] = "HTTP/1.";
	char c;

	if (g->at == 0 && in->end - in->at > 7 &&
	    memcmp(in->at, want, 7) == 0) {
		in->at += 7;
		g->at = 7;
	}
	while (!spent(in) && want[g->at] != '\0')
		if (*in->at++ != want[g->at++])
			return REQUEST_BAD;
	if (spent(in))
		return REQUEST_WAIT;
	c = *in->at++;
	g->state = LINE_END;
	g->old = c == '0';
	skip_cr(in);
	return c >= '0' && c <= '9' ? REQUEST_WAIT : REQUEST_BAD;
}

/* Is the path one that the proxy answers? */
static bool answered(struct request *g, const struct request_conf *conf)
{
	unsigned int i;

	for (i = 0; g->answers >> i; i++)
		if ((g->answers >> i & 1) &&
		    conf->answers[i].path.bytes == g->path_bytes) {
			g->answer_status = (uint16_t)conf->answers[i].status;
			return true;
		}
	return false;
}

/* The head is whole: what it asks for decides. */
static enum request_verdict end_head(
    struct request *g, const struct request_conf *conf, struct piece *in)
{
	in->at++;
	g->head_bytes = position(g, in);
	if (!g->allowed)
		return REQUEST_METHOD;
	if (has(g, TRANSFER_ENCODING))
		return REQUEST_LENGTH_REQUIRED;
	if (answered(g, conf))
		return REQUEST_ANSWER;
	if (conf->body_max_bytes > 0 && g->body_bytes > conf->body_max_bytes)
		return REQUEST_BODY_TOO_LARGE;
	g->request_bytes = g->head_bytes + g->body_bytes;
	return g->body_bytes > conf->body_limit_bytes ? REQUEST_PASS
						      : REQUEST_WAIT;
}

/* Fields that many requests for the same reply have. */
static bool is_ordinary(const struct request *g, struct field_text name)
{
	if (g->known >= 0)
		return BIT(g->known) & ORDINARY;
	return field_begins(name, "accept-", 7) ||
	       field_begins(name, "sec-", 4);
}

static enum request_verdict begin_value(
    struct request *g, struct field_text name)
{
	g->state = VALUE;
	g->at = BEFORE_DIGITS;
	g->known = (int8_t)field_find(name, names);
	if (!is_ordinary(g, name))
		g->special = true;
	if (g->known < 0)
		return REQUEST_WAIT;
	if (has(g, g->known) && g->known == CONTENT_LENGTH)
		/* Two, even equal ones, are two chances to disagree. */
		return REQUEST_BAD;
	if (has(g, g->known) && g->known == HOST) {
		g->special = true;
		g->known = -1;
		return REQUEST_WAIT;
	}
	g->fields |= (uint16_t)BIT(g->known);
	return REQUEST_WAIT;
}

static enum request_verdict in_name(struct request *g, struct piece *in)
{
	struct field_text name;

	if (!take_token(g, in, &name))
		return REQUEST_WAIT;
	if (*in->at++ != ':' || name.len == 0)
		return REQUEST_BAD;
	return begin_value(g, name);
}

/* Content-Length: digits, with blanks around. */
static enum request_verdict in_length(struct request *g, char c)
{
	if (c == ' ' || c == '\t') {
		if (g->at == IN_DIGITS)
			g->at = AFTER_DIGITS;
		return REQUEST_WAIT;
	}
	if (c < '0' || c > '9' || g->at == AFTER_DIGITS)
		return REQUEST_BAD;
	g->at = IN_DIGITS;
	g->body_bytes = g->body_bytes * 10 + (uint64_t)(c - '0');
	return g->body_bytes > LENGTH_MAX ? REQUEST_BAD : REQUEST_WAIT;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The value of Host, up to `end`: where does it begin, where end? */
static void in_host(struct request *g, const struct piece *in, const char *end)
{
	struct piece part = *in;

	while (g->host_bytes == 0 && part.at < end && is_blank(*part.at))
		part.at++;
	while (end > part.at && is_blank(end[-1]))
		end--;
	if (end == part.at)
		return;
	if (g->host_bytes == 0)
		g->host_at = position(g, &part);
	part.at = end;
	g->host_bytes = position(g, &part) - g->host_at;
}

static const char *skip_value(const struct piece *in)
{
	struct piece rest = *in;

	rest.at = field_plain_end(in->at, in->end);
	return spent(&rest) ? rest.at : skip(&rest, IN_VALUE);
}

static enum request_verdict in_value(struct request *g, struct piece *in)
{
	bool is_length = g->known == CONTENT_LENGTH;
	const char *end;

	if (is_length && *in->at != '\n')
		return in_length(g, *in->at++);
	end = skip_value(in);
	if (g->known == HOST)
		in_host(g, in, end);
	in->at = end;
	skip_cr(in);
	if (spent(in))
		return REQUEST_WAIT;
	g->state = FIELD;
	if (*in->at++ != '\n' || (is_length && g->at == BEFORE_DIGITS))
		return REQUEST_BAD;
	return REQUEST_WAIT;
}

/* Is the state `left` over, and is there something for the next? */
static bool goes_on(const struct request *g, enum state left,
    enum request_verdict verdict, const struct piece *in)
{
	return verdict == REQUEST_WAIT && g->state != left && !spent(in);
}

/* As far as it goes without a look at CR. */
static enum request_verdict step(
    struct request *g, const struct request_conf *conf, struct piece *in)
{
	enum request_verdict verdict;

	switch ((enum state)g->state) {
	case BLANK:
		if (*in->at == '\n') {
			in->at++;
			g->drop_bytes += position(g, in);
			return REQUEST_WAIT;
		}
		g->state = METHOD;
		/* fall through */
	case METHOD:
		verdict = in_method(g, conf, in);
		if (!goes_on(g, METHOD, verdict, in))
			return verdict;
		/* fall through */
	case TARGET:
		verdict = in_target(g, conf, in);
		if (!goes_on(g, TARGET, verdict, in))
			return verdict;
		/* fall through */
	case VERSION:
		verdict = in_version(g, in);
		if (!goes_on(g, VERSION, verdict, in))
			return verdict;
		/* fall through */
	case LINE_END:
		g->state = FIELD;
		return *in->at++ == '\n' ? REQUEST_WAIT : REQUEST_BAD;
	case FIELD:
		if (*in->at == '\n')
			return end_head(g, conf, in);
		/* A blank would continue the line before, which RFC 9112 lets
		 * a server refuse; no token begins with one. */
		g->state = NAME;
		/* fall through */
	case NAME:
		verdict = in_name(g, in);
		if (!goes_on(g, NAME, verdict, in))
			return verdict;
		/* fall through */
	case VALUE:
		break;
	}
	return in_value(g, in);
}

APART enum request_verdict request_read_head(struct request *g,
    const struct request_conf *conf, const char *data, size_t len)
{
	struct piece in = {data, data, data + len};
	enum request_verdict verdict = REQUEST_WAIT;

	while (
	    verdict == REQUEST_WAIT && g->head_bytes == 0 && in.at < in.end) {
		if (*in.at == '\r' && !g->cr) {
			g->cr = true;
			if (++in.at == in.end)
				break;
		}
		if (g->cr && *in.at != '\n')
			return REQUEST_BAD;
		g->cr = false;
		verdict = step(g, conf, &in);
	}
	return verdict;
}

bool request_is_head(const struct request *g)
{
	return g->method == HEAD;
}

bool request_wants_upgrade(const struct request *g)
{
	return has(g, UPGRADE);
}

bool request_waits_for_continue(struct request *g)
{
	if (g->verdict != REQUEST_WAIT || g->head_bytes == 0 || g->old ||
	    !has(g, EXPECT) ||
	    g->fed_bytes > (uint64_t)g->drop_bytes + g->head_bytes)
		return false;
	g->fields &= (uint16_t)~BIT(EXPECT);
	return true;
}

bool request_is_safe(const struct request *g)
{
	return g->method != OTHER_METHOD && !g->query;
}

bool request_is_shareable(const struct request *g)
{
	return g->method == GET && !g->special;
}

bool request_needs_filter(
    const struct request *g, const struct request_conf *conf)
{
	return conf->kind == GATE_HTTP &&
	       (conf->strip_count > 0 ||
		   (!conf->upgrade &&
		       (has(g, UPGRADE) || has(g, HTTP2_SETTINGS))));
}
