/*
 * unit.h: a unit test is a file of TEST(...) { }, and perhaps a FIXTURE; its
 * main stands in unit.c. Tests run in their order, each in a process of its
 * own.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct unit_test {
	const TTest **test;
	int signal;   /* that has to end it; 0: none */
	int from, to; /* for each _i from `from` to below `to` */
};
void unit_add(struct unit_test test);
void unit_fixture(SFun setup, SFun teardown);

/* Does this kernel know seccomp? qemu-user does not; the test says so then. */
bool unit_has_seccomp(void);

/* Runs the one suite of a program; the exit status of main. */
int unit_run(Suite *s);

#define TEST_ADDED(name, signal, from, to)                                     \
	static const TTest *name;                                              \
	__attribute__((constructor)) static void name##_add(void)              \
	{                                                                      \
		unit_add((struct unit_test){&name, signal, from, to});         \
	}                                                                      \
	START_TEST(name)

#define TEST(name)		  TEST_ADDED(name, 0, 0, 1)
#define TEST_LOOP(name, from, to) TEST_ADDED(name, 0, from, to)
#define TEST_ABORTS(name)	  TEST_ADDED(name, SIGABRT, 0, 1)

/* A test for each row of a table, which is `row` in it. */
#define TEST_ROWS(name, table)                                                 \
	static void name##_of(const __typeof__(*(table)) *row);                \
	TEST_LOOP(name, 0, sizeof(table) / sizeof(*(table)))                   \
	{                                                                      \
		name##_of(&(table)[_i]);                                       \
	}                                                                      \
	static void name##_of(const __typeof__(*(table)) *row)

/* What happens before and, if it is not NULL, after each test. */
#define FIXTURE(setup, teardown)                                               \
	__attribute__((constructor)) static void add_fixture(void)             \
	{                                                                      \
		unit_fixture(setup, teardown);                                 \
	}

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

#endif
