/*
 * server.h: the Ethernet library between firmware and chip, in the four
 * versions that explain the log.
 *
 * One variable remembers the listening slot. `available` looks at that slot
 * alone to decide whether to open another, and then serves the lowest slot
 * with bytes waiting: a connection without bytes is never seen. The stock
 * library of 2017 never reclaims a slot whose client left unserved; the fork
 * of the log closes such slots when nothing else is free; version 2 scans
 * all slots each time. Ethernet2, which the later sketch uses, looks at all
 * slots too, serves the lowest, opens closed slots only, prints nothing, and
 * ends a half-closed slot without bytes by a whole stop() inside `available`.
 */
#ifndef TEMPDEV_SERVER_H
#define TEMPDEV_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "chip.h"
#include "console.h"

enum server_lib { LIB_STOCK2017, LIB_SYSTRONIX, LIB_V2, LIB_ETHERNET2 };

enum server_verdict {
	SERVER_CLIENT, /* a slot has bytes */
	SERVER_STOP,   /* a slot is to be stopped, before anything else */
	SERVER_IDLE,
	SERVER_FULL, /* nor is there a slot to listen with */
};

struct server {
	struct chip *chip;
	struct console *console;
	enum server_lib lib;
	bool quiet; /* prints nothing */
	uint16_t shown_port;
	unsigned int slots;	/* as many as the library was built for */
	unsigned int listening; /* the slot last opened; `slots`: none */
	uint64_t all_in_use;	/* over all boots */
};

/* Opens a slot to listen with; false when all are taken. */
bool server_begin(struct server *s);

/* One look at the chip, with its side effects. */
enum server_verdict server_available(struct server *s, unsigned int *out_slot);

/* Opens slot `slot` without a word, as a preset. */
void server_listen_on(struct server *s, unsigned int slot);

#endif
