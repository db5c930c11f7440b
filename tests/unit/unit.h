/*
 * unit.h: what the unit tests share: a repeatable source of chance, and the
 * run of one suite.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdint.h>

/* xorshift64: the same sequence everywhere, from a seed that is not 0. */
static inline uint64_t chance(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline unsigned int chance_below(uint64_t *state, unsigned int limit)
{
	return (unsigned int)((chance(state) >> 16) % limit);
}

/* The one case of a suite, with time enough for a crowded machine. */
static inline TCase *unit_case(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return t;
}

/* Runs the one suite of a program; the exit status of main. */
static inline int unit_run(Suite *s)
{
	SRunner *r = srunner_create(s);
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

#endif
