/*
 * Proves that the table of client addresses counts as a plain list would,
 * keeps its size, never turns one address away because of others, and that
 * request-limit lets through what it says and no more.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/clients.h"
#include "unit.h"

static const uint64_t seed[2] = {0x243f6a8885a308d3, 0x13198a2e03707344};

static struct peer peer_of(const char *text)
{
	const char *why;
	struct addr a;

	ck_assert_msg(addr_parse(text, NULL, &a, &why) == 0, "%s", why);
	return addr_to_peer(&a);
}

static void *table(struct clients *t, size_t takes)
{
	void *memory = calloc(1, clients_bytes(takes));

	ck_assert_ptr_nonnull(memory);
	clients_init(t, memory, takes, seed);
	return memory;
}

TEST(what_is_one_address)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
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
	struct clients t;
	struct client *a, *b;
	struct peer pa, pb;
	void *memory = table(&t, 2);
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pa = peer_of(cases[i].a);
		pb = peer_of(cases[i].b);
		a = clients_take(&t, &pa);
		b = clients_take(&t, &pb);
		ck_assert_msg((a == b) == cases[i].same, "%s and %s",
		    cases[i].a, cases[i].b);
		clients_give(&t, a);
		clients_give(&t, b);
		ck_assert_uint_eq(t.count, 0);
	}
	free(memory);
}

enum { TAKES_MAX = 50, ADDRESSES = 60 };

struct model {
	struct client *take[TAKES_MAX];
	unsigned int owner[TAKES_MAX];
	bool is_link[TAKES_MAX];
	unsigned int takes;
	unsigned int count[ADDRESSES]; /* connections */
	unsigned int all[ADDRESSES];   /* links too */
};

static struct peer peer_number(unsigned int n)
{
	struct peer p = {.family = n % 2 ? AF_INET : AF_INET6};

	if (n % 2)
		memcpy(p.ip + 12, &n, sizeof(n));
	else
		memcpy(p.ip, &n, sizeof(n));
	return p;
}

static void take(struct clients *t, struct model *m,
    const struct clients_conf *conf, unsigned int n, bool is_link)
{
	struct peer p = peer_number(n);
	struct client *s;
	bool apart = true;
	unsigned int i;

	if (m->all[n] == 0)
		is_link = false;
	s = clients_take(t, &p);
	if (is_link) {
		clients_take_link(s);
		clients_give(t, s);
	}
	for (i = 0; i < m->takes; i++)
		apart &= (m->take[i] == s) == (m->owner[i] == n);
	ck_assert(apart);
	m->take[m->takes] = s;
	m->owner[m->takes] = n;
	m->is_link[m->takes++] = is_link;
	m->count[n] += !is_link;
	m->all[n]++;
	ck_assert_uint_eq(s->count, m->count[n]);
	ck_assert_int_eq(
	    clients_is_over(conf, s), m->count[n] > conf->per_source);
}

static void give(struct clients *t, struct model *m, unsigned int i)
{
	if (m->is_link[i])
		clients_give_link(t, m->take[i]);
	else
		clients_give(t, m->take[i]);
	m->count[m->owner[i]] -= !m->is_link[i];
	m->all[m->owner[i]]--;
	m->takes--;
	m->take[i] = m->take[m->takes];
	m->owner[i] = m->owner[m->takes];
	m->is_link[i] = m->is_link[m->takes];
}

static unsigned int addresses_in(const struct model *m)
{
	unsigned int i, n = 0;

	for (i = 0; i < ADDRESSES; i++)
		n += m->all[i] > 0;
	return n;
}

/* Takes and gives at random; the table is as full as it can be at times. */
TEST_LOOP(as_a_list, 0, 16)
{
	struct clients_conf conf = {.per_source = 1 + (unsigned int)_i % 4};
	uint64_t state = (uint64_t)_i + 1;
	struct model m = {0};
	struct clients t;
	void *memory = table(&t, TAKES_MAX);
	unsigned int step;

	for (step = 0; step < 5000; step++) {
		bool grow =
		    chance_below(&state, 100) < (step / 500 % 2 ? 30u : 80u);

		if (grow && m.takes < TAKES_MAX)
			take(&t, &m, &conf, chance_below(&state, ADDRESSES),
			    chance_below(&state, 4) == 0);
		else if (!grow && m.takes > 0)
			give(&t, &m, chance_below(&state, m.takes));
		ck_assert_uint_eq(t.count, addresses_in(&m));
	}
	while (m.takes > 0)
		give(&t, &m, 0);
	ck_assert_uint_eq(t.count, 0);
	ck_assert_uint_le(t.fresh, TAKES_MAX);
	free(memory);
}

/* As many addresses as takes, and each of them is let in; again and again. */
TEST(nobody_shut_out)
{
	enum { MANY = 1000 };
	struct clients_conf conf = {.per_source = 1};
	static struct client *taken[MANY];
	struct clients t;
	void *memory = table(&t, MANY);
	unsigned int i, round, wrong = 0;
	struct peer p;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < MANY; i++) {
			p = peer_number(2 * i);
			taken[i] = clients_take(&t, &p);
			wrong += clients_is_over(&conf, taken[i]);
		}
		ck_assert_uint_eq(wrong, 0);
		ck_assert_uint_eq(t.count, MANY);
		for (i = 0; i < MANY; i++)
			clients_give(&t, taken[i]);
	}
	free(memory);
}

/* A refused connection counts until it is closed, for its address alone. */
TEST(refused_ones_count)
{
	struct clients_conf conf = {.per_source = 1};
	struct clients t;
	void *memory = table(&t, 4);
	struct peer noisy = peer_number(1), other = peer_number(3);
	struct client *a = clients_take(&t, &noisy);

	ck_assert(!clients_is_over(&conf, a));
	ck_assert(clients_is_over(&conf, clients_take(&t, &noisy)));
	ck_assert(!clients_is_over(&conf, clients_take(&t, &other)));
	clients_give(&t, a); /* the one that was served */
	ck_assert(clients_is_over(&conf, clients_take(&t, &noisy)));
	clients_give(&t, a);
	clients_give(&t, a);
	ck_assert(!clients_is_over(&conf, clients_take(&t, &noisy)));
	free(memory);
}

static bool request(struct clients *t, const struct clients_conf *conf,
    unsigned int n, int64_t now_ms, int64_t *out_wait_ms)
{
	struct peer p = peer_number(n);
	struct client *c = clients_take(t, &p);
	bool allowed = clients_request(conf, c, now_ms, out_wait_ms);

	clients_give(t, c);
	return allowed;
}

/* In every span of k * TIME at most (k + 1) * N pass, a burst of N does, and
 * who waits as long as told passes, each request on a connection of its own. */
TEST_LOOP(request_limit, 0, 21)
{
	struct clients_conf conf = {.request_limit = 1 + (unsigned int)_i % 7,
	    .request_limit_ms = 1000 * (1 + _i % 3)};
	uint64_t state = (uint64_t)_i + 1;
	int64_t now_ms = 5, wait_ms = 0, began_ms = now_ms, steps = 0;
	struct clients t;
	void *memory = table(&t, 4);
	uint64_t passed = 0, most;
	unsigned int i;

	for (i = 0; i < conf.request_limit; i++, passed++)
		ck_assert(request(&t, &conf, 1, now_ms, &wait_ms));
	ck_assert(!request(&t, &conf, 1, now_ms, &wait_ms));
	ck_assert(request(&t, &conf, 3, now_ms, &wait_ms));
	for (steps = 0; steps < 2000; steps++) {
		now_ms += chance_below(&state, 400);
		if (request(&t, &conf, 1, now_ms, &wait_ms)) {
			passed++;
			continue;
		}
		ck_assert_int_ge(wait_ms, 1);
		ck_assert(!request(
		    &t, &conf, 1, now_ms + wait_ms - 1, &(int64_t){0}));
		now_ms += wait_ms;
		passed += request(&t, &conf, 1, now_ms, &wait_ms);
		most = (uint64_t)((now_ms - began_ms) / conf.request_limit_ms +
				  2) *
		       conf.request_limit;
		ck_assert_uint_le(passed, most);
	}
	ck_assert_uint_ge(passed, 2000);
	free(memory);
}

/* What an address used up is known when it comes back, however many others
 * hold connections; a flood of addresses keeps the table's size and drops
 * those first that came least recently. */
TEST(idle_ones)
{
	struct clients_conf conf = {
	    .request_limit = 1, .request_limit_ms = 60000};
	struct clients t;
	void *memory = table(&t, 4);
	unsigned int i, wrong = 0;
	int64_t wait_ms;

	ck_assert(request(&t, &conf, 1, 0, &wait_ms));
	for (i = 1; i < 5000; i++) {
		wrong += !request(&t, &conf, 2 * i, 0, &wait_ms);
		/* Seen now and then, it stays. */
		if (i % 1000 == 0)
			wrong += request(&t, &conf, 1, 0, &wait_ms);
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_le(t.idle_count, CLIENTS_IDLE_MAX);
	ck_assert_uint_le(t.fresh, CLIENTS_IDLE_MAX + 4);
	ck_assert(!request(&t, &conf, 2 * 4999, 0, &wait_ms));
	ck_assert(request(&t, &conf, 2, 0, &wait_ms));
	ck_assert(request(&t, &conf, 1, 60000, &wait_ms));
	free(memory);
}

/* Neighbouring addresses spread: no bucket holds more than a few. */
TEST(spread)
{
	enum { MANY = 4096 };
	unsigned int i, longest = 0, length;
	struct clients t;
	void *memory = table(&t, MANY);
	struct peer p = {.family = AF_INET};
	struct client *s;

	for (i = 0; i < MANY; i++) {
		p.ip[14] = (uint8_t)(i >> 8);
		p.ip[15] = (uint8_t)i;
		clients_take(&t, &p);
	}
	for (i = 0; i <= t.bucket_mask; i++) {
		for (length = 0, s = t.buckets[i]; s; s = s->next)
			length++;
		longest = length > longest ? length : longest;
	}
	ck_assert_uint_le(longest, 8);
	free(memory);
}
