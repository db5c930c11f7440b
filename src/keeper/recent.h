/*
 * recent.h: what was counted a minute, an hour and a day ago.
 *
 * Counters only grow; what happened lately is the difference between now and
 * then. One point a minute for an hour, one an hour for a day.
 */
#ifndef KEEPER_RECENT_H
#define KEEPER_RECENT_H

#include <stdint.h>

#include "proxy/stats.h"

enum { RECENT_MINUTES = 60, RECENT_HOURS = 24 };

/* What has grown; 32 bits are enough for differences. */
struct recent_point {
	uint32_t accepted;
	uint32_t count[STATS_DELAYS][STATS_BUCKETS];
};

struct recent {
	struct recent_point minutes[RECENT_MINUTES + 1];
	struct recent_point hours[RECENT_HOURS + 1];
	uint64_t taken; /* points, of all so far */
	int64_t next_ms;
};

/* What a sum says now, and what has grown between two such; without `sum_ms`
 * of the histograms. The second returns how many clients were accepted. */
struct recent_point recent_take(const struct stats_block *sum);
uint32_t recent_between(const struct recent_point *from,
    const struct recent_point *to, struct stats_histogram out[STATS_DELAYS]);

/* Takes the points that are due; returns when to call again. */
int64_t recent_run(
    struct recent *r, const struct stats_block *sum, int64_t now_ms);

/* What was counted in the last so many minutes, at most a day; without `sum_ms`
 * of the histograms. Returns how many clients were accepted. */
uint32_t recent_since(const struct recent *r, const struct stats_block *sum,
    unsigned int minutes, struct stats_histogram out[STATS_DELAYS]);

/* The same of one minute, `ago` whole minutes back: 0 is the latest that is
 * complete. -1: it is not known. */
int64_t recent_minute(const struct recent *r, unsigned int ago,
    struct stats_histogram out[STATS_DELAYS]);

#endif
