/*
 * conn.h: one connection's life, from accept to its line in the log.
 *
 * conn.c is the conductor: it alone knows the order of the stages. States
 * only go forward; conn_enter is the only writer of the state, conn_close the
 * only way out, and the first cause given is the one that is reported. To
 * read on: conn.c, then conn_gate, conn_connect, conn_relay, conn_http and
 * conn_answer in the order in which a connection meets them; conn_clock says
 * how long each may take, conn_serve what happens at the end of a turn.
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
#include "policy/coalesce.h"
#include "policy/exchange.h"
#include "proxy/relay.h"
#include "proxy/scheduler.h"

struct proxy;

enum conn_state {
	CONN_GATE,
	CONN_QUEUE,
	CONN_SHARED, /* its requests go one by one; see conn_shared.c */
	CONN_CONNECT,
	CONN_RELAY,
	CONN_CLOSING,
	CONN_CLOSED,
};

/*
 * What the protection knows of a connection. Beside struct conn, at the same
 * place in a table of its own: a proxy without protection never touches it.
 */
struct protection {
	struct exchange exchange;
	struct waiter waiter;
	struct coalesce_member share;
	struct list orphan;    /* its leader is gone: it is to queue */
	struct client *client; /* its address's entry; NULL before admission */
	struct peer destination;  /* as a PROXY header said; none: ours */
	struct chunk_queue early; /* came behind a request for upgrade */
	struct rate rate;
	int64_t passed_ms;	/* the gate; 0: never */
	int64_t slot_ms;	/* took a slot; 0: never */
	int64_t turn_ms;	/* the present turn began */
	int64_t taken_ms;	/* the device acknowledged of its request */
	int64_t stream_ms;	/* the reply turned out to have no end */
	int64_t retry_after_ms; /* request-limit: for the answer */
	uint32_t header_bytes;	/* PROXY header read and dropped */
	int16_t slot;		/* its number; -1: not limited */
	uint8_t turn;
	uint16_t shared_count;	/* its requests in flight, SHARED */
	uint32_t shared_number; /* tells it from earlier clients; 0: none */
	bool awaits_header;
	bool reported; /* health knows what became of it */
};

/* What the connection's timer is to do; conn.c, on_timer. */
enum deadline_action {
	DEADLINE_END,	    /* the connection ends with the cause */
	DEADLINE_CONNECT,   /* the next attempt begins */
	DEADLINE_SETTLED,   /* the pause before the first byte is over */
	DEADLINE_IDLE,	    /* options that short connections never need */
	DEADLINE_RATE,	    /* was the least rate kept? */
	DEADLINE_STALLED,   /* the kernel may have memory again */
	DEADLINE_QUEUED,    /* a request has waited too long, SHARED */
	DEADLINE_DELIVERED, /* has the other end all of it? */
};

struct deadline {
	int64_t at_ms;
	enum cause cause;
	enum deadline_action action;
};

struct conn {
	struct relay relay;
	struct ev_timer timer; /* the nearest deadline of the state */
	struct proxy *px;
	struct protection *prot; /* NULL: a proxy without protection */
	struct list link;

	int64_t opened_ms;
	int64_t next_ms;      /* CONNECT: the attempt began, or will; later: the
			       * next look that no event asks for, 0: none */
	int64_t connected_ms; /* 0: never */
	int64_t first_byte_ms; /* of the reply; 0: never */
	int64_t active_ms[2];  /* the last progress of each end; in CONNECT,
				* of the device's: when that began */
	uint64_t acked[2];     /* bytes each end had acknowledged when asked */

	struct peer peer;
	uint16_t retries;
	uint8_t state;
	uint8_t cause;	     /* the first given */
	uint8_t cause_state; /* where it was then */
	uint8_t looks;	     /* at a send queue that must empty */
	bool attempting;     /* a connect is under way; else a pause */
	bool delivering; /* one end was reset; the rest is being delivered */
	bool answered;	 /* the proxy speaks for the device */
	bool refused;	 /* answered, and holds no place any more */
	bool options_set;
	bool wants_memory; /* it would read, if only a chunk were free */
};

/* A client was accepted; `arg` is the struct proxy. Takes over `fd`. */
void conn_open(void *arg, int fd, const struct peer *peer);

/* Ends it, with an answer where the client may still be given one. */
void conn_end(struct conn *c, enum cause cause);

/* Ends it: closes both ends as the cause demands, writes its line, and frees
 * it after this turn. Safe twice. */
void conn_close(struct conn *c, enum cause cause);

/* ---- for the files of the conductor only ---- */

void conn_enter(struct conn *c, enum conn_state state);

/* Brings interest and timer in line with what is; the end of every callback
 * after which anything but bytes passing through is different. */
void conn_update(struct conn *c);

/* Remembers why it ends; the first cause wins. */
void conn_note(struct conn *c, enum cause cause);

/* It takes no further part in what is shared: queue, coalescing, memory. */
void conn_leave_protection(struct conn *c);

/* Drops the link, closed as device-abort says. Safe without one. */
void conn_abort_link(struct conn *c);

/* Drops the link, which the device has reset. */
void conn_drop_lost_link(struct conn *c);

/* Ends the link in good order; see device_link_end. */
void conn_end_link(struct conn *c, bool at_once);

/* Reports what the device did; nothing without protection. */
void conn_report(struct conn *c, enum health_signal signal);

/* What the loop reports of its link, whose owner is the connection. */
void conn_on_link(struct ev_loop *loop, struct ev_io *io, unsigned int events);

/* A link of its own, with what the waiter was granted; NULL: none is free. */
struct device_link *conn_open_link(struct conn *c);

/* The letter of a state, for the log. */
char conn_state_letter(enum conn_state state);

/* conn_clock.c: the nearest deadline of the state. */
struct deadline conn_deadline(const struct conn *c);
void conn_set_timer(struct conn *c);

/* Asks the kernel what each end has acknowledged: that is progress which no
 * event tells. Returns whether there was any. */
bool conn_look(struct conn *c);

int64_t conn_last_active_ms(const struct conn *c);

/* Has the device acknowledged all that was sent to it, when last asked? */
bool conn_device_has_all(const struct conn *c);

/* Whose turn it is in RELAY, kept with the moment since when. */
enum turn conn_update_turn(struct conn *c);

/* conn_gate.c: the states GATE and QUEUE. */
void conn_gate_start(struct conn *c, bool refused);
void conn_gate_on_client(struct conn *c, unsigned int events);
void conn_queue_on_client(struct conn *c, unsigned int events);
/* Passed the gate, or its leader is gone: it asks for a slot. */
void conn_queue_join(struct conn *c);
/* Its turn has come: it holds what `c->prot->waiter` was granted. */
void conn_queue_leave(struct conn *c);
/* Is a client that has left to lose its place? */
bool conn_fin_drops(const struct conn *c);
/* Has it left within the body of its request? */
bool conn_request_is_cut(const struct conn *c);

/* conn_shared.c: the state SHARED. */
void conn_shared_start(struct conn *c);
void conn_shared_on_client(struct conn *c, unsigned int events);
/* Sees to what the client sent next, if anything, or to its end. */
void conn_shared_next(struct conn *c);
/* Its first request, which was queued, may be sent. */
void conn_shared_go(struct conn *c);
/* Its first request, queued no more, is refused for `cause`. */
void conn_shared_refuse(struct conn *c, enum cause cause);
/* Its first request has waited for queue-timeout. */
void conn_shared_waited(struct conn *c);
/* A request of it in flight has failed. */
void conn_shared_fail(struct conn *c, const void *request, enum cause cause);
/* The device's answer to one, or a part of it. */
void conn_shared_answer(struct conn *c, const void *bytes, size_t len);
/* Is nothing of a request or an answer under way? */
bool conn_shared_is_idle(const struct conn *c);
/* Ends those that are: the proxy drains, and they may come again. */
void conn_shared_drain(struct proxy *px);

/* conn_connect.c: the state CONNECT. */
void conn_connect(struct conn *c);
void conn_connect_next(struct conn *c);
void conn_connect_timed_out(struct conn *c);
void conn_connect_on_link(struct conn *c, unsigned int events);
void conn_connect_on_client(struct conn *c, unsigned int events);
/* The pause between connect and first byte is over. */
void conn_settled(struct conn *c);

/* conn_relay.c: the states RELAY and CLOSING. */
void conn_relay_start(struct conn *c);
void conn_relay_on_client(struct conn *c, unsigned int events);
void conn_relay_on_link(struct conn *c, unsigned int events);
/* Draws the conclusions from what both directions have met. */
void conn_conclude(struct conn *c);
void conn_enter_closing(struct conn *c);
/* Sends again what the kernel had no memory for. */
void conn_push_stalled(struct conn *c);

/* conn_http.c: replies that are read. */
static inline bool conn_is_http(const struct conn *c)
{
	return c->prot && c->prot->exchange.is_http;
}
/* Has a byte of the reply come? Interim heads (1xx) only announce it. */
static inline bool conn_reply_begun(const struct conn *c)
{
	return direction_read_bytes(&c->relay.to_client) >
	       (c->prot ? c->prot->exchange.response.interim_bytes : 0);
}
void conn_http_start(struct conn *c);
/* The reader of a reply; see struct direction_env. */
unsigned int conn_http_read(struct direction *d, const char *bytes, size_t len);
void conn_http_conclude(struct conn *c);
void conn_judge_rate(struct conn *c);
/* Has more than a head come? Then a reset is passed on behind it. */
bool conn_http_has_body(const struct conn *c);

/* conn_answer.c: CLOSING, where the proxy speaks itself. Whether it may: gate
 * http or busy-reply, and nothing but whole interim heads has gone out. */
bool conn_answerable(const struct conn *c, enum cause cause);
void conn_answer(struct conn *c, enum cause cause, enum http_error_kind kind);

/* What the client says from now on is read and dropped: at most `bytes`. */
void conn_drop_input(struct conn *c, uint64_t bytes);

/* Serves `c`, which waits, with a copy of a reply. False, and nothing has
 * happened, when memory is short. */
bool conn_answer_copy(struct conn *c, const struct chunk_queue *reply);

/* conn_serve.c: what is done once, at the end of a turn. */
void conn_serve_init(struct proxy *px);
void conn_serve_soon(struct proxy *px);
/* A place for a newcomer: somebody whose address holds as much had to leave, or
 * nobody could. */
bool conn_evict(struct proxy *px, const struct peer *newcomer);
/* `c` would read if only a chunk were free: it is told at the end of a turn. */
void conn_wait_for_memory(struct conn *c);
void conn_stop_waiting(struct conn *c);
/* The reply of `newcomer` has no end, which is one stream too many: which is
 * to go? The oldest of the address that holds most, that of the newcomer if it
 * holds as many; but where each holds one, the newcomer itself. */
struct conn *conn_stream_over_limit(struct conn *newcomer);
struct conn *conn_of_waiter(struct proxy *px, struct waiter *w);

/* conn_share.c: one reply for many. Whether it follows another's request, or
 * got a kept reply: then nothing else is to be done for it. */
bool conn_share(struct conn *c);
/* The leader's reply is complete and still held whole. */
void conn_deliver_shared(struct conn *c);
/* It takes no part any more in the reply it leads or follows. */
void conn_leave_shared(struct conn *c);
/* The leader's client is gone, for `cause`: true if a follower's has replaced
 * it, and the connection goes on. */
bool conn_succeed(struct conn *c, enum cause cause);
void conn_serve_orphans(struct proxy *px);

#endif
