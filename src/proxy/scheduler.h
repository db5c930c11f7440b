/*
 * scheduler.h: where waiting meets capacity.
 *
 * The one place that hands slots to those who wait, runs the door's own
 * trials, and says how the device is. It runs once a turn at the end, after a
 * slot came back, a pause ended or health changed; never from inside a close,
 * so a dial that fails at once cannot recurse.
 */
#ifndef PROXY_SCHEDULER_H
#define PROXY_SCHEDULER_H

#include "proxy/conn.h"
#include "policy/device.h"

struct proxy;

void serve_start(struct proxy *px);

/* Opens the events FIFO, if one is set. 0 or -errno. */
int serve_open_events(struct proxy *px);

/* Serves the line at the end of this turn. */
void serve_soon(struct proxy *px);

/* A slot for `c`, which has passed the gate: now, later in the line, or an
 * answer why not. */
void serve_request(struct proxy *px, struct conn *c);

/* Learns what became of the attempt that holds `pass`. */
void serve_learn(struct proxy *px, const struct device_pass *pass,
    enum device_outcome outcome);

#endif
