/*
 * master.h: clients of the gates modbus and line: each stays and asks again
 * and again, with ids that others use, too. To add a character: a row in
 * `characters` of master.c.
 */
#ifndef SIM_MASTER_H
#define SIM_MASTER_H

#include "actor.h"
#include "talk.h"

enum { MASTERS_MAX = 256, MASTER_CHARACTERS = 10, MASTER_WINDOW = 6 };

struct waiting {
	uint32_t talk;
	uint16_t id;
};

struct master {
	struct actor;

	/* What it is like. */
	uint32_t window;      /* requests without an answer, at most */
	uint32_t rounds;      /* requests, still to come */
	uint32_t writes;      /* per mille of them */
	int64_t every_us;     /* 0: at the answer */
	uint32_t piece_bytes; /* 0: all at once */
	bool babbles;	      /* its last request is none */
	bool never_reads;

	struct waiting waits[MASTER_WINDOW];
	uint32_t wait_count;
	uint16_t next_id;
	char out[4096];
	uint32_t out_bytes;
	char in[8192];
	uint32_t in_bytes;
};

void masters_start(void);
bool master_open(uint32_t character, uint32_t address, uint64_t seed);
void masters_leave(void);
/* See client.h. */
void masters_ended(uint32_t address);
const char *master_name(uint32_t character);

/* NULL: it has ended. It may have closed its connection. */
struct master *master_find(uint32_t id);

#endif
