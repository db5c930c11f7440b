#ifndef PROXY_LIFE_H
#define PROXY_LIFE_H

#include <stdint.h>

struct life_conf {
	int64_t drain_ms;
};

#endif
