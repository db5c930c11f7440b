/*
 * Fuzz target: wherever the pieces are cut, the reader of replies finds the
 * same end; and it never sees one inside the head.
 *
 * The lowest bit of the first byte says whether the request was HEAD.
 */
#include "must.h"
#include "policy/response.h"

static void in_pieces(struct response *r, const char *bytes, size_t len,
    size_t piece, bool to_head)
{
	size_t at, n;

	response_init(r, to_head);
	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		response_feed(r, bytes + at, n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct response whole, cut;
	bool to_head;

	if (size < 1)
		return 0;
	to_head = data[0] & 1;
	in_pieces(&whole, (const char *)data + 1, size - 1, size, to_head);
	in_pieces(&cut, (const char *)data + 1, size - 1, 1, to_head);
	MUST(whole.end == cut.end);
	MUST(whole.status == cut.status);
	MUST(whole.whole_bytes == cut.whole_bytes);
	MUST(response_is_shareable(&whole) == response_is_shareable(&cut));
	MUST(whole.end != RESPONSE_LENGTH || whole.whole_bytes >= 14);
	return 0;
}
