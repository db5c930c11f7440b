/*
 * response.c: a reply head read a byte at a time, forgivingly.
 *
 * A line ends at LF, a CR before it is skipped wherever it stands, and a line
 * without a colon is a line like any other: the devices we know put HTML
 * among their fields. Only the status line is judged: without "HTTP/" at its
 * start there is no head, and all is body up to the FIN.
 */
#include "policy/response.h"

#include <string.h>

enum state { STATUS_LINE, LINE_START, NAME, VALUE, DONE };

enum { CONTENT_LENGTH, TRANSFER_ENCODING, SET_COOKIE, CACHE_CONTROL, FIELDS };

static const char *const names[FIELDS] = {
    [CONTENT_LENGTH] = "content-length",
    [TRANSFER_ENCODING] = "transfer-encoding",
    [SET_COOKIE] = "set-cookie",
    [CACHE_CONTROL] = "cache-control",
};

enum { DIRECTIVES = 2 };

static const char *const directives[DIRECTIVES] = {"private", "no-store"};

enum length_state {
	NO_LENGTH,
	BEFORE_DIGITS,
	IN_DIGITS,
	AFTER_DIGITS,
	IN_DOUBT, /* said twice, or not a number */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A status line is "HTTP/1.1 200 ..."; what is not one is body. */
static void in_status_line(struct response *r, char c)
{
	static const char shape[] = "HTTP/d.d ddd";

	if (r->at == sizeof(shape) - 1) {
		if (c == '\n')
			r->state = LINE_START;
		return;
	}
	if (shape[r->at] == 'd' ? !is_digit(c) : shape[r->at] != c) {
		r->status = 0;
		r->end = RESPONSE_FIN;
		r->state = DONE;
		return;
	}
	if (r->at >= sizeof(shape) - 4)
		r->status = r->status * 10 + (unsigned int)(c - '0');
	r->at++;
}

/* From the status line on, nothing is known of the head. */
static void begin_head(struct response *r)
{
	r->state = STATUS_LINE;
	r->at = 0;
	r->status = 0;
	r->length = 0;
	r->length_state = NO_LENGTH;
	r->coded = false;
	r->is_private = false;
}

static bool has_no_body(const struct response *r)
{
	return r->to_head || r->status == 204 || r->status == 304;
}

static void end_head(struct response *r)
{
	if (r->status / 100 == 1 && r->status != 101) {
		begin_head(r);
		return;
	}
	r->state = DONE;
	r->end = RESPONSE_FIN;
	if (r->status == 101) {
		r->end = RESPONSE_UPGRADE;
	} else if (has_no_body(r)) {
		r->end = RESPONSE_LENGTH;
		r->whole_bytes = r->fed_bytes;
	} else if (r->coded) {
		r->end = RESPONSE_STREAM;
	} else if (r->length_state == IN_DIGITS ||
	    r->length_state == AFTER_DIGITS) {
		r->end = RESPONSE_LENGTH;
		r->whole_bytes = r->fed_bytes + r->length;
	}
}

static void in_length(struct response *r, char c)
{
	uint64_t digit = (uint64_t)(c - '0');

	if (c == ' ' || c == '\t') {
		if (r->length_state == IN_DIGITS)
			r->length_state = AFTER_DIGITS;
	} else if (!is_digit(c) || r->length_state >= AFTER_DIGITS ||
	    r->length > (INT64_MAX - digit) / 10) {
		r->length_state = IN_DOUBT;
	} else {
		r->length = r->length * 10 + digit;
		r->length_state = IN_DIGITS;
	}
}

/* Directives are words between commas, blanks and equal signs. */
static void in_cache_control(struct response *r, char c)
{
	if (c != '\n' && !strchr(", \t=;", c)) {
		field_byte(&r->field, directives, c);
		return;
	}
	if (field_end(&r->field, directives) >= 0)
		r->is_private = true;
	field_begin(&r->field, DIRECTIVES);
}

static void begin_value(struct response *r)
{
	r->state = VALUE;
	r->known = (int8_t)field_end(&r->field, names);
	if (r->known == CONTENT_LENGTH)
		r->length_state =
		    r->length_state == NO_LENGTH ? BEFORE_DIGITS : IN_DOUBT;
	else if (r->known == TRANSFER_ENCODING)
		r->coded = true;
	else if (r->known == SET_COOKIE)
		r->is_private = true;
	else if (r->known == CACHE_CONTROL)
		field_begin(&r->field, DIRECTIVES);
}

static void in_value(struct response *r, char c)
{
	if (r->known == CACHE_CONTROL)
		in_cache_control(r, c);
	if (c == '\n')
		r->state = LINE_START;
	else if (r->known == CONTENT_LENGTH)
		in_length(r, c);
}

static void in_name(struct response *r, char c)
{
	if (c == ':')
		begin_value(r);
	else if (c == '\n')
		r->state = LINE_START;
	else
		field_byte(&r->field, names, c);
}

static void step(struct response *r, char c)
{
	if (r->state == STATUS_LINE) {
		in_status_line(r, c);
	} else if (r->state == LINE_START && c == '\n') {
		end_head(r);
	} else if (r->state == LINE_START) {
		field_begin(&r->field, FIELDS);
		r->state = NAME;
		in_name(r, c);
	} else if (r->state == NAME) {
		in_name(r, c);
	} else {
		in_value(r, c);
	}
}

void response_init(struct response *r, bool to_head)
{
	*r = (struct response){.to_head = to_head};
}

enum response_end response_feed(struct response *r, const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len && r->state != DONE; i++) {
		r->fed_bytes++;
		if (data[i] != '\r')
			step(r, data[i]);
	}
	return r->end;
}

bool response_is_shareable(const struct response *r)
{
	if (r->status != 200 || r->is_private)
		return false;
	/* A length we could not use leaves open whether all of it came. */
	return r->end == RESPONSE_LENGTH ||
	    (r->end == RESPONSE_FIN && r->length_state == NO_LENGTH);
}
