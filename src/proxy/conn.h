/*
 * conn.h: one connection's life, from accept to its line in the log.
 *
 * conn.c is the conductor: it alone knows the order of the stages. States
 * only go forward; conn_enter is the only writer of the state, conn_close the
 * only way out, and the first cause given is the one that is told.
 */
#ifndef PROXY_CONN_H
#define PROXY_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/list.h"
#include "evloop/evloop.h"
#include "proxy/cause.h"
#include "proxy/relay.h"

struct proxy;

/* Times in ms; 0: off. */
struct conn_conf {
	unsigned int max_clients; /* 0: from RLIMIT_NOFILE */
	size_t memory_bytes;      /* ceiling for all chunks */
	int64_t idle_ms;
	int64_t fin_ms;
	int64_t linger_ms;
	int64_t feed_ms;
	int64_t first_byte_ms;
	int64_t reply_ms;
	int64_t request_ms;
	int64_t max_age_ms;
	int64_t preempt_idle_ms;
	bool upgrade;
	bool share;
};

enum conn_state { CONN_DIAL, CONN_RELAY, CONN_LAST, CONN_CLOSED };

struct conn {
	struct relay relay;
	struct ev_timer timer; /* the nearest clock of the state */
	struct proxy *px;
	struct list link;
	struct list starved;

	int64_t opened_ms;
	int64_t dialled_ms;  /* the attempt under way began */
	int64_t resume_ms;   /* between attempts: when the next begins */
	int64_t connected_ms; /* 0: never */
	int64_t first_byte_ms; /* of the reply; 0: never */
	int64_t active_ms;   /* the last byte or FIN, either way */
	int64_t last_ms;     /* the device side ended */

	struct peer peer;
	uint8_t state;
	uint8_t cause;       /* the first given */
	uint8_t clock_cause; /* what the timer means; CAUSE_NONE: look again */
	uint8_t address;     /* which device address is dialled */
	uint8_t retries;
	uint8_t polls; /* looks at a send queue that must empty */
	bool losing;   /* one end was reset; the rest is being delivered */
	bool device_options_set;
};

/* A client was accepted; `arg` is the struct proxy. Takes over `fd`. */
void conn_open(void *arg, int fd, const struct peer *peer);

/* Ends it: closes both sides as the cause demands, writes its line, and
 * frees it after this turn. Safe twice. */
void conn_close(struct conn *c, enum cause cause);

/* Its wish for a chunk may be granted now. */
void conn_fed(struct conn *c);

/* ---- for the files of the conductor only ---- */

void conn_enter(struct conn *c, enum conn_state state);

/* Sets the timer to the nearest clock of the state. */
void conn_arm(struct conn *c);

/* Brings wishes and clock in line with what is; the end of every callback. */
void conn_settle(struct conn *c);

/* conn_dial.c: the state DIAL. */
void conn_dial(struct conn *c);
void conn_dial_on_device(struct conn *c, unsigned int events);
void conn_dial_on_client(struct conn *c, unsigned int events);
void conn_dial_on_clock(struct conn *c);

/* conn_relay.c: the states RELAY and LAST. */
void conn_relay_start(struct conn *c);
void conn_relay_on_client(struct conn *c, unsigned int events);
void conn_relay_on_device(struct conn *c, unsigned int events);
void conn_relay_on_clock(struct conn *c);

#endif
