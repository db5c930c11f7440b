/*
 * device_link.h: getting a connection to the device, one attempt at a time.
 *
 * The caller owns the descriptor, the clocks and the decision to try again;
 * here are the attempt itself, the meaning of its errors, and the rhythm of
 * retries.
 */
#ifndef PROXY_DEVICE_LINK_H
#define PROXY_DEVICE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/cause.h"

enum { DIAL_ADDR_MAX = 8 };

struct dial_conf {
	const char *device_text;             /* as the user wrote it */
	struct addr device[DIAL_ADDR_MAX];   /* tried in this order */
	size_t device_count;
	struct addr local;                   /* len 0: the kernel's choice */
	int64_t resolve_every_ms;            /* look the name up again; 0: off */
	int64_t connect_timeout_ms;          /* one attempt */
	unsigned int connect_retry;          /* after a refusal */
	int64_t settle_ms;                   /* connect to first byte */
	int64_t keepalive_ms;                /* device side; 0: off */
	int64_t user_timeout_ms;             /* device side; 0: off */
	bool quickack;
	int send_proxy;                      /* 0, or PROXY version 1 or 2 */
};

/*
 * Starts connecting to conf->device[which]. 0 with `*out_fd` set when
 * connected or under way, else -errno. On a local device the connection is
 * usually up already: a send tells, no second connect is needed.
 */
int dial_start(const struct dial_conf *conf, size_t which, int *out_fd);

/* What a failed attempt is called; -ECONNREFUSED and its kin. */
enum cause dial_cause(int err);

/* Is it our side that ran short, so that waiting helps? */
bool dial_is_shortage(int err);

#endif
