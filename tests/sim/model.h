/*
 * model.h: what must hold, whatever happens. It follows the promises of the
 * manual and knows nothing of the proxy's code, but for the counters that it
 * compares with what they count.
 *
 * Names of checks: order, wrong-reply, beyond, cut-looks-whole, bad-answer,
 * no-answer, cut-without-reason, request, command-of-gone, twice, slots,
 * empty-connect, settle, gap, extra-bytes, blame, unfair, counters, baseline,
 * waits, last-client; of masters: id-again, too-many, answer; of the kernel:
 * call, spin, timer-first.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "client.h"
#include "device.h"
#include "plan.h"

struct proxy;
struct conf;

/* Who talks how: see talk.h. */
enum talks { TALKS_HTTP, TALKS_MODBUS, TALKS_LINES };

struct master;

struct model {
	struct proxy *px;
	const struct conf *conf;
	uint32_t nature[NATURE_COUNT];
	bool gate_http;
	enum talks talks;
	bool shares_link;  /* all clients use one connection of the device */
	bool wants_header; /* all clients send a PROXY header */
	bool strips_cookie;
	int send_proxy;
	bool troubled;	  /* the device has had trouble */
	bool odd;	  /* something came that it may rightly not answer */
	bool faulty;	  /* calls have failed */
	int64_t ended_us; /* the last connection of the device that was used */
	bool patient;	  /* no timer strikes whom nothing is wrong with */
	bool reloaded;	  /* several workers take turns */
	bool killed;	  /* a worker was; its kernel ended what it had */
	bool evicted;	  /* somebody had to go for want of room */
	bool
	    expired; /* somebody waited too long in the queue, or it was full */
	bool stopped; /* the proxy was stopped, or is ending */
	bool draining;
	int64_t patience_us;   /* a connection brings bytes within so long */
	uint64_t replies_seen; /* by clients */
	char last_answer;      /* the first digit of its status */
};

extern struct model model;

void model_start(
    const struct plan *p, const struct conf *conf, struct proxy *px);
/* What the network and a few turns may take, and `ms`. */
int64_t model_slack_us(int64_t ms);
/* How a client of that address connects. */
enum tcp_family model_family(uint32_t address);
char model_body_byte(uint32_t client, uint64_t at);

/* What a client sees. */
void model_client_got(struct client_actor *c, const char *bytes, size_t len);
void model_client_end(const void *actor, bool reset);

/* What the device sees. */
void model_device_connects(unsigned int held);
void model_first_byte(const struct session *d);
void model_device_part(struct session *d);
void model_device_head(struct session *d, const char *head, size_t len);
void model_device_body(struct session *d, const char *bytes, size_t len);
void model_extra_bytes(struct session *d);
void model_empty_connection(void);
void model_on_proxy_connect(void);
void model_on_proxy_close(struct tcp *t, bool reset);

/* ---- turns ---- */

void model_fair_start(void);
/* A client of that address is gone: its slot may have been taken, and given
 * back when the connect was over. */
void model_note_left(uint32_t address);
bool model_had_turn(uint32_t address);
/* A request of that address has its turn at `at_us`. Who has waited since the
 * returned time was passed over; 0: nobody can be said to be. */
int64_t model_take_turn(
    const struct session *d, uint32_t address, int64_t at_us);
void model_unfair(
    uint32_t address, const char *who, uint32_t id, uint32_t waits);

/* ---- model_talk.c ---- */

void model_talk_start(void);
/* A request reaches the station on `d`. Returns its talk. */
struct talk *model_asked(
    struct session *d, uint32_t number, const char *bytes, size_t len);
/* A master gets an answer. */
void model_answered(struct master *m, const char *bytes, size_t len);
void model_master_end(const void *actor, bool reset);
void model_check_no_master_waits(void);
/* No line is longer than head-limit. */
bool model_fits_lines(void);

/* Has the proxy said that it ran out of places or memory? */
bool model_has_evicted(void);

bool model_wants_memory(void);
/* May anybody be refused or ended for something that has happened? */
bool model_is_excused(void);

/* Before every wait, and when all is over. */
void model_turn(void);
void model_check_nobody_waits(void);
void model_check_baseline(void);
void model_check_last(uint64_t replies_before);

#endif
