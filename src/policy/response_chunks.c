/*
 * response_chunks.c: a body in chunks, followed to its end.
 *
 * Lines end in LF or CRLF, extensions and trailers are skipped. What cannot
 * be followed, or says what no device has, ends at the device's FIN.
 */
#include "policy/response.h"

#include <string.h>

enum state { SIZE, EXTENSION, DATA, DATA_END, TRAILER_START, TRAILER };

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *in_size(struct response *r, const char *at)
{
	int digit = hex_of(*at);

	if (digit >= 0) {
		r->has_size = true;
		r->number = r->number * 16 + (uint64_t)digit;
		if (r->number > RESPONSE_LENGTH_MAX)
			r->end = RESPONSE_FIN;
		return at + 1;
	}
	if (r->has_size && *at != '\0' && strchr(" \t;\r\n", *at))
		r->state = EXTENSION;
	else
		r->end = RESPONSE_FIN;
	return at;
}

/* Goes behind the line; then the state is `next`. */
static const char *in_line(
    struct response *r, const char *at, const char *end, enum state next)
{
	const char *lf = memchr(at, '\n', (size_t)(end - at));

	if (!lf)
		return end;
	r->state = (uint8_t)next;
	return lf + 1;
}

static const char *in_data(struct response *r, const char *at, const char *end)
{
	size_t len = (size_t)(end - at);

	if (len > r->number)
		len = (size_t)r->number;
	r->number -= len;
	if (r->number == 0)
		r->state = DATA_END;
	return at + len;
}

static const char *in_data_end(struct response *r, const char *at)
{
	if (*at == '\n')
		response_begin_chunks(r);
	else
		r->end = RESPONSE_FIN;
	return at + 1;
}

static const char *in_trailer_start(struct response *r, const char *at)
{
	if (*at != '\n') {
		r->state = TRAILER;
		return at;
	}
	r->end = RESPONSE_LENGTH;
	return at + 1;
}

static const char *step(struct response *r, const char *at, const char *end)
{
	switch ((enum state)r->state) {
	case SIZE:
		return in_size(r, at);
	case EXTENSION:
		return in_line(r, at, end, r->number ? DATA : TRAILER_START);
	case DATA:
		return in_data(r, at, end);
	case DATA_END:
		return in_data_end(r, at);
	case TRAILER_START:
		return in_trailer_start(r, at);
	case TRAILER:
		break;
	}
	return in_line(r, at, end, TRAILER_START);
}

void response_begin_chunks(struct response *r)
{
	r->end = RESPONSE_CHUNKED;
	r->state = SIZE;
	r->number = 0;
	r->has_size = false;
}

void response_read_chunks(struct response *r, const char *data, size_t len)
{
	const char *at = data, *end = data + len;

	while (r->end == RESPONSE_CHUNKED && at < end) {
		if (*at == '\r' && r->state != SIZE && r->state != DATA)
			at++;
		else
			at = step(r, at, end);
	}
	if (r->end == RESPONSE_LENGTH)
		r->whole_bytes = r->fed_bytes + (uint64_t)(at - data);
}
