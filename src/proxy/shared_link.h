/*
 * shared_link.h: one kept device connection for all clients (shared-connection
 * on): frames of many Modbus masters, or lines of many users of an instrument.
 *
 * It owns a device link that has no client. A request is taken from the client
 * whose turn it is, copied, and sent when the link is open, if its client is
 * still there; once sent it lives on when its client leaves, and its answer is
 * dropped. At most `pipeline` requests are in flight. Read on in
 * shared_request.c (what becomes of one) and conn_shared.c (the client's side).
 */
#ifndef PROXY_SHARED_LINK_H
#define PROXY_SHARED_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "evloop/evloop.h"
#include "policy/cause.h"
#include "policy/clients.h"
#include "policy/health.h"
#include "policy/line.h"
#include "policy/modbus.h"
#include "proxy/conn_conf.h"
#include "proxy/device_link.h"

struct conn;
struct proxy;

enum { SHARED_ID_WORDS = 65536 / 64 };

enum shared_phase {
	SHARED_CLOSED,
	SHARED_CONNECTING,
	SHARED_PAUSE,  /* before another attempt */
	SHARED_SETTLE, /* connected; the first byte has to wait */
	SHARED_OPEN,
};

/* A request in flight: taken from its client and not yet answered. */
struct shared_request {
	struct list link;  /* in flight, in order, or spare */
	struct conn *conn; /* as long as it has this number: */
	uint32_t number;
	struct client *client; /* its address's entry, kept as by a link */
	int64_t since_ms;      /* taken; then, sent whole */
	unsigned int probe_id; /* see health.h; 0: none */
	uint32_t bytes;
	uint32_t sent_bytes;
	uint16_t id;	    /* on the link */
	uint16_t client_id; /* the client's own */
	bool asks;	    /* it has an answer */
	bool repeats;	    /* may be sent once more, on another connection */
	bool has_all;	    /* the device's kernel has acknowledged it */
	bool answered;	    /* a part of the answer has come */
	char *text;	    /* shared_request_max bytes */
};

struct shared_link {
	struct proxy *px;
	struct device_link *link; /* NULL: none */
	uint8_t phase;
	bool served; /* a request was sent on this link */
	uint16_t retries;
	int64_t connect_ms; /* the first attempt began */
	int64_t until_ms;   /* of the phase; not of SHARED_OPEN */
	int64_t active_ms;  /* the last byte either way */
	struct ev_timer timer;

	struct shared_request *requests;
	char *texts;
	struct list flight;
	struct list spare;
	unsigned int flight_count;
	uint32_t number; /* the latest client's */

	/* The answer that is being read. */
	struct modbus_framer framer;
	struct line_reader line;
	uint16_t answer_bytes;
	uint8_t answer[MODBUS_FRAME_MAX];
	uint16_t next_id;
	unsigned int late_count;
	uint64_t late[SHARED_ID_WORDS]; /* ids whose answer may still come */
};

/* NULL: no memory. */
struct shared_link *shared_link_new(struct proxy *px);
void shared_link_free(struct shared_link *s);

/* Ends the connection at once: the process ends. */
void shared_link_stop(struct shared_link *s);

/* Takes from the queue, connects and sends, as far as may be. Once, at the end
 * of a turn. */
void shared_link_serve(struct shared_link *s);

/* Has the link had its turn, one request, while another worker may want its
 * slot? */
bool shared_is_others_turn(const struct shared_link *s);

/* ---- shared_request.c: one request ---- */

/* How long a request may be. */
size_t shared_request_max(const struct proxy *px);

/* May another be taken now? */
bool shared_has_room(const struct shared_link *s);

/* Takes the first `bytes` that `c` has sent. `asker` was told HEALTH_GO. */
void shared_take(struct shared_link *s, struct conn *c, size_t bytes,
    enum health_asker asker);

/* It ends without an answer from the device: its client is told `cause`. */
void shared_fail(
    struct shared_link *s, struct shared_request *r, enum cause cause);

/* It needs no answer, or has got it. */
void shared_finish(struct shared_link *s, struct shared_request *r);

/* Nothing of it was sent, and its client has gone: it ends. */
void shared_drop_unwanted(struct shared_link *s);

/* The link was lost: what was not sent, or may be sent once more, stays. */
void shared_fail_sent(struct shared_link *s, enum cause cause);

/* No link came about: whoever waits for it is told. */
void shared_fail_all(struct shared_link *s, enum cause cause);

/* Bytes came from the device. False: they are no Modbus. */
bool shared_read(struct shared_link *s, const char *bytes, size_t len);

/* When the next request has waited too long; INT64_MAX: none will. */
int64_t shared_expires_ms(const struct shared_link *s);

/* Ends the requests that have. True: the link is to be reset, because what
 * would still come on it could not be told from other answers. */
bool shared_expire(struct shared_link *s);

void shared_report(struct shared_link *s, const struct shared_request *r,
    enum health_signal signal);

#endif
