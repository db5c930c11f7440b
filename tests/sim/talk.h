/*
 * talk.h: what is said behind the gates modbus and line: requests by number,
 * and the number tells every byte of request and answer. Masters (master.h)
 * ask, the station (station.h) answers, and what must hold of both is in
 * model_talk.c.
 */
#ifndef SIM_TALK_H
#define SIM_TALK_H

#include "world.h"

enum talk_kind {
	TALK_READ,  /* Modbus function 3, or a query */
	TALK_WRITE, /* function 6, or a command, which has no answer */
	TALK_FILL,  /* function 16, or a long command */
	TALK_KINDS
};

enum {
	TALK_MAX = 65535, /* requests in a run */
	TALK_BYTES_MAX = 6000,
	TALK_FRAME_MAX = 260,
};

/* A request. */
struct talk {
	uint32_t master; /* 0: there is none of that number */
	uint8_t kind;
	uint8_t arrivals; /* at the station */
	int64_t said_us;
	int64_t arrived_us; /* 0: not yet */
	int64_t answered_us;
};

/* What is no frame, and as a line none that anybody asked. */
extern const char talk_babble[];

void talk_start(void);
/* Its number, or 0: there were too many. */
uint32_t talk_new(uint32_t master, enum talk_kind kind);
/* NULL: there is none. */
struct talk *talk_find(uint32_t number);
bool talk_has_answer(uint32_t number);

/* Their bytes; `id` is Modbus's. Returns how many. */
size_t talk_request(uint32_t number, uint16_t id, char *out);
size_t talk_answer(uint32_t number, uint16_t id, char *out);
/* The gateway's own: exception `code`. */
size_t talk_exception(uint32_t number, uint16_t id, int code, char *out);

/* How long the first message in `bytes` is; 0: it is not whole. */
size_t talk_length(const char *bytes, size_t len, bool answers);
/* Its number, if it is a request; 0: it is none. */
uint32_t talk_number(const char *bytes, size_t len);
uint16_t talk_id(const char *bytes);

#endif
