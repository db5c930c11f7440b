/*
 * stats.c: blocks, their sum, and how it is told.
 */
#include "proxy/stats.h"

#include <inttypes.h>

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

static void add_counters(struct stats_block *to, const struct stats_block *b)
{
	to->accepted += b->accepted;
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		to->ended[i] += b->ended[i];
	to->in_bytes += b->in_bytes;
	to->out_bytes += b->out_bytes;
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

/* The connections of a worker that died have ended with it. */
static void end_live(struct stats_block *b)
{
	b->ended[CAUSE_FORCED] += b->live;
}

void stats_give(struct stats *s, struct stats_block *block)
{
	end_live(block);
	add_counters(&s->past, block);
	*block = (struct stats_block){0};
}

void stats_sum(const struct stats *s, const struct stats_block *present,
    struct stats_block *out)
{
	struct stats_block sum = s->past;

	for (size_t i = 0; i < STATS_BLOCKS; i++) {
		add_counters(&sum, &s->blocks[i]);
		add_gauges(&sum, &s->blocks[i]);
	}
	if (present) {
		sum.health = present->health;
		sum.health_why = present->health_why;
		sum.health_since_ms = present->health_since_ms;
		sum.next_trial_ms = present->next_trial_ms;
		sum.pid = present->pid;
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
