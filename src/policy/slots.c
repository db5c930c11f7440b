/*
 * slots.c: counters, and a bit for each slot. No time passes in here:
 * quarantines that are over are noticed when it is asked for a slot. A limit
 * lowered while slots are taken is kept by the counters alone.
 */
#include "policy/slots.h"

#include "base/bug.h"

void slots_init(struct slots *s, int64_t *next_connect_ms)
{
	*s = (struct slots){
	    .next_connect_ms =
		next_connect_ms ? next_connect_ms : &s->own_next_connect_ms,
	    .next_release_ms = INT64_MAX,
	};
}

static void set_bit(uint64_t *bits, unsigned int i)
{
	bits[i / 64] |= UINT64_C(1) << i % 64;
}

static void clear_bit(uint64_t *bits, unsigned int i)
{
	bits[i / 64] &= ~(UINT64_C(1) << i % 64);
}

static unsigned int lowest_bit(uint64_t bits)
{
	return (unsigned int)__builtin_ctzll(bits);
}

/* Ends the quarantines that are over. */
static void release(struct slots *s, int64_t now_ms)
{
	unsigned int word, i;
	uint64_t left;

	if (now_ms < s->next_release_ms)
		return;
	s->next_release_ms = INT64_MAX;
	for (word = 0; word < SLOTS_WORDS; word++) {
		for (left = s->quarantine[word]; left; left &= left - 1) {
			i = word * 64 + lowest_bit(left);
			if (s->until_ms[i] <= now_ms) {
				clear_bit(s->quarantine, i);
				clear_bit(s->used, i);
				s->quarantined--;
			} else if (s->until_ms[i] < s->next_release_ms) {
				s->next_release_ms = s->until_ms[i];
			}
		}
	}
}

bool slots_are_full(
    struct slots *s, const struct slots_conf *conf, int64_t now_ms)
{
	if (conf->slots == 0)
		return false;
	release(s, now_ms);
	return s->taken + s->quarantined + s->lent >= conf->slots;
}

static int16_t lowest_free(const struct slots *s)
{
	unsigned int word = 0;

	while (s->used[word] == UINT64_MAX) {
		word++;
		BUG_ON(word == SLOTS_WORDS);
	}
	return (int16_t)(word * 64 + lowest_bit(~s->used[word]));
}

bool slots_take(struct slots *s, const struct slots_conf *conf, int64_t now_ms,
    struct slot *slot, int64_t *out_when_ms)
{
	BUG_ON(slot->taken);
	if (slots_are_full(s, conf, now_ms)) {
		*out_when_ms = s->next_release_ms;
		return false;
	}
	if (now_ms < *s->next_connect_ms) {
		*out_when_ms = *s->next_connect_ms;
		return false;
	}
	*slot = (struct slot){.taken = true, .index = -1};
	s->taken++;
	if (conf->slots > 0) {
		slot->index = lowest_free(s);
		set_bit(s->used, (unsigned int)slot->index);
	}
	return true;
}

void slots_give_unused(struct slots *s, struct slot *slot)
{
	if (!slot->taken)
		return;
	BUG_ON(s->taken == 0);
	s->taken--;
	if (slot->is_stream)
		s->streams--;
	if (slot->index >= 0)
		clear_bit(s->used, (unsigned int)slot->index);
	*slot = (struct slot){0};
}

void slots_give(struct slots *s, const struct slots_conf *conf,
    struct slot *slot, int64_t now_ms)
{
	if (!slot->taken)
		return;
	slots_give_unused(s, slot);
	*s->next_connect_ms = now_ms + conf->connect_gap_ms;
}

static void put_in_quarantine(struct slots *s, unsigned int i, int64_t until_ms)
{
	set_bit(s->used, i);
	set_bit(s->quarantine, i);
	s->until_ms[i] = until_ms;
	s->quarantined++;
	if (until_ms < s->next_release_ms)
		s->next_release_ms = until_ms;
}

void slots_give_late(struct slots *s, const struct slots_conf *conf,
    struct slot *slot, int64_t now_ms, int64_t until_ms)
{
	int index = slot->taken ? slot->index : -1;

	slots_give(s, conf, slot, now_ms);
	if (index < 0 || until_ms <= now_ms)
		return;
	put_in_quarantine(s, (unsigned int)index, until_ms);
}

bool slots_lend(struct slots *s, const struct slots_conf *conf, int64_t now_ms)
{
	if (conf->slots == 0 || slots_are_full(s, conf, now_ms))
		return false;
	s->lent++;
	return true;
}

bool slots_lend_quarantined(
    struct slots *s, int64_t now_ms, int64_t *out_until_ms)
{
	unsigned int i = 0;

	release(s, now_ms);
	if (s->quarantined == 0)
		return false;
	while ((s->quarantine[i / 64] >> i % 64 & 1) == 0)
		i++;
	clear_bit(s->quarantine, i);
	clear_bit(s->used, i);
	s->quarantined--;
	s->lent++;
	*out_until_ms = s->until_ms[i];
	return true;
}

void slots_return(struct slots *s, int64_t now_ms, int64_t until_ms)
{
	if (s->lent == 0)
		return;
	s->lent--;
	if (until_ms > now_ms)
		put_in_quarantine(s, (unsigned int)lowest_free(s), until_ms);
}

void slots_mark_stream(struct slots *s, struct slot *slot)
{
	BUG_ON(!slot->taken);
	if (slot->is_stream)
		return;
	slot->is_stream = true;
	s->streams++;
}

bool slots_streams_exceed(const struct slots *s, const struct slots_conf *conf)
{
	return conf->stream_slots > 0 && s->streams > conf->stream_slots;
}

bool slots_only_streams(
    struct slots *s, const struct slots_conf *conf, int64_t now_ms)
{
	return slots_are_full(s, conf, now_ms) && s->streams == s->taken &&
	       s->quarantined + s->lent == 0;
}
