/*
 * fake_proxy.h: the whole proxy over the fake kernel, one client at a time.
 *
 * Loop, conductor, relay and halves are the real ones; whenever the proxy goes
 * to sleep it is checked that nothing it could do was left undone.
 */
#ifndef TESTS_UNIT_FAKE_PROXY_H
#define TESTS_UNIT_FAKE_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "fake_sys.h"
#include "policy/cause.h"

struct fake_proxy_size {
	size_t reply_buffer_bytes;
	size_t scratch_bytes; /* the most one read takes */
	size_t chunks;
	bool after_reply;     /* the client's FIN waits for the device's */
	bool close_on_device; /* the device's FIN ends the device side */
	bool guarded;	      /* one slot, connected for bytes only */
};

void fake_proxy_start(const struct fake_proxy_size *size);
void fake_proxy_stop(void);

/* A fresh world, and a client at the proxy. */
void fake_proxy_open(void);

/* Lets the proxy do what there is to do, until it sleeps. */
void fake_proxy_serve(void);

/* Moves the clock past the next look at a send queue, and serves. */
void fake_proxy_wait(void);

/* Why the connection ended; CAUSE_NONE: it has not. */
enum cause fake_proxy_cause(void);

/* Ends what is still open; then nothing may be left of the connection. */
void fake_proxy_clear(void);

#endif
