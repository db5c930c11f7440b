/*
 * strikes.h: which of the connections or requests to come a fault strikes.
 *
 * Written `nth:3`, `nth:1-4` or `every:5`; counting begins when the fault is
 * set.
 */
#ifndef TEMPDEV_STRIKES_H
#define TEMPDEV_STRIKES_H

#include <stdbool.h>

struct strikes {
	unsigned int seen;
	unsigned int from, to; /* from 1; 0: none */
	unsigned int every;    /* 0: by from and to */
};

/* Every one. */
struct strikes strikes_all(void);

/* Reads "nth" (or `also`, if it is not NULL) and "every". 0 or -EINVAL. */
int strikes_read(
    const char *key, const char *value, const char *also, struct strikes *out);

/* One more has come: whether it is struck. */
bool strikes_next(struct strikes *s);

/* Whether any is still to be struck. */
bool strikes_are_left(const struct strikes *s);

#endif
