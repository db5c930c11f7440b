/*
 * chip_slot.c: the life of one slot's connection over an ordinary socket.
 *
 * The kernel speaks TCP; this file keeps the chip's view of it. Invariants:
 * a slot has a descriptor exactly while its state is active (0x16 to 0x1d);
 * slot_enter is the only writer of the state; every way out goes through
 * slot_finish, slot_abandon or slot_reset.
 *
 * Hang-up and error cannot be masked in epoll, so a slot that has nothing
 * more to report is not watched at all, or for changes only.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/bug.h"
#include "chip_impl.h"
#include "sys/sock.h"

enum {
	PROGRESS_CHECK_US = US_PER_S,
};

static void on_slot_ready(struct watch *w, uint32_t events);

void slot_init(struct chip *c, struct chip_slot *s)
{
	memset(s, 0, sizeof(*s));
	s->chip = c;
	s->deadline_us = s->check_us = CLOCK_NEVER;
	watch_init(&s->io, on_slot_ready);
}

static int64_t now(const struct chip_slot *s)
{
	return s->chip->clock->now_us;
}

static void interrupt(const struct chip_slot *s)
{
	const struct chip_hooks *h = &s->chip->hooks;

	if (h->on_interrupt != NULL)
		h->on_interrupt(h->arg);
}

void slot_enter(struct chip_slot *s, uint8_t sr, const char *why)
{
	struct chip *c = s->chip;
	uint8_t from = s->sr;
	unsigned int active;

	s->sr = sr;
	s->since_us = now(s);
	s->deadline_us = CLOCK_NEVER;
	s->check_us = CLOCK_NEVER;
	active = chip_active(c);
	if (active > c->counts.max_active)
		c->counts.max_active = active;
	if (chip_is_active(from) && !chip_is_active(sr) && s->rx_total == 0)
		c->counts.zero_byte_conns++;
	if (c->hooks.on_change != NULL)
		c->hooks.on_change(
		    c->hooks.arg, c, (unsigned int)(s - c->slot), from, why);
	interrupt(s);
}

/* ---- ways out ---- */

static void slot_end(struct chip_slot *s, const char *why)
{
	s->sending = false;
	s->tx_staged = s->tx_held = 0;
	s->late.count = s->late.bytes = 0;
	s->rx_fill = s->rx_taken = 0;
	slot_enter(s, CHIP_CLOSED, why);
}

/* Both sides have sent FIN. The peer's was read, so nothing is unread that
 * would make the kernel send RST after all. */
static void slot_finish(struct chip_slot *s, const char *why)
{
	watch_close(s->chip->poller, &s->io);
	slot_end(s, why);
}

void slot_abandon(struct chip_slot *s, const char *why)
{
	if (s->io.fd >= 0)
		net_abandon(s->chip, watch_take(s->chip->poller, &s->io));
	slot_end(s, why);
}

void slot_reset(struct chip_slot *s, const char *why)
{
	if (s->chip->is_silent) {
		slot_abandon(s, why);
		return;
	}
	net_reset(watch_take(s->chip->poller, &s->io));
	slot_end(s, why);
}

/* The peer's RST: CLOSED from any state, at once. */
static void slot_lost(struct chip_slot *s)
{
	watch_close(s->chip->poller, &s->io);
	slot_end(s, "peer reset");
}

/* ---- the beginning ---- */

static void become_established(struct chip_slot *s, const char *why)
{
	net_set_silent(s->io.fd, s->chip->is_silent);
	s->ir |= CHIP_IR_CON;
	slot_enter(s, CHIP_ESTABLISHED, why);
	slot_receive(s);
}

void slot_connect(struct chip_slot *s, int fd, const struct peer *peer)
{
	struct chip_faults *f = &s->chip->faults;

	s->io.fd = fd;
	s->peer = *peer;
	s->ir = 0;
	s->rx_total = 0;
	s->unacked = s->unacked_most = 0;
	s->hang_up = s->fin_wanted = false;
	s->number = ++s->chip->counts.conns;
	s->blind = strikes_next(&f->leak);
	slot_enter(s, CHIP_SYNRECV, "syn");
	if (!strikes_next(&f->stuck.which)) {
		become_established(s, "handshake");
		return;
	}
	s->becomes_established = f->stuck.ends_established;
	if (f->stuck.is_silent)
		net_set_silent(fd, true);
	if (f->stuck.lasts_us != CLOCK_NEVER)
		s->deadline_us = now(s) + f->stuck.lasts_us;
	slot_update_interest(s);
}

/* ---- receiving ---- */

static size_t rx_room(const struct chip_slot *s)
{
	return (size_t)(CHIP_BUF_BYTES - s->rx_fill);
}

/* Held for the peer's window alone. */
static uint16_t tx_due(const struct chip_slot *s)
{
	return (uint16_t)(s->tx_held - s->late.bytes);
}

static bool may_receive(const struct chip_slot *s)
{
	return s->io.fd >= 0 &&
	       (s->sr == CHIP_ESTABLISHED || s->sr == CHIP_FIN_WAIT);
}

void slot_update_interest(struct chip_slot *s)
{
	uint32_t events = 0;

	if (s->io.fd < 0)
		return;
	if (may_receive(s) && rx_room(s) > 0)
		events |= EPOLLIN | EPOLLRDHUP;
	if (tx_due(s) > 0 && !s->chip->is_silent)
		events |= EPOLLOUT;
	if (s->sr == CHIP_LAST_ACK)
		events |= EPOLLET; /* the hang-up stands; its end is news */
	if (s->hang_up && events == 0)
		watch_stop(s->chip->poller, &s->io);
	else
		watch_set(s->chip->poller, &s->io, events);
}

static void on_peer_fin(struct chip_slot *s)
{
	if (s->blind) {
		watch_stop(s->chip->poller, &s->io);
		return;
	}
	s->ir |= CHIP_IR_DISCON;
	if (s->sr == CHIP_ESTABLISHED) {
		slot_enter(s, CHIP_CLOSE_WAIT, "peer fin");
		slot_update_interest(s);
		return;
	}
	slot_enter(s, CHIP_TIME_WAIT, "peer fin");
	slot_finish(s, "closed");
}

static void rx_append(struct chip_slot *s, const uint8_t *bytes, size_t len)
{
	size_t tail = (size_t)s->rx_head + s->rx_fill;

	for (size_t i = 0; i < len; i++)
		s->rx[(tail + i) % CHIP_BUF_BYTES] = bytes[i];
	s->rx_fill = (uint16_t)(s->rx_fill + len);
	s->rx_total += len;
	s->ir |= CHIP_IR_RECV;
	interrupt(s);
}

void slot_receive(struct chip_slot *s)
{
	uint8_t bytes[CHIP_BUF_BYTES];

	while (may_receive(s) && rx_room(s) > 0) {
		ssize_t n = sock_recv(s->io.fd, bytes, rx_room(s));

		if (n == -EAGAIN)
			break;
		if (n == 0 || (n < 0 && s->blind)) {
			on_peer_fin(s);
			return;
		}
		if (n < 0) {
			slot_lost(s);
			return;
		}
		rx_append(s, bytes, (size_t)n);
	}
	slot_update_interest(s);
}

/* ---- sending ---- */

static void send_fin_if_wanted(struct chip_slot *s)
{
	if (s->fin_wanted)
		sock_shut_write(s->io.fd);
	s->fin_wanted = false;
}

static void slot_flush(struct chip_slot *s)
{
	ssize_t n;

	if (tx_due(s) == 0 || s->chip->is_silent)
		return;
	n = sock_send(s->io.fd, s->tx, tx_due(s));
	if (n < 0 && s->blind)
		n = tx_due(s); /* it left the wire, as far as the chip knows */
	if (n == -EAGAIN)
		n = 0;
	if (n < 0) {
		slot_lost(s);
		return;
	}
	s->unacked_most += (size_t)n;
	s->tx_held = (uint16_t)(s->tx_held - n);
	memmove(s->tx, s->tx + n, (size_t)s->tx_held + s->tx_staged);
	if (s->tx_held == 0)
		send_fin_if_wanted(s);
}

/* The last part takes what finds no place of its own. */
static void be_late(struct chip_slot *s, uint16_t len)
{
	struct chip_late *l = &s->late;

	if (l->count < CHIP_LATE_MAX)
		l->part[l->count++].len = 0;
	l->part[l->count - 1].len = (uint16_t)(l->part[l->count - 1].len + len);
	l->part[l->count - 1].due_us = now(s) + s->chip->rtt_us;
	l->bytes = (uint16_t)(l->bytes + len);
}

static int64_t late_due(const struct chip_slot *s)
{
	return s->late.count > 0 ? s->late.part[0].due_us : CLOCK_NEVER;
}

static void arrive(struct chip_slot *s)
{
	struct chip_late *l = &s->late;

	l->bytes = (uint16_t)(l->bytes - l->part[0].len);
	l->count--;
	memmove(l->part, l->part + 1, l->count * sizeof(l->part[0]));
	slot_flush(s);
	slot_update_interest(s);
}

void slot_send(struct chip_slot *s)
{
	if (s->sr != CHIP_ESTABLISHED && s->sr != CHIP_CLOSE_WAIT)
		return;
	s->tx_held = (uint16_t)(s->tx_held + s->tx_staged);
	if (s->chip->rtt_us > 0)
		be_late(s, s->tx_staged);
	s->tx_staged = 0;
	s->sending = true;
	if (s->check_us == CLOCK_NEVER) {
		s->progress_us = now(s);
		s->check_us = now(s) + PROGRESS_CHECK_US;
	}
	slot_flush(s);
	slot_update_interest(s);
}

/* Bytes the kernel has not put on the wire yet (tcp(7), SIOCOUTQNSD). */
static size_t untransmitted(int fd)
{
	int n = 0;

	return ioctl(fd, SIOCOUTQNSD, &n) < 0 ? 0 : (size_t)n;
}

static bool ask_kernel(const struct chip_slot *s, struct tcp_info *out)
{
	socklen_t len = sizeof(*out);

	return getsockopt(s->io.fd, IPPROTO_TCP, TCP_INFO, out, &len) == 0;
}

/* Only the peer's window holds the chip back; the kernel also waits for its
 * congestion window, which small writes soon fill. */
static bool is_transmitted(const struct chip_slot *s)
{
	struct tcp_info info;

	return untransmitted(s->io.fd) == 0 ||
	       (ask_kernel(s, &info) &&
		   sock_unacked(s->io.fd) <= info.tcpi_snd_wnd);
}

void slot_check_sent(struct chip_slot *s)
{
	if (s->sending && s->chip->is_silent) {
		s->sending = false;
		s->ir |= CHIP_IR_SEND_OK;
	}
	if (!s->sending || tx_due(s) > 0 || !is_transmitted(s))
		return;
	if (s->chip->faults.send_ok_at_ack && sock_unacked(s->io.fd) > 0)
		return;
	s->sending = false;
	s->ir |= CHIP_IR_SEND_OK;
}

/* ---- ending ---- */

void slot_check_last_ack(struct chip_slot *s)
{
	if (s->sr == CHIP_LAST_ACK && s->tx_held == 0 &&
	    sock_unacked(s->io.fd) == 0)
		slot_finish(s, "closed");
}

void slot_discon(struct chip_slot *s)
{
	uint8_t to = s->sr == CHIP_CLOSE_WAIT ? CHIP_LAST_ACK : CHIP_FIN_WAIT;

	if (s->sr == CHIP_SYNRECV) {
		slot_abandon(s, "discon");
	} else if (s->sr == CHIP_INIT || s->sr == CHIP_LISTEN) {
		slot_end(s, "discon");
		net_update(s->chip);
	}
	if (s->sr != CHIP_ESTABLISHED && s->sr != CHIP_CLOSE_WAIT)
		return;
	s->fin_wanted = s->tx_held > 0 || s->chip->is_silent;
	if (!s->fin_wanted)
		sock_shut_write(s->io.fd);
	slot_enter(s, to, "discon");
	s->deadline_us = now(s) + CHIP_TCP_TIMEOUT_US;
	slot_update_interest(s);
	slot_check_last_ack(s);
}

/*
 * In flight and not acknowledged for the whole retry schedule. A closed
 * window is no reason: nothing is in flight then. Fast device time must not
 * make a delayed ACK look like a loss, so the kernel must have resent too.
 */
static bool peer_is_gone(struct chip_slot *s)
{
	struct tcp_info info;
	size_t unacked = sock_unacked(s->io.fd);

	if (s->chip->is_silent && s->tx_held > 0)
		return now(s) - s->progress_us >= CHIP_TCP_TIMEOUT_US;
	if (unacked != s->unacked || unacked == untransmitted(s->io.fd)) {
		s->unacked = unacked;
		s->progress_us = now(s);
		return false;
	}
	if (now(s) - s->progress_us < CHIP_TCP_TIMEOUT_US)
		return false;
	return ask_kernel(s, &info) && info.tcpi_retransmits > 0;
}

int64_t slot_due(const struct chip_slot *s)
{
	int64_t own =
	    s->check_us < s->deadline_us ? s->check_us : s->deadline_us;

	return own < late_due(s) ? own : late_due(s);
}

/* Something may have been acknowledged, or never will be. */
static void check(struct chip_slot *s)
{
	if (peer_is_gone(s)) {
		s->ir |= CHIP_IR_TIMEOUT;
		slot_reset(s, "timeout");
	} else {
		s->check_us = s->unacked > 0 || s->chip->is_silent
				  ? now(s) + PROGRESS_CHECK_US
				  : CLOCK_NEVER;
	}
}

void slot_update_silence(struct chip_slot *s)
{
	net_set_silent(s->io.fd, s->chip->is_silent);
	slot_flush(s);
	if (s->io.fd >= 0 && s->tx_held == 0 && !s->chip->is_silent)
		send_fin_if_wanted(s);
	slot_update_interest(s);
}

void slot_tick(struct chip_slot *s)
{
	if (late_due(s) <= now(s)) {
		arrive(s);
	} else if (now(s) < s->deadline_us) {
		check(s);
	} else if (s->sr == CHIP_SYNRECV && s->becomes_established) {
		become_established(s, "handshake");
	} else {
		s->ir |= CHIP_IR_TIMEOUT;
		slot_abandon(s, "timeout");
	}
}

static void on_slot_ready(struct watch *w, uint32_t events)
{
	struct chip_slot *s = container_of(w, struct chip_slot, io);

	if ((events & EPOLLERR) && s->blind) {
		watch_stop(s->chip->poller, w);
		return;
	}
	if (events & EPOLLERR) {
		slot_lost(s);
		return;
	}
	if (events & EPOLLOUT)
		slot_flush(s);
	s->hang_up = s->hang_up || (events & EPOLLHUP);
	slot_receive(s);
	slot_check_last_ack(s);
}
