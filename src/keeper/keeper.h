/*
 * keeper.h: what starts and outlives workers.
 *
 * The keeper binds, opens and forks; a worker serves. The keeper itself never
 * touches a byte of a connection: it sleeps in poll until a signal, a worker's
 * word, an address or a clock wakes it. Read on in keeper.c, then process (the
 * workers), handover (what they share), names, reload, upgrade, service.
 */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include <stdbool.h>

#include "keeper/sockets.h"
#include "proxy/stats.h"
#include "settings/conf.h"

/* What a worker is started with. */
struct keeper_job {
	struct conf *conf; /* the worker's own copy */
	const struct sockets *sockets;
	struct stats_block *stats;
	int64_t *next_connect_ms; /* see stats.h; NULL: there is no keeper */
	int line;		  /* to the keeper; -1: there is none */
};

/* Serves; returns an exit status. */
typedef int keeper_work(const struct keeper_job *job);

/* The line on stderr that says so. */
void keeper_say_ready(const struct conf *conf, const struct sockets *sockets);

/* Runs the proxy that `argv` describes; `conf` is what conf_load made of it.
 * Returns an exit status. */
int keeper_run(int argc, char **argv, struct conf *conf, keeper_work *work);

#endif
