/*
 * slots.h: how many connections the device has, counted on device links.
 *
 * A slot is taken before a connect and comes back when the device has
 * finished with the connection. Where it may not have, after a connect that
 * timed out or an abort it did not answer, the slot is quarantined: it stays
 * out of use until a given time. connect-gap is the pause between the end of
 * one device connection and the next connect. A taken slot whose reply turns
 * out to have no end is marked as a stream.
 */
#ifndef POLICY_SLOTS_H
#define POLICY_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

enum { SLOTS_MAX = 1024, SLOTS_WORDS = SLOTS_MAX / 64 };

struct slots_conf {
	unsigned int slots;	   /* up to SLOTS_MAX; 0: no limit */
	unsigned int stream_slots; /* of these, for streams; 0: no limit */
	int64_t connect_gap_ms;
};

/* A slot, inside the device link. All zero: none. */
struct slot {
	bool taken;
	bool is_stream;
	int16_t index; /* the lowest that was free; -1: slots has no limit */
};

struct slots {
	unsigned int taken; /* streams included, quarantined apart */
	unsigned int streams;
	unsigned int quarantined;
	unsigned int lent;	  /* with other workers of the same device */
	int64_t *next_connect_ms; /* connect-gap; others may have it, too */
	int64_t own_next_connect_ms;
	int64_t next_release_ms;    /* no quarantine ends sooner */
	uint64_t used[SLOTS_WORDS]; /* taken or quarantined, a bit each */
	uint64_t quarantine[SLOTS_WORDS];
	int64_t until_ms[SLOTS_MAX]; /* of those quarantined */
};

/* `next_connect_ms` is shared by all who connect to the device; NULL: there
 * are no others. */
void slots_init(struct slots *s, int64_t *next_connect_ms);

/* Takes a slot: true. False: `*out_when_ms` is when to ask again, INT64_MAX
 * if nothing but a slot that comes back will help. */
bool slots_take(struct slots *s, const struct slots_conf *conf, int64_t now_ms,
    struct slot *slot, int64_t *out_when_ms);

/* Is it for want of a slot, not of a pause, that nobody may connect? */
bool slots_are_full(
    struct slots *s, const struct slots_conf *conf, int64_t now_ms);

/* The device connection of `slot` has ended. Safe when none is taken. */
void slots_give(struct slots *s, const struct slots_conf *conf,
    struct slot *slot, int64_t now_ms);

/* The same when no connect was made in it: no pause follows. */
void slots_give_unused(struct slots *s, struct slot *slot);

/* Like slots_give, when the device may not know: the slot comes back at
 * `until_ms`. Without a limit on slots there is nothing to keep, and it is a
 * plain end. */
void slots_give_late(struct slots *s, const struct slots_conf *conf,
    struct slot *slot, int64_t now_ms, int64_t until_ms);

/* The reply of `slot`, taken, has no end. Once marked it stays a stream. */
void slots_mark_stream(struct slots *s, struct slot *slot);

/* Lends one that nobody has to another worker: true. False: none is free. */
bool slots_lend(struct slots *s, const struct slots_conf *conf, int64_t now_ms);

/* Lends one in quarantine, until `*out_until_ms`. */
bool slots_lend_quarantined(
    struct slots *s, int64_t now_ms, int64_t *out_until_ms);

/* One comes back from another worker, in quarantine until `until_ms`, unless
 * that has passed. Without any lent it is one too many, and is dropped. */
void slots_return(struct slots *s, int64_t now_ms, int64_t until_ms);

/* Are more streams marked than stream-slots allows? One has to end. */
bool slots_streams_exceed(const struct slots *s, const struct slots_conf *conf);

/* Would one more exceed it? */
static inline bool slots_streams_full(
    const struct slots *s, const struct slots_conf *conf)
{
	return conf->stream_slots > 0 && s->streams >= conf->stream_slots;
}

/* Is no slot left, and none that will come back but a stream's? Then only
 * the end of a stream helps those who wait (stream-yield). */
bool slots_only_streams(
    struct slots *s, const struct slots_conf *conf, int64_t now_ms);

#endif
