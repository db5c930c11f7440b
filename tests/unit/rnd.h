/*
 * rnd.h: numbers that look random and repeat exactly: a failing run can be
 * run again.
 */
#ifndef TESTS_UNIT_RND_H
#define TESTS_UNIT_RND_H

#include <stdint.h>

struct rnd {
	uint64_t state; /* any value but 0 */
};

/* The next number below `limit`. */
static inline uint32_t rnd_below(struct rnd *r, uint32_t limit)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (uint32_t)(r->state >> 32) % limit;
}

#endif
