/*
 * response.c: a reply read state by state, forgivingly.
 *
 * A line ends at LF, a CR is skipped wherever it stands, and a line without a
 * colon is a line like any other: the devices we know put HTML among their
 * fields. Only the status line is judged: without "HTTP/" at its start there
 * is no head, and all is body up to the FIN. A body in chunks is followed;
 * where it cannot be, it too ends at the FIN.
 */
#include "policy/response.h"

#include <string.h>

enum state {
	BLANK,
	STATUS_LINE,
	STATUS_REST,
	LINE_START,
	NAME,
	VALUE,
	CHUNK_SIZE,
	CHUNK_EXT,
	CHUNK_DATA,
	CHUNK_END,
	TRAILER_START,
	TRAILER,
	DONE
};

enum {
	CONTENT_LENGTH,
	TRANSFER_ENCODING,
	CACHE_CONTROL,
	CONNECTION,
	CONTENT_TYPE,
	SET_COOKIE, /* from here on the mere name says all: for one client only */
	VARY,
	CONTENT_ENCODING,
	FIELDS
};

static const struct field_word names[FIELDS] = {
    [CONTENT_LENGTH] = FIELD_WORD("content-length"),
    [TRANSFER_ENCODING] = FIELD_WORD("transfer-encoding"),
    [CACHE_CONTROL] = FIELD_WORD("cache-control"),
    [CONNECTION] = FIELD_WORD("connection"),
    [CONTENT_TYPE] = FIELD_WORD("content-type"),
    [SET_COOKIE] = FIELD_WORD("set-cookie"),
    [VARY] = FIELD_WORD("vary"),
    [CONTENT_ENCODING] = FIELD_WORD("content-encoding"),
};

enum {
	PRIVATE,
	NO_STORE,
	IDENTITY,
	CHUNKED,
	CLOSE,
	KEEP_ALIVE,
	EVENT_STREAM,
	MIXED_REPLACE,
	WORDS
};

static const struct field_word words[WORDS] = {
    [PRIVATE] = FIELD_WORD("private"),
    [NO_STORE] = FIELD_WORD("no-store"),
    [IDENTITY] = FIELD_WORD("identity"),
    [CHUNKED] = FIELD_WORD("chunked"),
    [CLOSE] = FIELD_WORD("close"),
    [KEEP_ALIVE] = FIELD_WORD("keep-alive"),
    [EVENT_STREAM] = FIELD_WORD("text/event-stream"),
    [MIXED_REPLACE] = FIELD_WORD("multipart/x-mixed-replace"),
};

enum { BEFORE_DIGITS, IN_DIGITS, AFTER_DIGITS };

/* A length or a chunk beyond it is taken for nonsense. */
#define LENGTH_MAX (UINT64_C(1) << 53)

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

static void end_at_fin(struct response *r)
{
	r->end = RESPONSE_FIN;
	r->state = DONE;
}

static void end_at(struct response *r, uint64_t whole_bytes)
{
	r->end = RESPONSE_LENGTH;
	r->whole_bytes = whole_bytes;
	r->state = DONE;
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

static void in_blank(struct response *r, struct piece *in)
{
	if (*in->at == '\n')
		in->at++;
	else
		r->state = STATUS_LINE;
}

/* A status line is "HTTP/1.1 200 ..."; what is not one is body. */
static void in_status_line(struct response *r, struct piece *in)
{
	static const char shape[] = "HTTP/d.d ddd";
	char c = *in->at++, want = shape[r->at];

	if (want == 'd' ? !is_digit(c) : !field_same(&want, &c, 1)) {
		r->status = 0;
		end_at_fin(r);
		return;
	}
	if (r->at >= sizeof(shape) - 4)
		r->status = r->status * 10 + (unsigned int)(c - '0');
	else if (want == 'd')
		r->version = (uint8_t)(r->version * 10 + (c - '0'));
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
	r->said_keep_alive =
	    !r->close && (r->version > 10 || r->keep_alive);
	r->is_stream = r->status == 101 || (r->event_type && !has_no_body(r));
	if (r->status == 101) {
		r->end = RESPONSE_UPGRADE;
		r->state = DONE;
	} else if (has_no_body(r)) {
		end_at(r, head_bytes);
	} else if (r->chunked) {
		r->end = RESPONSE_CHUNKED;
		r->state = CHUNK_SIZE;
		r->at = 0;
		r->number = 0;
	} else if (r->coded || r->in_doubt || r->length == UINT64_MAX) {
		end_at_fin(r);
	} else {
		end_at(r, head_bytes + r->length);
	}
}

static void in_line_start(struct response *r, struct piece *in)
{
	if (*in->at != '\n') {
		r->lfcr |= r->cr;
		r->state = NAME;
		field_begin(&r->word);
		return;
	}
	in->at++;
	if (r->status / 100 == 1 && r->status != 101)
		begin_head(r);
	else
		end_head(r, position(r, in) + r->lfcr);
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
	    r->number > LENGTH_MAX) {
		r->in_doubt = true;
	} else {
		r->number = r->number * 10 + (uint64_t)(c - '0');
		r->at = IN_DIGITS;
		r->in_doubt |= r->number > LENGTH_MAX;
	}
}

/* A word of a value is over: does it matter in this field? */
static void end_word(struct response *r)
{
	int word = field_find(&r->word, words, WORDS);

	if (r->word.len == 0)
		return;
	field_begin(&r->word);
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

static bool is_separator(char c)
{
	return c == ',' || c == ' ' || c == ';' || c == '=' || c == '\t' ||
	    c == '\n' || c == '\r' || c == '"';
}

static void in_words(struct response *r, struct piece *in)
{
	const char *begin = in->at;

	while (in->at < in->end && !is_separator(*in->at))
		in->at++;
	field_add(&r->word, begin, (size_t)(in->at - begin));
	if (in->at < in->end && *in->at != '\r')
		end_word(r);
}

static void begin_value(struct response *r)
{
	r->state = VALUE;
	r->known = (int8_t)field_find(&r->word, names, FIELDS);
	field_begin(&r->word);
	r->at = BEFORE_DIGITS;
	r->number = 0;
	r->said_length |= r->known == CONTENT_LENGTH;
	if (r->known >= SET_COOKIE) {
		r->is_private = true;
		r->known = -1;
	}
}

static void in_value(struct response *r, struct piece *in)
{
	if (r->known < 0) {
		if (skip_line(in))
			r->state = LINE_START;
		return;
	}
	if (r->known == CONTENT_LENGTH)
		in_length(r, *in->at);
	else
		in_words(r, in);
	if (in->at == in->end || *in->at == '\r')
		return;
	if (*in->at++ == '\n')
		r->state = LINE_START;
}

static void in_name(struct response *r, struct piece *in)
{
	const char *begin = in->at;

	while (in->at < in->end && *in->at != ':' && *in->at != '\n' &&
	    *in->at != '\r')
		in->at++;
	field_add(&r->word, begin, (size_t)(in->at - begin));
	if (in->at == in->end || *in->at == '\r')
		return;
	if (*in->at++ == ':')
		begin_value(r);
	else
		r->state = LINE_START;
}

static int hex_of(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void in_chunk_size(struct response *r, struct piece *in)
{
	char c = *in->at;
	int digit = hex_of(c);

	if (digit >= 0) {
		in->at++;
		r->at = IN_DIGITS;
		r->number = r->number * 16 + (uint64_t)digit;
		if (r->number > LENGTH_MAX)
			end_at_fin(r);
	} else if (r->at == IN_DIGITS && strchr(" \t;\r\n", c) && c != '\0') {
		r->state = CHUNK_EXT;
	} else {
		end_at_fin(r);
	}
}

static void in_chunk_data(struct response *r, struct piece *in)
{
	size_t len = (size_t)(in->end - in->at);

	if (len > r->number)
		len = (size_t)r->number;
	in->at += len;
	r->number -= len;
	if (r->number == 0)
		r->state = CHUNK_END;
}

static void in_chunk_end(struct response *r, struct piece *in)
{
	if (*in->at++ != '\n') {
		end_at_fin(r);
		return;
	}
	r->state = CHUNK_SIZE;
	r->at = BEFORE_DIGITS;
}

static void in_trailer_start(struct response *r, struct piece *in)
{
	if (*in->at != '\n') {
		r->state = TRAILER;
		return;
	}
	in->at++;
	end_at(r, position(r, in));
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
		break;
	case NAME:
		in_name(r, in);
		break;
	case VALUE:
		in_value(r, in);
		break;
	case STATUS_REST:
		if (skip_line(in))
			r->state = LINE_START;
		break;
	case CHUNK_SIZE:
		in_chunk_size(r, in);
		break;
	case CHUNK_EXT:
		if (skip_line(in))
			r->state = r->number > 0 ? CHUNK_DATA : TRAILER_START;
		break;
	case CHUNK_DATA:
		in_chunk_data(r, in);
		break;
	case CHUNK_END:
		in_chunk_end(r, in);
		break;
	case TRAILER_START:
		in_trailer_start(r, in);
		break;
	case TRAILER:
		if (skip_line(in))
			r->state = TRAILER_START;
		break;
	case DONE:
		break;
	}
}

void response_init(struct response *r, bool to_head)
{
	*r = (struct response){.to_head = to_head};
	begin_head(r);
}

enum response_end response_feed(struct response *r, const char *data,
    size_t len)
{
	struct piece in = {data, data, data + len};

	while (r->state != DONE && in.at < in.end) {
		if (*in.at == '\r' && r->state != CHUNK_DATA &&
		    r->state != CHUNK_SIZE) {
			r->cr = r->state == LINE_START;
			in.at++;
			continue;
		}
		step(r, &in);
		r->cr = false;
	}
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
