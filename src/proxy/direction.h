/*
 * direction.h: one direction of a relay: bytes, then FIN, or an error.
 *
 * A half reads from one socket and writes to the other, at once where it can;
 * what does not fit waits in chunks (or in a pipe, when a bulk transfer is
 * spliced). It knows neither events nor clocks nor what an error means for
 * the connection: it remembers what each socket said and lets relay.c judge.
 */
#ifndef PROXY_DIRECTION_H
#define PROXY_DIRECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/chunk.h"
#include "sys/pipe.h"

/* What all halves share; one per process. */
struct half_env {
	char *scratch; /* every byte that is not kept passes through here */
	size_t scratch_bytes;
	struct chunk_arena *arena;
	struct pipe_pool *pipes; /* NULL: never splice */
	size_t kept_chunks; /* only for halves that may use the last chunks */
};

/* How the writing socket stands with Nagle's algorithm. The option costs a
 * call, so it is set only before a second send. */
enum half_nagle { NAGLE_UNTOUCHED, NAGLE_SENT_ONCE, NAGLE_OFF };

struct half {
	struct chunk_queue owed; /* read and not yet sent */
	struct pipe *pipe;       /* while splicing */
	uint32_t piped_bytes;    /* read into the pipe and not yet sent */
	uint32_t limit_bytes;    /* how much may be owed */
	uint64_t bytes;          /* read so far */
	uint64_t quota_bytes;    /* how many may be read in all */
	int16_t read_err;        /* -errno that ended reading; 0: none */
	int16_t write_err;       /* -errno that ended writing; 0: none */
	uint8_t full_reads;      /* in a row: a sign of bulk */
	uint8_t nagle;
	bool eof;      /* the source's FIN was read */
	bool fin_sent; /* and passed on */
	bool hold;     /* send nothing for now */
	bool hold_fin; /* send no FIN for now */
	bool blocked;  /* no chunk is free, and the destination is full */
	bool stalled;  /* the kernel had no memory to send: push after a while */
	bool favoured; /* may use the last chunks */
	bool discard;  /* nobody is at the other end: read and drop */
};

void half_init(struct half *h, size_t limit_bytes, enum half_nagle nagle);

/* Gives back chunks and pipe; what was owed is dropped. */
void half_fini(struct half *h, struct half_env *env);

/* Bytes that were read and not sent. */
static inline size_t half_owed(const struct half *h)
{
	return h->owed.bytes + h->piped_bytes;
}

/* Will it never read again? Then a reset shows only as ERR. */
static inline bool half_deaf(const struct half *h)
{
	return h->eof || h->write_err || h->bytes >= h->quota_bytes;
}

/* Is there sense in reading more? No at the end, after an error, and while
 * as much is owed as is allowed or memory has. */
bool half_wants_input(const struct half *h, const struct half_env *env);

/* Would it read, if only a chunk were free? One that owes nothing needs none:
 * it takes from the kernel no more than the destination takes. */
bool half_starved(const struct half *h, const struct half_env *env);

/* Should it be told when the destination takes bytes? */
static inline bool half_wants_output(const struct half *h)
{
	return (half_owed(h) > 0 || h->blocked) && !h->hold && !h->stalled &&
	    !h->write_err;
}

/*
 * Reads once from `from` (several times when splicing, within a bound) and
 * passes on at once. `events` is what the loop reported for `from`: RDHUP
 * with a short read is the end without a second read. `to` < 0: keep the
 * bytes. Returns whether anything moved: bytes, or the end.
 */
bool half_pull(struct half *h, struct half_env *env, int from, int to,
    unsigned int events);

/* Sends what is owed. Returns whether anything moved. */
bool half_push(struct half *h, struct half_env *env, int to);

/* Everything has been read and sent, and only the FIN is left to pass on. */
static inline bool half_fin_due(const struct half *h)
{
	return h->eof && !h->fin_sent && !h->hold && !h->hold_fin &&
	    !h->discard && !h->write_err && half_owed(h) == 0;
}

/* Passes the FIN on. */
void half_send_fin(struct half *h, int to);

/* Nothing more will ever leave through this half. */
static inline bool half_finished(const struct half *h)
{
	return h->fin_sent || (h->discard && h->eof);
}

#endif
