/*
 * device.h: what the device can bear: slots, pacing, health.
 *
 * The one question is device_take: may I dial now, and if not, what am I
 * waiting for? The answer is learnt from what became of earlier dials.
 *
 *   UP       dials are limited by slots and connect-gap only
 *   DOWN     nobody dials until probe_at_ms; clients are answered at once
 *   PROBING  one trial is under way: the door's probe, or with probe off the
 *            first client that came; its outcome decides
 *
 * Each failed trial doubles the wait. A slot whose connect timed out stays
 * taken as a ghost for that same wait: the device may still think the
 * connection is coming.
 */
#ifndef POLICY_DEVICE_H
#define POLICY_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DEVICE_SLOTS_MAX = 1024 };

struct device_conf {
	unsigned int slots;         /* up to DEVICE_SLOTS_MAX; 0: no limit */
	unsigned int stream_slots;  /* of these, for endless replies; 0: no limit */
	int64_t connect_gap_ms;     /* end of one connection to the next dial */
	const char *probe;          /* "GET /"; NULL: clients are the trials */
	int64_t probe_min_ms;       /* first wait, at least 1 */
	int64_t probe_max_ms;       /* longest wait */
	unsigned int down_silences; /* this many in a row; 0: never */
	int64_t down_refused_ms;    /* refusals for so long; 0: never */
	const char *events_path;    /* where the caller tells of events */
};

enum device_health { DEVICE_UP, DEVICE_DOWN, DEVICE_PROBING };

/* What a device did with a dial. Ends that say nothing about the device (the
 * client left, we ran out of something) are not told. */
enum device_outcome {
	DEVICE_SERVED,  /* a reply byte, or its FIN */
	DEVICE_REFUSED, /* refused or reset: somebody is there */
	DEVICE_SILENT,  /* unreachable, or no answer to a connect or a request */
};

/* One line each in the events FIFO. */
enum device_event {
	DEVICE_EVENT_NONE,
	DEVICE_EVENT_UP,
	DEVICE_EVENT_DOWN,
	/* The trial after the longest wait failed too: nothing that heals by
	 * itself takes longer. Once in an outage. */
	DEVICE_EVENT_WEDGED,
};

enum device_answer {
	DEVICE_GO,      /* the slot is taken: dial */
	DEVICE_WAIT,    /* ask after the next give, or at *out_when_ms */
	DEVICE_NOT_NOW, /* down: answer the client, do not wait */
};

struct device_slot {
	int64_t ghost_until_ms; /* 0: no ghost */
	bool taken;
};

/* A taken slot, inside the connection. All zero: none. */
struct device_pass {
	bool taken;
	unsigned int trial; /* its number; 0: no trial */
	int slot;           /* index; -1 when slots are not limited */
};

struct device {
	enum device_health health;
	unsigned int in_use; /* taken slots, ghosts apart */
	unsigned int silences;
	unsigned int trial; /* the latest's number */
	bool wedged;
	int64_t next_dial_ms;     /* connect-gap */
	int64_t refused_since_ms; /* -1: not in a row of refusals */
	int64_t refused_last_ms;
	int64_t wait_ms;     /* the next wait after a failure */
	int64_t probe_at_ms; /* while DOWN */
	unsigned int high;   /* slots used so far: no index is higher */
	struct device_slot slots[DEVICE_SLOTS_MAX];
};

void device_init(struct device *d, const struct device_conf *conf);

/*
 * Asks for a slot for a client (`probe` false) or for the door's own probe,
 * which gets one only when a trial is due. `pass` and `*out_when_ms` are
 * written with DEVICE_GO and DEVICE_WAIT respectively; INT64_MAX: no time is
 * known, a give will tell.
 */
enum device_answer device_take(struct device *d,
    const struct device_conf *conf, bool probe, int64_t now_ms,
    struct device_pass *pass, int64_t *out_when_ms);

/* Is it for want of a slot that nobody may dial? */
bool device_is_full(const struct device *d, const struct device_conf *conf,
    int64_t now_ms);

/*
 * Learns from what became of one attempt: each refusal of a retried dial,
 * the first reply byte, the end. To be told before the slot is given back.
 */
enum device_event device_learn(struct device *d,
    const struct device_conf *conf, const struct device_pass *pass,
    enum device_outcome outcome, int64_t now_ms);

/* Gives the slot back: the device side is closed. A trial that ends unjudged
 * puts the next one off. Safe on a pass that is not taken. */
void device_give(struct device *d, const struct device_conf *conf,
    struct device_pass *pass, int64_t now_ms);

/* The same when the device may not have ended: after a connect timeout, or
 * when it was only sent FIN. The slot stays taken as a ghost. */
void device_give_ghost(struct device *d, const struct device_conf *conf,
    struct device_pass *pass, int64_t now_ms);

/*
 * How long to wait after `refusals` refusals (1 and up) before dialling again
 * in the same slot; -1: do not. `retries` is the setting connect-retry.
 * Nobody retries once the device is down; a trial is one dial.
 */
int64_t device_retry_ms(const struct device *d, unsigned int retries,
    unsigned int refusals);

/* When the door is to dial its own probe; INT64_MAX: not before something is
 * learnt. In the past: it is due now. */
int64_t device_probe_at_ms(const struct device *d,
    const struct device_conf *conf);

/* For Retry-After: whole seconds until service is possible, at least 1. */
unsigned int device_retry_after_s(const struct device *d, int64_t now_ms);

#endif
