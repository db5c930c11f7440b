/*
 * wire.h: an actor's end of a connection: bytes sent and expected, within the
 * time of a step. What goes wrong is told in `why`, once.
 */
#ifndef SCRIPTS_WIRE_H
#define SCRIPTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

enum { STEP_MS = 60000, CHUNK = 16384 };

struct actor {
	struct addr addr;
	int listener;
	int fd;
	size_t put; /* pattern bytes sent so far */
	size_t got; /* pattern bytes received so far */
	int met;    /* the error a connect or a send met instead of a receive */
	char why[256];
};

/* Both return false; the second tells errno. */
bool wire_fail(struct actor *a, const char *what, const char *detail);
bool wire_fail_errno(struct actor *a, const char *what);

/* Does poll report something of `events`, or an error, in time? */
bool wire_ready(int fd, short events, int timeout_ms);

/* The bytes at `offset` of a pattern whose period is no power of two: a
 * shifted buffer does not look right. */
void wire_pattern(char *out_bytes, size_t offset, size_t len);

/* A sender need not know that the connection is gone: the next receive will
 * be told, for the kernel has told the sender and will not say it again.
 * False if `error` is none of that kind. */
bool wire_leave_to_receiver(struct actor *a, int error);

/* Sends all, or leaves a reset to the receiver. */
bool wire_send(struct actor *a, const char *bytes, size_t len);

/* The next `len` bytes, at most CHUNK, must be these. */
bool wire_expect(struct actor *a, const char *bytes, size_t len);

/* Reads on until the connection ends; "eof", "reset", or an errno's name. */
const char *wire_drain(struct actor *a, size_t *out_bytes);

#endif
