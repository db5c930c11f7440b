#ifndef PROXY_CONN_H
#define PROXY_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times in ms; 0: off. */
struct conn_conf {
	unsigned int max_clients; /* 0: from RLIMIT_NOFILE */
	size_t memory_bytes;      /* ceiling for all chunks */
	int64_t idle_ms;
	int64_t fin_ms;
	int64_t linger_ms;
	int64_t feed_ms;
	int64_t first_byte_ms;
	int64_t reply_ms;
	int64_t request_ms;
	int64_t max_age_ms;
	int64_t preempt_idle_ms;
	bool upgrade;
	bool share;
};

#endif
