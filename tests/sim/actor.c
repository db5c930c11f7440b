/*
 * actor.c: how clients and masters come and go.
 */
#include "actor.h"

#include "kernel.h"
#include "model.h"

enum { FORGET_S = 60 };

bool actor_open(void *actor)
{
	struct actor *a = actor;
	struct tcp *t = tcp_new(&a->path_in, &a->path_out, kernel.socket_buf);

	t->address = CLIENT_IP + a->address;
	t->family = a->family;
	t->port = (uint16_t)(a->kind->first_port + a->id);
	t->delayed_ack = chance_is(&a->chance, 300);
	t->peer = a;
	t->on_wake = a->kind->on_wake;
	a->tcp = t;
	a->number = t->number;
	if (!kernel_offer(t)) {
		tcp_close(t, PROXY, true);
		tcp_close(t, PEER, true);
		a->id = 0;
		return false;
	}
	a->opened_us = world.now_us;
	TELL("%s %u, a %s from address %u, connects", a->kind->name, a->id,
	    a->character, a->address);
	world_note(a->kind->note + 2, a->id);
	return true;
}

bool actor_is_gone(const void *actor)
{
	const struct actor *a = actor;

	return a->tcp->number != a->number || a->tcp->end[PEER].closed;
}

void actor_end(void *actor, bool reset)
{
	struct actor *a = actor;

	world_note(a->kind->note, reset);
	TELL("%s %u %s after %llu bytes", a->kind->name, a->id,
	    reset ? "is reset" : "sees the end",
	    (unsigned long long)a->tcp->end[PROXY].out.read);
	a->kind->on_end(a, reset);
	if (!a->tcp->end[PEER].closed)
		tcp_close(a->tcp, PEER, false);
	a->id = 0;
}

void actor_leave(void *actor, enum leave how)
{
	static const char *const words[] = {
	    "", "sends FIN", "closes", "resets", "vanishes"};
	struct actor *a = actor;

	TELL("%s %u %s", a->kind->name, a->id, words[how]);
	world_note(a->kind->note + 1, how);
	a->gone_reset = how == LEAVE_RESET ||
			(how == LEAVE_CLOSE && tcp_unread(a->tcp, PEER) > 0);
	a->leaving = how != LEAVE_VANISH;
	a->fin_sent = true;
	if (how == LEAVE_FIN)
		(void)tcp_shut(a->tcp, PEER);
	else if (how == LEAVE_VANISH)
		tcp_vanish(a->tcp, PEER);
	else
		tcp_close(a->tcp, PEER, how == LEAVE_RESET);
}

/* A FIN may have to wait behind bytes for which there is no room. */
void actor_heard(const struct tcp *t)
{
	struct actor *a = t->peer;

	if (a->tcp != t || a->number != t->number || !a->id || !a->leaving ||
	    a->gone_us > 0 ||
	    (!tcp_fin_in(t, PROXY) && t->end[PROXY].state != TCP_IS_DEAD))
		return;
	model_note_left(a->address);
	a->gone_us = world.now_us;
	a->gone_turn = kernel.turn;
	a->gone_unknown = t->fd == 0;
}

static void on_leave(void *obj, uint64_t id)
{
	struct actor *a = obj;

	if (a->id == id && !actor_is_gone(a) && !a->fin_sent)
		actor_leave(a, a->leaves);
}

/* Who has closed is remembered for a while: its request may still come to the
 * device, and should not. */
static void on_forget(void *obj, uint64_t id)
{
	struct actor *a = obj;

	if (a->id != id)
		return;
	if (actor_is_gone(a))
		a->id = 0;
	else
		world_after(FORGET_S * SECOND, on_forget, a, id);
}

void actor_stay(void *actor)
{
	struct actor *a = actor;

	if (a->leaves)
		world_after(a->leaves_us, on_leave, a, a->id);
	world_after(FORGET_S * SECOND, on_forget, a, a->id);
}
