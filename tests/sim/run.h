/*
 * run.h: the proxy within the simulated world.
 *
 * main.c of the proxy is not linked: run.c does what it does, in the same
 * order. What a reload, a keeper or an upgrade will need is one more action:
 * a kind in plan.h and what it does in `act` of run.c.
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "plan.h"
#include "settings/conf.h"

/* Loads the plan's settings. False: they do not go together. */
bool run_load(const struct plan *p, struct conf *out);

#endif
