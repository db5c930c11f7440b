/*
 * Proves that the waiting line serves and evicts as its contract says: a
 * plain array that is searched anew at every step must agree at every step;
 * and that one address cannot delay another by more than one service.
 */
#include <string.h>

#include "policy/queue.h"
#include "unit.h"

enum { PLACES_MAX = 12, WAITERS = 40, ADDRESSES = 6 };

static struct queue q;
static struct queue_place place[WAITERS];
static struct client client[ADDRESSES];
static uint64_t state;

/* The model: waiters in the order they came, and when each address's last slot
 * moved. Ages are counted anew, apart from the queue's own. */
static unsigned int line[PLACES_MAX], count;
static unsigned int came[WAITERS], moved[ADDRESSES], now;

/* The address of a waiter never changes. */
static unsigned int address_of(unsigned int waiter)
{
	return waiter % ADDRESSES;
}

static bool waits(unsigned int waiter)
{
	return place[waiter].client != NULL;
}

static void begin(uint64_t seed)
{
	state = seed;
	queue_init(&q);
	for (unsigned int i = 0; i < WAITERS; i++)
		queue_place_init(&place[i]);
	for (unsigned int i = 0; i < ADDRESSES; i++) {
		list_init(&client[i].waiters);
		list_init(&client[i].turn);
	}
}

/* How many of an address wait. */
static unsigned int held(unsigned int address)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < count; i++)
		n += address_of(line[i]) == address;
	return n;
}

/* The later of two moments: its oldest waiter came, its last slot moved. */
static unsigned int due(unsigned int address)
{
	unsigned int i = 0;

	while (address_of(line[i]) != address)
		i++;
	return came[line[i]] > moved[address] ? came[line[i]] : moved[address];
}

static void join(unsigned int waiter)
{
	came[waiter] = ++now;
	line[count++] = waiter;
}

static void drop(unsigned int at)
{
	count--;
	memmove(&line[at], &line[at + 1], (count - at) * sizeof(line[0]));
}

/* Where the next to be served stands. */
static unsigned int next(void)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < count; i++)
		if (due(address_of(line[i])) < due(address_of(line[best])))
			best = i;
	return best;
}

/* Who has to leave: the newest of the address with most, then latest due. */
static unsigned int victim(void)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < count; i++) {
		unsigned int address = address_of(line[i]);
		unsigned int most = address_of(line[best]);

		if (held(address) > held(most) ||
		    (held(address) == held(most) && due(address) >= due(most)))
			best = i;
	}
	return best;
}

static void push(const struct queue_conf *conf, unsigned int waiter)
{
	unsigned int address = address_of(waiter), at = victim();
	struct queue_place *out = NULL;
	enum queue_verdict verdict =
	    queue_push(&q, conf, &place[waiter], &client[address], &out);

	if (count < conf->places) {
		ck_assert_int_eq(verdict, QUEUE_WAITS);
		join(waiter);
	} else if (count == 0 || held(address) >= held(address_of(line[at]))) {
		ck_assert_int_eq(verdict, QUEUE_FULL);
		ck_assert(!waits(waiter));
	} else {
		ck_assert_int_eq(verdict, QUEUE_EVICTED);
		ck_assert_ptr_eq(out, &place[line[at]]);
		ck_assert(!waits(line[at]));
		drop(at);
		join(waiter);
	}
}

static void pop(void)
{
	struct queue_place *first = queue_first(&q), *popped = queue_pop(&q);
	unsigned int at = next();

	ck_assert_ptr_eq(popped, first);
	if (count == 0) {
		ck_assert_ptr_null(popped);
		return;
	}
	ck_assert_ptr_eq(popped, &place[line[at]]);
	ck_assert_ptr_null(popped->client);
	moved[address_of(line[at])] = ++now;
	drop(at);
}

static void leave(unsigned int waiter)
{
	queue_remove(&q, &place[waiter]);
	for (unsigned int i = 0; i < count; i++)
		if (line[i] == waiter)
			drop(i);
}

static void slot_moved(unsigned int address)
{
	queue_slot_moved(&q, &client[address]);
	moved[address] = ++now;
}

TEST_LOOP(it_serves_and_evicts_as_an_array, 0, 24)
{
	struct queue_conf conf = {.places = (unsigned int)_i % PLACES_MAX};

	begin((uint64_t)_i + 1);
	for (int step = 0; step < 3000; step++) {
		unsigned int waiter = chance_below(&state, WAITERS), dice;

		/* One address pushes far more often than the others. */
		if (chance_below(&state, 3) == 0)
			waiter -= waiter % ADDRESSES;
		dice = chance_below(&state, 12);
		if (dice < 6 && !waits(waiter))
			push(&conf, waiter);
		else if (dice < 8)
			pop();
		else if (dice < 10)
			slot_moved(address_of(waiter));
		else
			leave(waiter);
		ck_assert_uint_eq(q.count, count);
		for (unsigned int i = 0; i < ADDRESSES; i++)
			ck_assert_uint_eq(client[i].waiting, held(i));
	}
	while (count > 0)
		pop();
	ck_assert(list_empty(&q.turns));
}

/* ---- one service each ---- */

enum { ALONE = ADDRESSES - 1 };

/* Who holds the slots, and who was served since the only waiter's moment. */
static unsigned int holder[3], slots, taken;
static unsigned int served[ADDRESSES];

static void serve_next(void)
{
	struct queue_place *p = taken < slots ? queue_pop(&q) : NULL;
	unsigned int address;

	if (!p)
		return;
	address = address_of((unsigned int)(p - place));
	ck_assert(address == ALONE || !waits(ALONE) || ++served[address] <= 1);
	holder[taken++] = address;
}

static void end_one(void)
{
	unsigned int at;

	if (taken == 0)
		return;
	at = chance_below(&state, taken);
	queue_slot_moved(&q, &client[holder[at]]);
	if (holder[at] == ALONE) /* its moment is now */
		memset(served, 0, sizeof(served));
	holder[at] = holder[--taken];
}

/* One slot or several, addresses that come, wait and leave at random: the
 * only waiter of an address is delayed by one service of each other address
 * at most, however many those wait with. */
TEST_LOOP(one_service_of_each_other_address_is_the_longest_delay, 0, 24)
{
	static const struct queue_conf conf = {.places = PLACES_MAX};
	struct queue_place *out;

	begin((uint64_t)_i + 1);
	slots = 1 + (unsigned int)_i % 3;
	for (int step = 0; step < 5000; step++) {
		unsigned int waiter = chance_below(&state, WAITERS), dice;

		if (address_of(waiter) == ALONE)
			waiter = ALONE; /* never a second of its own */
		dice = chance_below(&state, 8);
		if (dice == 0 && waiter != ALONE)
			queue_remove(&q, &place[waiter]);
		else if (dice == 1)
			end_one();
		else if (dice == 2)
			serve_next();
		if (dice < 3 || waits(waiter))
			continue;
		if (waiter == ALONE)
			memset(served, 0, sizeof(served));
		queue_push(&q, &conf, &place[waiter],
		    &client[address_of(waiter)], &out);
	}
}
