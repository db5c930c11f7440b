/*
 * Proves that the waiting line serves and displaces as its contract says: a
 * plain array that is searched anew at every step must agree at every step.
 */
#include <string.h>

#include "policy/queue.h"
#include "unit.h"

enum { PLACES_MAX = 12, CLIENTS = 40, SOURCES = 6 };

/* Waiting clients in order of arrival, and each source's turn: the lower the
 * number, the sooner. */
struct model {
	unsigned int wait[PLACES_MAX];
	unsigned int count;
	unsigned int turn[SOURCES];
	unsigned int next_turn;
};

struct world {
	struct queue q;
	struct queue_place place[CLIENTS];
	struct client source[SOURCES];
	struct model m;
	uint64_t state;
};

/* The source of a client never changes. */
static unsigned int source_of(unsigned int client)
{
	return client % SOURCES;
}

static unsigned int held(const struct model *m, unsigned int source)
{
	unsigned int i, n = 0;

	for (i = 0; i < m->count; i++)
		n += source_of(m->wait[i]) == source;
	return n;
}

static void drop(struct model *m, unsigned int at)
{
	m->count--;
	memmove(&m->wait[at], &m->wait[at + 1],
	    (m->count - at) * sizeof(m->wait[0]));
}

static void join(struct model *m, unsigned int client)
{
	if (held(m, source_of(client)) == 0)
		m->turn[source_of(client)] = m->next_turn++;
	m->wait[m->count++] = client;
}

/* The next to be served: the oldest of the source with the lowest turn. */
static unsigned int model_pop(struct model *m)
{
	unsigned int i, best = 0, client;

	for (i = 1; i < m->count; i++)
		if (m->turn[source_of(m->wait[i])] <
		    m->turn[source_of(m->wait[best])])
			best = i;
	client = m->wait[best];
	drop(m, best);
	m->turn[source_of(client)] = m->next_turn++;
	return client;
}

/* Who has to leave: the newest of the source with most, then latest turn. */
static unsigned int model_victim(const struct model *m)
{
	unsigned int i, best = 0, source, most;

	for (i = 1; i < m->count; i++) {
		source = source_of(m->wait[i]);
		most = source_of(m->wait[best]);
		if (held(m, source) > held(m, most) ||
		    (held(m, source) == held(m, most) &&
			m->turn[source] >= m->turn[most]))
			best = i;
	}
	return best;
}

static bool waits(const struct world *w, unsigned int client)
{
	return w->place[client].source != NULL;
}

static void push(struct world *w, const struct queue_conf *conf,
    unsigned int client)
{
	struct queue_place *out = NULL;
	unsigned int source = source_of(client), at;
	enum queue_verdict verdict = queue_push(&w->q, conf, &w->place[client],
	    &w->source[source], &out);

	if (w->m.count < conf->places) {
		ck_assert_int_eq(verdict, QUEUE_WAITS);
		join(&w->m, client);
		return;
	}
	at = model_victim(&w->m);
	if (w->m.count == 0 ||
	    held(&w->m, source) >= held(&w->m, source_of(w->m.wait[at]))) {
		ck_assert_int_eq(verdict, QUEUE_FULL);
		ck_assert(!waits(w, client));
		return;
	}
	ck_assert_int_eq(verdict, QUEUE_DISPLACED);
	ck_assert_ptr_eq(out, &w->place[w->m.wait[at]]);
	ck_assert(!waits(w, w->m.wait[at]));
	drop(&w->m, at);
	join(&w->m, client);
}

static void pop(struct world *w)
{
	struct queue_place *place = queue_pop(&w->q);

	if (w->m.count == 0) {
		ck_assert_ptr_null(place);
		return;
	}
	ck_assert_ptr_eq(place, &w->place[model_pop(&w->m)]);
	ck_assert_ptr_null(place->source);
}

static void leave(struct world *w, unsigned int client)
{
	unsigned int i;

	queue_remove(&w->q, &w->place[client]);
	for (i = 0; i < w->m.count; i++)
		if (w->m.wait[i] == client)
			drop(&w->m, i);
}

static void check_world(const struct world *w)
{
	unsigned int i, wrong = 0;

	ck_assert_uint_eq(w->q.count, w->m.count);
	for (i = 0; i < SOURCES; i++)
		wrong += w->source[i].waiting != held(&w->m, i);
	ck_assert_uint_eq(wrong, 0);
}

static void world_init(struct world *w, uint64_t seed)
{
	unsigned int i;

	memset(w, 0, sizeof(*w));
	w->state = seed;
	queue_init(&w->q);
	for (i = 0; i < CLIENTS; i++)
		queue_place_init(&w->place[i]);
	for (i = 0; i < SOURCES; i++) {
		list_init(&w->source[i].waiters);
		list_init(&w->source[i].turn);
	}
}

START_TEST(as_an_array)
{
	struct queue_conf conf = {.places = (unsigned int)_i % PLACES_MAX};
	struct world w;
	unsigned int step, client, dice;

	world_init(&w, (uint64_t)_i + 1);
	for (step = 0; step < 5000; step++) {
		client = chance_below(&w.state, CLIENTS);
		/* One source pushes far more often than the others. */
		if (chance_below(&w.state, 3) == 0)
			client -= client % SOURCES;
		dice = chance_below(&w.state, 10);
		if (dice < 6 && !waits(&w, client))
			push(&w, &conf, client);
		else if (dice < 8)
			pop(&w);
		else
			leave(&w, client);
		check_world(&w);
	}
	while (w.m.count > 0)
		pop(&w);
	check_world(&w);
	ck_assert(list_empty(&w.q.turns));
}
END_TEST

/* Whoever waits is served within one round of the sources before it, however
 * many places a noisy one holds. */
START_TEST(noisy_neighbour)
{
	struct queue_conf conf = {.places = 7};
	struct world w;
	unsigned int i;

	world_init(&w, 1);
	for (i = 0; i < 6; i++)
		push(&w, &conf, i * SOURCES);
	push(&w, &conf, 1);
	pop(&w);
	ck_assert_ptr_eq(queue_pop(&w.q), &w.place[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("queue");
	TCase *t = unit_case(s, "queue");

	tcase_add_loop_test(t, as_an_array, 0, 24);
	tcase_add_test(t, noisy_neighbour);
	return unit_run(s);
}
