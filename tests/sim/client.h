/*
 * client.h: clients of every character.
 *
 * A client sends one request (or what it takes for one) in pieces, reads what
 * comes, and may leave. Its character and its own seed decide everything. To
 * add a character: a row in `characters` of client_make.c.
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site.h"
#include "tcp.h"
#include "world.h"

enum {
	CLIENT_TEXT_MAX = 1536,
	CLIENTS_MAX = 2048,
	CHARACTERS = 28,
	CLIENT_IP = 0x0a010001, /* of address 0 */
};

enum leave { LEAVE_NOT, LEAVE_FIN, LEAVE_CLOSE, LEAVE_RESET, LEAVE_VANISH };

/* How its connection ended. */
enum client_end { END_FIN, END_RESET, END_LEFT };

struct client_actor {
	uint32_t id; /* 0: free */
	uint32_t character;
	uint32_t address;
	enum tcp_family family;
	struct chance chance;
	struct tcp *tcp;
	uint32_t number;
	struct tcp_path path_in, path_out;

	/* What it sends: text, then body_bytes of body. */
	char text[CLIENT_TEXT_MAX];
	uint32_t text_bytes;
	uint32_t body_bytes;
	uint64_t sent;
	uint32_t piece_bytes;
	int64_t piece_us; /* pause between pieces; 0: all at once */
	bool fin_after;	  /* FIN behind the request */
	bool urges;	  /* some of its bytes are urgent */
	enum leave leaves;
	int64_t leaves_us; /* after so long */

	/* What of it is to reach the device: the head, and the body. */
	char expect[CLIENT_TEXT_MAX];
	uint32_t expect_bytes;
	uint32_t expect_body;
	bool whole;  /* a request that is one, and all of it will be sent */
	bool safe;   /* GET or HEAD without a query */
	bool odd;    /* the device may rightly not answer it */
	bool polite; /* sends at once, reads at once, stays */
	bool head_only;
	enum reply_kind kind;
	uint32_t target;    /* see site_target */
	bool shareable;	    /* anybody's reply to that target would do */
	bool continues;	    /* it waits for 100 before its body */
	const char *status; /* what the proxy itself is to answer; NULL: none */
	char source[64];    /* as the device is to be told: "TCP4 10.1.0.1 " */

	/* What it reads. */
	int64_t read_us; /* pause between reads; 0: at once; <0: never */
	uint32_t read_bytes;
	uint64_t got;
	uint32_t serial;	   /* of the reply; 0: none so far */
	char own[CLIENT_TEXT_MAX]; /* what begins, or is the proxy's own */

	uint32_t was;		     /* its id, kept when it has ended */
	int64_t opened_us, whole_us; /* the last byte was written */
	uint64_t gone_turn;	     /* its FIN or reset reached the proxy */
	uint64_t accept_turn;	     /* UINT64_MAX: it left before */
	bool leaving;
	bool ended; /* by the operator */
	bool gone_reset;
	bool fin_sent;
	bool waiting_to_send;
	unsigned int arrivals; /* its request reached the device so often */
};

void clients_start(void);

/* One of that character connects. False: it could not. */
bool client_open(uint32_t character, uint32_t address, uint64_t seed);

/* NULL: it has ended. */
struct client_actor *client_find(uint32_t id);
struct client_actor *client_of(const struct tcp *t);
/* The same, even if it has ended. NULL: another has its place. */
const struct client_actor *client_was(uint32_t id);

/* Something changed at its end, or at the proxy's. */
void client_wake(struct tcp *t);
void client_heard(struct tcp *t);

/* The operator has those of that address ended. */
void clients_ended(uint32_t address);

/* Everybody who is still there goes. */
void clients_leave(void);

const char *character_name(uint32_t character);

/* client_make.c: what a client of that character is like. */
void client_make(struct client_actor *c);

/* header.c: a PROXY header, good or not, if one is expected of it; and how the
 * device is to hear of it. */
bool header_is_due(const struct client_actor *c);
void header_add(struct client_actor *c, bool good);

#endif
