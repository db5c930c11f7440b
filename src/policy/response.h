/*
 * response.h: what the head of the device's reply says about its end.
 *
 * Tolerant where gate is strict: the reply is passed on byte for byte however
 * malformed, so what cannot be read is skipped, and what is in doubt ends at
 * the device's FIN. Fed once, in order, in pieces of any size; the body need
 * not be fed.
 */
#ifndef POLICY_RESPONSE_H
#define POLICY_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/field.h"

enum response_end {
	RESPONSE_OPEN,    /* the head is not over yet */
	RESPONSE_FIN,     /* at the device's FIN */
	RESPONSE_LENGTH,  /* at `whole_bytes`: Content-Length, or no body */
	RESPONSE_STREAM,  /* Transfer-Encoding: pass it on as it comes */
	RESPONSE_UPGRADE, /* 101: no longer HTTP */
};

struct response {
	/* For the caller. */
	enum response_end end;
	unsigned int status;  /* of the final head; 0: not HTTP */
	uint64_t whole_bytes; /* with RESPONSE_LENGTH: heads and body */
	bool is_private;      /* Set-Cookie, Cache-Control private or no-store */

	/* The reader's own. */
	uint64_t fed_bytes;
	uint64_t length;
	struct field field;
	uint8_t state;
	uint8_t at;
	uint8_t length_state;
	int8_t known;
	bool to_head;
	bool coded; /* Transfer-Encoding */
};

/* `to_head`: the request was HEAD, so no body follows. */
void response_init(struct response *r, bool to_head);

/* Reads the next `len` bytes; returns r->end. Interim heads (1xx but 101) are
 * read over. */
enum response_end response_feed(struct response *r, const char *data, size_t len);

/* May a complete reply with this head serve other clients too? */
bool response_is_shareable(const struct response *r);

#endif
