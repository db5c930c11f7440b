/*
 * fake_sys.h: a kernel small enough to know everything.
 *
 * The calls the proxy makes while it serves (sockets, splice, epoll, the
 * clock) are wrapped at link time and answered by a model of Linux: TCP
 * sockets with their error told once, their poll mask and their end of file;
 * pipes; one epoll set in level mode. The test plays the peers behind the two
 * sockets, sees exactly what they would see, and moves the clock by hand. So
 * one run costs microseconds and the same run is always the same.
 *
 * The model also judges: a call no sound program makes (a read after the end,
 * a send after the FIN, a byte out of order, a wait that changes nothing) is
 * a violation and ends the test.
 */
#ifndef TESTS_UNIT_FAKE_SYS_H
#define TESTS_UNIT_FAKE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fake_side { FAKE_CLIENT, FAKE_DEVICE };

/* What the peer on one side did, and what became of it. */
struct fake_peer {
	int fd;		   /* the proxy's socket towards it; -1: none */
	size_t sent;	   /* bytes it wrote that reached the proxy's socket */
	size_t read;	   /* of these, bytes the proxy took */
	size_t peeked;	   /* bytes behind those that it has seen */
	size_t got;	   /* bytes that came to it, in order */
	size_t reset_over; /* of these, discarded by the proxy's own reset */
	bool sent_fin;
	bool sent_rst;
	bool got_fin;
	bool got_rst;
};

extern struct fake_peer fake_peers[2];

/* A fresh world without sockets; pipes stay, for a pool may hold them. */
void fake_reset(void);

/* The client connects; returns the accepted socket. */
int fake_accept(void);

/* How the next connect ends. */
enum fake_connect { FAKE_CONNECT_AT_ONCE, FAKE_CONNECT_WAITS };
extern enum fake_connect fake_connect_mode;
void fake_connect_done(void);
bool fake_connect_refuse(void); /* whether there was something to refuse */

/* What peers do. Nothing happens where a real peer could not do it. */
void fake_send(enum fake_side side, size_t bytes);
void fake_send_fin(enum fake_side side);
void fake_send_rst(enum fake_side side);
/* Lets the proxy's socket take so many more bytes. */
void fake_window(enum fake_side side, size_t bytes);
/* Everything sent so far is acknowledged; with fake_auto_ack at once. */
void fake_ack(enum fake_side side);
extern bool fake_auto_ack;

/* Pipes that are open and hold bytes. */
int fake_full_pipes(void);

extern int64_t fake_now_ms;

/* Calls of each kind since the last fake_reset. */
struct fake_calls {
	int recv, send, splice, oobinline;
};
extern struct fake_calls fake_calls;

/* The events of one wait are given client first, or device first. */
extern bool fake_device_first;

/* Called when the proxy would sleep; it should end the loop. */
extern void (*fake_on_sleep)(void);

/* Ends the test, saying `why` and what had been done (fake_story). */
void fake_violation(const char *why);
extern const char *(*fake_story)(void);

static inline void fake_require(bool good, const char *why)
{
	if (__builtin_expect(!good, 0))
		fake_violation(why);
}

/* Set: the test gives up, connections may end as they like. */
extern bool fake_gave_up;

/* Set: every call is told on stderr. */
extern bool fake_tell;

/* Do bytes sent to `side` wait for more, because of MSG_MORE? */
bool fake_corked(enum fake_side side);

#endif
