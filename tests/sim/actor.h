/*
 * actor.h: who connects to the proxy, a client (client.h) or a master
 * (master.h): its connection, and how it leaves. Both begin as struct actor
 * does, so what takes an actor takes either.
 */
#ifndef SIM_ACTOR_H
#define SIM_ACTOR_H

#include "tcp.h"

enum { CLIENT_IP = 0x0a010001 /* of address 0 */ };

enum leave { LEAVE_NOT, LEAVE_FIN, LEAVE_CLOSE, LEAVE_RESET, LEAVE_VANISH };

struct actor_kind {
	const char *name;
	uint32_t note; /* its end, its leave and its beginning in the digest */
	uint16_t first_port;
	void (*on_wake)(void *actor);
	void (*on_end)(const void *actor, bool reset);
};

struct actor {
	uint32_t id;  /* 0: free */
	uint32_t was; /* its id, kept when it has ended */
	uint32_t address;
	enum tcp_family family;
	const struct actor_kind *kind;
	struct chance chance;
	struct tcp *tcp;
	uint32_t number;
	struct tcp_path path_in, path_out;

	/* What it is like. */
	const char *character;
	bool polite;	/* sends at once, reads at once, stays */
	bool fin_after; /* FIN behind what it asks */
	bool urges;	/* some of its bytes are urgent */
	enum leave leaves;
	int64_t leaves_us; /* after so long */

	int64_t opened_us;
	bool fin_sent;
	bool pause_due; /* before it sends on */
	bool leaving;
	bool gone_reset;
	/* Its FIN or reset reached the proxy; 0: not yet. */
	int64_t gone_us;
	uint64_t gone_turn;
	bool gone_unknown; /* before it was accepted */
};

/* Connects. False: it could not, and is free. */
bool actor_open(void *actor);
/* It will leave as it likes to, and be forgotten some time after that. */
void actor_stay(void *actor);
void actor_leave(void *actor, enum leave how);
/* It has met the end of its connection. */
void actor_end(void *actor, bool reset);
/* Has it no connection any more? */
bool actor_is_gone(const void *actor);
/* Something changed at the proxy's end. */
void actor_heard(const struct tcp *t);

#endif
