/*
 * tcp.h: a TCP connection, both of its ends and what is on the way.
 *
 * Symmetric: what one end may see of the other is what Linux shows, as learnt
 * by contrib/pollmap (tcp_test.c walks its automaton). Bytes lie in one ring a
 * direction; positions say how far they have got: written, sent, arrived,
 * read, acknowledged. What is on the way keeps its order.
 */
#ifndef SIM_TCP_H
#define SIM_TCP_H

#include "world.h"

enum {
	TCP_RING = 32 * 1024,
	TCP_BUF_MAX = TCP_RING / 2, /* of a send or receive buffer */
	TCP_SEGMENTS = 16,
	TCP_AGAIN_US =
	    200 * 1000, /* TCP_RTO_MIN: a lost packet is sent again */
	TCP_LATE_US = 3 * TCP_AGAIN_US, /* and again: so late it is at most */
};

/* Packets of one path never overtake each other, whatever connection they
 * belong to. */
struct tcp_path {
	int64_t last_us; /* the last arrival */
	int64_t latency_us;
	int64_t jitter_us;
	uint32_t lost; /* per mille: sent again, and all behind it waits */
};

struct tcp_segment {
	int64_t at_us;
	uint64_t upto;
	bool fin;
	bool rst;
};

struct tcp_flow {
	uint64_t written, sent, arrived, read, acked;
	int64_t last_ack_us; /* when its sender last heard of it */
	struct tcp_path *path;
	uint32_t buf;	 /* bytes it sends ahead, and that may wait there */
	uint64_t urgent; /* the position behind the marked byte; 0: none */
	bool fin_written, fin_sent, fin_arrived, fin_acked;
	uint8_t first, count; /* segments on the way */
	struct tcp_segment segments[TCP_SEGMENTS];
	uint8_t ring[TCP_RING];
};

/* What a client's address looks like to who accepts it. */
enum tcp_family { FAMILY_V4, FAMILY_MAPPED, FAMILY_V6, FAMILY_UNIX };

enum tcp_state { TCP_IS_FREE, TCP_IS_SYN_SENT, TCP_IS_OPEN, TCP_IS_DEAD };

struct tcp_options {
	int64_t keepalive_us, keepalive_every_us; /* 0: off */
	int64_t user_timeout_us;
	bool urgent_inline; /* what is urgent is read with the rest */
};

struct tcp_end {
	enum tcp_state state;
	int err;       /* told once */
	bool closed;   /* by whom it belongs to */
	bool vanished; /* hears and says nothing any more */
	struct tcp_options options;
	struct tcp_flow out;
};

enum { PROXY, PEER };

struct tcp {
	struct tcp *next; /* among the free */
	uint32_t number;  /* of this use: events of an earlier one are stale */
	uint32_t id;
	uint16_t port;		/* the client's, or ours towards the device */
	uint32_t address;	/* the client's, or the device's, host order */
	enum tcp_family family; /* the client's */
	bool delayed_ack;
	bool to_device;
	int64_t may_live_until_us; /* abandoned by the proxy: quarantine */
	uint64_t send_turn;	   /* of the proxy's first byte; 0: none yet */
	int fd;			   /* the proxy's; 0: it has none yet */
	void *peer;		   /* whose the other end is; NULL: nobody's */
	void (*on_wake)(void *peer); /* something changed there */
	bool wake_due;
	struct tcp_end end[2];
};

/* What the ends are told through: something changed at `end`. */
extern void (*tcp_on_change)(struct tcp *t, int end);
/* A SYN has arrived at the device: true: accepted; false and `*out_refused`:
 * answered with a reset, or with nothing. */
extern bool (*tcp_on_syn)(struct tcp *t, bool *out_refused);

void tcp_start(void);

/* A fresh connection; `end[PROXY]` and `end[PEER]` are OPEN. */
struct tcp *tcp_new(
    struct tcp_path *to_proxy, struct tcp_path *from_proxy, uint32_t buf);

/* The proxy connects: SYN_SENT, and the SYN is on its way. */
void tcp_connect(struct tcp *t);

/* The same, of one that fails with `err` a little later. */
void tcp_connect_in_vain(struct tcp *t, int err);

/* The proxy's kernel gives the connection up: its next call meets `err`. */
void tcp_break(struct tcp *t, int err);

/* The last byte that `end` has sent is urgent. */
void tcp_mark(struct tcp *t, int end);
/* Is it the next that the other reads? */
bool tcp_at_mark(const struct tcp *t, int end);

/* Bytes taken or got, 0 at the end of input, or -errno. */
long tcp_send(struct tcp *t, int end, const void *buf, size_t len);
long tcp_recv(struct tcp *t, int end, void *buf, size_t len, bool peek);
int tcp_shut(struct tcp *t, int end);
void tcp_close(struct tcp *t, int end, bool reset);
unsigned int tcp_poll(const struct tcp *t, int end);
size_t tcp_unacked(const struct tcp *t, int end);
int tcp_error(struct tcp *t, int end);

/* Unread bytes at `end`. */
static inline uint64_t tcp_unread(const struct tcp *t, int end)
{
	const struct tcp_flow *in = &t->end[!end].out;

	return in->arrived - in->read;
}

static inline bool tcp_fin_in(const struct tcp *t, int end)
{
	return t->end[!end].out.fin_arrived;
}

/* `end`'s machine is gone: nothing is said or heard any more. */
void tcp_vanish(struct tcp *t, int end);

/* ---- between tcp.c and tcp_wire.c ---- */

/* Sends what there is and the window allows, and the FIN. */
void tcp_push(struct tcp *t, int end);
void tcp_send_reset(struct tcp *t, int end);

/* Both ends have closed, and nothing is on the way: it may be used again. */
void tcp_release(struct tcp *t);

#endif
