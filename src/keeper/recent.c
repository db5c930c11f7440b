/*
 * recent.c: points, and the difference between two of them.
 */
#include "keeper/recent.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MINUTES = 60 };

struct recent_point recent_take(const struct stats_block *sum)
{
	struct recent_point p = {.accepted = (uint32_t)sum->accepted};

	for (size_t i = 0; i < STATS_DELAYS; i++)
		for (size_t j = 0; j < STATS_BUCKETS; j++)
			p.count[i][j] = (uint32_t)sum->delays[i].count[j];
	return p;
}

int64_t recent_run(
    struct recent *r, const struct stats_block *sum, int64_t now_ms)
{
	struct recent_point now = recent_take(sum);

	if (r->next_ms == 0)
		r->next_ms = now_ms;
	/* Who slept through some minutes counts them as one. */
	for (; now_ms >= r->next_ms; r->next_ms += MINUTE_MS) {
		if (r->taken % HOUR_MINUTES == 0)
			r->hours[r->taken / HOUR_MINUTES % (RECENT_HOURS + 1)] =
			    now;
		r->minutes[r->taken++ % (RECENT_MINUTES + 1)] = now;
	}
	return r->next_ms;
}

uint32_t recent_between(const struct recent_point *from,
    const struct recent_point *to, struct stats_histogram out[STATS_DELAYS])
{
	for (size_t i = 0; i < STATS_DELAYS; i++) {
		out[i].sum_ms = 0;
		for (size_t j = 0; j < STATS_BUCKETS; j++)
			out[i].count[j] =
			    (uint32_t)(to->count[i][j] - from->count[i][j]);
	}
	return to->accepted - from->accepted;
}

uint32_t recent_since(const struct recent *r, const struct stats_block *sum,
    unsigned int minutes, struct stats_histogram out[STATS_DELAYS])
{
	static const struct recent_point none;
	const struct recent_point *from = &none;
	struct recent_point now = recent_take(sum);
	uint64_t at;

	if (r->taken > minutes) {
		at = r->taken - 1 - minutes;
		from = minutes <= RECENT_MINUTES
			   ? &r->minutes[at % (RECENT_MINUTES + 1)]
			   : &r->hours[(at + HOUR_MINUTES - 1) / HOUR_MINUTES %
				       (RECENT_HOURS + 1)];
	}
	return recent_between(from, &now, out);
}

int64_t recent_minute(const struct recent *r, unsigned int ago,
    struct stats_histogram out[STATS_DELAYS])
{
	const size_t ring = RECENT_MINUTES + 1;
	uint64_t last = r->taken - 1 - ago;

	if (r->taken < ago + 2 || ago >= RECENT_MINUTES)
		return -1;
	return recent_between(
	    &r->minutes[(last - 1) % ring], &r->minutes[last % ring], out);
}
