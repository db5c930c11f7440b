/*
 * status.h: what goes on, as text, JSON, metrics and a page.
 *
 * All four are made from the same facts, which the keeper gathers from the
 * shared mapping; nothing here reads a clock or a socket.
 */
#ifndef KEEPER_STATUS_H
#define KEEPER_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "policy/health.h"
#include "proxy/stats.h"

enum {
	STATUS_CHANGES_MAX = 128,
	STATUS_STRIP_CELLS = 96, /* of a day */
	STATUS_STRIP_CELL_MS = 15 * 60 * 1000,
	STATUS_TEXT_MAX = 64 * 1024, /* no view is longer */
};

/* A new state of the device. */
struct status_change {
	int64_t wall_ms;
	uint8_t state; /* enum health_state */
	uint8_t why;   /* enum health_why */
};

/* The latest changes, oldest first from `first`. */
struct status_history {
	struct status_change at[STATUS_CHANGES_MAX];
	size_t count; /* of all so far */
};

struct status_facts {
	const char *name;
	const char *profile;
	const char *listen;
	const char *device;
	const struct stats *stats;
	const struct status_history *history;
	struct stats_block sum; /* of all workers; health of the newest */
	uint32_t queue_places;
	bool has_worker;
	bool is_draining;
	bool has_probe;
	int64_t now_ms;
	int64_t wall_ms;
};

/* The device's state is another, or so it is believed: a change that says
 * nothing new is not kept. */
void status_note(struct status_history *h, enum health_state state,
    enum health_why why, int64_t wall_ms);

/* The worst state in a cell of the strip, 0 the oldest; -1: nothing is known
 * of that time. */
int status_strip(const struct status_facts *f, size_t cell);

const char *status_state_word(uint32_t state);
const char *status_why(uint32_t why);

/* "device down since 10:02:11: silent; next probe in 3 s". */
void status_headline(const struct status_facts *f, struct text *t);

/* For people; the first line is the headline. */
void status_text(const struct status_facts *f, struct text *t);
void status_json(const struct status_facts *f, struct text *t);

/* metrics.c: in the OpenMetrics format. */
void metrics_text(const struct status_facts *f, struct text *t);

/* page.c: HTML, complete in itself. */
void page_text(const struct status_facts *f, struct text *t);

/* ---- for these files ---- */

/* As printf; what does not fit is cut off. */
__attribute__((format(printf, 2, 3))) void status_put(
    struct text *t, const char *format, ...);

/* "2 min 5 s". */
void status_put_span(struct text *t, int64_t ms);

/* "10:02:11", with the date if that is not today's. */
void status_put_clock(struct text *t, int64_t at_ms, int64_t wall_ms);

/* The upper bound of the bucket that holds so many percent; -1: no value. */
int64_t status_percentile_ms(const struct stats_histogram *h, unsigned int pct);

#endif
