/*
 * Proves that the table of sources counts as a plain list would, keeps its
 * size, and never turns one source away because of others.
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

static void *table(struct clients *t, size_t seats)
{
	void *memory = calloc(1, clients_bytes(seats));

	ck_assert_ptr_nonnull(memory);
	clients_init(t, memory, seats, seed);
	return memory;
}

START_TEST(what_is_one_source)
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
	struct clients_conf conf = {0};
	struct clients t;
	struct client *a, *b;
	struct peer pa, pb;
	void *memory = table(&t, 2);
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pa = peer_of(cases[i].a);
		pb = peer_of(cases[i].b);
		a = clients_take(&t, &conf, &pa);
		b = clients_take(&t, &conf, &pb);
		ck_assert_msg((a == b) == cases[i].same, "%s and %s",
		    cases[i].a, cases[i].b);
		clients_give(&t, a);
		clients_give(&t, b);
		ck_assert_uint_eq(t.count, 0);
	}
	free(memory);
}
END_TEST

enum { SEATS = 50, SOURCES = 60, TAKES_MAX = SEATS };

struct model {
	struct client *take[TAKES_MAX];
	unsigned int owner[TAKES_MAX];
	unsigned int takes;
	unsigned int count[SOURCES];
};

static struct peer peer_number(unsigned int n)
{
	struct peer p = {.family = n % 2 ? AF_INET : AF_INET6};

	if (n % 2)
		p.ip[15] = (uint8_t)n;
	else
		p.ip[7] = (uint8_t)n;
	return p;
}

static void take(struct clients *t, struct model *m,
    const struct clients_conf *conf, unsigned int n)
{
	struct peer p = peer_number(n);
	struct client *s = clients_take(t, conf, &p);
	bool apart = true;
	unsigned int i;

	ck_assert_int_eq(s != NULL, m->count[n] < conf->per_source);
	if (!s)
		return;
	ck_assert(list_empty(&s->waiters) && list_empty(&s->turn));
	for (i = 0; i < m->takes; i++)
		apart &= (m->take[i] == s) == (m->owner[i] == n);
	ck_assert(apart);
	m->take[m->takes] = s;
	m->owner[m->takes++] = n;
	ck_assert_uint_eq(s->count, ++m->count[n]);
}

static void give(struct clients *t, struct model *m, unsigned int i)
{
	clients_give(t, m->take[i]);
	m->count[m->owner[i]]--;
	m->takes--;
	m->take[i] = m->take[m->takes];
	m->owner[i] = m->owner[m->takes];
}

static unsigned int sources_in(const struct model *m)
{
	unsigned int i, n = 0;

	for (i = 0; i < SOURCES; i++)
		n += m->count[i] > 0;
	return n;
}

/* Takes and gives at random; the table is as full as it can be at times. */
START_TEST(as_a_list)
{
	struct clients_conf conf = {.per_source = 1 + (unsigned int)_i % 4};
	uint64_t state = (uint64_t)_i + 1;
	struct model m = {0};
	struct clients t;
	void *memory = table(&t, SEATS);
	unsigned int step;

	for (step = 0; step < 5000; step++) {
		bool grow = chance_below(&state, 100) <
		    (step / 500 % 2 ? 30u : 80u);

		if (grow && m.takes < SEATS)
			take(&t, &m, &conf, chance_below(&state, SOURCES));
		else if (!grow && m.takes > 0)
			give(&t, &m, chance_below(&state, m.takes));
		ck_assert_uint_eq(t.count, sources_in(&m));
	}
	while (m.takes > 0)
		give(&t, &m, 0);
	ck_assert_uint_eq(t.count, 0);
	ck_assert_uint_le(t.fresh, SEATS);
	free(memory);
}
END_TEST

/* As many sources as seats, and each of them is let in; again and again. */
START_TEST(nobody_shut_out)
{
	enum { MANY = 1000 };
	struct clients_conf conf = {.per_source = 1};
	static struct client *taken[MANY];
	struct clients t;
	void *memory = table(&t, MANY);
	struct peer p = {.family = AF_INET6};
	unsigned int i, round, wrong = 0;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < MANY; i++) {
			memcpy(p.ip, &i, sizeof(i));
			taken[i] = clients_take(&t, &conf, &p);
			wrong += !taken[i] || clients_take(&t, &conf, &p);
		}
		ck_assert_uint_eq(wrong, 0);
		for (i = 0; i < MANY; i++)
			clients_give(&t, taken[i]);
	}
	free(memory);
}
END_TEST

/* Neighbouring addresses spread: no bucket holds more than a few. */
START_TEST(spread)
{
	enum { MANY = 4096 };
	struct clients_conf conf = {0};
	unsigned int i, longest = 0, length;
	struct clients t;
	void *memory = table(&t, MANY);
	struct peer p = {.family = AF_INET};
	struct client *s;

	for (i = 0; i < MANY; i++) {
		p.ip[14] = (uint8_t)(i >> 8);
		p.ip[15] = (uint8_t)i;
		clients_take(&t, &conf, &p);
	}
	for (i = 0; i < MANY; i++) {
		for (length = 0, s = t.buckets[i]; s; s = s->next)
			length++;
		longest = length > longest ? length : longest;
	}
	ck_assert_uint_le(longest, 8);
	free(memory);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("source");
	TCase *t = unit_case(s, "source");

	tcase_add_test(t, what_is_one_source);
	tcase_add_loop_test(t, as_a_list, 0, 16);
	tcase_add_test(t, nobody_shut_out);
	tcase_add_test(t, spread);
	return unit_run(s);
}
