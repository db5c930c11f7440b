/*
 * Fuzz target: wherever the pieces are cut, the reader of replies finds the
 * same end; never one inside the head; and where chunks end is where a
 * reader of its own, that has all of them before it, says so.
 *
 * The lowest bit of the first byte says whether the request was HEAD, the
 * next that the bytes are a body in chunks.
 */
#include <ctype.h>
#include <string.h>

#include "must.h"
#include "policy/response.h"

static const char coded[] = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n";

static void in_pieces(struct response *r, uint8_t how, const char *bytes,
    size_t len, size_t piece)
{
	response_init(r, how & 1);
	if (how & 2)
		response_feed(r, coded, sizeof(coded) - 1);
	for (; len > piece; len -= piece, bytes += piece)
		response_feed(r, bytes, piece);
	response_feed(r, bytes, len);
}

static void must_be_same(const struct response *a, const struct response *b)
{
	MUST(a->end == b->end);
	MUST(a->status == b->status);
	MUST(a->whole_bytes == b->whole_bytes);
	MUST(a->is_stream == b->is_stream);
	MUST(a->said_keep_alive == b->said_keep_alive);
	MUST(response_is_shareable(a) == response_is_shareable(b));
}

static const char *line_end(const char *at, const char *end)
{
	const char *lf = memchr(at, '\n', (size_t)(end - at));

	return lf ? lf + 1 : NULL;
}

static const char *skip_cr(const char *at, const char *end)
{
	while (at < end && *at == '\r')
		at++;
	return at;
}

/* Reads the line of a size; NULL: it is none, or not whole. */
static const char *size_end(
    const char *at, const char *end, unsigned long long *out)
{
	const char *digits = at;

	for (*out = 0; at < end && isxdigit((unsigned char)*at); at++) {
		int digit = *at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10;

		*out = *out * 16 + (unsigned long long)digit;
		if (*out > 1ull << 53)
			return NULL;
	}
	if (at == digits || at == end || !memchr(" \t;\r\n", *at, 5))
		return NULL;
	return line_end(at, end);
}

/* The plain reading of chunks: the end, or NULL: not there, or not chunks. */
static const char *chunks_end(const char *at, const char *end)
{
	unsigned long long size;

	while ((at = size_end(at, end, &size)) && size > 0) {
		if (size > (unsigned long long)(end - at))
			return NULL;
		at = skip_cr(at + size, end);
		if (at == end || *at++ != '\n')
			return NULL;
	}
	/* Trailers, up to an empty line. */
	for (; at; at = line_end(at, end)) {
		at = skip_cr(at, end);
		if (at == end)
			return NULL;
		if (*at == '\n')
			return at + 1;
	}
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct response whole, cut;
	const char *bytes, *end;

	if (size < 2)
		return 0;
	bytes = (const char *)data + 2;
	size -= 2;
	in_pieces(&whole, data[0], bytes, size, size);
	in_pieces(&cut, data[0], bytes, size, 1);
	must_be_same(&whole, &cut);
	in_pieces(&cut, data[0], bytes, size, data[1] + 1u);
	must_be_same(&whole, &cut);
	MUST(whole.end != RESPONSE_LENGTH || whole.whole_bytes >= 14);
	MUST((whole.end == RESPONSE_LENGTH) ==
	     (whole.whole_bytes != UINT64_MAX));
	MUST(!whole.is_stream || !response_is_shareable(&whole));
	if ((data[0] & 3) != 2)
		return 0;
	end = chunks_end(bytes, bytes + size);
	MUST((end != NULL) == (whole.end == RESPONSE_LENGTH));
	MUST(!end ||
	     whole.whole_bytes == sizeof(coded) - 1 + (size_t)(end - bytes));
	return 0;
}
