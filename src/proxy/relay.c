/*
 * relay.c: the meeting of two halves.
 *
 * How an end is lost: Linux reports a reset once, to whichever call meets it
 * first (doc/poll-semantics.txt, resets). So each half latches what its calls
 * met, and an end counts as lost when its error met a read, or met a send and
 * its input has since been read to the end. Input queued before the reset is
 * still good and is read first.
 */
#include "proxy/relay.h"

#include <errno.h>

#include "sys/sock.h"

void relay_init(struct relay *r, const struct relay_conf *conf)
{
	*r = (struct relay){
	    .side = {{.io.fd = -1}, {.io.fd = -1}},
	};
	/* Accepted sockets inherit NODELAY from the listener. */
	half_init(&r->half[CLIENT], REQUEST_AHEAD_BYTES, NAGLE_UNTOUCHED);
	half_init(&r->half[DEVICE], conf->reply_buffer_bytes, NAGLE_OFF);
	r->half[CLIENT].hold_fin = conf->half_close == HALF_CLOSE_AFTER_REPLY;
}

/* A send that met the reset has taken its error from recv, which then ends
 * with a plain 0. After a true FIN the send would have met EPIPE. */
static void unmask_reset(struct half *in, const struct half *out)
{
	if (!in->eof || out->fin_sent || !out->write_err ||
	    out->write_err == -EPIPE)
		return;
	in->eof = false;
	in->read_err = out->write_err;
}

bool relay_on_events(struct relay *r, struct half_env *env, enum end e,
    unsigned int events)
{
	struct half *in = &r->half[e];
	struct half *out = &r->half[other_end(e)];
	bool moved = false;

	if (events & (EV_HUP | EV_ERR))
		r->side[e].hung_up = true;
	if ((events & (EV_IN | EV_RDHUP | EV_PRI)) &&
	    half_wants_input(in, env)) {
		moved |= half_pull(in, env, relay_fd(r, e),
		    relay_fd(r, other_end(e)), events);
		unmask_reset(in, out);
	}
	if ((events & EV_OUT) && half_wants_output(out))
		moved |= half_push(out, env, relay_fd(r, e));
	/* A reset after the FIN leaves nothing to read and no error from
	 * recv: only ERR tells. The same where nobody wants its input. */
	if ((events & EV_ERR) && half_deaf(in) && !in->read_err)
		in->read_err = (int16_t)sock_error(relay_fd(r, e));
	/* What is owed to a dead end is nobody's, and memory may be short. */
	if (in->write_err)
		half_fini(in, env);
	if (out->write_err)
		half_fini(out, env);
	return moved;
}

static bool lost(const struct relay *r, enum end e)
{
	const struct half *in = &r->half[e];
	const struct half *out = &r->half[other_end(e)];

	return relay_fd(r, e) >= 0 &&
	    (in->read_err || (out->write_err && half_deaf(in)));
}

/* Is an end missing that somebody still counted on? */
static bool end_gone(const struct relay *r)
{
	for (enum end e = CLIENT; e <= DEVICE; e++)
		if (lost(r, e) ||
		    (relay_fd(r, e) < 0 && !r->half[other_end(e)].discard))
			return true;
	return false;
}

enum relay_verdict relay_verdict(struct relay *r)
{
	struct half *client = &r->half[CLIENT];
	struct half *device = &r->half[DEVICE];

	if (!end_gone(r) && (half_finished(client) || half_fin_due(client)) &&
	    (half_finished(device) || half_fin_due(device)))
		return RELAY_DONE;
	/* A FIN that came before the reset still goes first. */
	if (half_fin_due(client))
		half_send_fin(client, relay_fd(r, DEVICE));
	if (half_fin_due(device))
		half_send_fin(device, relay_fd(r, CLIENT));
	if (lost(r, DEVICE))
		return RELAY_LOST_DEVICE;
	return lost(r, CLIENT) ? RELAY_LOST_CLIENT : RELAY_GOES_ON;
}

/* A side that hung up and can neither give nor take anything now would raise
 * its event for ever: it is removed until it is wanted for something. */
static unsigned int wish(const struct relay *r, const struct half_env *env,
    enum end e)
{
	unsigned int want = 0;

	if (e == DEVICE && r->connecting)
		return EV_OUT;
	if (half_wants_input(&r->half[e], env))
		want |= EV_IN | EV_RDHUP | EV_PRI;
	if (half_wants_output(&r->half[other_end(e)]))
		want |= EV_OUT;
	if (e == CLIENT && r->watch_client_fin && !r->half[CLIENT].eof)
		want |= EV_RDHUP;
	if (want == 0 && !r->side[e].hung_up)
		want = EV_HUP;
	return want;
}

void relay_update_wants(struct relay *r, struct half_env *env,
    struct ev_loop *loop)
{
	for (enum end e = CLIENT; e <= DEVICE; e++)
		if (relay_fd(r, e) >= 0)
			ev_io_want(loop, &r->side[e].io, wish(r, env, e));
}

void relay_close_side(struct relay *r, struct half_env *env,
    struct ev_loop *loop, enum end e, enum close_style style)
{
	struct half *out = &r->half[other_end(e)];

	if (relay_fd(r, e) < 0)
		return;
	if (style == CLOSE_RST)
		sock_set_reset(relay_fd(r, e));
	ev_io_close(loop, &r->side[e].io);
	half_fini(out, env);
	if (!out->discard && !out->write_err)
		out->write_err = -EPIPE;
}

/* A survivor that was reset too acknowledges nothing more, and the count of
 * what it owes stands for ever; its hang-up may be seen already and not be
 * watched any more. */
bool relay_delivered(const struct relay *r, enum end lost_end)
{
	int fd = relay_fd(r, other_end(lost_end));

	return half_owed(&r->half[lost_end]) == 0 &&
	    (sock_unsent(fd) == 0 || sock_error(fd) < 0);
}
