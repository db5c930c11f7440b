/*
 * health.h: may the device be asked now, and when is it to be probed?
 *
 *   UP         everybody may connect
 *   SUSPECTED  it took a request and was silent, or stalled. With a probe:
 *              it goes at once, and decides; who waits keeps the place.
 *              Newcomers wait too for as long as the longest first byte of
 *              the last hour, at least 250 ms and at most 1 s; from then on
 *              they are answered as if it were down. Without a probe it only
 *              remembers, and silences to two addresses decide.
 *   DOWN       everybody is answered at once but one probe at a time:
 *              a request of our own or, without the setting probe, the next
 *              client's
 *   HELD       for maintenance: nobody connects
 *
 * Only a probe that fails, clients refused for down-after or, without probe,
 * silences to two addresses take a device down; any first byte of a reply
 * brings it up. After a suspicion that the probe did not confirm, those
 * within the next minute let newcomers wait to the end: what is odd about
 * such a request is the client's, and must not have others refused.
 */
#ifndef POLICY_HEALTH_H
#define POLICY_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/clients.h"

enum { HEALTH_MINUTES = 60 };

struct health_conf {
	const char *probe;	    /* "GET /"; NULL: clients' are the probes */
	int64_t probe_min_ms;	    /* first pause between probes, at least 1 */
	int64_t probe_max_ms;	    /* longest pause */
	unsigned int down_silences; /* so many in a row: suspected; 0: never */
	int64_t down_refused_ms;    /* refusals for so long: down; 0: never */
	const char *events_path;    /* where the caller writes of events */
};

enum health_state { HEALTH_UP, HEALTH_SUSPECTED, HEALTH_DOWN, HEALTH_HELD };

/* Why it is in its state. */
enum health_why {
	HEALTH_WHY_START,  /* nothing is known yet */
	HEALTH_WHY_SERVED, /* it answered */
	HEALTH_WHY_RESET, /* a probe of a suspected device met life, no reply */
	HEALTH_WHY_SILENT,  /* to a request */
	HEALTH_WHY_REFUSED, /* connects, or none came about */
	HEALTH_WHY_PROBE_SILENT,
	HEALTH_WHY_PROBE_REFUSED,
	HEALTH_WHY_ORDER, /* held, released or reset by the operator */
};

/* What a device did with an attempt. Ends that say nothing about it (the
 * client left, we ran out of something) are not reported. */
enum health_signal {
	HEALTH_SERVED,	/* a first reply byte */
	HEALTH_REFUSED, /* each refused connect, and one that timed out */
	HEALTH_SILENT,	/* DEVICE's turn, and it did nothing: silent, stalled */
	HEALTH_RESET,	/* reset or empty: neither; matters of a probe only */
};

/* What is to be told; up, down, stuck and held go to the events FIFO too. */
enum health_event {
	HEALTH_EVENT_NONE,
	HEALTH_EVENT_SUSPECTED,
	HEALTH_EVENT_CLEARED, /* no longer suspected */
	HEALTH_EVENT_DOWN,
	HEALTH_EVENT_UP, /* after down or held */
	/* The probe after the longest pause failed too: nothing that heals by
	 * itself takes longer. Once in an outage. */
	HEALTH_EVENT_STUCK,
	HEALTH_EVENT_HELD,
};

enum health_asker {
	HEALTH_NEWCOMER,
	HEALTH_WAITER, /* has a place in the queue */
	HEALTH_PROBE,
};

enum health_verdict {
	HEALTH_GO,     /* take a slot, then health_connect */
	HEALTH_WAIT,   /* ask again after the next report */
	HEALTH_REFUSE, /* answer the client; the probe: not now */
};

struct health {
	enum health_state state; /* never HELD */
	enum health_why why;
	bool held;
	bool stuck;
	bool running;	       /* a probe is under way */
	bool undecided;	       /* it has not been judged */
	bool two_addresses;    /* the silences in a row came to */
	unsigned int probe_id; /* the latest's number */
	unsigned int silences;
	uint64_t silent_net; /* the first silence in a row was to */
	uint16_t silent_family;
	int64_t since_ms;	  /* of the state, or of the hold */
	int64_t refused_since_ms; /* -1: not in a row of refusals */
	int64_t pause_ms;	  /* before the next probe, if one fails */
	int64_t probe_at_ms;	  /* when the next is due, once not UP */
	int64_t cleared_ms;	  /* the last suspicion without a cause */
	int64_t minute;		  /* the latest of `first_byte_ms` */
	int64_t first_byte_ms[HEALTH_MINUTES]; /* longest of each; 0: none */
};

void health_init(
    struct health *h, const struct health_conf *conf, int64_t now_ms);

/* May `asker` connect now, slots apart? Changes nothing. */
enum health_verdict health_ask(const struct health *h,
    const struct health_conf *conf, enum health_asker asker, int64_t now_ms);

/* `asker`, told HEALTH_GO, has its slot and connects. Returns the number of
 * the probe that this is, to be handed to the calls below; 0: none. */
unsigned int health_connect(
    struct health *h, const struct health_conf *conf, enum health_asker asker);

/* Tells what became of an attempt; `probe_id` as from health_connect,
 * `client` whose request it was, NULL for one of our own. Nothing is learnt
 * while held. */
enum health_event health_report(struct health *h,
    const struct health_conf *conf, enum health_signal signal,
    const struct client *client, unsigned int probe_id, int64_t now_ms);

/* The attempt is over. A probe that was not judged is due again after the
 * present pause, and no other starts before the last one is over. To be
 * called at each end, after the last report; 0 does nothing. */
void health_probe_ended(
    struct health *h, unsigned int probe_id, int64_t now_ms);

/* How long the device took for its first byte, from when it had the whole
 * request. The longest of the last hour is what a probe's wait follows. */
void health_first_byte(struct health *h, int64_t took_ms, int64_t now_ms);

/* How long a probe waits for its first byte: twice the longest of the last
 * hour, at least 1 s, at most `first_byte_timeout_ms` (0: no such limit),
 * which it also is, or 5 s, while no reply of that hour is known. */
int64_t health_probe_wait_ms(
    const struct health *h, int64_t first_byte_timeout_ms, int64_t now_ms);

/* When a probe is to be sent; INT64_MAX: not before something is reported.
 * In the past: it is due now. */
int64_t health_probe_at_ms(
    const struct health *h, const struct health_conf *conf);

/* How long a slot is quarantined, or a probe put off, now. */
int64_t health_pause_ms(const struct health *h);

/* How long to wait after `refusals` refused connects (1 and up) of one attempt
 * before the next in the same slot: 50, 100, 200, 400, 800 ms and no longer;
 * -1: give up. `retries` is the setting connect-retry. Nobody retries once
 * the device is down or held; a probe is one connect. */
int64_t health_retry_ms(const struct health *h, unsigned int retries,
    unsigned int refusals, unsigned int probe_id);

/* For Retry-After: whole seconds until service is possible, at least 1. */
unsigned int health_retry_after_s(const struct health *h, int64_t now_ms);

/* UP, SUSPECTED or DOWN; HELD while held. Since when and why: since_ms, why. */
enum health_state health_state(const struct health *h);

/* Holds the device for maintenance, and releases it: then all is forgotten,
 * as by health_reset, which lets everybody connect again. */
enum health_event health_hold(struct health *h, int64_t now_ms);
enum health_event health_reset(
    struct health *h, const struct health_conf *conf, int64_t now_ms);

#endif
