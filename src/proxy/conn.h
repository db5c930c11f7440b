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
#include "policy/cause.h"
#include "policy/device.h"
#include "policy/request.h"
#include "policy/queue.h"
#include "proxy/relay.h"
#include "policy/response.h"
#include "policy/clients.h"

struct proxy;

/* Times in ms; 0: off. */
struct conn_conf {
	unsigned int max_clients; /* 0: from RLIMIT_NOFILE */
	size_t memory_bytes;      /* ceiling for all chunks */
	int64_t idle_ms;
	int64_t fin_ms;
	int64_t linger_ms;
	int64_t send_ms;
	int64_t first_byte_ms;
	int64_t reply_ms;     /* a pause */
	int64_t reply_max_ms; /* the whole reply */
	int64_t request_ms;   /* a pause */
	int64_t max_age_ms;
	int64_t preempt_idle_ms;
	int64_t stream_timeout_ms;
	int64_t stream_yield_ms;
	int64_t keep_reply_ms;
	size_t reply_rate;   /* bytes a second; 0: off */
	size_t request_rate; /* bytes a second; 0: off */
	bool share;
};

enum conn_state {
	CONN_GATE,
	CONN_QUEUE,
	CONN_DIAL,
	CONN_RELAY,
	CONN_LAST,
	CONN_CLOSED,
};

/*
 * What the protection knows of a connection. Beside struct conn, at the same
 * place in a table of its own: a door without protection never touches it.
 */
struct guard {
	struct request request;
	struct response reply;
	struct queue_place place;
	struct device_pass pass;
	struct client *source;
	struct list flight;        /* leaders: in the proxy's list */
	struct list followers;     /* leaders: who waits for this reply */
	struct list follow;        /* followers: in that list */
	struct chunk_queue target; /* leaders: what is asked for */
	struct chunk_queue early;  /* came behind a request for upgrade */
	int64_t passed_ms; /* the gate; 0: never */
	int64_t slot_ms;   /* took a slot; 0: never */
	int slot;              /* its number; -1: not limited */
	uint32_t header_bytes; /* PROXY header read and dropped */
	bool awaits_header;
	bool is_probe;     /* the door's own request: there is no client */
	bool judged;       /* the device has shown what it is */
	bool request_sent; /* all of it */
	bool replied;      /* the reply is complete */
	bool upgraded;
};

struct conn {
	struct relay relay;
	struct ev_timer timer; /* the nearest clock of the state */
	struct proxy *px;
	struct guard *guard; /* NULL: a door without protection */
	struct list link;
	struct list starved;

	int64_t opened_ms;
	int64_t began_ms;      /* DIAL began */
	int64_t dialled_ms;    /* the attempt under way began */
	int64_t resume_ms;     /* between attempts: when the next begins */
	int64_t connected_ms;  /* 0: never */
	int64_t first_byte_ms; /* of the reply; 0: never */
	int64_t active_ms;     /* the last byte or FIN, either way */
	int64_t last_ms;       /* LAST began */

	struct peer peer;
	uint8_t state;
	uint8_t cause;       /* the first given */
	uint8_t cause_state; /* where it was then */
	uint8_t clock_cause; /* what the timer means; CAUSE_NONE: look again */
	uint8_t address;     /* which device address is dialled */
	uint8_t retries;
	uint8_t polls; /* looks at a send queue that must empty */
	bool losing;   /* one end was reset; the rest is being delivered */
	bool answered; /* the door speaks for the device */
	bool device_ending; /* it got our FIN after its reply; its own is due */
	bool device_options_set;
};

/* A client was accepted; `arg` is the struct proxy. Takes over `fd`. */
void conn_open(void *arg, int fd, const struct peer *peer);

/* Opens the door's own trial request; without a seat nothing happens and the
 * trial stays due. */
void conn_open_probe(struct proxy *px);

/* Ends it, with an answer where the client may still be given one. */
void conn_end(struct conn *c, enum cause cause);

/* Ends it: closes both sides as the cause demands, writes its line, and
 * frees it after this turn. Safe twice. */
void conn_close(struct conn *c, enum cause cause);

/* Brings wishes and clock in line with what is; the end of every callback. */
void conn_settle(struct conn *c);

/* ---- for the files of the conductor only ---- */

void conn_enter(struct conn *c, enum conn_state state);

/* A seat for `fd` (-1: no client), taken over, in its first state; NULL: none
 * is free, and `fd` is still the caller's. */
struct conn *conn_new(struct proxy *px, int fd, const struct peer *peer);

/* Remembers why it ends; the first cause wins. */
void conn_note(struct conn *c, enum cause cause);

/* Tells the device's health what the cause teaches, and leaves the line. */
void conn_leave_guard(struct conn *c);

/* Closes the device side, if there is one, and gives its slot back. */
void conn_close_device(struct conn *c, enum close_style style);

/* Tells the device's health what became of the attempt; nothing without
 * protection. */
void conn_learn(struct conn *c, enum device_outcome outcome);

/* conn_clock.c: the nearest moment at which something must happen, and what
 * it means; CAUSE_NONE: the state's own clock. Each brings `k` nearer. */
struct clock {
	int64_t at_ms;
	enum cause cause;
};
void conn_gate_clocks(const struct conn *c, struct clock *k);
void conn_queue_clocks(const struct conn *c, struct clock *k);
void conn_dial_clocks(const struct conn *c, struct clock *k);
void conn_relay_clocks(const struct conn *c, struct clock *k);
void conn_last_clocks(const struct conn *c, struct clock *k);

/* conn_gate.c: the states GATE and QUEUE. */
void conn_guard_init(struct guard *g);
void conn_gate_start(struct conn *c);
void conn_gate_on_client(struct conn *c, unsigned int events);
void conn_queue_on_client(struct conn *c, unsigned int events);
/* Its turn has come: `pass` is its slot. */
void conn_queue_leave(struct conn *c, const struct device_pass *pass);

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
void conn_conclude(struct conn *c);

/* conn_answer.c: LAST, where the door speaks itself. Whether it may: gate
 * http or busy-reply, and no byte of a reply has gone out. */
bool conn_answerable(const struct conn *c, enum cause cause);
void conn_answer(struct conn *c, enum cause cause);

/* What the client says from now on is read and dropped; only a clock, or a
 * quota set by the caller, bounds it. */
void conn_drop_input(struct conn *c);

/* Serves `c`, which waits in QUEUE, with a copy of `reply`. False, and
 * nothing has happened, when memory is short. */
bool conn_answer_copy(struct conn *c, const struct chunk_queue *reply);

#endif
