/*
 * notify.h: the service manager's protocol, without its library: readiness
 * (sd_notify(3)), the watchdog (sd_watchdog_enabled(3)) and sockets that were
 * opened for us (sd_listen_fds(3)).
 *
 * All is read from the environment once, at start, and taken out of it, so
 * that no child believes it was meant.
 */
#ifndef SYS_NOTIFY_H
#define SYS_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

enum { NOTIFY_PATH_MAX = 108 };

struct notify {
	int fd;		     /* -1: nobody wants to know */
	int64_t watchdog_ms; /* report at least so often; 0: no watchdog */
	char name[NOTIFY_PATH_MAX]; /* of its socket */
};

/* 0, also when nobody wants to know, or -errno. */
int notify_open(struct notify *n);
void notify_close(struct notify *n);

/* Puts it back into the environment, for a program that takes our place. 0 or
 * -errno. */
int notify_pass(const struct notify *n);

/* Sends lines such as "READY=1\nSTATUS=device up", without waiting. 0 or
 * -errno. */
int notify_send(struct notify *n, const char *lines);

enum { NOTIFY_NAME_MAX = 256 };

struct notify_socket {
	int fd;
	char name[NOTIFY_NAME_MAX]; /* FileDescriptorName=; "" where unknown */
};

/* The sockets passed to this process, close-on-exec and nonblocking from now
 * on: how many of at most `most`, or -errno (-E2BIG: there are more). */
int notify_take_sockets(struct notify_socket *out_sockets, size_t most);

#endif
