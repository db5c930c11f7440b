/*
 * Fuzz target: wherever the pieces are cut, the framer finds the same frames
 * in the same bytes, none but those that the length fields say, and an
 * exception to each is a frame of its own. The first byte chooses the cut.
 */
#include <string.h>

#include "must.h"
#include "policy/modbus.h"

struct found {
	size_t frames;
	size_t at; /* where the last one ended */
	bool bad;
};

static struct found in_pieces(const uint8_t *bytes, size_t len, size_t piece)
{
	struct modbus_framer f = {0};
	struct found r = {0};
	size_t at = 0;

	while (at < len && !r.bad) {
		size_t n = len - at < piece ? len - at : piece, used;

		switch (modbus_feed(&f, bytes + at, n, &used)) {
		case MODBUS_WAIT:
			MUST(used == n);
			break;
		case MODBUS_FRAME:
			MUST(used > 0 && used <= n);
			r.frames++;
			r.at = at + used;
			break;
		case MODBUS_BAD:
			r.bad = true;
			break;
		}
		at += used;
	}
	return r;
}

static void must_be_frames(const uint8_t *bytes, const struct found *r)
{
	uint8_t out[MODBUS_EXCEPTION_BYTES];
	struct found again;
	size_t at = 0;

	for (size_t i = 0; i < r->frames; i++) {
		size_t length = (size_t)bytes[at + 4] << 8 | bytes[at + 5];

		MUST(bytes[at + 2] == 0 && bytes[at + 3] == 0);
		MUST(length >= 2 && length <= 254);
		modbus_write_exception(bytes + at, MODBUS_BUSY, out);
		again = in_pieces(out, sizeof(out), sizeof(out));
		MUST(again.frames == 1 && again.at == sizeof(out));
		MUST(modbus_id(out) == modbus_id(bytes + at));
		MUST(modbus_answers(out, bytes + at));
		at += 6 + length;
	}
	MUST(at == r->at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct found whole, cut;

	if (size < 1)
		return 0;
	whole = in_pieces(data + 1, size - 1, size);
	must_be_frames(data + 1, &whole);
	for (size_t piece = 1; piece <= 1 + (size_t)data[0];
	     piece += 1 + data[0] / 2) {
		cut = in_pieces(data + 1, size - 1, piece);
		MUST(cut.frames == whole.frames && cut.at == whole.at);
		MUST(cut.bad == whole.bad);
	}
	return 0;
}
