#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include <stddef.h>

#include "base/addr.h"

enum { LISTEN_MAX = 8 };

struct listener_conf {
	struct addr listen[LISTEN_MAX];
	size_t listen_count;
	size_t sndbuf_bytes; /* 0: the kernel's choice */
};

#endif
