/*
 * response.h: where does the device's reply end?
 *
 * Tolerant where the gate is strict: the reply is passed on byte for byte
 * however malformed, so what cannot be read is skipped, and what is in doubt
 * ends at the device's FIN. Fed once, in order, in pieces of any size; once
 * the end is known, or known to be the FIN, the rest need not be fed.
 */
#ifndef POLICY_RESPONSE_H
#define POLICY_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/field.h"

/* A length or a chunk beyond it is taken for nonsense. */
#define RESPONSE_LENGTH_MAX (UINT64_C(1) << 53)

enum response_end {
	RESPONSE_OPEN,	  /* the head is not over yet */
	RESPONSE_CHUNKED, /* at its last chunk, not yet seen: feed everything */
	RESPONSE_FIN,	  /* at the device's FIN */
	RESPONSE_LENGTH,  /* at `whole_bytes`: Content-Length, no body, or the
			     last chunk has been seen */
	RESPONSE_UPGRADE, /* 101: no longer HTTP */
};

struct response {
	/* For the caller. */
	enum response_end end;
	unsigned int status;  /* of the final head; 0: not HTTP */
	uint64_t head_bytes;  /* of all heads; 0: of none so far */
	uint64_t whole_bytes; /* heads and body; UINT64_MAX: not known. What
				 comes beyond is no part of the reply */
	/* Of the heads before the final one (1xx), which are no part of it. */
	uint64_t interim_bytes;
	/* True from the end of the head on. */
	bool is_stream; /* an event stream and its like: no end in sight */
	bool said_keep_alive; /* it will not end the connection */

	/* The reader's own. */
	uint64_t fed_bytes;
	uint64_t length; /* said by Content-Length; UINT64_MAX: by none */
	uint64_t number; /* the one that is being read, or bytes of a chunk */
	struct field word;
	uint8_t state;
	uint8_t at;
	int8_t known; /* the field whose value passes; -1: no matter */
	bool to_head;
	bool said_length;
	bool in_doubt; /* about the length */
	bool coded;    /* Transfer-Encoding */
	bool chunked;  /* its last coding */
	bool is_private;
	bool event_type;
	bool close;
	bool keep_alive;
	bool cr;       /* at the start of a line */
	bool lfcr;     /* that is how its lines end */
	bool has_size; /* of a chunk: a digit has come */
};

/* `to_head`: the request was HEAD, so no body follows. */
void response_init(struct response *r, bool to_head);

/* Reads the next `len` bytes; returns r->end. Interim heads (1xx but 101) are
 * read over. */
enum response_end response_feed(
    struct response *r, const char *data, size_t len);

/* May a complete reply with this head serve other clients too? */
bool response_is_shareable(const struct response *r);

/* ---- response_chunks.c, for response.c only ---- */

/* At the start of a chunk. */
void response_begin_chunks(struct response *r);

/* Reads the next bytes of the body; its end changes r->end. */
void response_read_chunks(struct response *r, const char *data, size_t len);

#endif
