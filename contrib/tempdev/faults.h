/*
 * faults.h: the switchable faults, by name, for --fault and the control
 * socket.
 *
 * A fault is written NAME, NAME=VALUE or NAME=KEY:VALUE,KEY:VALUE. Faults
 * that name requests or connections (nth:1-4, every:3) count from the moment
 * they are set.
 */
#ifndef TEMPDEV_FAULTS_H
#define TEMPDEV_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "device.h"

enum { FAULT_WHY = 320 };

/* Sets fault `name` from `args` (NULL or "": none given; "off": ends it).
 * 0, or -EINVAL with what is allowed in `out_why`. */
int fault_set(struct device *d, const char *name, const char *args,
    char out_why[FAULT_WHY]);

/* The same from "NAME[=ARGS]". */
int fault_parse(struct device *d, const char *text, char out_why[FAULT_WHY]);

/* Whether fault `index` is set and may still strike, and its text as it was
 * given; false past the last. */
bool fault_is_active(
    const struct device *d, size_t index, char out_text[FAULT_WHY]);

/* Two lines of help for fault `index`; NULL past the last. */
const char *fault_help(size_t index, char out_text[FAULT_WHY]);

#endif
