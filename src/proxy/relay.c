/*
 * relay.c: the meeting of two directions.
 *
 * How an end is lost: Linux reports a reset once, to whichever call meets it
 * first (doc/poll-semantics.txt, resets). So each direction latches what its
 * calls met, and an end counts as lost when its error met a read, or met a
 * send and its input has since been read to the end. Input queued before the
 * reset is still good and is read first.
 */
#include "proxy/relay.h"

#include <errno.h>

#include "sys/sock.h"

void relay_init(struct relay *r, const struct relay_conf *conf, int client_fd,
    void (*on_client)(struct ev_loop *, struct ev_io *, unsigned int))
{
	ev_io_init(&r->client, client_fd, on_client);
	r->link = NULL;
	/* Accepted sockets inherit NODELAY from the listener. */
	direction_init(&r->to_device, REQUEST_AHEAD_BYTES, NAGLE_UNTOUCHED);
	direction_init(&r->to_client, conf->reply_buffer_bytes, NAGLE_OFF);
	if (conf->half_close == HALF_CLOSE_AFTER_REPLY)
		direction_hold(&r->to_device, HOLD_FIN);
}

/* A send that met the reset has taken its error from recv, which then ends
 * with a plain 0. After a true FIN the send would have met EPIPE. */
static void unmask_reset(struct direction *in, const struct direction *out)
{
	int err = direction_write_error(out);

	if (err && err != -EPIPE && direction_fin_seen(in) &&
	    !direction_fin_sent(out))
		direction_source_lost(in, err, true);
}

/* What ERR alone tells, and what it leaves to nobody. */
static void on_errors(
    struct relay *r, struct direction_env *env, enum end e, unsigned int events)
{
	struct direction *in = relay_from(r, e);
	struct direction *out = relay_from(r, other_end(e));

	/* A reset after the FIN leaves nothing to read and no error from
	 * recv: only ERR tells. The same where nobody wants its input. */
	if ((events & EV_ERR) && direction_read_done(in) &&
	    !direction_read_error(in))
		direction_source_lost(in, sock_error(relay_fd(r, e)), false);
	/* What is buffered for a dead end is nobody's. */
	if (direction_write_error(in))
		direction_drop(in, env);
	if (direction_write_error(out))
		direction_drop(out, env);
}

/* An event for which there is no use any more (others took the memory) must
 * not come again: that is for the caller to see to. */
unsigned int relay_on_events(
    struct relay *r, struct direction_env *env, enum end e, unsigned int events)
{
	struct direction *in = relay_from(r, e);
	struct direction *out = relay_from(r, other_end(e));
	unsigned int moved = MOVED_NOTHING;

	if (events & (EV_IN | EV_RDHUP | EV_PRI)) {
		moved = MOVED_STATE;
		if ((events & EV_PRI) && e == DEVICE)
			r->link->all->sends_urgent = true;
		/* A send may have taken the error that the event would show. */
		if (direction_wants_input(in, env))
			moved = direction_pull(in, env, relay_fd(r, e),
			    relay_fd(r, other_end(e)),
			    direction_write_error(out) ? events | EV_ERR
						       : events);
		if (moved & MOVED_STATE)
			unmask_reset(in, out);
	}
	if (events & EV_OUT)
		moved |= direction_wants_output(out)
			     ? direction_push(out, env, relay_fd(r, e))
			     : MOVED_STATE;
	if (!(events & (EV_HUP | EV_ERR)) && !(moved & MOVED_STATE))
		return moved;
	on_errors(r, env, e, events);
	return moved | MOVED_STATE;
}

static bool lost(struct relay *r, enum end e)
{
	const struct direction *in = relay_from(r, e);
	const struct direction *out = relay_from(r, other_end(e));

	return (direction_read_error(in) ||
		   (direction_write_error(out) && direction_read_done(in))) &&
	       relay_fd(r, e) >= 0;
}

/* Is an end missing that somebody still counted on? */
static bool end_gone(struct relay *r)
{
	for (enum end e = CLIENT; e <= DEVICE; e++)
		if (lost(r, e) ||
		    (relay_fd(r, e) < 0 &&
			!direction_discards(relay_from(r, other_end(e)))))
			return true;
	return false;
}

static bool is_done(const struct direction *d)
{
	return direction_state(d) == DIRECTION_DONE || direction_fin_due(d);
}

enum relay_verdict relay_verdict(struct relay *r)
{
	if (direction_state(&r->to_device) == DIRECTION_FLOW &&
	    direction_state(&r->to_client) == DIRECTION_FLOW)
		return RELAY_GOES_ON;
	if (is_done(&r->to_device) && is_done(&r->to_client) && !end_gone(r))
		return RELAY_DONE;
	/* A FIN that came before the reset still goes first. */
	if (direction_fin_due(&r->to_device))
		direction_send_fin(&r->to_device, relay_fd(r, DEVICE));
	if (direction_fin_due(&r->to_client))
		direction_send_fin(&r->to_client, relay_fd(r, CLIENT));
	if (lost(r, DEVICE))
		return RELAY_LOST_DEVICE;
	return lost(r, CLIENT) ? RELAY_LOST_CLIENT : RELAY_GOES_ON;
}

/* An end that hung up and can neither give nor take anything now would raise
 * its event for ever: it is not watched until it is wanted for something. */
static unsigned int interest(const struct ev_io *io, const struct direction *in,
    const struct direction *out, const struct direction_env *env)
{
	unsigned int want = 0;

	if (direction_wants_input(in, env))
		want |= EV_IN | EV_RDHUP | EV_PRI;
	if (direction_wants_output(out))
		want |= EV_OUT;
	if (direction_watches_fin(in) && !direction_fin_seen(in))
		want |= EV_RDHUP;
	if (want == 0 && !io->hung_up)
		want = EV_HUP;
	return want;
}

static unsigned int link_interest(
    const struct relay *r, const struct direction_env *env)
{
	switch ((enum device_link_phase)r->link->phase) {
	case LINK_CONNECTING:
		return EV_OUT;
	case LINK_SETTLING:
		return EV_RDHUP;
	default:
		return interest(
		    &r->link->io, &r->to_client, &r->to_device, env);
	}
}

void relay_update_interest(
    struct relay *r, struct direction_env *env, struct ev_loop *loop)
{
	if (r->client.fd >= 0)
		ev_io_want(loop, &r->client,
		    interest(&r->client, &r->to_device, &r->to_client, env));
	if (r->link && r->link->io.fd >= 0)
		ev_io_want(loop, &r->link->io, link_interest(r, env));
}

void relay_close_client(
    struct relay *r, struct direction_env *env, struct ev_loop *loop)
{
	ev_io_close(loop, &r->client);
	direction_destination_lost(&r->to_client, env, -EPIPE);
}

void relay_drop_link(struct relay *r, struct direction_env *env)
{
	r->link = NULL;
	direction_destination_lost(&r->to_device, env, -EPIPE);
}

/* A survivor that was reset too acknowledges nothing more, and the count of
 * what it has not acknowledged stands for ever; its hang-up may be seen
 * already and not be watched any more. */
bool relay_delivered(struct relay *r, enum end lost_end)
{
	const struct direction *d = relay_from(r, lost_end);
	int fd = relay_fd(r, other_end(lost_end));
	size_t fin = direction_fin_sent(d) ? 1 : 0;

	return direction_buffered(d) == 0 &&
	       (sock_unacked(fd) <= fin || sock_error(fd) < 0);
}
