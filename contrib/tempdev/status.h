/*
 * status.h: what can be asked of the emulator, by name.
 *
 * One table of names serves both `stat` and the conditions of `wait` and
 * `advance ... until`. A condition is one comparison or several, joined by
 * commas: "requests>=2,slot2=Establ,slot0.rx=0". A state may be named (Establ,
 * FinWait, ...) and so may the firmware's (loop, hung, ...).
 */
#ifndef TEMPDEV_STATUS_H
#define TEMPDEV_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "device.h"

enum { STATUS_TERMS = 8, STATUS_JSON = 8192, STATUS_WHY = 512 };

struct status_term {
	int64_t (*get)(const struct device *d, unsigned int slot);
	unsigned int slot;
	enum { OP_EQ, OP_NE, OP_GE, OP_LE, OP_GT, OP_LT } op;
	int64_t value;
};

struct status_expr {
	unsigned int terms;
	struct status_term term[STATUS_TERMS];
};

/* Everything, or the slots alone, as one JSON line without its newline. */
void status_stat(const struct device *d, char out_json[STATUS_JSON]);
void status_slots(const struct device *d, char out_json[STATUS_JSON]);

/* 0, or -EINVAL with what was expected in `out_why`. */
int status_parse(const char *text, unsigned int slots, struct status_expr *out,
    char out_why[STATUS_WHY]);
bool status_holds(const struct status_expr *e, const struct device *d);

#endif
