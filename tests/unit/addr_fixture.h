/* addr_fixture.h: addresses and clients from their text. */
#ifndef TESTS_UNIT_ADDR_FIXTURE_H
#define TESTS_UNIT_ADDR_FIXTURE_H

#include "base/addr.h"
#include "unit.h"

static inline struct addr addr_of(const char *text)
{
	const char *why;
	struct addr a;

	ck_assert_msg(
	    addr_parse(text, NULL, &a, &why) == 0, "'%s': %s", text, why);
	return a;
}

static inline struct peer peer_of(const char *text)
{
	struct addr a = addr_of(text);

	return addr_to_peer(&a);
}

#endif
