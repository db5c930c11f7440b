/*
 * relay.h: two ends and the two directions between them: what the ends are
 * watched for, and how they are lost.
 *
 * The relay turns what the loop reports into reads, sends and FINs, and says
 * what each socket is watched for; that interest is computed from the
 * directions each time and stored nowhere. It decides nothing about the
 * connection's life: the conductor asks relay_verdict and acts.
 */
#ifndef PROXY_RELAY_H
#define PROXY_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "evloop/evloop.h"
#include "proxy/device_link.h"
#include "proxy/direction.h"

enum half_close { HALF_CLOSE_PROPAGATE, HALF_CLOSE_AFTER_REPLY };
enum on_device_fin { ON_DEVICE_FIN_HALF, ON_DEVICE_FIN_CLOSE };
enum reply_mode { REPLY_STREAM, REPLY_HOLD };

struct relay_conf {
	size_t reply_buffer_bytes; /* taken ahead of a slow client */
	bool splice;
	enum half_close half_close;
	enum on_device_fin on_device_fin;
	enum device_abort device_abort;
	enum reply_mode reply;
};

enum { REQUEST_AHEAD_BYTES = 16 * 1024 };

enum end { CLIENT, DEVICE };

static inline enum end other_end(enum end e)
{
	return e == CLIENT ? DEVICE : CLIENT;
}

struct relay {
	struct ev_io client;	  /* fd -1: gone */
	struct device_link *link; /* NULL: none */
	struct direction to_device;
	struct direction to_client;
};

enum relay_verdict {
	RELAY_GOES_ON,
	RELAY_DONE,	   /* both FINs have passed, or may with the close */
	RELAY_LOST_CLIENT, /* reset, and everything it sent has been read */
	RELAY_LOST_DEVICE,
};

/* Without a link; the loop tells `on_client` of the client's end. */
void relay_init(struct relay *r, const struct relay_conf *conf, int client_fd,
    void (*on_client)(struct ev_loop *, struct ev_io *, unsigned int));

static inline int relay_fd(const struct relay *r, enum end e)
{
	if (e == CLIENT)
		return r->client.fd;
	return r->link ? r->link->io.fd : -1;
}

/* The direction that reads from `e`. */
static inline struct direction *relay_from(struct relay *r, enum end e)
{
	return e == CLIENT ? &r->to_device : &r->to_client;
}

/* Acts on what the loop reported for `e`. Returns the MOVED_ bits of
 * direction.h: only with MOVED_STATE is there anything to ask again. */
unsigned int relay_on_events(struct relay *r, struct direction_env *env,
    enum end e, unsigned int events);

/* Sends FINs that are due, except one that the close would send anyway. */
enum relay_verdict relay_verdict(struct relay *r);

/* Tells the loop what both sockets are watched for. */
void relay_update_interest(
    struct relay *r, struct direction_env *env, struct ev_loop *loop);

/* Closes the client's end. Bytes still buffered for it are dropped; bytes read
 * from it stay buffered for the device. */
void relay_close_client(
    struct relay *r, struct direction_env *env, struct ev_loop *loop);

/* The link is closed or goes on by itself: the relay is without one. */
void relay_drop_link(struct relay *r, struct direction_env *env);

/* After the end `lost` was closed: has the other acknowledged every byte that
 * is still to reach it? Only then may it be reset too. An unacknowledged FIN
 * counts as one byte in the kernel and is not waited for. */
bool relay_delivered(struct relay *r, enum end lost);

#endif
