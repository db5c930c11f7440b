/*
 * page.h: the reply, as the pieces in which the firmware writes it.
 *
 * Each piece is one SEND of its own; the E4 page is 53 of them. The header
 * holds an HTML line without a colon: that is how the device answers.
 */
#ifndef TEMPDEV_PAGE_H
#define TEMPDEV_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "era.h"

enum { PAGE_PIECES = 64, PAGE_TEXT = 1024, PAGE_PAD_BYTES = 64 };

/* The sensor counts in sixteenths of a degree. */
enum { COUNTS_PER_DEGREE = 16 };

struct page_facts {
	uint32_t uptime_s;
	int temp; /* in 1/16 C */
	uint32_t requests;
	uint32_t timeouts;
	uint32_t idle_max_s;
};

struct page {
	unsigned int pieces;
	unsigned int
	    padding;	     /* bytes of further pieces, before the last ones */
	unsigned int pad_at; /* piece before which they stand */
	size_t used;
	struct {
		uint16_t at, len;
	} piece[PAGE_PIECES];
	char text[PAGE_TEXT];
};

/* Composes the reply, padded to `padded_bytes` if that is more. */
void page_compose(struct page *p, const struct era *e,
    const struct page_facts *facts, unsigned int padded_bytes);

/* How many writes there are, padding included. */
unsigned int page_writes(const struct page *p);

/* The bytes of write `n`, counted from 0. */
const char *page_write(const struct page *p, unsigned int n, size_t *out_len);

#endif
