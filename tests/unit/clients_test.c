/*
 * Proves that the table of client addresses counts as a plain list would,
 * keeps its size, never turns one address away because of others, and that
 * request-limit lets through what it says and no more.
 */
#include <stdlib.h>
#include <string.h>

#include "addr_fixture.h"
#include "policy/clients.h"

static struct clients_conf conf = {.per_source = 1};
static struct clients t;

static void init(size_t takes)
{
	static const uint64_t seed[2] = {
	    0x243f6a8885a308d3, 0x13198a2e03707344};
	void *memory = calloc(1, clients_bytes(takes));

	ck_assert_ptr_nonnull(memory);
	clients_init(&t, memory, takes, seed);
}

static struct client *take(const char *text)
{
	struct peer p = peer_of(text);

	return clients_take(&t, &p);
}

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
    {"10.0.0.1:1", "10.0.0.1:2", true},
    {"10.0.0.1:1", "10.0.0.2:1", false},
    {"10.0.0.1:1", "[::ffff:10.0.0.1]:1", true},
    {"[2001:db8::1]:1", "[2001:db8::ffff:1]:1", true},
    {"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
    {"[::1]:1", "[::2]:1", true},
    {"[::1]:1", "127.0.0.1:1", false},
    {"0.0.0.0:1", "[::1]:1", false},
    {"/run/x", "/run/y", true},
    {"/run/x", "0.0.0.0:1", false},
    {"/run/x", "[::1]:1", false},
};

TEST_ROWS(what_is_one_address, pairs)
{
	struct client *a, *b;

	init(2);
	a = take(row->a);
	b = take(row->b);
	ck_assert_int_eq(a == b, row->same);
	clients_give(&t, a);
	clients_give(&t, b);
	ck_assert_uint_eq(t.count, 0);
}

/* Addresses that differ in their first bytes, of both families in turn. */
static struct client *take_number(unsigned int n)
{
	struct peer p = {.family = n % 2 ? AF_INET : AF_INET6};

	memcpy(n % 2 ? p.ip + 12 : p.ip, &n, sizeof(n));
	return clients_take(&t, &p);
}

enum { TAKES_MAX = 50, ADDRESSES = 60 };

static struct taken {
	struct client *client;
	unsigned int owner;
	bool is_link;
} taken[TAKES_MAX];
static unsigned int takes;
static unsigned int connections[ADDRESSES], all[ADDRESSES] /* links too */;

static void model_take(unsigned int n, bool is_link)
{
	struct client *c = take_number(n);
	bool apart = true;

	if (is_link) {
		clients_take_link(c);
		clients_give(&t, c);
	}
	for (unsigned int i = 0; i < takes; i++)
		apart &= (taken[i].client == c) == (taken[i].owner == n);
	ck_assert(apart);
	taken[takes++] = (struct taken){c, n, is_link};
	connections[n] += !is_link;
	all[n]++;
	ck_assert_uint_eq(c->count, connections[n]);
	ck_assert_int_eq(
	    clients_is_over(&conf, c), connections[n] > conf.per_source);
}

static void model_give(unsigned int i)
{
	struct taken it = taken[i];

	(it.is_link ? clients_give_link : clients_give)(&t, it.client);
	connections[it.owner] -= !it.is_link;
	all[it.owner]--;
	taken[i] = taken[--takes];
}

static unsigned int addresses(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < ADDRESSES; i++)
		n += all[i] > 0;
	return n;
}

/* Takes and gives at random; the table is as full as it can be at times, and
 * each address is let in or refused for itself alone. */
TEST_LOOP(counts_are_those_of_a_list, 0, 16)
{
	uint64_t state = (uint64_t)_i + 1;

	init(TAKES_MAX);
	conf.per_source = 1 + (unsigned int)_i % 4;
	for (int step = 0; step < 5000; step++) {
		unsigned int n = chance_below(&state, ADDRESSES);
		bool grow =
		    chance_below(&state, 100) < (step / 500 % 2 ? 30u : 80u);

		if (grow && takes < TAKES_MAX)
			model_take(
			    n, all[n] > 0 && chance_below(&state, 4) == 0);
		else if (!grow && takes > 0)
			model_give(chance_below(&state, takes));
		ck_assert_uint_eq(t.count, addresses());
	}
	while (takes > 0)
		model_give(0);
	ck_assert_uint_eq(t.count, 0);
	ck_assert_uint_le(t.fresh, TAKES_MAX);
}

/* On a connection of its own. */
static bool request(unsigned int n, int64_t now_ms, int64_t *out_wait_ms)
{
	struct client *c = take_number(n);
	bool allowed = clients_request(&conf, c, now_ms, out_wait_ms);

	clients_give(&t, c);
	return allowed;
}

/* In every span of k * TIME at most (k + 1) * N pass, a burst of N does, and
 * who waits as long as told passes. */
TEST_LOOP(request_limit_is_a_rate_and_a_burst, 0, 21)
{
	uint64_t state = (uint64_t)_i + 1, passed;
	int64_t now_ms = 5, wait_ms = 0;

	init(4);
	conf.request_limit = 1 + (unsigned int)_i % 7;
	conf.request_limit_ms = 1000 * (1 + _i % 3);
	for (passed = 0; passed < conf.request_limit; passed++)
		ck_assert(request(1, now_ms, &wait_ms));
	ck_assert(!request(1, now_ms, &wait_ms));
	ck_assert(request(3, now_ms, &wait_ms));
	for (int steps = 0; steps < 2000; steps++) {
		now_ms += chance_below(&state, 400);
		if (request(1, now_ms, &wait_ms)) {
			passed++;
			continue;
		}
		ck_assert_int_ge(wait_ms, 1);
		ck_assert(!request(1, now_ms + wait_ms - 1, &(int64_t){0}));
		now_ms += wait_ms;
		passed += request(1, now_ms, &wait_ms);
		ck_assert_uint_le(passed,
		    (uint64_t)((now_ms - 5) / conf.request_limit_ms + 2) *
			conf.request_limit);
	}
	ck_assert_uint_ge(passed, 2000);
}

/* What an address used up is known when it comes back, however many others
 * hold connections; a flood of addresses keeps the table's size and drops
 * those first that came least recently. */
TEST(idle_addresses_are_remembered_and_few)
{
	unsigned int wrong = 0;
	int64_t wait_ms;

	init(4);
	ck_assert(request(1, 0, &wait_ms));
	ck_assert_uint_eq(t.idle_count, 0); /* without a limit */
	conf.request_limit = 1;
	conf.request_limit_ms = 60000;
	ck_assert(request(1, 0, &wait_ms));
	for (unsigned int i = 1; i < 5000; i++) {
		wrong += !request(2 * i, 0, &wait_ms);
		/* Seen now and then, it stays. */
		if (i % 1000 == 0)
			wrong += request(1, 0, &wait_ms);
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_le(t.idle_count, CLIENTS_IDLE_MAX);
	ck_assert_uint_le(t.fresh, CLIENTS_IDLE_MAX + 4);
	ck_assert(!request(2 * 4999, 0, &wait_ms));
	ck_assert(request(2, 0, &wait_ms));
	ck_assert(request(1, 60000, &wait_ms));
}

/* Neighbouring addresses spread: no bucket holds more than a few. */
TEST(neighbours_are_spread_over_buckets)
{
	enum { MANY = 4096 };
	struct peer p = {.family = AF_INET};

	init(MANY);
	for (int i = 0; i < MANY; i++) {
		p.ip[14] = (uint8_t)(i >> 8);
		p.ip[15] = (uint8_t)i;
		clients_take(&t, &p);
	}
	for (size_t i = 0; i <= t.bucket_mask; i++) {
		int length = 0;

		for (struct client *c = t.buckets[i]; c; c = c->next)
			length++;
		ck_assert_int_le(length, 8);
	}
}
