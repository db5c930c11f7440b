/*
 * chip.c: registers and commands, the side the firmware sees. What a command
 * does to a connection is chip_slot.c's business.
 */
#include "chip.h"

#include <string.h>

#include "base/bug.h"
#include "chip_impl.h"
#include "sys/sock.h"

bool chip_is_active(uint8_t sr)
{
	return sr >= CHIP_SYNRECV && sr <= CHIP_LAST_ACK;
}

const char *chip_state_name(uint8_t sr)
{
	switch (sr) {
	case CHIP_CLOSED:
		return "Closed";
	case CHIP_INIT:
		return "Init";
	case CHIP_LISTEN:
		return "Listen";
	case CHIP_SYNRECV:
		return "SynRecv";
	case CHIP_ESTABLISHED:
		return "Establ";
	case CHIP_FIN_WAIT:
		return "FinWait";
	case CHIP_CLOSING:
		return "Closing";
	case CHIP_TIME_WAIT:
		return "TimeWait";
	case CHIP_CLOSE_WAIT:
		return "ClsWait";
	case CHIP_LAST_ACK:
		return "LastAck";
	default: /* the registers never hold it */
		return "";
	}
}

static uint16_t tx_free(const struct chip_slot *s, size_t unacked)
{
	size_t used = (size_t)s->tx_staged + s->tx_held + unacked;

	return (uint16_t)(used < CHIP_BUF_BYTES ? CHIP_BUF_BYTES - used : 0);
}

static size_t ask_unacked(const struct chip_slot *s)
{
	return s->io.fd < 0 ? 0 : sock_unacked(s->io.fd);
}

uint16_t chip_tx_free(const struct chip *c, unsigned int slot)
{
	return tx_free(&c->slot[slot], ask_unacked(&c->slot[slot]));
}

/* The firmware looks before each of its small writes; the kernel is asked
 * only once room may be short. */
static uint16_t read_tx_free(struct chip_slot *s)
{
	if (tx_free(s, s->unacked_most) < CHIP_BUF_BYTES / 2)
		s->unacked_most = ask_unacked(s);
	return tx_free(s, s->unacked_most);
}

uint16_t chip_read(struct chip *c, unsigned int slot, enum chip_reg reg)
{
	struct chip_slot *s = &c->slot[slot];

	if (c->faults.reads_zero)
		return 0;
	switch (reg) {
	case CHIP_MR:
		return s->mr;
	case CHIP_CR:
		return 0; /* commands are accepted at once */
	case CHIP_IR:
		slot_check_sent(s);
		return s->ir;
	case CHIP_SR:
		slot_check_last_ack(s);
		return s->sr;
	case CHIP_PORT:
		return s->port;
	case CHIP_TX_FSR:
		return read_tx_free(s);
	case CHIP_RX_RSR:
		return s->rx_fill;
	case CHIP_RX_RD:
		return s->rx_rd;
	}
	return 0;
}

static void do_open(struct chip_slot *s)
{
	if (s->io.fd >= 0)
		slot_abandon(s, "open");
	s->rx_head = s->rx_fill = s->rx_taken = 0;
	s->tx_staged = s->tx_held = 0;
	s->late.count = s->late.bytes = 0;
	s->sending = false;
	s->rx_rd = 0;
	s->chip->has_opened = true;
	slot_enter(s, CHIP_INIT, "open");
	net_update(s->chip);
}

static void do_listen(struct chip_slot *s)
{
	if (s->sr != CHIP_INIT || s->mr != CHIP_MR_TCP)
		return;
	slot_enter(s, CHIP_LISTEN, "listen");
	net_update(s->chip);
}

static void do_close(struct chip_slot *s)
{
	if (s->sr == CHIP_CLOSED)
		return;
	slot_abandon(s, "close");
	net_update(s->chip);
}

static void do_recv(struct chip_slot *s)
{
	s->rx_head = (uint16_t)((s->rx_head + s->rx_taken) % CHIP_BUF_BYTES);
	s->rx_fill = (uint16_t)(s->rx_fill - s->rx_taken);
	s->rx_taken = 0;
	/* Room reopens the window; most reads leave plenty anyway. */
	if (s->rx_fill == 0 || (s->io.events & EPOLLIN) == 0)
		slot_receive(s);
}

static void command(struct chip_slot *s, uint16_t value)
{
	switch (value) {
	case CHIP_CR_OPEN:
		do_open(s);
		break;
	case CHIP_CR_LISTEN:
		do_listen(s);
		break;
	case CHIP_CR_DISCON:
		slot_discon(s);
		break;
	case CHIP_CR_CLOSE:
		do_close(s);
		break;
	case CHIP_CR_SEND:
		slot_send(s);
		break;
	case CHIP_CR_RECV:
		do_recv(s);
		break;
	default:
		break;
	}
}

void chip_write(
    struct chip *c, unsigned int slot, enum chip_reg reg, uint16_t value)
{
	struct chip_slot *s = &c->slot[slot];

	switch (reg) {
	case CHIP_MR:
		s->mr = (uint8_t)value;
		break;
	case CHIP_IR:
		s->ir &= (uint8_t)~value;
		break;
	case CHIP_PORT:
		s->port = value;
		break;
	case CHIP_CR:
		command(s, value);
		break;
	default: /* the others are the chip's to write */
		break;
	}
}

void chip_rx(struct chip *c, unsigned int slot, void *out_bytes, size_t len)
{
	struct chip_slot *s = &c->slot[slot];
	uint8_t *out = out_bytes;

	BUG_ON(len + s->rx_taken > s->rx_fill);
	for (size_t i = 0; i < len; i++)
		out[i] = s->rx[(s->rx_head + s->rx_taken++) % CHIP_BUF_BYTES];
	s->rx_rd = (uint16_t)(s->rx_rd + len);
}

void chip_tx(struct chip *c, unsigned int slot, const void *bytes, size_t len)
{
	struct chip_slot *s = &c->slot[slot];
	size_t used = (size_t)s->tx_held + s->tx_staged;

	BUG_ON(used + len > CHIP_BUF_BYTES);
	memcpy(s->tx + used, bytes, len);
	s->tx_staged = (uint16_t)(s->tx_staged + len);
}

int chip_init(struct chip *c, unsigned int slots, const struct addr *where,
    struct clock *clock, struct poller *poller)
{
	c->slots = slots;
	c->clock = clock;
	c->poller = poller;
	for (unsigned int i = 0; i < slots; i++)
		slot_init(c, &c->slot[i]);
	return net_bind(c, where);
}

void chip_fini(struct chip *c)
{
	for (unsigned int i = 0; i < c->slots; i++)
		watch_close(c->poller, &c->slot[i].io);
	net_fini(c);
}

void chip_reset(struct chip *c, bool powered)
{
	c->powered = powered;
	c->has_opened = false;
	for (unsigned int i = 0; i < c->slots; i++) {
		struct chip_slot *s = &c->slot[i];

		if (s->sr != CHIP_CLOSED)
			slot_abandon(s, "reset");
		s->mr = CHIP_MR_CLOSE;
		s->ir = 0;
		s->port = 0;
		s->rx_rd = 0;
	}
	net_update(c);
}

int64_t chip_due(const struct chip *c)
{
	int64_t due = CLOCK_NEVER;

	for (unsigned int i = 0; i < c->slots; i++) {
		int64_t t = slot_due(&c->slot[i]);

		if (t < due)
			due = t;
	}
	return due;
}

void chip_tick(struct chip *c)
{
	for (unsigned int i = 0; i < c->slots; i++)
		if (slot_due(&c->slot[i]) <= c->clock->now_us)
			slot_tick(&c->slot[i]);
}

void chip_abort(struct chip *c, unsigned int slot)
{
	if (c->slot[slot].io.fd >= 0)
		slot_reset(&c->slot[slot], "aborted");
}

void chip_set_overflow(struct chip *c, enum chip_overflow overflow)
{
	c->faults.overflow = overflow;
	net_update(c);
}

void chip_update_silence(struct chip *c)
{
	net_update(c);
}

unsigned int chip_touched(const struct chip *c)
{
	unsigned int mask = 0;

	for (unsigned int i = 0; i < c->slots; i++)
		if (c->slot[i].mr != CHIP_MR_CLOSE)
			mask |= 1u << i;
	return mask;
}

unsigned int chip_silent(const struct chip *c)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->slots; i++)
		n += chip_is_active(c->slot[i].sr) && c->slot[i].rx_total == 0;
	return n;
}

unsigned int chip_active(const struct chip *c)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->slots; i++)
		n += chip_is_active(c->slot[i].sr);
	return n;
}
