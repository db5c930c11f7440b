/*
 * line.h: what instruments say in lines (SCPI, IEEE 488.2): does a line ask
 * for an answer, and where does the answer end?
 *
 * A line that has a '?' outside of quotes is a query. Its answer is one line,
 * in which a block (#, a digit, so many digits, so many bytes) may hold any
 * bytes. All reading may be cut anywhere.
 */
#ifndef POLICY_LINE_H
#define POLICY_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where in an answer the reader is. All zero: at its beginning. */
struct line_reader {
	uint64_t block_bytes; /* of the block, still to come */
	uint8_t state;
	uint8_t digits; /* of the block's length, still to come */
};

/* Is an answer to be waited for? */
bool line_asks(const char *line, size_t len);

/* Reads on, to the end of the answer at most; `*out_used` is how many bytes of
 * it were read. True: it is whole, and the next byte begins another. */
bool line_feed(
    struct line_reader *r, const char *bytes, size_t len, size_t *out_used);

#endif
