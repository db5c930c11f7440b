/*
 * compare.h: did both endpoints see the same with and without the proxy?
 *
 * Pure. In settled mode nothing may differ. In turns mode one thing may, which
 * no proxy outside the kernel can give: where the other side has closed and a
 * send provokes its kernel's reset, a later call of the same turn meets that
 * reset at once when direct, and only after the turn through a proxy. That
 * call may then succeed, and the ERR bit and SO_ERROR be there or not.
 */
#ifndef TRANSPARENCY_COMPARE_H
#define TRANSPARENCY_COMPARE_H

#include "pair.h"

enum mode {
	SETTLED, /* everything settles after each action */
	TURNS,	 /* one side's consecutive actions back to back */
	MODES
};

enum verdict { EQUAL, EXCUSED, DIFFERENT };

enum verdict compare(enum mode mode, const struct sequence *s,
    const struct seen *direct, const struct seen *proxied);

bool outcome_equal(const struct outcome *a, const struct outcome *b);
bool ending_equal(const struct ending *a, const struct ending *b);

#endif
