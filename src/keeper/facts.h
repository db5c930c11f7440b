/*
 * facts.h: what there is to be told of the proxy, gathered from the keeper and
 * the shared mapping; who is there is asked of the worker.
 */
#ifndef KEEPER_FACTS_H
#define KEEPER_FACTS_H

#include "keeper/inside.h"

/* What there is to be told, with `texts` to point into. */
struct facts_texts {
	char listen[512];
	char device[ADDR_TEXT_MAX];
};
void facts_gather(
    struct keeper *k, struct status_facts *out, struct facts_texts *texts);

/* Is what is known of clients fresh? Else the worker is asked, and says
 * LINE_LOOKED. */
bool facts_are_fresh(struct keeper *k);

/* Asks in any case, so that facts_are_fresh is true only when the worker has
 * done all that it was told before; false: there is none to ask. */
bool facts_look_anew(struct keeper *k);

#endif
