/*
 * client.h: clients of every character.
 *
 * A client sends one request (or what it takes for one) in pieces, reads what
 * comes, and may leave. Its character and its own seed decide everything. To
 * add a character: a row in `characters` of client_make.c.
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "actor.h"
#include "site.h"

enum {
	CLIENT_TEXT_MAX = 1536,
	CLIENTS_MAX = 2048,
	CHARACTERS = 28,
};

struct client_actor {
	struct actor;

	/* What it sends: text, then body_bytes of body. */
	uint32_t text_bytes;
	uint32_t body_bytes;
	uint64_t sent;
	uint32_t piece_bytes;
	int64_t piece_us; /* pause between pieces; 0: all at once */

	/* What of it is to reach the device: the head, and the body. */
	uint32_t expect_bytes;
	bool whole; /* a request that is one, and all of it will be sent */
	bool safe;  /* GET or HEAD without a query */
	bool odd;   /* the device may rightly not answer it */
	bool head_only;
	uint32_t target;    /* see site_target */
	bool shareable;	    /* anybody's reply to that target would do */
	bool continues;	    /* it waits for 100 before its body */
	const char *status; /* what the proxy itself is to answer; NULL: none */
	char source[64];    /* as the device is to be told: "TCP4 10.1.0.1 " */

	/* What it reads. */
	int64_t read_us; /* pause between reads; 0: at once; <0: never */
	uint32_t read_bytes;
	uint64_t got;
	uint32_t serial; /* of the reply; 0: none so far */

	int64_t whole_us;      /* the last byte was written */
	bool ended;	       /* by the operator */
	unsigned int arrivals; /* its request reached the device so often */

	char text[CLIENT_TEXT_MAX];
	char expect[CLIENT_TEXT_MAX];
	char own[CLIENT_TEXT_MAX]; /* what begins, or is the proxy's own */
};

void clients_start(void);

/* One of that character connects. False: it could not. */
bool client_open(uint32_t character, uint32_t address, uint64_t seed);

/* NULL: it has ended. */
struct client_actor *client_find(uint32_t id);
/* The same, even if it has ended. NULL: another has its place. */
const struct client_actor *client_was(uint32_t id);

/* The operator has those of that address ended. */
void clients_ended(uint32_t address);

/* Everybody who is still there goes. */
void clients_leave(void);

const char *character_name(uint32_t character);

/* client_make.c: what a client of that character is like. */
void client_make(struct client_actor *c, uint32_t character);

/* header.c: a PROXY header, good or not, if one is expected of it; and how the
 * device is to hear of it. */
bool header_is_due(const struct client_actor *c);
void header_add(struct client_actor *c, bool good);

#endif
