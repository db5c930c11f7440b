/*
 * rest.h: has everything that was going to happen happened?
 *
 * A condition, not a time. Everything runs on one processor, whose loopback
 * queue is first in, first out: a datagram sent to ourselves and received
 * again proves that every packet sent before it has been delivered. Packets
 * may be answered by packets, but TCP answers no answer, so three such
 * rounds flush whatever one turn began. The proxy is at rest when it sleeps
 * in a wait with no near deadline both before and after such rounds and has
 * not run in between.
 */
#ifndef TRANSPARENCY_REST_H
#define TRANSPARENCY_REST_H

#include <stdbool.h>
#include <sys/types.h>

enum { REST_PROCESSES_MAX = 8 };

struct rest {
	int datagrams; /* a socket connected to itself */
	unsigned int count;
	struct rest_process {
		int syscall_fd;	  /* /proc/PID/syscall */
		int schedstat_fd; /* /proc/PID/schedstat */
	} processes[REST_PROCESSES_MAX];
};

/* Keeps this process, and those it starts from now on, on the processor it is
 * on, and makes the socket. 0 or -errno. */
int rest_init(struct rest *r);

/* Watches process `pid` and its descendants as they are now. 0 or -errno. */
int rest_watch(struct rest *r, pid_t pid);

/* Waits for rest. False: not within half a minute. */
bool rest_wait(const struct rest *r);

#endif
