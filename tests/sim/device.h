/*
 * device.h: the device: few sockets, its own pace, and bad days.
 *
 * It checks on its side: how many connections it has, that each brings a
 * request, and that no request is that of a client who had left. To add a
 * trouble: a value below, its word in device.c, and what it does there.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

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
	TROUBLES
};

enum { DEVICE_HEAD_MAX = 2048, DEVICE_CONNECTIONS = 512 };

struct device_connection {
	struct tcp *tcp;
	uint32_t number; /* 0: free */
	uint32_t client; /* who asks; 0: not known yet, or the probe */
	struct reply *reply;
	char head[DEVICE_HEAD_MAX];
	uint32_t head_bytes;
	uint32_t skip; /* a PROXY header before the request */
	uint64_t body_left, body_seen;
	bool known; /* the head is read */
	bool asked; /* the request is whole */
	bool answering;
	bool ignores_fin; /* to FIN */
	bool closing;	  /* its own FIN is due */
	bool pause_due;
};

void device_start(void);
void device_suffer(enum device_trouble trouble, int64_t span_us);
/* Everything is well from now on. */
void device_heal(void);
bool device_is_well(void);
const char *trouble_name(uint32_t trouble);

/* Something changed at its end of `t`. */
void device_wake(struct tcp *t);
bool device_on_syn(struct tcp *t, bool *out_refused);

#endif
