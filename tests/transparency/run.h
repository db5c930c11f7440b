/*
 * run.h: plays sequences, many at a time, each on a connection of its own.
 */
#ifndef TRANSPARENCY_RUN_H
#define TRANSPARENCY_RUN_H

#include "compare.h"
#include "rest.h"

/* One way from client to server: direct, or through a proxy. */
struct way {
	struct sockaddr_in to; /* where clients connect */
	int listener;	       /* where servers accept */
	size_t letter_bytes;   /* see pair.h */
	struct rest rest;
};

enum run_result {
	RUN_DONE,
	RUN_NO_PAIR, /* no connection through this way */
	RUN_NO_REST, /* it did not come to rest */
};

enum { BATCH_MAX = 128 };

/* Plays `count` sequences, at most BATCH_MAX, side by side. */
enum run_result run_batch(const struct way *way, enum mode mode,
    const struct sequence *s, size_t count, struct seen *out);

#endif
