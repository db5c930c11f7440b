/*
 * summary.h: what has happened in the last hour, as a line of the log.
 */
#ifndef KEEPER_SUMMARY_H
#define KEEPER_SUMMARY_H

#include <stdint.h>

#include "base/text.h"
#include "keeper/recent.h"

struct status_facts;

/* What was counted when the hour began. */
struct summary {
	int64_t next_ms; /* its end; 0: it has not begun */
	struct recent_point from;
	uint64_t ended[CAUSE_COUNT];
	uint64_t changes; /* of the device's state */
};

/* At the end of an hour: what has happened in it, if anything, to `out`.
 * Returns when to call again. */
int64_t summary_run(
    struct summary *s, const struct status_facts *f, struct text *out);

#endif
