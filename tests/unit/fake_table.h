/*
 * fake_table.h: sockets that behave as the automaton says that was learned
 * from a kernel, and peers that act on it.
 */
#ifndef TESTS_UNIT_FAKE_TABLE_H
#define TESTS_UNIT_FAKE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "fake_sys.h"

/* What an end can do, in the automaton's order. */
enum fake_verb { FAKE_SND, FAKE_RCV, FAKE_SHW, FAKE_SHR, FAKE_CLO, FAKE_RST };

/* Who connected, and who accepted. */
enum { FAKE_ACTIVE, FAKE_PASSIVE };

/* One connection: a state of the automaton, and the bytes on their way. */
struct fake_link {
	int state;
	size_t unread[2];
};

/* `bytes` is for FAKE_SND alone. Returns what the call would: bytes, 0 or
 * -errno. */
long fake_link_act(
    struct fake_link *l, int end, enum fake_verb verb, size_t bytes);

/* Can that end still act? */
bool fake_link_open(const struct fake_link *l, int end);
unsigned int fake_link_mask(const struct fake_link *l, int end);

/* Between the client and the proxy, and between the proxy and the device. */
extern struct fake_link fake_links[2];

/* A peer acts; `bytes` as above. */
long fake_peer_act(enum fake_side side, enum fake_verb verb, size_t bytes);

#endif
