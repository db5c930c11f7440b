/*
 * probe.h: the proxy's own request to a device that is suspected or down.
 *
 * One at a time, in a slot like any other, without a client. It is passed at
 * the head of the reply, which is then read on to its end, as far as
 * reply-buffer goes and for at most 2 s: a device should not be reset for
 * having answered.
 */
#ifndef PROXY_PROBE_H
#define PROXY_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evloop/evloop.h"
#include "policy/response.h"
#include "proxy/device_link.h"

struct proxy;

enum { PROBE_REQUEST_MAX = 1024 };

struct probe {
	struct device_link *link; /* NULL: none is under way */
	struct proxy *px;
	struct ev_timer deadline;
	struct response response;
	uint64_t read_bytes;
	bool passed;
};

void probe_init(struct probe *p, struct proxy *px);

/* Begins one if it is due and a slot is free. Returns when to ask again;
 * INT64_MAX: not before something is reported. */
int64_t probe_run(struct probe *p, struct proxy *px);

/* Ends one that is under way, unjudged. */
void probe_stop(struct probe *p);

#endif
