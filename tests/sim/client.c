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
	WAKE_US = 20,
	CONTINUE_BYTES = sizeof(go_on) - 1,
};

static struct client_actor clients[CLIENTS_MAX];
static uint32_t next_id;
static uint16_t next_port;

void clients_start(void)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		clients[i].id = clients[i].was = 0;
	next_id = 1;
	next_port = 30000;
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

struct client_actor *client_of(const struct tcp *t)
{
	struct client_actor *c = &clients[t->end[PEER].owner % CLIENTS_MAX];

	return c->id > 0 && c->tcp == t && c->number == t->number ? c : NULL;
}

static void end(struct client_actor *c, enum client_end how)
{
	world_note(20, (uint64_t)how);
	TELL("client %u %s after %llu bytes", c->id,
	    how == END_FIN     ? "sees the end"
	    : how == END_RESET ? "is reset"
			       : "is gone",
	    (unsigned long long)c->got);
	model_client_end(c, how);
	if (!c->tcp->end[PEER].closed)
		tcp_close(c->tcp, PEER, false);
	c->id = 0;
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
	end(c, n == 0 && c->tcp->end[PEER].state != TCP_IS_DEAD ? END_FIN
	       : n == 0 && tcp_fin_in(c->tcp, PEER)		? END_FIN
								: END_RESET);
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

	if (c->id != arg || c->tcp->number != c->number ||
	    c->tcp->end[PEER].closed)
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

	if (c->fin_sent || c->waiting_to_send)
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
			c->waiting_to_send = true;
			world_after(c->piece_us, on_send_tick, c, c->id);
			return;
		}
	}
	sent_all(c);
}

static void on_send_tick(void *obj, uint64_t arg)
{
	struct client_actor *c = obj;

	if (c->id != arg || c->tcp->number != c->number ||
	    c->tcp->end[PEER].closed)
		return;
	c->waiting_to_send = false;
	send_more(c);
}

/* ---- waking and leaving ---- */

static void on_wake(void *obj, uint64_t arg)
{
	struct tcp *t = obj;
	struct client_actor *c;

	if (t->number != arg)
		return;
	t->end[PEER].wake_due = false;
	c = client_of(t);
	if (!c || t->end[PEER].closed)
		return;
	if (t->end[PEER].state == TCP_IS_DEAD && c->read_us != 0 &&
	    tcp_unread(t, PEER) == 0) {
		end(c, END_RESET);
		return;
	}
	if (c->read_us == 0)
		read_all(c);
	if (c->id)
		send_more(c);
}

void client_wake(struct tcp *t)
{
	if (t->end[PEER].wake_due)
		return;
	t->end[PEER].wake_due = true;
	world_after(WAKE_US, on_wake, t, t->number);
}

/* Has its departure reached the proxy's kernel? A FIN may have to wait behind
 * bytes for which there is no room. */
void client_heard(struct tcp *t)
{
	struct client_actor *c = client_of(t);

	if (!c || !c->leaving || c->gone_turn > 0 ||
	    (!tcp_fin_in(t, PROXY) && t->end[PROXY].state != TCP_IS_DEAD))
		return;
	model_note_left(c->address);
	c->gone_turn = kernel.turn;
	/* Who left before is not known as a client at all. */
	c->accept_turn = t->end[PROXY].owner > 0 ? 0 : UINT64_MAX;
}

static void leave(struct client_actor *c, enum leave how)
{
	static const char *const words[] = {
	    "", "sends FIN", "closes", "resets", "vanishes"};

	TELL("client %u %s", c->id, words[how]);
	world_note(21, how);
	c->gone_reset = how == LEAVE_RESET;
	c->leaving = how != LEAVE_VANISH;
	if (how == LEAVE_CLOSE)
		c->gone_reset = tcp_unread(c->tcp, PEER) > 0;
	c->fin_sent = true;
	if (how == LEAVE_FIN) {
		(void)tcp_shut(c->tcp, PEER);
		return;
	}
	if (how == LEAVE_VANISH)
		tcp_vanish(c->tcp, PEER);
	else
		tcp_close(c->tcp, PEER, how == LEAVE_RESET);
}

static void on_leave(void *obj, uint64_t arg)
{
	struct client_actor *c = obj;

	if (c->id == arg && !c->tcp->end[PEER].closed && !c->fin_sent)
		leave(c, c->leaves);
}

/* Who has closed is remembered for a while: its request may still come to the
 * device, and should not. */
static void on_forget(void *obj, uint64_t arg)
{
	struct client_actor *c = obj;

	if (c->id != arg)
		return;
	if (c->tcp->number == c->number && !c->tcp->end[PEER].closed) {
		world_after(INT64_C(60) * 1000 * MS, on_forget, c, arg);
		return;
	}
	c->id = 0;
}

bool client_open(uint32_t character, uint32_t address, uint64_t seed)
{
	uint32_t id = next_id++;
	struct client_actor *c = &clients[id % CLIENTS_MAX];
	struct tcp *t;

	if (c->id)
		return false;
	memset(c, 0, offsetof(struct client_actor, text));
	memset(&c->text_bytes, 0,
	    offsetof(struct client_actor, expect) -
		offsetof(struct client_actor, text_bytes));
	memset(&c->expect_bytes, 0,
	    offsetof(struct client_actor, own) -
		offsetof(struct client_actor, expect_bytes));
	memset(&c->was, 0, sizeof(*c) - offsetof(struct client_actor, was));
	c->character = character;
	c->address = address;
	c->chance.state = seed;
	c->id = c->was = id;
	c->path_in = c->path_out = kernel.path;
	c->family = model_family(address);
	if (c->family == FAMILY_UNIX)
		c->address = 0;
	client_make(c);
	t = tcp_new(&c->path_in, &c->path_out, kernel.socket_buf);
	t->address = CLIENT_IP + c->address;
	t->family = c->family;
	t->port = ++next_port;
	t->delayed_ack = chance_is(&c->chance, 300);
	t->end[PEER].owner = id;
	t->on_peer = client_wake;
	t->on_proxy = client_heard;
	c->tcp = t;
	c->number = t->number;
	if (!kernel_offer(t)) {
		tcp_close(t, PROXY, true);
		tcp_close(t, PEER, true);
		c->id = 0;
		return false;
	}
	c->opened_us = world.now_us;
	TELL("client %u, a %s from address %u, connects", id,
	    character_name(character), address);
	world_note(22, id);
	send_more(c);
	if (c->read_us > 0)
		world_after(c->read_us, on_read_tick, c, id);
	if (c->leaves)
		world_after(c->leaves_us, on_leave, c, id);
	world_after(INT64_C(60) * 1000 * MS, on_forget, c, id);
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
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client_actor *c = &clients[i];

		if (!c->id || c->tcp->number != c->number ||
		    c->tcp->end[PEER].closed)
			continue;
		leave(c, LEAVE_CLOSE);
	}
}
