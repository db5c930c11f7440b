/*
 * device.h: the device: few sockets, its own pace, and bad days.
 *
 * It checks on its side: how many connections it has, that each brings a
 * request, and that no request is that of a client who had left. What it does
 * with a request: device_http.c, or station.c behind the gates modbus and
 * line. To add a trouble: a value below, its word in device.c, and what it does
 * there.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include "site.h"
#include "tcp.h"

enum device_trouble {
	TROUBLE_NONE,
	TROUBLE_WEDGED,	 /* answers no SYN, reads nothing, says nothing */
	TROUBLE_OFF,	 /* all it knew is gone; nothing is answered */
	TROUBLE_REFUSES, /* resets every SYN */
	TROUBLE_SILENT,	 /* takes requests and does not answer */
	TROUBLE_STALLED, /* accepts and reads nothing */
	TROUBLE_SLOW,	 /* thinks for seconds */
	TROUBLE_RESETS,	 /* resets at the first byte */
	TROUBLE_CLOSES,	 /* ends a connection unheard */
	TROUBLES
};

enum {
	DEVICE_IP = 0x0a000002,
	DEVICE_HEAD_MAX = 2048,
	DEVICE_CONNECTIONS = 512,
	DEVICE_ASKED_MAX = 32,
};

/* A request of a master, and when it may be answered. */
struct question {
	uint32_t talk; /* see talk.h */
	uint16_t id;
	bool thought;
	bool silent; /* it will never be answered */
	int64_t at_us;
};

struct session {
	struct tcp *tcp;
	uint32_t number; /* 0: free */
	uint32_t client; /* who asks; 0: not known yet, or the probe */
	struct reply *reply;
	uint32_t head_bytes;
	uint32_t skip; /* a PROXY header before the request */
	uint64_t body_left, body_seen;
	bool known; /* the head is read */
	bool asked; /* the request is whole */
	bool answering;
	bool ignores_fin; /* to FIN */
	bool heard;	  /* a first byte */
	int64_t opened_us;
	bool closing; /* its own FIN is due */
	bool pause_due;

	/* Of station.c. */
	struct question questions[DEVICE_ASKED_MAX];
	uint32_t question_count;
	bool was_stalled;    /* what it reads may have come long ago */
	uint32_t said_bytes; /* of the answer that is going out */
	uint32_t saying;     /* its talk; 0: none */

	char head[DEVICE_HEAD_MAX];
};

void device_start(void);
void device_suffer(enum device_trouble trouble, int64_t span_us);
/* Everything is well from now on. */
void device_heal(void);
extern const char *const trouble_words[TROUBLES + 1];

bool device_on_syn(struct tcp *t, bool *out_refused);

/* ---- between device.c, device_http.c and station.c ---- */

extern struct chance device_chance;

enum device_trouble device_suffers(void);
/* It has finished with the connection. */
void device_forget(struct session *d);
void device_reset(struct session *d);
/* Its FIN is due. */
void device_close_soon(struct session *d);

/* It does what there is to do. */
void device_work(void *connection);
/* It goes on after some time. */
void device_pause(struct session *d, uint32_t from_ms, uint32_t to_ms);
/* It thinks so long before it answers, at most. */
uint32_t device_think_ms(void);

/* In HTTP, or in frames or lines: bytes have come; and what there is to say is
 * said. The station tells how many bytes it can take next; who answers, whether
 * there is more to say. */
void device_http_hear(struct session *d, const char *bytes, size_t len);
bool device_http_answer(struct session *d);
size_t station_hear(struct session *d, const char *bytes, size_t len);
bool station_answer(struct session *d);

#endif
