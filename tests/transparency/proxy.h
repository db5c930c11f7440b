/*
 * proxy.h: starts and ends the proxy under test.
 */
#ifndef TRANSPARENCY_PROXY_H
#define TRANSPARENCY_PROXY_H

#include <netinet/in.h>
#include <sys/types.h>

/*
 * Starts `command` by the shell, after putting addresses for {listen} and
 * {device}; {listen} is on a port that was free a moment ago. It runs in a
 * process group of its own; with `priority` not 0 as a SCHED_FIFO process of
 * that priority. Sets where to reach it. Returns its process or -errno.
 */
pid_t proxy_start(const char *command, const struct sockaddr_in *device,
    int priority, struct sockaddr_in *out_listen);

/* Has it ended by itself? */
int proxy_has_ended(pid_t pid);

/* Ends it, whatever it is doing. */
void proxy_stop(pid_t pid);

#endif
