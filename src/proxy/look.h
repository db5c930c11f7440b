/*
 * look.h: who is at the device and who waits, when somebody asks.
 *
 * Nothing of it is kept between looks: connections pay nothing for being
 * looked at.
 */
#ifndef PROXY_LOOK_H
#define PROXY_LOOK_H

#include <stdint.h>

struct proxy;

/* Writes them to the mapping, and `number` after them. */
void look_at_clients(struct proxy *px, uint32_t number);

#endif
