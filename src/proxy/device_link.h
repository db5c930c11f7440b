/*
 * device_link.h: the device's end of a connection, as an object of its own:
 * descriptor, slot, phase and deadline.
 *
 *   CONNECTING --> SETTLING --> OPEN --> ENDING --> CLOSED
 *            `---> ABANDONED ------------------------^
 *
 * A link belongs to a connection or to the probe until it ends; while it is
 * ENDING (our FIN is out and the device's is due) or ABANDONED (nobody wants
 * the connect that is under way any more) it lives by itself. Its
 * slot is held until it is CLOSED: the owner of the slots is told then, and
 * told whether the device may still hold on to the connection.
 */
#ifndef PROXY_DEVICE_LINK_H
#define PROXY_DEVICE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bug.h"
#include "base/list.h"
#include "evloop/evloop.h"
#include "policy/cause.h"
#include "policy/clients.h"
#include "policy/slots.h"

enum { DEVICE_ADDR_MAX = 8 };

enum device_abort { DEVICE_ABORT_RST, DEVICE_ABORT_FIN };

/* Times in ms. */
struct device_link_conf {
	const char *device_text;	     /* as the user wrote it */
	struct addr device[DEVICE_ADDR_MAX]; /* tried in this order */
	size_t device_count;
	struct addr local;	    /* len 0: the kernel's choice */
	int64_t connect_timeout_ms; /* one attempt */
	unsigned int connect_retry; /* after a refusal */
	int64_t settle_ms;	    /* connect to first byte */
	int64_t keepalive_ms;	    /* 0: off */
	int64_t user_timeout_ms;    /* 0: off */
	int64_t resolve_every_ms;   /* 0: at start only */
	bool quickack;
	int send_proxy; /* 0, or PROXY version 1 or 2 */
};

enum device_link_phase {
	LINK_CONNECTING,
	LINK_SETTLING, /* open, and only its end is watched */
	LINK_OPEN,
	LINK_ABANDONED,
	LINK_ENDING,
	LINK_CLOSED,
};

struct device_links;

struct device_link {
	struct ev_io io;
	struct list link; /* among the open, the ending or the spare */
	struct device_links *all;
	union {
		void *owner;
		int64_t deadline_ms; /* by itself: it is aborted then */
	};
	struct slot slot;
	unsigned int probe_id; /* see health.h; 0: none */
	struct client *client; /* for whom the slot was taken, or NULL */
	uint8_t phase;
	uint8_t address;   /* which device address is tried */
	bool long_request; /* a part of it may be left unread; the owner's */
	bool is_http; /* what it has not read when it replies, it never reads */
};

/* How a link ended, for the owner of its slot. */
enum device_link_end {
	LINK_END_DONE,	   /* the device has finished, or was reset */
	LINK_END_CUT,	   /* reset in a stream, which it may notice later */
	LINK_END_MAY_LIVE, /* the device may still think it is connected */
};

/* All links, open or spare. */
struct device_links {
	struct ev_loop *loop;
	const struct device_link_conf *conf;
	enum device_abort abort;
	struct device_link *pool;
	size_t size;
	size_t fresh; /* links never used begin here */
	struct list spare;
	struct list open;	  /* with an owner */
	struct list ending;	  /* by themselves, the first deadline first */
	struct ev_timer deadline; /* of the first that is ENDING */
	char *scratch;		  /* what ENDING links say goes here */
	size_t scratch_bytes;
	/* A link is CLOSED: takes back its slot. `l` is spare afterwards. */
	void (*on_closed)(
	    void *arg, struct device_link *l, enum device_link_end end);
	void *arg;
	/* The device has sent urgent data before: two marks in a row may come
	 * before the first is seen, and cost its byte unless it is inline. */
	bool sends_urgent;
	/* A port nobody listens on may connect to itself: looked at after
	 * start and after every refusal, until a connect is seen to be good. */
	bool check_self_connect;
};

/* `pool` holds `size` links, never touched or zero, and stays the caller's;
 * the other public fields are the caller's to set before. */
void device_links_init(
    struct device_links *all, struct device_link *pool, size_t size);

/* Closes every link with device-abort, those of owners included. */
void device_links_fini(struct device_links *all);

/* A spare link for `owner`, who sets slot, probe_id and client; NULL: none. The
 * first connect follows at once. `on_io` is told what the loop reports until
 * the link lives by itself. */
struct device_link *device_link_open(struct device_links *all,
    void (*on_io)(struct ev_loop *, struct ev_io *, unsigned int), void *owner);

/* The link of which `on_io` is told. */
static inline struct device_link *device_link_of(struct ev_io *io)
{
	return container_of(io, struct device_link, io);
}

/* Starts connecting to the present address, on a fresh socket. 0 when
 * connected or under way (a send tells, no second connect is needed), else
 * -errno and without a descriptor. */
int device_link_connect(struct device_link *l);

/* The attempt failed: its descriptor goes, the slot stays. Returns whether
 * another address is to be tried at once. */
bool device_link_has_next(const struct device_link *l);
bool device_link_next_address(struct device_link *l);
void device_link_drop_attempt(struct device_link *l);

/* The connection stands. False: it is connected to itself, which counts as
 * refused. */
bool device_link_connected(struct device_link *l);

/* An open link may be left alone for a while before it is used. */
static inline void device_link_set_settling(struct device_link *l, bool is)
{
	l->phase = is ? LINK_SETTLING : LINK_OPEN;
}

static inline bool device_link_is_settling(const struct device_link *l)
{
	return l->phase == LINK_SETTLING;
}

/* What a failed attempt is called; `err` is -errno. */
enum cause device_link_cause(int err);

/* Of a connection that has ended, or been reset: without a byte to be read? */
bool device_link_ended_silent(const struct device_link *l);

/* Is it our side that ran short, so that waiting helps? */
bool device_link_is_shortage(int err);

/*
 * Ends it in good order; `fin_seen`: the device has finished. Else our FIN is
 * sent and the device has 200 ms to finish, `at_once`: none, because it said
 * that it would keep the connection; then device-abort. So too when it finishes
 * without having taken all of a long request: our FIN would wait behind what
 * it does not read. The owner has no link any more.
 */
void device_link_end(struct device_link *l, bool fin_seen, bool at_once);

/* Its connect is under way and nobody wants it any more: the device, which may
 * answer yet, is reset when it does, at `deadline_ms` at the latest. */
void device_link_abandon(struct device_link *l, int64_t deadline_ms);

/* Closes it as device-abort says. `fin_seen` as above. */
void device_link_abort(struct device_link *l, bool fin_seen);

/* Closes it with RST whatever device-abort says. */
void device_link_reset(struct device_link *l);

#endif
