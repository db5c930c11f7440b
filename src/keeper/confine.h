/*
 * confine.h: what a worker gives up before it serves. Settings: jail_conf in
 * sys/jail.h.
 */
#ifndef KEEPER_CONFINE_H
#define KEEPER_CONFINE_H

#include "settings/conf.h"
#include "sys/log.h"

/* To be called when everything is open. EX_OK, or an exit status after a
 * message on stderr: then nobody is to be served. A kernel without Landlock
 * is reported on `log`, and is no failure. */
int confine(const struct conf *conf, struct log *log);

/* The same for the keeper, before it forks. One that takes over from another
 * `is_confined` already, by what it has inherited. */
int confine_keeper(const struct conf *conf, bool is_confined);

/* The calls that it cannot make any more, for tests. */
const int *confine_shut(size_t *out_count);

#endif
