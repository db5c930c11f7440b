/*
 * direction_fixture.h: one direction between two fake sockets, with a little
 * memory and one pipe, as its tests need it.
 */
#ifndef TESTS_UNIT_DIRECTION_FIXTURE_H
#define TESTS_UNIT_DIRECTION_FIXTURE_H

#include <errno.h>

#include "evloop/evloop.h"
#include "fake_sys.h"
#include "proxy/direction.h"
#include "sys/sock.h"
#include "unit.h"

enum { SCRATCH = 1000, LIMIT = 3000, CHUNKS = 4, PIPES = 1, BULK = 60000 };

static char scratch[SCRATCH];
static struct chunk memory[CHUNKS];
static struct pipe pipes[PIPES];
static struct pipe_pool pool;
static struct direction_env env;
static struct direction d;
static int from, to;

static inline void setup(void)
{
	struct addr nowhere = {0};

	fake_reset();
	fake_connect_mode = FAKE_CONNECT_AT_ONCE;
	pipe_pool_init(&pool, pipes, PIPES);
	env = (struct direction_env){
	    .scratch = scratch,
	    .scratch_bytes = SCRATCH,
	    .pipes = &pool,
	};
	budget_init(&env.budget, memory, sizeof(memory));
	direction_init(&d, LIMIT, NAGLE_UNTOUCHED);
	from = fake_accept();
	ck_assert_int_eq(sock_open(AF_INET, &nowhere, &to), 0);
	ck_assert_int_eq(sock_connect(to, &nowhere), -EINPROGRESS);
}

/* Everything is given back, whatever happened. */
static inline void teardown(void)
{
	direction_drop(&d, &env);
	ck_assert_uint_eq(env.budget.arena.taken, 0);
	pipe_pool_fini(&pool);
	ck_assert_int_eq(fake_full_pipes(), 0);
}

static inline unsigned int pull(unsigned int events)
{
	return direction_pull(&d, &env, from, to, events);
}

/* What the client sends is read, and passed on as far as it can be. */
static inline void client_sends(size_t bytes)
{
	fake_send(FAKE_CLIENT, bytes);
	ck_assert(pull(EV_IN));
}

/* The same, and its FIN with it. */
static inline void client_ends(size_t bytes)
{
	fake_send(FAKE_CLIENT, bytes);
	fake_send_fin(FAKE_CLIENT);
	ck_assert(pull(EV_IN | EV_RDHUP));
}

static inline void pull_all(void)
{
	while (direction_wants_input(&d, &env))
		ck_assert(pull(EV_IN));
}

/* What it waits for; FIN: for nothing else than to send that. */
enum { NOTHING, INPUT = 1, OUTPUT = 2, MEMORY = 4, FIN = 8 };

static inline int wants(void)
{
	return (direction_wants_input(&d, &env) ? INPUT : 0) |
	       (direction_wants_output(&d) ? OUTPUT : 0) |
	       (direction_wants_memory(&d, &env) ? MEMORY : 0) |
	       (direction_fin_due(&d) ? FIN : 0);
}

static inline size_t got(void)
{
	return fake_peers[FAKE_DEVICE].got;
}

#endif
