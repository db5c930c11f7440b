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
#include "keeper/recent.h"
#include "policy/health.h"
#include "proxy/stats.h"

enum {
	STATUS_RECENT_MINUTES = 15,
	STATUS_CHANGES_MAX = 128,
	STATUS_STRIP_CELLS = 96, /* of a day */
	STATUS_STRIP_CELL_MS = 15 * 60 * 1000,
	STATUS_TEXT_MAX = 64 * 1024, /* no view is longer */
};

/* One of enum health_state, or one of these. */
enum status_state {
	STATUS_STUCK = HEALTH_HELD + 1,
	STATUS_NO_WORKER, /* the proxy's own trouble */
};

/* A new state of the device. */
struct status_change {
	int64_t wall_ms;
	uint8_t state;
	uint8_t why; /* enum health_why */
};

/* What has been: the latest changes, and counters of a minute. */
struct status_history {
	struct status_change at[STATUS_CHANGES_MAX];
	size_t count; /* of all changes so far */
	struct recent recent;
};

struct status_facts {
	const char *name;
	const char *control; /* whom `sallyport control` is told */
	const char *profile;
	const char *listen;
	const char *device;
	const struct stats *stats;
	const struct status_history *history;
	struct stats_block sum; /* of all workers; health of the newest */
	uint32_t queue_places;
	bool has_worker;
	bool is_silent; /* the worker: it does not say who is there */
	bool is_draining;
	bool was_refused; /* the last reload or upgrade */
	bool has_probe;
	int64_t now_ms;
	int64_t wall_ms;
};

/* The device's state is another, or so it is believed: a change that says
 * nothing new is not kept. */
void status_note(struct status_history *h, unsigned int state,
    enum health_why why, int64_t wall_ms);

/* The device's, STATUS_STUCK included. */
unsigned int status_device_state(const struct stats_block *s);

/* That, or STATUS_NO_WORKER. */
unsigned int status_state(const struct status_facts *f);

/* The worst state in a cell of the strip, 0 the oldest; -1: nothing is known
 * of that time. */
int status_strip(const struct status_facts *f, size_t cell);

const char *status_state_word(uint32_t state);
const char *status_why(uint32_t why);

/* "device down since 10:02:11: silent; next probe in 3 s". */
void status_headline(const struct status_facts *f, struct text *t);

/* An outage that is over, the last one. */
struct status_outage {
	int64_t from_ms; /* by the wall clock */
	int64_t for_ms;
	uint8_t why;
};
bool status_last_outage(
    const struct status_facts *f, struct status_outage *out);

/* "last down at 10:02:11 for 7 min 49 s: silent"; nothing without one. */
void status_outage(const struct status_facts *f, struct text *t);

/* Clients of one address that hold slots, or wait; the longest first. Returns
 * how many addresses. */
struct status_group {
	struct peer peer;
	uint32_t count;
	int64_t since_ms;
};
size_t status_groups(const struct status_facts *f, bool waits,
    struct status_group out[STATS_CLIENTS]);

/* Those that wait and are not among them. */
uint32_t status_unseen(const struct status_facts *f);

/* "10.0.0.5", with the port if there is one only. */
void status_put_group(struct text *t, const struct status_group *g);

/* The `ago`th last end that was not done; NULL: so many were not. */
const struct stats_end *status_end(
    const struct status_facts *f, unsigned int ago);

/* What takes longest on the way to the device's first byte, if 95 of 100 need
 * more than 128 ms; -1: nothing. */
int status_slowest(const struct stats_histogram delays[STATS_DELAYS]);
const char *status_delay_name(enum stats_delay which);

/* Why it is in its state, and what comes next: the end of the headline. */
void status_reason(const struct status_facts *f, struct text *t);

/* ", draining", or whatever else there is to know of the proxy itself. */
void status_put_notes(const struct status_facts *f, struct text *t);

/* For people; the first line is the headline. */
void status_text(const struct status_facts *f, struct text *t);

/* status_json.c: for programs. */
void status_json(const struct status_facts *f, struct text *t);

/* conns.c: each connection, for people and for programs. */
void conns_text(const struct status_facts *f, struct text *t);
void conns_json(const struct status_facts *f, struct text *t);

/* metrics.c: in the OpenMetrics format. */
void metrics_text(const struct status_facts *f, struct text *t);

/* page.c: HTML, complete in itself. */
void page_text(const struct status_facts *f, struct text *t);
void page_tables(const struct status_facts *f, struct text *t);

/* ---- for these files ---- */

/* "2 min 5 s". */
void status_put_span(struct text *t, int64_t ms);

/* "10:02:11", with the date if that is not today's. */
void status_put_clock(struct text *t, int64_t at_ms, int64_t wall_ms);

/* The upper bound of the bucket that holds so many percent; -1: no value. */
int64_t status_percentile_ms(const struct stats_histogram *h, unsigned int pct);

#endif
