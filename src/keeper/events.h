/*
 * events.h: the FIFO that tells a script when the device is up, down, stuck,
 * held or released.
 *
 * Lines are written only while somebody reads, so none is stale: who attaches
 * is told the present state first.
 */
#ifndef KEEPER_EVENTS_H
#define KEEPER_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct keeper;

/* Can it be opened (NULL: there is none)? 0, or -errno, and `errors` is
 * told. */
int events_check(const char *path, FILE *errors);

/* Sees whether somebody reads; returns when to call again. */
int64_t events_run(struct keeper *k, int64_t now_ms);

/* The device's state may be another. */
void events_changed(struct keeper *k);

/* The last reader has left (the descriptor, polled for nothing, shows ERR), or
 * the FIFO is another. Who has come since is told the present state now. */
void events_left(struct keeper *k);

/* Closes the descriptor only. */
void events_close(struct keeper *k);

#endif
