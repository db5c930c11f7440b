/*
 * chip_fixture.h: one chip with four slots, on a port of its own, with a
 * clock that the test moves and clients on loopback sockets.
 */
#ifndef CHIP_FIXTURE_H
#define CHIP_FIXTURE_H

#include <sys/types.h>

#include "chip.h"
#include "unit.h"

enum { SLOTS = 4, LOOKS = 2000, LOOK_NS = 5000000 };

extern struct chip chip;
extern struct clock clk;
extern struct poller poller;
extern struct addr where;
extern unsigned int interrupts;

/* Delivers events until slot `n` is in `sr`; false: it never was. */
bool comes_to(unsigned int n, uint16_t sr);

/* The same until so many bytes wait, or so many orphans are about. */
bool receives(unsigned int n, uint16_t bytes);
bool orphans_come_to(unsigned int count);

/* Lets device time pass. */
void pass_ms(int64_t ms);

void command(unsigned int n, enum chip_cr cr);
void listen_on(unsigned int n);

/* ---- clients ---- */

/* 0 or -errno. */
int try_connect(int *out_fd);

/* A client in slot `n`, which listens first. */
int client_in(unsigned int n);

void reset_client(int fd);

/* What a blocking read meets: bytes, 0, or -errno. */
ssize_t meets(int fd);

bool hears_nothing(int fd);

#endif
