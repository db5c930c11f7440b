/*
 * resolve.h: names to addresses, by asking the system; may take seconds, so
 * only at start and at reload.
 */
#ifndef SYS_RESOLVE_H
#define SYS_RESOLVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/*
 * Looks `name` up for TCP and fills at most `most` addresses, in the order
 * the system prefers, with `port`. Returns how many; 0 with `*out_why` a
 * phrase that says why there is none.
 */
size_t resolve_name(const char *name, uint16_t port, struct addr *out_addrs,
    size_t most, const char **out_why);

#endif
