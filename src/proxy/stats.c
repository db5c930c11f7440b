/*
 * stats.c: blocks, their sum, and how it is told.
 */
#include "proxy/stats.h"

#include <inttypes.h>
#include <string.h>

#include "sys/log.h"

struct stats_block *stats_take(struct stats *s, int32_t pid)
{
	for (size_t i = 0; i < STATS_BLOCKS; i++) {
		if (s->blocks[i].pid != 0)
			continue;
		s->blocks[i] = (struct stats_block){.pid = pid};
		return &s->blocks[i];
	}
	return NULL;
}

const char *stats_delay_word(enum stats_delay which)
{
	static const char *const words[] = {
	    "gate", "queue", "connect", "first_byte", "total"};

	return words[which];
}

const char *stats_delay_help(enum stats_delay which)
{
	static const char *const helps[] = {
	    "From accept until the gate was passed.",
	    "From there until a slot was free.",
	    "From there until the device had accepted.",
	    "From there until its first byte.",
	    "From accept to the end.",
	};

	return helps[which];
}

static void add_histogram(
    struct stats_histogram *to, const struct stats_histogram *h)
{
	for (size_t i = 0; i < STATS_BUCKETS; i++)
		to->count[i] += h->count[i];
	to->sum_ms += h->sum_ms;
}

static void add_counters(struct stats_block *to, const struct stats_block *b)
{
	to->accepted += b->accepted;
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		to->ended[i] += b->ended[i];
	to->in_bytes += b->in_bytes;
	to->out_bytes += b->out_bytes;
	for (size_t i = 0; i < STATS_DELAYS; i++)
		add_histogram(&to->delays[i], &b->delays[i]);
}

/* Those of one block after another: the order is the reader's matter. */
static void add_ends(struct stats_block *to, const struct stats_block *b)
{
	uint64_t first =
	    b->end_count > STATS_ENDS ? b->end_count - STATS_ENDS : 0;

	for (uint64_t i = first; i < b->end_count; i++)
		to->ends[to->end_count++ % STATS_ENDS] =
		    b->ends[i % STATS_ENDS];
}

static void add_gauges(struct stats_block *to, const struct stats_block *b)
{
	for (size_t i = 0; i < STATS_STATES; i++)
		to->conns[i] += b->conns[i];
	to->live += b->live;
	to->queue += b->queue;
	to->sources += b->sources;
	to->slots_taken += b->slots_taken;
	to->slots_quarantined += b->slots_quarantined;
	to->chunks_taken += b->chunks_taken;
	to->chunks += b->chunks;
}

/* The connections of a worker that died have ended with it; a gauge may have
 * lagged behind, and does not know of those refused. */
static void end_all(struct stats_block *b)
{
	uint64_t ended = 0;

	for (size_t i = 0; i < CAUSE_COUNT; i++)
		ended += b->ended[i];
	if (b->accepted > ended)
		b->ended[CAUSE_FORCED] += b->accepted - ended;
}

void stats_give(struct stats *s, struct stats_block *block)
{
	end_all(block);
	add_counters(&s->past, block);
	add_ends(&s->past, block);
	*block = (struct stats_block){0};
}

void stats_sum(const struct stats *s, const struct stats_block *present,
    struct stats_block *out)
{
	struct stats_block sum = s->past;

	for (size_t i = 0; i < STATS_BLOCKS; i++) {
		add_counters(&sum, &s->blocks[i]);
		add_ends(&sum, &s->blocks[i]);
		add_gauges(&sum, &s->blocks[i]);
	}
	if (present) {
		sum.health = present->health;
		sum.is_stuck = present->is_stuck;
		sum.health_why = present->health_why;
		sum.health_since_ms = present->health_since_ms;
		sum.next_probe_ms = present->next_probe_ms;
		sum.is_protected = present->is_protected;
		sum.pid = present->pid;
		sum.client_count = present->client_count;
		memcpy(sum.clients, present->clients, sizeof(sum.clients));
	}
	*out = sum;
}

void stats_report(const struct stats_block *sum, struct log *log)
{
	log_message(log, LOG_LEVEL_INFO,
	    "accepted=%" PRIu64 " live=%u chunks=%u/%u queue=%u sources=%u"
	    " slots=%u",
	    sum->accepted, sum->live, sum->chunks_taken, sum->chunks,
	    sum->queue, sum->sources, sum->slots_taken);
	for (enum cause c = CAUSE_NONE; c < CAUSE_COUNT; c++)
		if (sum->ended[c] > 0)
			log_message(log, LOG_LEVEL_INFO, "ended %s=%" PRIu64,
			    cause_row(c)->word, sum->ended[c]);
}
