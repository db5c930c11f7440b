#ifndef PROXY_RELAY_H
#define PROXY_RELAY_H

#include <stdbool.h>
#include <stddef.h>

enum half_close { HALF_CLOSE_PROPAGATE, HALF_CLOSE_AFTER_REPLY };
enum on_device_fin { ON_DEVICE_FIN_HALF, ON_DEVICE_FIN_CLOSE };
enum device_abort { DEVICE_ABORT_RST, DEVICE_ABORT_FIN };
enum reply_mode { REPLY_STREAM, REPLY_HOLD };

struct relay_conf {
	size_t absorb_bytes; /* reply bytes taken ahead of a slow client */
	bool splice;
	enum half_close half_close;
	enum on_device_fin on_device_fin;
	enum device_abort device_abort;
	enum reply_mode reply;
};

#endif
