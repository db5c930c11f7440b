/*
 * control.h: the emulator's Unix socket: one command a line, one JSON line
 * for each.
 *
 * Commands of one client are taken in order: while a `wait` or an `advance`
 * is under way its next line waits too. The milliseconds of `wait` are ours,
 * not the device's: they only bound a test. Who has an answer finds on the
 * console all that was printed before it.
 */
#ifndef TEMPDEV_CONTROL_H
#define TEMPDEV_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "device.h"
#include "status.h"

enum { CONTROL_CLIENTS = 8, CONTROL_LINE = 512 };

struct control_client {
	struct watch io;
	struct control *control;
	enum { CONTROL_READY, CONTROL_WAITS, CONTROL_ADVANCES } pending;
	struct status_expr until;
	int64_t deadline_ns; /* of a wait */
	bool is_ended;	     /* no more lines, but answers are still read */
	size_t used;
	char line[CONTROL_LINE];
};

struct control {
	struct device *device;
	struct watch listener; /* fd -1: no control socket */
	struct addr addr;
	bool quits;
	struct control_client client[CONTROL_CLIENTS];
};

/* Without a socket, which control_open adds, all below does nothing. */
void control_init(struct control *c, struct device *d);

/* Listens on `path`. 0 or -errno. */
int control_open(struct control *c, const char *path);
void control_close(struct control *c);

/* Answers what holds by now; true: virtual time shall stop here. To be asked
 * after each step; `arg` is the control. */
bool control_is_enough(void *arg);

/* Answers advances that have arrived and waits that have run out. */
void control_finish(struct control *c);

/* Until the next wait runs out, in ns; -1: none is under way. */
int64_t control_sleep_ns(const struct control *c);

#endif
