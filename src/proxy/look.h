/*
 * look.h: who is there, when somebody asks; and the end of one of them.
 *
 * Nothing of it is kept between looks: connections pay nothing for being
 * looked at.
 */
#ifndef PROXY_LOOK_H
#define PROXY_LOOK_H

#include <stdint.h>

struct peer;
struct proxy;

/* Writes them to the mapping, and `number` after them. */
void look_at_clients(struct proxy *px, uint32_t number);

/* Ends the connections of `client`, at once; port 0: all of its address. */
void look_end_client(struct proxy *px, const struct peer *client);

#endif
