/*
 * response.c: the head of a reply read state by state, forgivingly.
 *
 * A line ends at LF, a CR before it does not count, and a line without a
 * colon is a line like any other: the devices we know put HTML among their
 * fields. Only the status line is judged: without "HTTP/" at its start there
 * is no head, and all is body up to the FIN.
 */
#include "policy/response.h"

#include <string.h>

#include "base/bug.h"

enum state { BLANK, STATUS_LINE, STATUS_REST, LINE_START, NAME, VALUE };

enum {
	VARY,
	CONNECTION,
	SET_COOKIE,
	CONTENT_TYPE,
	CACHE_CONTROL,
	CONTENT_LENGTH,
	CONTENT_ENCODING,
	TRANSFER_ENCODING,
	FIELDS_END
};

static const struct field_word names[] = {
    [VARY] = FIELD_WORD("vary"),
    [CONNECTION] = FIELD_WORD("connection"),
    [SET_COOKIE] = FIELD_WORD("set-cookie"),
    [CONTENT_TYPE] = FIELD_WORD("content-type"),
    [CACHE_CONTROL] = FIELD_WORD("cache-control"),
    [CONTENT_LENGTH] = FIELD_WORD("content-length"),
    [CONTENT_ENCODING] = FIELD_WORD("content-encoding"),
    [TRANSFER_ENCODING] = FIELD_WORD("transfer-encoding"),
    [FIELDS_END] = FIELD_WORDS_END,
};

enum {
	CLOSE,
	PRIVATE,
	CHUNKED,
	NO_STORE,
	IDENTITY,
	KEEP_ALIVE,
	EVENT_STREAM,
	MIXED_REPLACE,
	WORDS_END
};

static const struct field_word words[] = {
    [CLOSE] = FIELD_WORD("close"),
    [PRIVATE] = FIELD_WORD("private"),
    [CHUNKED] = FIELD_WORD("chunked"),
    [NO_STORE] = FIELD_WORD("no-store"),
    [IDENTITY] = FIELD_WORD("identity"),
    [KEEP_ALIVE] = FIELD_WORD("keep-alive"),
    [EVENT_STREAM] = FIELD_WORD("text/event-stream"),
    [MIXED_REPLACE] = FIELD_WORD("multipart/x-mixed-replace"),
    [WORDS_END] = FIELD_WORDS_END,
};

/* Bytes that end a word of a value. */
static const bool ends_word[256] = {
    ['\n'] = true,
    ['\r'] = true,
    ['\t'] = true,
    [' '] = true,
    ['"'] = true,
    [','] = true,
    [';'] = true,
    ['='] = true,
};

enum { BEFORE_DIGITS, IN_DIGITS, AFTER_DIGITS };

/* The bytes now fed; `at` is the next one. */
struct piece {
	const char *begin;
	const char *at;
	const char *end;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* How many bytes of the reply lie before the next one. */
static uint64_t position(const struct response *r, const struct piece *in)
{
	return r->fed_bytes + (uint64_t)(in->at - in->begin);
}

/* Goes behind the next LF; false: there is none yet. */
static bool skip_line(struct piece *in)
{
	const char *lf = memchr(in->at, '\n', (size_t)(in->end - in->at));

	in->at = lf ? lf + 1 : in->end;
	return lf;
}

/* Goes to the byte that ends a word; false: there is none yet, or it is a CR,
 * which is none. */
static bool take_word(
    struct response *r, struct piece *in, struct field_text *out)
{
	const char *begin = in->at, *at = begin, *end = in->end;

	while (at < end && !ends_word[(unsigned char)*at])
		at++;
	if (end - at >= 2 && at[0] == '\r' && at[1] == '\n') {
		*out = field_end(&r->word, begin, (size_t)(at - begin));
		in->at = at + 1;
		return true;
	}
	in->at = at;
	if (at == end || *at == '\r') {
		field_add(&r->word, begin, (size_t)(at - begin));
		return false;
	}
	*out = field_end(&r->word, begin, (size_t)(at - begin));
	return true;
}

static void end_at(struct response *r, uint64_t whole_bytes)
{
	r->end = RESPONSE_LENGTH;
	r->whole_bytes = whole_bytes;
}

/* Before the status line, of which nothing is known. */
static void begin_head(struct response *r)
{
	*r = (struct response){
	    .whole_bytes = UINT64_MAX,
	    .length = UINT64_MAX,
	    .fed_bytes = r->fed_bytes,
	    .to_head = r->to_head,
	};
}

/* The usual status line at once. */
static bool take_status(struct response *r, struct piece *in)
{
	const char *at = in->at;

	if (in->end - at < 12 || memcmp(at, "HTTP/1.", 7) != 0 ||
	    !is_digit(at[7]) || at[8] != ' ' || !is_digit(at[9]) ||
	    !is_digit(at[10]) || !is_digit(at[11]))
		return false;
	r->status = (unsigned int)((at[9] - '0') * 100 + (at[10] - '0') * 10 +
				   (at[11] - '0'));
	r->state = STATUS_REST;
	in->at = at + 12;
	return true;
}

static void in_blank(struct response *r, struct piece *in)
{
	if (*in->at == '\n')
		in->at++;
	else if (!take_status(r, in))
		r->state = STATUS_LINE;
}

/* A status line is "HTTP/1.1 200 ..."; what is not one is body. */
static void in_status_line(struct response *r, struct piece *in)
{
	static const char shape[] = "HTTP/v.v ddd";
	char c = *in->at++, want = shape[r->at];

	if (is_digit(c) && want == 'd') {
		r->status = r->status * 10 + (unsigned int)(c - '0');
	} else if (!(is_digit(c) && want == 'v') && c != want &&
		   (c & ~0x20) != want) {
		r->status = 0;
		r->end = RESPONSE_FIN;
		return;
	}
	if (++r->at == sizeof(shape) - 1)
		r->state = STATUS_REST;
}

static bool has_no_body(const struct response *r)
{
	return r->to_head || r->status == 204 || r->status == 304;
}

/* The final head is over after `head_bytes`. */
static void end_head(struct response *r, uint64_t head_bytes)
{
	r->head_bytes = head_bytes;
	r->said_keep_alive = r->keep_alive && !r->close;
	r->is_stream = r->status == 101 || (r->event_type && !has_no_body(r));
	if (r->status == 101) {
		r->end = RESPONSE_UPGRADE;
	} else if (has_no_body(r)) {
		end_at(r, head_bytes);
	} else if (r->chunked) {
		response_begin_chunks(r);
	} else if (r->coded || r->in_doubt || r->length == UINT64_MAX) {
		r->end = RESPONSE_FIN;
	} else {
		end_at(r, head_bytes + r->length);
	}
}

static void begin_value(struct response *r, struct field_text name)
{
	r->known = (int8_t)field_find(name, names);
	switch (r->known) {
	case CONTENT_LENGTH:
		r->said_length = true;
		r->at = BEFORE_DIGITS;
		r->number = 0;
		break;
	case SET_COOKIE:
	case VARY:
	case CONTENT_ENCODING:
		r->is_private = true;
		r->known = -1;
		break;
	}
}

/* A name ends at a colon, at most FIELD_MAX bytes from its beginning. What
 * else there is is a line that does not matter, wherever a colon is in it. */
static void in_name(struct response *r, struct piece *in)
{
	size_t len = (size_t)(in->end - in->at);
	size_t room = FIELD_MAX - (size_t)r->word.len;
	const char *colon = memchr(in->at, ':', len < room ? len : room);

	if (!colon && len < room && !memchr(in->at, '\n', len)) {
		field_add(&r->word, in->at, len);
		in->at = in->end;
		return;
	}
	r->state = VALUE;
	r->known = -1;
	if (colon)
		begin_value(
		    r, field_end(&r->word, in->at, (size_t)(colon - in->at)));
	field_begin(&r->word);
	if (r->known < 0)
		return;
	in->at = colon + 1;
	while (in->at < in->end && *in->at == ' ')
		in->at++;
}

/* Could a name that matters begin so? Most lines are over with this. */
static bool may_matter(char c)
{
	c |= 0x20;
	return c == 'c' || c == 's' || c == 't' || c == 'v';
}

/* A number of Content-Length is over. Said again it does no harm. */
static void end_number(struct response *r)
{
	if (r->at == BEFORE_DIGITS ||
	    (r->length != UINT64_MAX && r->length != r->number))
		r->in_doubt = true;
	r->length = r->number;
	r->number = 0;
	r->at = BEFORE_DIGITS;
}

static void in_length(struct response *r, char c)
{
	if (c == ',' || c == '\n') {
		end_number(r);
	} else if (c == ' ' || c == '\t') {
		if (r->at == IN_DIGITS)
			r->at = AFTER_DIGITS;
	} else if (!is_digit(c) || r->at == AFTER_DIGITS ||
		   r->number > RESPONSE_LENGTH_MAX) {
		r->in_doubt = true;
	} else {
		r->number = r->number * 10 + (uint64_t)(c - '0');
		r->at = IN_DIGITS;
		r->in_doubt |= r->number > RESPONSE_LENGTH_MAX;
	}
}

/* A word of a value is over: does it matter in this field? */
static void end_word(struct response *r, struct field_text text)
{
	int word = field_find(text, words);

	switch (r->known) {
	case TRANSFER_ENCODING:
		r->coded |= word != IDENTITY;
		r->chunked = word == CHUNKED;
		break;
	case CACHE_CONTROL:
		r->is_private |= word == PRIVATE || word == NO_STORE;
		break;
	case CONNECTION:
		r->close |= word == CLOSE;
		r->keep_alive |= word == KEEP_ALIVE;
		break;
	case CONTENT_TYPE:
		r->event_type |= word == EVENT_STREAM || word == MIXED_REPLACE;
		r->known = -1;
		break;
	}
}

static void in_value(struct response *r, struct piece *in)
{
	struct field_text word;

	while (in->at < in->end && *in->at != '\r') {
		if (r->known < 0) {
			if (skip_line(in))
				r->state = LINE_START;
			return;
		}
		if (r->known == CONTENT_LENGTH)
			in_length(r, *in->at);
		else if (!take_word(r, in, &word))
			return;
		else if (word.len > 0)
			end_word(r, word);
		if (*in->at++ == '\n') {
			r->state = LINE_START;
			return;
		}
	}
}

static void in_line_start(struct response *r, struct piece *in)
{
	uint64_t head_bytes;

	if (*in->at != '\n') {
		r->lfcr |= r->cr;
		r->state = may_matter(*in->at) ? NAME : VALUE;
		r->known = -1;
		return;
	}
	in->at++;
	head_bytes = position(r, in) + r->lfcr;
	if (r->status / 100 == 1 && r->status != 101) {
		begin_head(r);
		r->interim_bytes = head_bytes;
	} else {
		end_head(r, head_bytes);
	}
}

static void step(struct response *r, struct piece *in)
{
	switch ((enum state)r->state) {
	case BLANK:
		in_blank(r, in);
		break;
	case STATUS_LINE:
		in_status_line(r, in);
		break;
	case LINE_START:
		in_line_start(r, in);
		/* fall through */
	case NAME:
		if (r->state == NAME)
			in_name(r, in);
		/* fall through */
	case VALUE:
		if (r->state == VALUE)
			in_value(r, in);
		break;
	case STATUS_REST:
		if (skip_line(in))
			r->state = LINE_START;
		break;
	}
}

void response_init(struct response *r, bool to_head)
{
	*r = (struct response){.to_head = to_head};
	begin_head(r);
}

static void read_head(struct response *r, struct piece *in)
{
	while (r->end == RESPONSE_OPEN && in->at < in->end) {
		if (*in->at == '\r' && r->state != NAME) {
			r->cr = r->state == LINE_START;
			in->at++;
			continue;
		}
		step(r, in);
		r->cr = false;
	}
}

APART enum response_end response_feed(
    struct response *r, const char *data, size_t len)
{
	struct piece in = {data, data, data + len};

	read_head(r, &in);
	r->fed_bytes = position(r, &in);
	len = (size_t)(in.end - in.at);
	if (r->end == RESPONSE_CHUNKED)
		response_read_chunks(r, in.at, len);
	r->fed_bytes += len;
	return r->end;
}

bool response_is_shareable(const struct response *r)
{
	if (r->status != 200 || r->is_private || r->is_stream || r->coded)
		return false;
	/* A length we could not use leaves open whether all of it came. */
	return r->end == RESPONSE_LENGTH ||
	       (r->end == RESPONSE_FIN && !r->said_length);
}
