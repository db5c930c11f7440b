/*
 * Proves that the waiting line serves and evicts as its contract says: a
 * plain array that is searched anew at every step must agree at every step;
 * and that one address cannot delay another by more than one service.
 */
#include <string.h>

#include "policy/queue.h"
#include "unit.h"

enum { PLACES_MAX = 12, WAITERS = 40, ADDRESSES = 6 };

/* Waiters in the order they came, and when each address's last slot moved.
 * Ages are counted anew, apart from the queue's own. */
struct model {
	unsigned int wait[PLACES_MAX];
	unsigned int came[WAITERS];
	unsigned int count;
	unsigned int moved[ADDRESSES];
	unsigned int clock;
};

struct world {
	struct queue q;
	struct queue_place place[WAITERS];
	struct client client[ADDRESSES];
	struct model m;
	uint64_t state;
};

/* The address of a waiter never changes. */
static unsigned int address_of(unsigned int waiter)
{
	return waiter % ADDRESSES;
}

static unsigned int held(const struct model *m, unsigned int address)
{
	unsigned int i, n = 0;

	for (i = 0; i < m->count; i++)
		n += address_of(m->wait[i]) == address;
	return n;
}

static void drop(struct model *m, unsigned int at)
{
	m->count--;
	memmove(&m->wait[at], &m->wait[at + 1],
	    (m->count - at) * sizeof(m->wait[0]));
}

static void join(struct model *m, unsigned int waiter)
{
	m->came[waiter] = ++m->clock;
	m->wait[m->count++] = waiter;
}

/* The later of two moments: its oldest waiter came, its last slot moved. */
static unsigned int due(const struct model *m, unsigned int address)
{
	unsigned int i = 0, came;

	while (address_of(m->wait[i]) != address)
		i++;
	came = m->came[m->wait[i]];
	return came > m->moved[address] ? came : m->moved[address];
}

/* Where the next to be served stands. */
static unsigned int model_next(const struct model *m)
{
	unsigned int i, best = 0;

	for (i = 1; i < m->count; i++)
		if (due(m, address_of(m->wait[i])) <
		    due(m, address_of(m->wait[best])))
			best = i;
	return best;
}

static unsigned int model_pop(struct model *m)
{
	unsigned int at = model_next(m), waiter = m->wait[at];

	drop(m, at);
	m->moved[address_of(waiter)] = ++m->clock;
	return waiter;
}

/* Who has to leave: the newest of the address with most, then latest due. */
static unsigned int model_victim(const struct model *m)
{
	unsigned int i, best = 0, address, most;

	for (i = 1; i < m->count; i++) {
		address = address_of(m->wait[i]);
		most = address_of(m->wait[best]);
		if (held(m, address) > held(m, most) ||
		    (held(m, address) == held(m, most) &&
			due(m, address) >= due(m, most)))
			best = i;
	}
	return best;
}

static bool waits(const struct world *w, unsigned int waiter)
{
	return w->place[waiter].client != NULL;
}

static void push(
    struct world *w, const struct queue_conf *conf, unsigned int waiter)
{
	struct queue_place *out = NULL;
	unsigned int address = address_of(waiter), at;
	enum queue_verdict verdict = queue_push(
	    &w->q, conf, &w->place[waiter], &w->client[address], &out);

	if (w->m.count < conf->places) {
		ck_assert_int_eq(verdict, QUEUE_WAITS);
		join(&w->m, waiter);
		return;
	}
	at = model_victim(&w->m);
	if (w->m.count == 0 ||
	    held(&w->m, address) >= held(&w->m, address_of(w->m.wait[at]))) {
		ck_assert_int_eq(verdict, QUEUE_FULL);
		ck_assert(!waits(w, waiter));
		return;
	}
	ck_assert_int_eq(verdict, QUEUE_EVICTED);
	ck_assert_ptr_eq(out, &w->place[w->m.wait[at]]);
	ck_assert(!waits(w, w->m.wait[at]));
	drop(&w->m, at);
	join(&w->m, waiter);
}

static void pop(struct world *w)
{
	struct queue_place *first = queue_first(&w->q);
	struct queue_place *place = queue_pop(&w->q);

	ck_assert_ptr_eq(place, first);
	if (w->m.count == 0) {
		ck_assert_ptr_null(place);
		return;
	}
	ck_assert_ptr_eq(place, &w->place[model_pop(&w->m)]);
	ck_assert_ptr_null(place->client);
}

static void leave(struct world *w, unsigned int waiter)
{
	unsigned int i;

	queue_remove(&w->q, &w->place[waiter]);
	for (i = 0; i < w->m.count; i++)
		if (w->m.wait[i] == waiter)
			drop(&w->m, i);
}

static void slot_moved(struct world *w, unsigned int address)
{
	queue_slot_moved(&w->q, &w->client[address]);
	w->m.moved[address] = ++w->m.clock;
}

static void check_world(const struct world *w)
{
	unsigned int i, wrong = 0;

	ck_assert_uint_eq(w->q.count, w->m.count);
	for (i = 0; i < ADDRESSES; i++)
		wrong += w->client[i].waiting != held(&w->m, i);
	ck_assert_uint_eq(wrong, 0);
}

static void world_init(struct world *w, uint64_t seed)
{
	unsigned int i;

	memset(w, 0, sizeof(*w));
	w->state = seed;
	queue_init(&w->q);
	for (i = 0; i < WAITERS; i++)
		queue_place_init(&w->place[i]);
	for (i = 0; i < ADDRESSES; i++) {
		list_init(&w->client[i].waiters);
		list_init(&w->client[i].turn);
	}
}

TEST_LOOP(as_an_array, 0, 24)
{
	struct queue_conf conf = {.places = (unsigned int)_i % PLACES_MAX};
	struct world w;
	unsigned int step, waiter, dice;

	world_init(&w, (uint64_t)_i + 1);
	for (step = 0; step < 3000; step++) {
		waiter = chance_below(&w.state, WAITERS);
		/* One address pushes far more often than the others. */
		if (chance_below(&w.state, 3) == 0)
			waiter -= waiter % ADDRESSES;
		dice = chance_below(&w.state, 12);
		if (dice < 6 && !waits(&w, waiter))
			push(&w, &conf, waiter);
		else if (dice < 8)
			pop(&w);
		else if (dice < 10)
			slot_moved(&w, address_of(waiter));
		else
			leave(&w, waiter);
		check_world(&w);
	}
	while (w.m.count > 0)
		pop(&w);
	check_world(&w);
	ck_assert(list_empty(&w.q.turns));
}

/* One slot: A1 A2 B1 is served A1 B1 A2, and B's last before new ones. */
TEST(the_order)
{
	enum { A1 = 0, A2 = ADDRESSES, B1 = 1, C1 = 2 };
	static const struct queue_conf conf = {.places = 7};
	struct world w;

	world_init(&w, 1);
	push(&w, &conf, A1);
	push(&w, &conf, A2);
	push(&w, &conf, B1);
	ck_assert_ptr_eq(queue_pop(&w.q), &w.place[A1]);
	queue_slot_moved(&w.q, &w.client[0]);
	ck_assert_ptr_eq(queue_first(&w.q), &w.place[B1]);
	/* Who comes anew does not pass who was served before. */
	ck_assert_int_eq(queue_push(&w.q, &conf, &w.place[C1], &w.client[2],
			     &(struct queue_place *){NULL}),
	    QUEUE_WAITS);
	ck_assert_ptr_eq(queue_pop(&w.q), &w.place[B1]);
	ck_assert_ptr_eq(queue_pop(&w.q), &w.place[A2]);
	ck_assert_ptr_eq(queue_pop(&w.q), &w.place[C1]);
}

/* Who holds the slots. */
struct promise {
	struct world w;
	unsigned int served[ADDRESSES]; /* since the only waiter's moment */
	unsigned int holder[3];
	unsigned int slots, taken;
};

enum { ALONE = ADDRESSES - 1 };

static void serve_next(struct promise *p)
{
	struct queue_place *place;
	unsigned int address;

	if (p->taken == p->slots)
		return;
	place = queue_pop(&p->w.q);
	if (!place)
		return;
	address = address_of((unsigned int)(place - p->w.place));
	ck_assert(address == ALONE || !waits(&p->w, ALONE) ||
		  ++p->served[address] <= 1);
	p->holder[p->taken++] = address;
}

static void end_one(struct promise *p)
{
	unsigned int at;

	if (p->taken == 0)
		return;
	at = chance_below(&p->w.state, p->taken);
	queue_slot_moved(&p->w.q, &p->w.client[p->holder[at]]);
	if (p->holder[at] == ALONE) /* its moment is now */
		memset(p->served, 0, sizeof(p->served));
	p->holder[at] = p->holder[--p->taken];
}

/* One slot or several, addresses that come, wait and leave at random: the
 * only waiter of an address is delayed by one service of each other address
 * at most, however many those wait with. */
TEST_LOOP(one_service_each, 0, 24)
{
	static const struct queue_conf conf = {.places = PLACES_MAX};
	static struct promise p;
	struct queue_place *out;
	unsigned int step, waiter;

	memset(&p, 0, sizeof(p));
	world_init(&p.w, (uint64_t)_i + 1);
	p.slots = 1 + (unsigned int)_i % 3;
	for (step = 0; step < 5000; step++) {
		waiter = chance_below(&p.w.state, WAITERS);
		if (address_of(waiter) == ALONE)
			waiter = ALONE; /* never a second of its own */
		switch (chance_below(&p.w.state, 8)) {
		case 0:
			if (waiter != ALONE)
				queue_remove(&p.w.q, &p.w.place[waiter]);
			break;
		case 1:
			end_one(&p);
			break;
		case 2:
			serve_next(&p);
			break;
		default:
			if (waits(&p.w, waiter))
				break;
			if (waiter == ALONE)
				memset(p.served, 0, sizeof(p.served));
			queue_push(&p.w.q, &conf, &p.w.place[waiter],
			    &p.w.client[address_of(waiter)], &out);
			break;
		}
	}
}
