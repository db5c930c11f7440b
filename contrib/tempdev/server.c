/* server.c: the search for a slot, with its printed trail. */
#include "server.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_TEXT = 64 };

static void print_line(const struct server *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void print_line(const struct server *s, const char *format, ...)
{
	char text[LINE_TEXT];
	va_list args;

	if (s->quiet)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	console_printf(s->console, "%s", text);
}

static uint16_t state(const struct server *s, unsigned int slot)
{
	return chip_read(s->chip, slot, CHIP_SR);
}

static bool is_ending(uint16_t sr)
{
	return sr == CHIP_LAST_ACK || sr == CHIP_TIME_WAIT ||
	       sr == CHIP_FIN_WAIT || sr == CHIP_CLOSING;
}

static bool is_closed(uint16_t sr)
{
	return sr == CHIP_CLOSED;
}

static bool is_half_closed(uint16_t sr)
{
	return sr == CHIP_CLOSE_WAIT;
}

/* The lowest slot in such a state; s->slots: none. */
static unsigned int find(const struct server *s, bool (*fits)(uint16_t))
{
	unsigned int i = 0;

	while (i < s->slots && !fits(state(s, i)))
		i++;
	return i;
}

/* The slot to open, by force if need be; s->slots: none. */
static unsigned int choose(const struct server *s)
{
	unsigned int slot = find(s, is_closed);

	if (slot < s->slots)
		return slot;
	if (s->lib == LIB_ETHERNET2)
		return slot;
	print_line(s, "W5000socket step2\n");
	slot = find(s, is_ending);
	if (slot == s->slots && s->lib == LIB_SYSTRONIX) {
		print_line(s, "W5000socket step3\n");
		slot = find(s, is_half_closed);
	}
	if (slot < s->slots) {
		print_line(s, "W5000socket close\n");
		chip_write(s->chip, slot, CHIP_CR, CHIP_CR_CLOSE);
	}
	return slot;
}

static void open_slot(struct server *s, unsigned int slot)
{
	s->listening = slot;
	chip_write(s->chip, slot, CHIP_MR, CHIP_MR_TCP);
	chip_write(s->chip, slot, CHIP_IR, 0xff);
	chip_write(s->chip, slot, CHIP_PORT, s->shown_port);
	chip_write(s->chip, slot, CHIP_CR, CHIP_CR_OPEN);
}

bool server_begin(struct server *s)
{
	unsigned int slot;

	print_line(s, "W5000socket begin, protocol=%d, port=%d\n", CHIP_MR_TCP,
	    s->shown_port);
	slot = choose(s);
	if (slot == s->slots) {
		print_line(s, "All %u Sockets in use\n", s->slots);
		s->all_in_use++;
		s->listening = s->slots;
		return false;
	}
	print_line(s, "W5000socket %u\n", slot);
	open_slot(s, slot);
	print_line(s, "W5000socket prot=%d, RX_RD=%d\n", CHIP_MR_TCP,
	    chip_read(s->chip, slot, CHIP_RX_RD));
	chip_write(s->chip, slot, CHIP_CR, CHIP_CR_LISTEN);
	return true;
}

void server_listen_on(struct server *s, unsigned int slot)
{
	open_slot(s, slot);
	chip_write(s->chip, slot, CHIP_CR, CHIP_CR_LISTEN);
}

static bool has_bytes(const struct server *s, unsigned int slot)
{
	return chip_read(s->chip, slot, CHIP_RX_RSR) > 0;
}

static bool is_client(const struct server *s, unsigned int slot)
{
	uint16_t sr = state(s, slot);

	return (sr == CHIP_ESTABLISHED || sr == CHIP_CLOSE_WAIT) &&
	       has_bytes(s, slot);
}

/* The 2017 library: false when a listener was wanted and none is to be had. */
static bool keep_listening(struct server *s)
{
	unsigned int slot = s->listening;

	if (slot < s->slots && state(s, slot) == CHIP_LISTEN)
		return true;
	if (slot < s->slots && is_half_closed(state(s, slot)) &&
	    !has_bytes(s, slot))
		chip_write(s->chip, slot, CHIP_CR, CHIP_CR_DISCON);
	return server_begin(s);
}

/* Version 2.0.0: every slot is looked at, the highest with bytes is served. */
static enum server_verdict available_v2(
    struct server *s, unsigned int *out_slot)
{
	unsigned int client = s->slots;
	bool listens = false;

	for (unsigned int i = 0; i < s->slots; i++) {
		uint16_t sr = state(s, i);

		if (is_client(s, i))
			client = i;
		else if (is_half_closed(sr))
			chip_write(s->chip, i, CHIP_CR, CHIP_CR_DISCON);
		listens = listens || sr == CHIP_LISTEN;
	}
	listens = listens || server_begin(s);
	if (client < s->slots) {
		*out_slot = client;
		return SERVER_CLIENT;
	}
	return listens ? SERVER_IDLE : SERVER_FULL;
}

/* Ethernet2: the lowest with bytes is served. */
static enum server_verdict available_ethernet2(
    struct server *s, unsigned int *out_slot)
{
	bool listens = false;

	for (unsigned int i = 0; i < s->slots; i++) {
		*out_slot = i;
		if (is_half_closed(state(s, i)) && !has_bytes(s, i))
			return SERVER_STOP;
		listens = listens || state(s, i) == CHIP_LISTEN;
	}
	listens = listens || server_begin(s);
	for (unsigned int i = 0; i < s->slots; i++) {
		*out_slot = i;
		if (is_client(s, i))
			return SERVER_CLIENT;
	}
	return listens ? SERVER_IDLE : SERVER_FULL;
}

enum server_verdict server_available(struct server *s, unsigned int *out_slot)
{
	bool listens;

	if (s->lib == LIB_V2)
		return available_v2(s, out_slot);
	if (s->lib == LIB_ETHERNET2)
		return available_ethernet2(s, out_slot);
	listens = keep_listening(s);
	for (unsigned int i = 0; i < s->slots; i++) {
		if (is_client(s, i)) {
			*out_slot = i;
			return SERVER_CLIENT;
		}
	}
	return listens ? SERVER_IDLE : SERVER_FULL;
}
