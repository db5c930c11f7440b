/*
 * Fuzz target: wherever the pieces are cut, the reader of replies finds the
 * same end; never one inside the head; and where chunks end is where a
 * reader of its own, that has all of them before it, says so.
 *
 * The lowest bit of the first byte says whether the request was HEAD, the
 * next that the bytes are a body in chunks.
 */
#include <string.h>

#include "must.h"
#include "policy/response.h"

static const char coded[] = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n";

static void in_pieces(
    struct response *r, const char *bytes, size_t len, size_t piece)
{
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		response_feed(r, bytes + at, n);
	}
}

static void begin(struct response *r, uint8_t how)
{
	response_init(r, how & 1);
	if (how & 2)
		in_pieces(r, coded, sizeof(coded) - 1, sizeof(coded));
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

/* The plain reading of chunks: the end, or NULL: not there, or not chunks. */
static const char *chunks_end(const char *at, const char *end)
{
	unsigned long long size;
	const char *digits;

	for (;;) {
		for (size = 0, digits = at; at < end; at++) {
			const char *hex = "0123456789abcdefABCDEF";
			const char *d = *at ? strchr(hex, *at) : NULL;

			if (!d)
				break;
			size = size * 16 +
			       (unsigned long long)(d - hex -
						    (d - hex > 15 ? 6 : 0));
			if (size > 1ull << 53)
				return NULL;
		}
		if (at == digits || at == end || !memchr(" \t;\r\n", *at, 5))
			return NULL;
		at = line_end(at, end);
		if (!at)
			return NULL;
		if (size == 0)
			break;
		if (size > (unsigned long long)(end - at))
			return NULL;
		at += size;
		while (at < end && *at == '\r')
			at++;
		if (at == end || *at++ != '\n')
			return NULL;
	}
	for (;;) {
		while (at < end && *at == '\r')
			at++;
		if (at == end)
			return NULL;
		if (*at == '\n')
			return at + 1;
		at = line_end(at, end);
		if (!at)
			return NULL;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct response whole, cut;
	const char *bytes, *end;

	if (size < 2)
		return 0;
	bytes = (const char *)data + 2;
	size -= 2;
	begin(&whole, data[0]);
	in_pieces(&whole, bytes, size, size);
	begin(&cut, data[0]);
	in_pieces(&cut, bytes, size, 1);
	must_be_same(&whole, &cut);
	begin(&cut, data[0]);
	in_pieces(&cut, bytes, size, data[1] + 1u);
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
