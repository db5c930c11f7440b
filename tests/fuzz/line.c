/*
 * Fuzz target: the ends of answers are the same wherever the pieces are cut,
 * each is a newline, and none is passed but within a block. The first byte
 * chooses the cut.
 */
#include <string.h>

#include "must.h"
#include "policy/line.h"

struct found {
	size_t answers;
	size_t at; /* where the last one ended */
};

static struct found in_pieces(const char *bytes, size_t len, size_t piece)
{
	struct line_reader r = {0};
	struct found f = {0};
	size_t at = 0, used;

	while (at < len) {
		size_t n = len - at < piece ? len - at : piece;
		bool whole = line_feed(&r, bytes + at, n, &used);

		MUST(used <= n && (whole ? used > 0 : used == n));
		at += used;
		if (!whole)
			continue;
		MUST(bytes[at - 1] == '\n');
		MUST(memchr(bytes + f.at, '\n', at - f.at) == bytes + at - 1 ||
		     memchr(bytes + f.at, '#', at - f.at));
		f.answers++;
		f.at = at;
	}
	return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	struct found whole, cut;

	if (size < 2)
		return 0;
	size--;
	whole = in_pieces(bytes, size, size);
	cut = in_pieces(bytes, size, 1);
	MUST(cut.answers == whole.answers && cut.at == whole.at);
	cut = in_pieces(bytes, size, 2 + (size_t)data[0]);
	MUST(cut.answers == whole.answers && cut.at == whole.at);
	if (line_asks(bytes, size))
		MUST(memchr(bytes, '?', size));
	return 0;
}
