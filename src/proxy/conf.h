/*
 * conf.h: every setting, gathered from the stages that own them; immutable
 * once loaded.
 */
#ifndef PROXY_CONF_H
#define PROXY_CONF_H

#include <stdbool.h>
#include <stdio.h>

#include "proxy/access.h"
#include "proxy/admit.h"
#include "proxy/conn.h"
#include "proxy/device.h"
#include "proxy/dial.h"
#include "proxy/gate.h"
#include "proxy/life.h"
#include "proxy/listener.h"
#include "proxy/pphdr.h"
#include "proxy/queue.h"
#include "proxy/relay.h"
#include "proxy/reply.h"
#include "proxy/source.h"
#include "sys/log.h"

struct conf {
	const char *profile;
	struct listener_conf listener;
	struct dial_conf dial;
	struct relay_conf relay;
	struct conn_conf conn;
	struct access_conf access;
	struct life_conf life;
	struct log_conf log;
	struct gate_conf gate;
	struct queue_conf queue;
	struct device_conf device;
	struct admit_conf admit;
	struct source_conf source;
	struct pphdr_conf pphdr;
	struct reply_conf reply;

	/* What the texts above point into. */
	char *file_text;
	char *busy_text;
};

struct given_list;

/*
 * Fills `*out` from the command line and the file it names: flags win over
 * the file, the file over the profile. True: run. False: end with
 * `*out_status`; all faults have been written to `faults`, or what was asked
 * for (--help, --show-config, ...) to stdout. `argv` must outlive `*out`;
 * its words are cut at `=`.
 */
bool conf_load(int argc, char **argv, FILE *faults, struct conf *out,
    int *out_status);

/* Gives back what conf_load allocated, also after it returned false. */
void conf_free(struct conf *conf);

/* ---- conf_check.c, for conf.c only ---- */

/* Brings in what settings refer to: addresses of a name, bytes of a file.
 * Faults go to `g`. */
void conf_fetch(struct conf *conf, struct given_list *g);

/* Tells which settings, each good by itself, do not go together. */
void conf_check(const struct conf *conf, struct given_list *g);

#endif
