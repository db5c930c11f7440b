/*
 * header.c: PROXY headers that clients begin with, and whom the device is to
 * be told of for it.
 */
#include "client.h"

#include <stdio.h>
#include <string.h>

#include "model.h"
#include "settings/conf.h"

/* Version 2: its fixed part, for `bytes` of what follows. */
static void put_fixed(
    struct client_actor *c, uint8_t command, uint8_t family, uint32_t bytes)
{
	static const char start[12] = "\r\n\r\n\0\r\nQUIT\n";
	char *at = c->text + c->text_bytes;

	memcpy(at, start, sizeof(start));
	at[12] = (char)command;
	at[13] = (char)family;
	at[14] = (char)(bytes >> 8);
	at[15] = (char)bytes;
	memset(at + 16, 0, bytes < 256 ? bytes : 0);
	c->text_bytes += 16;
}

/* Addresses of `ip_bytes` each, two ports, and perhaps an extension. */
static void put_addresses(struct client_actor *c, uint8_t family,
    const uint8_t *from, uint32_t ip_bytes)
{
	uint32_t more = chance_is(&c->chance, 500) ? 5 : 0;
	uint32_t bytes = 2 * ip_bytes + 4 + more;
	char *at;

	put_fixed(c, 0x21, family, bytes);
	at = c->text + c->text_bytes;
	memcpy(at, from, ip_bytes);
	at[2 * ip_bytes + 1] = 7;
	if (more)
		memcpy(at + bytes - more, "\4\0\2xy", 5);
	c->text_bytes += bytes;
}

static void put_line(struct client_actor *c, const char *line)
{
	size_t len = strlen(line);

	memcpy(c->text + c->text_bytes, line, len);
	c->text_bytes += (uint32_t)len;
}

static void put_good(struct client_actor *c, uint32_t which)
{
	uint8_t four[4] = {10, 9, 0, (uint8_t)(c->address + 1)};
	uint8_t six[16] = {0xfd, [15] = (uint8_t)(c->address + 1)};
	bool is_six = which == 0 || which == 3;
	char line[96], from[24];

	snprintf(from, sizeof(from),
	    is_six ? "TCP6 fd00::%x " : "TCP4 10.9.0.%u ", c->address + 1);
	snprintf(line, sizeof(line), "PROXY %s%s %u 80\r\n", from,
	    is_six ? "fd00::1" : "10.0.0.1", 1000 + c->id % 60000);
	switch (which) {
	case 1:
		put_line(c, "PROXY UNKNOWN and whatever\r\n");
		return;
	case 2:
		put_addresses(c, 0x11, four, 4);
		break;
	case 3:
		put_addresses(c, 0x21, six, 16);
		break;
	case 4: /* of its own: LOCAL */
		put_fixed(c, 0x20, 0, 0);
		return;
	case 5: /* of an unspecified family */
		put_fixed(c, 0x21, 0, 3);
		c->text_bytes += 3;
		return;
	case 6: /* a Unix socket */
		put_fixed(c, 0x21, 0x31, 216);
		c->text_bytes += 216;
		strcpy(from, "UNKNOWN");
		break;
	default:
		put_line(c, line);
		break;
	}
	strcpy(c->source, from);
}

static void put_bad(struct client_actor *c, uint32_t which)
{
	static const char *const lines[] = {
	    "PROXY TCP5 10.9.0.1 10.0.0.1 1 80\r\n",
	    "PROXY TCP4 10.9.0.1 10.0.0.1 01 80\r\n",
	    "PROXY TCP4 10.9.0.1 10.0.0.1 1 99999\r\n",
	    "PROXY TCP4 10.9.0.300 10.0.0.1 1 80\r\n",
	    "PROXY TCP4 10.9.0.1 10.0.0.1 1 80 more\r\n",
	    "PROXY TCP4 10.9.0.1\r\n", "PROXY TCP4 10.9.0.1 10.0.0.1 1 80\n",
	    "PROX", "GET / HTTP/1.1\r\n",
	    "PROXY UNKNOWN this line is longer than the longest that version "
	    "1 may have, which is a hundred and seven bytes with its end\r\n"};
	enum { LINES = sizeof(lines) / sizeof(*lines) };
	static const struct {
		uint8_t command, family;
		uint16_t bytes;
	} fixed[] = {{0x31, 0x11, 12}, {0x21, 0x12, 12}, {0x21, 0x11, 11},
	    {0x21, 0x21, 35}, {0x21, 0x31, 215}, {0x20, 0, 60000},
	    {0x21, 0x11, 14}};

	which %= LINES + sizeof(fixed) / sizeof(*fixed);
	if (which < LINES) {
		put_line(c, lines[which]);
		c->fin_after = which == 7;
		return;
	}
	which -= LINES;
	put_fixed(
	    c, fixed[which].command, fixed[which].family, fixed[which].bytes);
	if (fixed[which].bytes < 256)
		c->text_bytes += fixed[which].bytes;
}

bool header_is_due(const struct client_actor *c)
{
	const struct proxy_header_conf *conf = &model.conf->proxy_header;

	if (c->family == FAMILY_UNIX)
		return conf->from_unix;
	return conf->count > 0 && c->family != FAMILY_V6;
}

static void set_own_source(struct client_actor *c)
{
	if (c->family == FAMILY_UNIX)
		strcpy(c->source, "UNKNOWN");
	else if (c->family == FAMILY_V6)
		snprintf(c->source, sizeof(c->source), "TCP6 2001:db8:%x::1 ",
		    c->address + 1);
	else
		snprintf(c->source, sizeof(c->source), "TCP4 10.1.0.%u ",
		    c->address + 1);
}

void header_add(struct client_actor *c, bool good)
{
	set_own_source(c);
	if (!header_is_due(c))
		return;
	if (good)
		put_good(c, chance_below(&c->chance, 14));
	else
		put_bad(c, chance_below(&c->chance, 17));
}
