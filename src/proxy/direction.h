/*
 * direction.h: one way of bytes: from one socket to another, then FIN, or an
 * error.
 *
 * A direction reads from one socket and writes to the other at once where it
 * can; what does not fit is buffered in chunks (or in a pipe, when a bulk
 * transfer is spliced). It knows neither events nor clocks, nor what an error
 * means for the connection. Fields end in `_`, are written in direction.c only
 * and named nowhere but there and in the questions below.
 */
#ifndef PROXY_DIRECTION_H
#define PROXY_DIRECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/chunk.h"
#include "policy/budget.h"
#include "sys/pipe.h"

struct direction;

/* What all directions share; one per process. */
struct direction_env {
	char *scratch; /* what was read last; valid until the next pull */
	size_t scratch_bytes;
	struct budget budget;
	struct pipe_pool *pipes; /* NULL: never splice */

	/* Is shown what a direction has read that is told to show it, before
	 * any of it passes: bytes beyond a limit that is set now are dropped.
	 * May have been shown bytes before, as many as were not taken then.
	 * Returns MOVED_ bits. */
	unsigned int (*on_read)(
	    struct direction *d, const char *bytes, size_t len);
};

enum direction_state {
	DIRECTION_FLOW,	  /* more may be read */
	DIRECTION_DRAIN,  /* nothing more will be read; bytes or FIN are due */
	DIRECTION_DONE,	  /* all bytes and the FIN are passed on, or dropped */
	DIRECTION_BROKEN, /* an end was lost: nothing moves any more */
};

/* Why it waits, a bit each. HOLD_REPLY: nobody has asked for the bytes yet. */
enum direction_hold {
	HOLD_GATE = 1,	  /* no destination yet: bytes are kept */
	HOLD_REPLY = 2,	  /* passed on when complete */
	HOLD_FIN = 4,	  /* bytes pass, the FIN waits for the device's */
	HOLD_CONNECT = 8, /* bytes pass, the FIN waits for the connect */
	HOLD_ALL = 15,
};

/* How the writing socket stands with Nagle's algorithm. The option costs a
 * call, so it is set only before a second send. */
enum direction_nagle { NAGLE_UNTOUCHED, NAGLE_SENT_ONCE, NAGLE_OFF };

struct direction {
	struct chunk_queue queue_; /* read and not yet sent */
	struct lease *lease_;	   /* what queue_ is kept under, or NULL */
	uint64_t read_bytes_;
	uint64_t sent_bytes_;
	uint64_t limit_bytes_;	/* how many may be read in all */
	uint32_t piped_bytes_;	/* read into the pipe and not yet sent */
	uint32_t buffer_bytes_; /* how many may be buffered */
	uint8_t read_errno_;	/* that ended reading; 0: none */
	uint8_t write_errno_;	/* that ended writing; 0: none */
	uint8_t pipe_;		/* its number, while splicing */
	uint8_t state_;
	uint8_t holds_;
	uint8_t nagle_ : 2;
	uint8_t full_reads_ : 3; /* in a row: a sign of bulk */
	bool fin_seen_ : 1;	 /* the source's FIN was read */
	bool fin_sent_ : 1;	 /* SHUT_WR was called on the destination */
	bool finished_ : 1;	 /* told to read no more */
	bool discards_ : 1;	 /* nobody is at the other end: read and drop */
	bool blocked_ : 1; /* no chunk is free and the destination is full */
	bool stalled_ : 1; /* the kernel had no memory to send */
	bool shows_ : 1;   /* what is read, to on_read: never splice */
	bool inline_ : 1;  /* the source keeps urgent bytes in place */
	bool short_reads_ : 1; /* a short read may leave bytes behind */
	bool watches_fin_ : 1; /* the FIN is news even while nothing is read */
};

/* Both ends fresh. `buffer_bytes`: how much may be buffered. */
void direction_init(
    struct direction *d, size_t buffer_bytes, enum direction_nagle nagle);

/* Gives back chunks and pipe; what was buffered is dropped. */
void direction_drop(struct direction *d, struct direction_env *env);

/* ---- what it is asked ---- */

static inline enum direction_state direction_state(const struct direction *d)
{
	return (enum direction_state)d->state_;
}

static inline uint64_t direction_read_bytes(const struct direction *d)
{
	return d->read_bytes_;
}

static inline uint64_t direction_sent_bytes(const struct direction *d)
{
	return d->sent_bytes_;
}

/* Bytes that were read and not sent, and those of them that are in chunks. */
static inline size_t direction_buffered(const struct direction *d)
{
	return d->queue_.bytes + d->piped_bytes_;
}

static inline const struct chunk_queue *direction_queue(
    const struct direction *d)
{
	return &d->queue_;
}

static inline bool direction_fin_seen(const struct direction *d)
{
	return d->fin_seen_;
}

static inline bool direction_fin_sent(const struct direction *d)
{
	return d->fin_sent_;
}

/* Has it read, or been told, the end? */
static inline bool direction_ended(const struct direction *d)
{
	return d->fin_seen_ || d->finished_;
}

static inline bool direction_holds(
    const struct direction *d, unsigned int reasons)
{
	return (d->holds_ & reasons) != 0;
}

static inline bool direction_discards(const struct direction *d)
{
	return d->discards_;
}

static inline bool direction_watches_fin(const struct direction *d)
{
	return d->watches_fin_;
}

static inline bool direction_stalled(const struct direction *d)
{
	return d->stalled_;
}

/* -errno that ended reading or writing; 0: none. */
static inline int direction_read_error(const struct direction *d)
{
	return -d->read_errno_;
}

static inline int direction_write_error(const struct direction *d)
{
	return -d->write_errno_;
}

/* Will it never read again? Then a reset of the source shows only as ERR. */
static inline bool direction_read_done(const struct direction *d)
{
	return direction_ended(d) || d->write_errno_ ||
	       d->read_bytes_ >= d->limit_bytes_;
}

/* Do bytes wait, and not only the FIN? */
static inline bool direction_sends_held(const struct direction *d)
{
	return direction_holds(d, HOLD_GATE | HOLD_REPLY);
}

/* Can what is read pass straight through? Then it needs no memory: no more is
 * taken from the kernel than the destination takes. */
static inline bool direction_is_straight(const struct direction *d)
{
	return direction_buffered(d) == 0 && !direction_sends_held(d) &&
	       !d->blocked_;
}

/* May it read as far as memory goes? */
static inline bool direction_may_read(const struct direction *d)
{
	return d->state_ == DIRECTION_FLOW &&
	       d->read_bytes_ < d->limit_bytes_ &&
	       (direction_is_straight(d) ||
		   (d->piped_bytes_ == 0 &&
		       d->queue_.bytes < d->buffer_bytes_));
}

/* Has it a chunk, or need of none? */
static inline bool direction_has_memory(
    const struct direction *d, const struct direction_env *env)
{
	return direction_is_straight(d) ||
	       budget_room(&env->budget, d->lease_, &d->queue_) > 0;
}

/* Is there sense in reading more? No at the end, after an error, and while
 * as much is buffered as is allowed or memory has. */
static inline bool direction_wants_input(
    const struct direction *d, const struct direction_env *env)
{
	return direction_may_read(d) && direction_has_memory(d, env);
}

/* Would it read if only a chunk were free? */
static inline bool direction_wants_memory(
    const struct direction *d, const struct direction_env *env)
{
	return direction_may_read(d) && !direction_has_memory(d, env);
}

/* Should it be told when the destination takes bytes? */
static inline bool direction_wants_output(const struct direction *d)
{
	return (direction_buffered(d) > 0 || d->blocked_) &&
	       !direction_sends_held(d) && !d->stalled_ && !d->write_errno_;
}

/* Is as much buffered as is allowed, so that the source has to wait? */
static inline bool direction_full(
    const struct direction *d, const struct direction_env *env)
{
	return !direction_read_done(d) && !d->read_errno_ &&
	       !direction_wants_input(d, env);
}

/* All bytes are passed on and only the FIN is left. */
static inline bool direction_fin_due(const struct direction *d)
{
	return d->state_ == DIRECTION_DRAIN && direction_ended(d) &&
	       d->holds_ == 0 && direction_buffered(d) == 0;
}

/* ---- what moves ---- */

enum direction_moved {
	MOVED_NOTHING = 0,
	MOVED_BYTES = 1, /* straight through, or the FIN has come */
	MOVED_STATE = 2, /* something else is different now: ask again */
};

/*
 * Reads once from `from` (several times when splicing, within a bound) and
 * passes on at once. `events` is what the loop reported for `from`: RDHUP
 * with a short read is the end without a second read. `to` < 0: keep the
 * bytes. A FIN that is due right after the last byte travels in its segment:
 * the bytes are sent with MSG_MORE, and the caller sends the FIN or closes in
 * the same callback. Returns MOVED_ bits.
 */
unsigned int direction_pull(struct direction *d, struct direction_env *env,
    int from, int to, unsigned int events);

/* Sends what is buffered. Returns MOVED_ bits. */
unsigned int direction_push(
    struct direction *d, struct direction_env *env, int to);

/* Passes the FIN on. */
void direction_send_fin(struct direction *d, int to);

/* ---- what it is told ---- */

void direction_hold(struct direction *d, unsigned int reasons);
void direction_release(struct direction *d, unsigned int reasons);

/* Reads at most `bytes` in all, from the first byte on. */
void direction_limit(struct direction *d, uint64_t bytes);

/* How much may be buffered from now on. */
void direction_set_buffer(struct direction *d, size_t bytes);

/* Is on_read to be shown what is read? */
void direction_show(struct direction *d, bool shows);

/* Is the source's FIN to be told of even while nothing is read? */
void direction_watch_fin(struct direction *d, bool watches);

/* Keeps its bytes under `lease` (NULL: none). Nothing is buffered yet. */
void direction_set_lease(struct direction *d, struct lease *lease);

/* A short read of this source does not mean that nothing is left: it is a
 * Unix socket, where passed descriptors cut a read short. */
void direction_expect_short_reads(struct direction *d);

/* Nothing more is read: what is buffered goes out, then the FIN. */
void direction_finish(struct direction *d);

/* Drops what is buffered and, from now on, what is read: at most `bytes`. The
 * FIN goes nowhere; an error of the destination is forgotten. */
void direction_discard(
    struct direction *d, struct direction_env *env, uint64_t bytes);

/* The source was reset, as ERR or the other direction's send has told.
 * `fin_was_none`: what seemed to be its FIN was that reset. */
void direction_source_lost(struct direction *d, int err, bool fin_was_none);

/* The destination is closed: what is buffered has nowhere to go. */
void direction_destination_lost(
    struct direction *d, struct direction_env *env, int err);

/* The destination is gone and another is to come: nothing of its errors
 * counts, and bytes not sent stay. */
void direction_new_destination(struct direction *d);

/* Its source is now that of `other`, from which nothing was passed on and
 * nothing will be read; each has the other's count. */
void direction_new_source(struct direction *d, struct direction *other);

/* Sends `bytes` of ours to `to` behind what is buffered. What the socket does
 * not take is buffered; if memory lacks for that, it counts as an error of
 * the destination. */
void direction_say(struct direction *d, struct direction_env *env, int to,
    const void *bytes, size_t len);

/* What its source has sent by another way counts as read. */
static inline void direction_count(struct direction *d, size_t bytes)
{
	d->read_bytes_ += bytes;
}

/* Puts `len` bytes before all that is buffered; a chunk must be free. */
void direction_put_first(struct direction *d, struct direction_env *env,
    const void *bytes, size_t len);

/* Drops `len` bytes from the front, or all behind the first `keep`. */
void direction_cut(struct direction *d, struct direction_env *env, size_t len);
void direction_trim(
    struct direction *d, struct direction_env *env, size_t keep);

/* Writes over the first `len` bytes that are buffered. */
void direction_overwrite(struct direction *d, const void *bytes, size_t len);

/* Takes over what `more` holds, behind what is buffered. */
void direction_join(struct direction *d, struct chunk_queue *more);

#endif
