/*
 * relay.h: two sockets, two halves: what they want, and how they end.
 *
 * The relay turns what the loop reports into reads, sends and FINs, and says
 * what each socket is wanted for; that wish is computed from the halves each
 * time and stored nowhere. It decides nothing about the connection's life:
 * conn.c asks relay_verdict and acts.
 */
#ifndef PROXY_RELAY_H
#define PROXY_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "evloop/evloop.h"
#include "proxy/direction.h"

enum half_close { HALF_CLOSE_PROPAGATE, HALF_CLOSE_AFTER_REPLY };
enum on_device_fin { ON_DEVICE_FIN_HALF, ON_DEVICE_FIN_CLOSE };
enum device_abort { DEVICE_ABORT_RST, DEVICE_ABORT_FIN };
enum reply_mode { REPLY_STREAM, REPLY_HOLD };

struct relay_conf {
	size_t reply_buffer_bytes; /* reply bytes taken ahead of a slow client */
	bool splice;
	enum half_close half_close;
	enum on_device_fin on_device_fin;
	enum device_abort device_abort;
	enum reply_mode reply;
};

enum { REQUEST_AHEAD_BYTES = 16 * 1024 };

/* An end of the relay; also the index of the half that reads from it. */
enum end { CLIENT, DEVICE };

static inline enum end other_end(enum end e)
{
	return e == CLIENT ? DEVICE : CLIENT;
}

struct side {
	struct ev_io io;
	bool hung_up; /* HUP or ERR stands: it cannot be masked, only removed */
};

struct relay {
	struct side side[2];
	struct half half[2];
	bool connecting; /* the device side: wanted for OUT, never read */
	bool watch_client_fin; /* even while nothing is read from it */
};

enum relay_verdict {
	RELAY_GOES_ON,
	RELAY_DONE,        /* both FINs have passed, or may with the close */
	RELAY_LOST_CLIENT, /* reset, and everything it sent has been read */
	RELAY_LOST_DEVICE,
};

/* Both ends without a descriptor. */
void relay_init(struct relay *r, const struct relay_conf *conf);

static inline int relay_fd(const struct relay *r, enum end e)
{
	return r->side[e].io.fd;
}

/* Acts on what the loop reported for `e`; returns whether bytes or a FIN
 * moved, which is what keeps idle clocks from striking. */
bool relay_on_events(struct relay *r, struct half_env *env, enum end e,
    unsigned int events);

/* Sends FINs that are due, except one that the close would send anyway. */
enum relay_verdict relay_verdict(struct relay *r);

/* Tells the loop what both sockets are wanted for. */
void relay_update_wants(struct relay *r, struct half_env *env,
    struct ev_loop *loop);

/* How to close a side: orderly, or with RST. */
enum close_style { CLOSE_FIN, CLOSE_RST };

/* Closes `e`. Bytes still owed to it are dropped; bytes read from it stay
 * owed to the other. */
void relay_close_side(struct relay *r, struct half_env *env,
    struct ev_loop *loop, enum end e, enum close_style style);

/* After `lost` was closed: has the other end acknowledged everything that is
 * still to reach it? Only then may it be reset too. */
bool relay_delivered(const struct relay *r, enum end lost);

#endif
