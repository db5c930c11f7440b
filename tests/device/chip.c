/*
 * Proves what the chip does by itself: which slot becomes a connection and who
 * is refused, how the ring fills and is given back, when SEND is over, how
 * connections end, the silence of CLOSE and reset, which leave an orphan
 * behind, and faults that faults.py does not show. One chip on a port of its
 * own, with a clock that the test moves and clients on loopback sockets.
 */
#include "chip.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/sock.h"
#include "unit.h"

enum { PORT = 8080, SLOTS = 4, LOOKS = 2000, LOOK_NS = 5000000 };

static struct chip chip;
static struct clock clk;
static struct poller poller;
static struct addr where;
static unsigned int interrupts;

/* Delivers events until it comes true, within so many looks. */
#define COMES_WITHIN(looks, condition)                                         \
	({                                                                     \
		for (int i_ = 0; i_ < (looks) && !(condition); i_++)           \
			poller_look(&poller, LOOK_NS);                         \
		(condition);                                                   \
	})
#define ASSERT_COMES(condition) ck_assert(COMES_WITHIN(LOOKS, condition))

static void on_interrupt(void *arg)
{
	(void)arg;
	interrupts++;
}

static void set_up(void)
{
	struct addr any;
	const char *why;

	clock_init(&clk, 0);
	ck_assert_int_eq(poller_init(&poller), 0);
	ck_assert_int_eq(addr_parse("0", "127.0.0.1", &any, &why), 0);
	ck_assert_int_eq(chip_init(&chip, SLOTS, &any, &clk, &poller), 0);
	ck_assert_int_eq(chip_address(&chip, &where), 0);
	chip.hooks.on_interrupt = on_interrupt;
	chip_reset(&chip, true);
}

static void tear_down(void)
{
	chip_fini(&chip);
	poller_fini(&poller);
}

FIXTURE(set_up, tear_down)

static unsigned int state(unsigned int n)
{
	return chip_read(&chip, n, CHIP_SR);
}

/* Bytes received and waiting. */
static unsigned int waiting(unsigned int n)
{
	return chip_read(&chip, n, CHIP_RX_RSR);
}

static bool is_raised(unsigned int n, unsigned int interrupt)
{
	return chip_read(&chip, n, CHIP_IR) & interrupt;
}

static void command(unsigned int n, enum chip_cr cr)
{
	chip_write(&chip, n, CHIP_CR, cr);
}

static void listen_on(unsigned int n)
{
	chip_write(&chip, n, CHIP_MR, CHIP_MR_TCP);
	chip_write(&chip, n, CHIP_PORT, PORT);
	command(n, CHIP_CR_OPEN);
	ck_assert_uint_eq(state(n), CHIP_INIT);
	command(n, CHIP_CR_LISTEN);
	ck_assert_uint_eq(state(n), CHIP_LISTEN);
}

static void transmit(const char *bytes, size_t len)
{
	chip_tx(&chip, 0, bytes, len);
	command(0, CHIP_CR_SEND);
}

static void gives_up_after_31800_ms(enum chip_sr from)
{
	clk.now_us += 31799 * US_PER_MS;
	chip_tick(&chip);
	ck_assert_uint_eq(state(0), from);
	clk.now_us += US_PER_MS;
	chip_tick(&chip);
	ck_assert_uint_eq(state(0), CHIP_CLOSED);
}

/* Its descriptor, or -errno. */
static int try_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, &where.u.sa, where.len) == 0)
		return fd;
	close(fd);
	return -errno;
}

static int connected(void)
{
	int fd = try_connect();

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* A client in slot `n`, which listens first. */
static int client_in(unsigned int n)
{
	int fd;

	listen_on(n);
	fd = connected();
	ASSERT_COMES(state(n) == CHIP_ESTABLISHED);
	return fd;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(
	    send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

static void reset_client(int fd)
{
	sock_set_reset(fd);
	close(fd);
}

/* What a blocking read meets: bytes, 0, or -errno. */
static ssize_t meets(int fd)
{
	char bytes[4096];
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

	return n < 0 ? -errno : n;
}

static bool hears_nothing(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* ---- listening ---- */

TEST(refuses_unless_a_slot_listens)
{
	ck_assert_int_eq(try_connect(), -ECONNREFUSED);
	client_in(2);
	ck_assert(is_raised(2, CHIP_IR_CON));
	/* The listener became the connection: there is no backlog. */
	ck_assert_int_eq(try_connect(), -ECONNREFUSED);
	listen_on(0);
	command(0, CHIP_CR_CLOSE);
	ck_assert_int_eq(try_connect(), -ECONNREFUSED);
	listen_on(0);
	command(0, CHIP_CR_DISCON);
	ck_assert_int_eq(try_connect(), -ECONNREFUSED);
}

TEST(lowest_listening_slot_takes_the_connection)
{
	listen_on(3);
	client_in(1);
	ck_assert_uint_eq(state(3), CHIP_LISTEN);
	connected();
	ASSERT_COMES(state(3) == CHIP_ESTABLISHED);
	ck_assert_uint_eq(chip.counts.max_active, 2);
}

TEST(listen_needs_init_and_tcp)
{
	command(0, CHIP_CR_LISTEN);
	ck_assert_uint_eq(state(0), CHIP_CLOSED);
	command(0, CHIP_CR_OPEN);
	command(0, CHIP_CR_LISTEN);
	ck_assert_uint_eq(state(0), CHIP_INIT);
}

/* ---- receiving ---- */

TEST(ring_holds_2048_and_wraps)
{
	uint8_t out[CHIP_BUF_BYTES], in[5000];
	size_t done = 0;
	int fd = client_in(0);

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i % 251);
	ck_assert_int_eq(send(fd, in, sizeof(in), 0), (ssize_t)sizeof(in));
	ASSERT_COMES(waiting(0) == CHIP_BUF_BYTES);
	while (done < sizeof(in)) {
		size_t len = waiting(0);

		len = len < 700 ? len : 700;
		chip_rx(&chip, 0, out, len);
		ck_assert(memcmp(out, in + done, len) == 0);
		/* Without RECV the room is not given back. */
		command(0, CHIP_CR_RECV);
		done += len;
		ck_assert_uint_eq(
		    chip_read(&chip, 0, CHIP_RX_RD), (uint16_t)done);
		poller_look(&poller, len > 0 ? 0 : LOOK_NS);
	}
	ck_assert_uint_eq(chip.slot[0].rx_total, sizeof(in));
}

TEST(recv_gives_room_back_and_nothing_else_does)
{
	uint8_t out[3];

	say(client_in(0), "hello");
	ASSERT_COMES(waiting(0) == 5);
	chip_rx(&chip, 0, out, 3);
	ck_assert_uint_eq(waiting(0), 5);
	command(0, CHIP_CR_RECV);
	ck_assert_uint_eq(waiting(0), 2);
}

TEST(every_change_interrupts)
{
	unsigned int before = interrupts;
	int fd = client_in(0);

	ck_assert_uint_gt(interrupts, before);
	before = interrupts;
	say(fd, "x");
	ASSERT_COMES(waiting(0) == 1);
	ck_assert_uint_gt(interrupts, before);
	before = interrupts;
	close(fd);
	ASSERT_COMES(state(0) == CHIP_CLOSE_WAIT);
	ck_assert_uint_gt(interrupts, before);
}

/* ---- sending ---- */

TEST(send_ok_comes_when_transmitted)
{
	int fd = client_in(0);

	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_TX_FSR), CHIP_BUF_BYTES);
	chip_tx(&chip, 0, "hello", 5);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_TX_FSR), CHIP_BUF_BYTES - 5);
	ck_assert(hears_nothing(fd));
	command(0, CHIP_CR_SEND);
	ck_assert(is_raised(0, CHIP_IR_SEND_OK));
	chip_write(&chip, 0, CHIP_IR, CHIP_IR_SEND_OK);
	ck_assert(!is_raised(0, CHIP_IR_SEND_OK));
	ck_assert_int_eq(meets(fd), 5);
}

TEST(tx_fsr_promises_no_more_than_there_is)
{
	static const char bytes[64];
	ssize_t sent = 0, got = 0;
	int fd = client_in(0);

	for (int i = 0; i < 100; i++) {
		uint16_t free = chip_read(&chip, 0, CHIP_TX_FSR);

		ck_assert_uint_ge(free, sizeof(bytes));
		ck_assert_uint_le(free, chip_tx_free(&chip, 0));
		transmit(bytes, sizeof(bytes));
		sent += (ssize_t)sizeof(bytes);
		while (i % 8 == 7 && got < sent)
			got += meets(fd);
	}
}

TEST(a_closed_window_holds_send)
{
	static const char bytes[64];
	const int least = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int sent = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	listen_on(0);
	ck_assert_int_eq(connect(fd, &where.u.sa, where.len), 0);
	ASSERT_COMES(state(0) == CHIP_ESTABLISHED);
	do {
		ck_assert_uint_ge(
		    chip_read(&chip, 0, CHIP_TX_FSR), sizeof(bytes));
		chip_write(&chip, 0, CHIP_IR, CHIP_IR_SEND_OK);
		transmit(bytes, sizeof(bytes));
		sent += (int)sizeof(bytes);
	} while (COMES_WITHIN(LOOKS / 10, is_raised(0, CHIP_IR_SEND_OK)));
	ck_assert_int_gt(sent, 512);
}

/* ---- ends ---- */

TEST(peer_fin_leaves_the_ring_readable)
{
	char out[5];
	int fd = client_in(0);

	say(fd, "hello");
	shutdown(fd, SHUT_WR);
	ASSERT_COMES(state(0) == CHIP_CLOSE_WAIT);
	ck_assert(is_raised(0, CHIP_IR_DISCON));
	chip_rx(&chip, 0, out, 5);
	ck_assert(memcmp(out, "hello", 5) == 0);
	/* And it may still be written to. */
	transmit("bye", 3);
	ck_assert_int_eq(meets(fd), 3);
	command(0, CHIP_CR_DISCON);
	ck_assert_int_eq(meets(fd), 0);
	ASSERT_COMES(state(0) == CHIP_CLOSED);
	ck_assert_uint_eq(chip.counts.zero_byte_conns, 0);
}

TEST(peer_rst_closes_from_any_state_and_loses_the_ring)
{
	int fd;

	reset_client(client_in(0));
	ASSERT_COMES(state(0) == CHIP_CLOSED);
	fd = client_in(0);
	shutdown(fd, SHUT_WR);
	ASSERT_COMES(state(0) == CHIP_CLOSE_WAIT);
	reset_client(fd);
	ASSERT_COMES(state(0) == CHIP_CLOSED);
	fd = client_in(0);
	command(0, CHIP_CR_DISCON);
	ck_assert_uint_eq(state(0), CHIP_FIN_WAIT);
	reset_client(fd);
	ASSERT_COMES(state(0) == CHIP_CLOSED);
	ck_assert_uint_eq(chip.counts.zero_byte_conns, 3);
	fd = client_in(0);
	say(fd, "hello");
	ASSERT_COMES(waiting(0) == 5);
	reset_client(fd);
	ASSERT_COMES(state(0) == CHIP_CLOSED);
	ck_assert_uint_eq(waiting(0), 0);
}

TEST(active_close_ends_with_the_peers_fin)
{
	int fd = client_in(0);

	command(0, CHIP_CR_DISCON);
	ck_assert_uint_eq(state(0), CHIP_FIN_WAIT);
	ck_assert_int_eq(meets(fd), 0);
	close(fd);
	ASSERT_COMES(state(0) == CHIP_CLOSED);
	ck_assert_uint_eq(chip.counts.orphans, 0);
}

/* Both lie in the kernel, which may report the later one first. */
TEST(a_fin_counts_before_the_next_connection)
{
	int fd = client_in(0);

	listen_on(1);
	command(0, CHIP_CR_DISCON);
	connected();
	ck_assert_int_eq(meets(fd), 0);
	close(fd);
	chip.listener.on_ready(&chip.listener, EPOLLIN);
	ck_assert_uint_eq(state(1), CHIP_ESTABLISHED);
	ck_assert_uint_eq(chip.counts.max_active, 1);
}

TEST(discon_gives_up_after_31800_ms)
{
	client_in(0);
	command(0, CHIP_CR_DISCON);
	ck_assert_int_eq(chip_due(&chip), clk.now_us + 31800 * US_PER_MS);
	gives_up_after_31800_ms(CHIP_FIN_WAIT);
	ck_assert(is_raised(0, CHIP_IR_TIMEOUT));
	ck_assert_uint_eq(chip.counts.orphans, 1);
}

TEST(unread_input_does_not_turn_a_close_into_a_reset)
{
	int fd = client_in(0);

	say(fd, "hello");
	ASSERT_COMES(waiting(0) == 5);
	say(fd, "more");
	shutdown(fd, SHUT_WR);
	transmit("reply", 5);
	command(0, CHIP_CR_DISCON);
	ASSERT_COMES(state(0) == CHIP_CLOSED);
	ck_assert_int_eq(meets(fd), 5);
	ck_assert_int_eq(meets(fd), 0);
}

/* ---- silence ---- */

/* Also after the peer's FIN (1). */
TEST_LOOP(close_is_silent_until_the_peer_speaks, 0, 2)
{
	int fd = client_in(0);

	if (_i == 1) {
		shutdown(fd, SHUT_WR);
		ASSERT_COMES(state(0) == CHIP_CLOSE_WAIT);
	}
	command(0, CHIP_CR_CLOSE);
	ck_assert_uint_eq(state(0), CHIP_CLOSED);
	ck_assert_uint_eq(chip.counts.orphans, 1);
	poller_look(&poller, LOOK_NS);
	ck_assert(hears_nothing(fd));
	if (_i == 1)
		return;
	say(fd, "x");
	ASSERT_COMES(chip.counts.orphans == 0);
	ck_assert_int_eq(meets(fd), -ECONNRESET);
}

TEST(reset_silences_everything)
{
	int fd = client_in(1);

	listen_on(0);
	chip_reset(&chip, false);
	for (unsigned int i = 0; i < SLOTS; i++) {
		ck_assert_uint_eq(state(i), CHIP_CLOSED);
		ck_assert_uint_eq(chip_read(&chip, i, CHIP_MR), CHIP_MR_CLOSE);
	}
	ck_assert(hears_nothing(fd));
	ck_assert_int_eq(try_connect(), -ECONNREFUSED);
	close(fd);
	ASSERT_COMES(chip.counts.orphans == 0);
}

TEST(the_257th_orphan_ends_the_first)
{
	int fd[CHIP_ORPHANS_MAX + 1];

	for (int i = 0; i <= CHIP_ORPHANS_MAX; i++) {
		fd[i] = client_in(0);
		command(0, CHIP_CR_CLOSE);
	}
	ck_assert_uint_eq(chip.counts.orphans, CHIP_ORPHANS_MAX);
	ck_assert_int_eq(meets(fd[0]), -ECONNRESET);
	ck_assert(hears_nothing(fd[1]));
}

/* ---- faults ---- */

TEST(stuck_handshake_ends_as_told)
{
	chip.faults.stuck = (struct chip_stuck){
	    .which = {.from = 2, .to = 2}, .lasts_us = 31800 * US_PER_MS};
	close(client_in(1));
	listen_on(0);
	say(connected(), "hello");
	ASSERT_COMES(state(0) == CHIP_SYNRECV);
	poller_look(&poller, 0);
	ck_assert_uint_eq(waiting(0), 0);
	gives_up_after_31800_ms(CHIP_SYNRECV);
}

TEST(a_leaked_slot_never_sees_the_end)
{
	chip.faults.leak = (struct strikes){.from = 1, .to = 1};
	close(client_in(0));
	for (int i = 0; i < 10; i++)
		poller_look(&poller, LOOK_NS);
	ck_assert_uint_eq(state(0), CHIP_ESTABLISHED);
	close(client_in(1));
	ASSERT_COMES(state(1) == CHIP_CLOSE_WAIT);
}

TEST(registers_read_zero_with_the_bus_down)
{
	client_in(0);
	chip.faults.reads_zero = true;
	for (int reg = CHIP_MR; reg <= CHIP_RX_RD; reg++)
		ck_assert_uint_eq(chip_read(&chip, 0, (enum chip_reg)reg), 0);
}
