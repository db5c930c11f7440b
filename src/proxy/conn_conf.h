/*
 * conn_conf.h: the settings of the conductor and of the process; apart from
 * their code, so that what gathers all settings need not know it.
 */
#ifndef PROXY_CONN_CONF_H
#define PROXY_CONN_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times in ms; 0: off. */
struct conn_conf {
	unsigned int max_clients; /* 0: from RLIMIT_NOFILE */
	size_t memory_bytes;	  /* ceiling for all chunks */
	int64_t idle_ms;
	int64_t fin_ms;
	int64_t linger_ms;
	int64_t send_ms;
	int64_t first_byte_ms;
	int64_t reply_ms;     /* a pause */
	int64_t reply_max_ms; /* the whole reply */
	int64_t request_ms;   /* a pause */
	int64_t max_age_ms;
	int64_t preempt_idle_ms;
	int64_t stream_timeout_ms;
	int64_t stream_yield_ms; /* while others wait for its slot */
	size_t reply_rate;	 /* bytes a second; 0: off */
	size_t request_rate;	 /* bytes a second; 0: off */
	bool share;
	int64_t keep_reply_ms;
};

struct shutdown_conf {
	int64_t drain_ms;
};

enum { SHARED_PIPELINE_MAX = 64 };

struct shared_conf {
	bool on;	       /* one device connection for all clients */
	unsigned int pipeline; /* requests in flight, at most */
};

#endif
