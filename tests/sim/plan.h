/*
 * plan.h: what a run consists of: settings, a device, a network, and a list
 * of what happens when. A run is its plan and nothing else; a plan is a text
 * that can be kept, read and cut shorter. Where plans come from: swarm.c.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
	PLAN_SETTINGS_MAX = 64,
	PLAN_ACTIONS_MAX = 400,
	PLAN_TEXT_MAX = 64,
};

enum action_kind {
	ACT_CLIENT, /* a: character, b: address */
	ACT_MASTER, /* the same, of master.h */
	ACT_DEVICE, /* a: enum device_trouble, b: for so long, ms */
	ACT_FAULT,  /* a: enum call, b: errno, c: per mille; d: ms */
	ACT_PAUSE,  /* b: the proxy is stopped for so long, ms */
	ACT_SIGNAL, /* a: its number */
	ACT_RELOAD, /* another worker takes over, with b slots, see workers.h */
	ACT_KILL,   /* the newest worker is killed */
	ACT_CROWD,  /* a: character, b: a second, c: for so many minutes */
	ACT_POWER,  /* b: off for so long, ms, c: so many times, every d ms */
	ACT_ORDER,  /* a: enum order, of workers.h; b: address */
};

enum { ACT_KINDS = ACT_ORDER + 1 };

struct action {
	enum action_kind kind;
	int64_t at_ms;
	uint32_t a, b, c, d;
	uint64_t seed; /* of its own: others may go */
};

/* Numbers that the device and the network are made of. */
enum nature {
	NATURE_FDS,
	NATURE_LATENCY_US,
	NATURE_JITTER_US,
	NATURE_DELAYED_ACK, /* per mille of connections */
	NATURE_BUFFER,	    /* bytes of the sockets' buffers */
	NATURE_TURN_US,
	NATURE_BACKWARDS,
	NATURE_SOCKETS,	    /* of the device; 0: no limit */
	NATURE_THINK_MS,    /* before a reply, at most */
	NATURE_PIECE,	    /* bytes that the device sends at a time */
	NATURE_PIECE_MS,    /* pause between them */
	NATURE_CLOSE_MS,    /* the device's own FIN comes so late, at most */
	NATURE_KEEPS_OPEN,  /* per mille of replies */
	NATURE_IGNORES_FIN, /* per mille of connections */
	NATURE_WORKERS,	    /* a keeper and workers, or one process */
	NATURE_FAMILY,	    /* 0: IPv4, 1: IPv6 and IPv4 over it, 2: Unix */
	NATURE_ADDRESSES,   /* before the device's: 1: refuses, 2: is silent */
	NATURE_URGENT,	    /* per mille of the device's pieces */
	NATURE_LOST,	    /* per mille of packets, sent again later */
	NATURE_BUSY,	    /* busy-reply is set */
	NATURE_COUNT
};

struct setting {
	char name[PLAN_TEXT_MAX];
	char value[PLAN_TEXT_MAX];
};

struct plan {
	uint64_t seed;
	uint32_t nature[NATURE_COUNT];
	struct setting settings[PLAN_SETTINGS_MAX];
	int setting_count;
	struct action actions[PLAN_ACTIONS_MAX];
	int action_count;
	int64_t end_ms; /* from then on all is calm */
};

void plan_print(const struct plan *p, FILE *to);
/* False: line `*out_line` cannot be read. */
bool plan_read(struct plan *p, FILE *from, int *out_line);

/* swarm.c: the plan of a seed. */
void plan_make(struct plan *p, uint64_t seed);

/* run.c: loads the plan's settings. False: they do not go together. */
struct conf;
bool plan_load(const struct plan *p, struct conf *out);
/* Plays it. A violation ends the process. Returns the digest. */
uint64_t plan_run(const struct plan *p);

/* shrink.c: of a plan that fails, the shortest that fails by the same check.
 * `seconds`: how long to try. */
void plan_shrink(struct plan *p, int seconds);
/* Plays it in a process of its own: the check it fails, or "". */
const char *plan_verdict(const struct plan *p);

/* seen.c: all rows of the program's state tables and how often each was met, a
 * line each: "TABLE STATE EVENT N". */
void seen_print(void);

#endif
