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

struct keeper;

struct events {
	int fd;		    /* -1: nobody reads */
	int64_t look_ms;    /* when to see next whether somebody does */
	unsigned int state; /* the last told, or that would have been */
	int64_t since_ms;   /* by the wall clock */
	int64_t before_ms;  /* how long the one before lasted; 0: not known */
	bool is_known;
	bool has_failed; /* and that has been said */
};

/* Can it be opened (NULL: there is none)? 0 or -errno. */
int events_check(const char *path);

/* Sees whether somebody reads; returns when to call again. */
int64_t events_run(struct keeper *k, int64_t now_ms);

/* The device's state may be another. */
void events_changed(struct keeper *k);

/* Closes the descriptor only. */
void events_close(struct keeper *k);

#endif
