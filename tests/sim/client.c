/*
 * client.c: what clients do: send in pieces, read, leave.
 */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "kernel.h"
#include "model.h"

static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

enum {
	CONTINUE_BYTES = sizeof(go_on) - 1,
};

static struct client_actor clients[CLIENTS_MAX];
static uint32_t next_id;

void clients_start(void)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		clients[i].id = clients[i].was = 0;
	next_id = 1;
}

struct client_actor *client_find(uint32_t id)
{
	struct client_actor *c = &clients[id % CLIENTS_MAX];

	return id > 0 && c->id == id ? c : NULL;
}

const struct client_actor *client_was(uint32_t id)
{
	struct client_actor *c = &clients[id % CLIENTS_MAX];

	return c->was == id ? c : NULL;
}

/* ---- reading ---- */

/* Returns false when it has ended. */
static bool take(struct client_actor *c, size_t most)
{
	char buf[4096];
	long n = tcp_recv(
	    c->tcp, PEER, buf, most < sizeof(buf) ? most : sizeof(buf), false);

	if (n == -EAGAIN)
		return true;
	if (n >= CONTINUE_BYTES && c->continues && c->got == 0 &&
	    memcmp(buf, go_on, CONTINUE_BYTES) == 0) {
		c->continues = false;
		n -= CONTINUE_BYTES;
		memmove(buf, buf + CONTINUE_BYTES, (size_t)n);
		if (n == 0)
			return true;
	}
	if (n > 0) {
		model_client_got(c, buf, (size_t)n);
		c->got += (uint64_t)n;
		return true;
	}
	actor_end(c, n != 0 || (c->tcp->end[PEER].state == TCP_IS_DEAD &&
				   !tcp_fin_in(c->tcp, PEER)));
	return false;
}

static void read_all(struct client_actor *c)
{
	while (c->id && (tcp_poll(c->tcp, PEER) & (POLLIN | POLLERR)))
		if (!take(c, SIZE_MAX))
			return;
}

static void on_read_tick(void *obj, uint64_t arg)
{
	struct client_actor *c = obj;

	if (c->id != arg || actor_is_gone(c))
		return;
	if (take(c, c->read_bytes))
		world_after(c->read_us, on_read_tick, c, arg);
}

/* ---- sending ---- */

static size_t next_bytes(const struct client_actor *c, char *out, size_t most)
{
	uint64_t all = (uint64_t)c->text_bytes + c->body_bytes;
	size_t n = 0;

	for (; n < most && c->sent + n < all; n++) {
		uint64_t at = c->sent + n;

		out[n] = at < c->text_bytes
			     ? c->text[at]
			     : model_body_byte(c->id, at - c->text_bytes);
	}
	return n;
}

static void sent_all(struct client_actor *c)
{
	if (c->whole_us == 0)
		c->whole_us = world.now_us;
	if (c->fin_after && !c->fin_sent) {
		c->fin_sent = true;
		(void)tcp_shut(c->tcp, PEER);
	}
}

static void on_send_tick(void *obj, uint64_t arg);

static void send_more(struct client_actor *c)
{
	uint64_t all = (uint64_t)c->text_bytes + c->body_bytes;
	char buf[4096];
	size_t len;
	long n;

	if (c->fin_sent || c->pause_due)
		return;
	while (c->sent < all) {
		len = c->piece_us > 0 ? c->piece_bytes : sizeof(buf);
		len = next_bytes(c, buf, len);
		n = tcp_send(c->tcp, PEER, buf, len);
		if (n <= 0)
			return;
		c->sent += (uint64_t)n;
		if (c->urges && chance_is(&c->chance, 300))
			tcp_mark(c->tcp, PEER);
		if (c->piece_us > 0 && c->sent < all) {
			c->pause_due = true;
			world_after(c->piece_us, on_send_tick, c, c->id);
			return;
		}
	}
	sent_all(c);
}

static void on_send_tick(void *obj, uint64_t arg)
{
	struct client_actor *c = obj;

	if (c->id != arg || actor_is_gone(c))
		return;
	c->pause_due = false;
	send_more(c);
}

/* ---- coming and leaving ---- */

static void on_wake(void *actor)
{
	struct client_actor *c = actor;

	if (c->tcp->end[PEER].state == TCP_IS_DEAD && c->read_us != 0 &&
	    tcp_unread(c->tcp, PEER) == 0)
		actor_end(c, true);
	else if (c->read_us == 0)
		read_all(c);
	if (c->id)
		send_more(c);
}

static const struct actor_kind kind = {.name = "client",
    .note = 20,
    .first_port = 30000,
    .on_wake = on_wake,
    .on_end = model_client_end};

bool client_open(uint32_t character, uint32_t address, uint64_t seed)
{
	uint32_t id = next_id++;
	struct client_actor *c = &clients[id % CLIENTS_MAX];

	if (c->id)
		return false;
	memset(c, 0, offsetof(struct client_actor, text));
	c->kind = &kind;
	c->character = character_name(character);
	c->address = address;
	c->chance.state = seed;
	c->id = c->was = id;
	c->path_in = c->path_out = kernel.path;
	c->family = model_family(address);
	if (c->family == FAMILY_UNIX)
		c->address = 0;
	client_make(c, character);
	if (!actor_open(c))
		return false;
	send_more(c);
	if (c->read_us > 0)
		world_after(c->read_us, on_read_tick, c, id);
	actor_stay(c);
	return true;
}

void clients_ended(uint32_t address)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		clients[i].ended |=
		    clients[i].id && clients[i].address == address;
}

void clients_leave(void)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].id && !actor_is_gone(&clients[i]))
			actor_leave(&clients[i], LEAVE_CLOSE);
}
