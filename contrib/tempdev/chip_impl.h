/*
 * chip_impl.h: between the parts of the chip: registers and commands
 * (chip.c), one slot's connection (chip_slot.c), the listener and orphans
 * (chip_net.c).
 */
#ifndef TEMPDEV_CHIP_IMPL_H
#define TEMPDEV_CHIP_IMPL_H

#include "chip.h"

/* The retry schedule 200+400+...+3200+4x6400 ms, and its end. */
enum { CHIP_TCP_TIMEOUT_US = 31800 * US_PER_MS };

/* ---- chip_slot.c ---- */

void slot_init(struct chip *c, struct chip_slot *s);

/* The only writer of sr. */
void slot_enter(struct chip_slot *s, uint8_t sr, const char *why);

/* Gives a listening (or evicted) slot its connection; takes `fd`. */
void slot_connect(struct chip_slot *s, int fd, const struct peer *peer);

/* Sets the interest in the socket, from state and room. */
void slot_update_interest(struct chip_slot *s);

/* Reads what there is and there is room for. */
void slot_receive(struct chip_slot *s);

void slot_send(struct chip_slot *s);
void slot_discon(struct chip_slot *s);

/* Ends without a word to the peer: the descriptor becomes an orphan. */
void slot_abandon(struct chip_slot *s, const char *why);

/* Ends with RST. */
void slot_reset(struct chip_slot *s, const char *why);

/* Has SEND finished; has the last FIN been acknowledged? */
void slot_check_sent(struct chip_slot *s);
void slot_check_last_ack(struct chip_slot *s);

/* The chip's silence has begun or ended: what was held back leaves then. */
void slot_update_silence(struct chip_slot *s);

void slot_tick(struct chip_slot *s);
int64_t slot_due(const struct chip_slot *s);

/* ---- chip_net.c ---- */

int net_bind(struct chip *c, const struct addr *where);
void net_fini(struct chip *c);

/* Listens while a slot does, refuses while none does, and drops whatever
 * arrives while the chip is silent. */
void net_update(struct chip *c);

/* Keeps `fd` open and unread: the peer must hear nothing until it speaks. */
void net_abandon(struct chip *c, int fd);

/* What arrives for `fd` is dropped by the kernel, unseen and without an
 * answer; or no longer. */
void net_set_silent(int fd, bool silent);

/* Closes with RST. */
void net_reset(int fd);

#endif
