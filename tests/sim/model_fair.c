/*
 * model_fair.c: turns. Who waits is served before an address that came again
 * and again; of several workers each has turns about, and knows nothing of who
 * waits in others.
 */
#include <string.h>

#include "kernel.h"
#include "model.h"
#include "settings/conf.h"

enum { ADDRESSES = 256, TURNS = 3 };

/* When each address's last requests reached the device, the latest last. */
static int64_t served_us[ADDRESSES][TURNS];
static bool has_left[ADDRESSES]; /* a client of that address */

/* Whose the turns were, the latest last. */
static struct turn {
	uint32_t address;
	int worker;
} latest[TURNS];

void model_fair_start(void)
{
	memset(served_us, 0, sizeof(served_us));
	memset(has_left, 0, sizeof(has_left));
	memset(latest, 0, sizeof(latest));
}

void model_note_left(uint32_t address)
{
	has_left[address % ADDRESSES] = true;
}

bool model_had_turn(uint32_t address)
{
	return served_us[address % ADDRESSES][TURNS - 1] > 0 ||
	       has_left[address % ADDRESSES];
}

/* Only if one address of one worker has had the last turns. */
static bool knows_turns(void)
{
	if (!model.reloaded)
		return true;
	/* One turn of a worker is as many as it may have in flight. */
	if (model.conf->slots.slots == 0 ||
	    (model.shares_link && model.conf->shared.pipeline >= TURNS))
		return false;
	for (int i = 0; i < TURNS - 1; i++)
		if (latest[i].address != latest[TURNS - 1].address ||
		    latest[i].worker != latest[TURNS - 1].worker)
			return false;
	return true;
}

int64_t model_take_turn(
    const struct session *d, uint32_t address, int64_t at_us)
{
	int64_t *turns = served_us[address % ADDRESSES];

	memmove(turns, turns + 1, (TURNS - 1) * sizeof(*turns));
	turns[TURNS - 1] = at_us;
	memmove(latest, latest + 1, (TURNS - 1) * sizeof(*latest));
	latest[TURNS - 1] = (struct turn){
	    address, kernel.workers ? files[d->tcp->fd].process : 0};
	if (model.faulty || model.troubled || model.stopped || model.draining ||
	    model.wants_header || turns[0] == 0 || !knows_turns())
		return 0;
	for (int i = 0; i < TURNS; i++)
		if (at_us > turns[i])
			at_us = turns[i];
	return at_us;
}

void model_unfair(
    uint32_t address, const char *who, uint32_t id, uint32_t waits)
{
	violation("unfair",
	    "address %u is served %d times while %s %u of address %u waits",
	    address, TURNS, who, id, waits);
}
