#ifndef PROXY_DIAL_H
#define PROXY_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum { DIAL_ADDR_MAX = 8 };

struct dial_conf {
	const char *device_text;             /* as the user wrote it */
	struct addr device[DIAL_ADDR_MAX];   /* tried in this order */
	size_t device_count;
	struct addr source;                  /* len 0: the kernel's choice */
	int64_t connect_timeout_ms;          /* one attempt */
	unsigned int connect_retry;          /* after a refusal */
	int64_t settle_ms;                   /* connect to first byte */
	int64_t keepalive_ms;                /* device side; 0: off */
	int64_t user_timeout_ms;             /* device side; 0: off */
	bool quickack;
	int send_proxy;                      /* 0, or PROXY version 1 or 2 */
};

#endif
