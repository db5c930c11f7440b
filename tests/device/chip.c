/*
 * Proves the chip's state machine, transition by transition, with clients on
 * loopback sockets and a clock that the test moves.
 */
#include "chip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

enum { SLOTS = 4, PORT = 8080, LOOKS = 2000, LOOK_NS = 5000000 };

static struct chip chip;
static struct clock clk;
static struct poller poller;
static struct addr where;
static unsigned int interrupts;

static void on_interrupt(void *arg)
{
	(void)arg;
	interrupts++;
}

static void set_up(void)
{
	struct addr any;
	const char *why;

	memset(&chip, 0, sizeof(chip));
	interrupts = 0;
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

/* Delivers events until slot `n` is in `sr`; false: it never was. */
static bool comes_to(unsigned int n, uint16_t sr)
{
	for (int i = 0; i < LOOKS && chip_read(&chip, n, CHIP_SR) != sr; i++)
		poller_look(&poller, LOOK_NS);
	return chip_read(&chip, n, CHIP_SR) == sr;
}

static bool receives(unsigned int n, uint16_t bytes)
{
	for (int i = 0; i < LOOKS; i++) {
		if (chip_read(&chip, n, CHIP_RX_RSR) == bytes)
			return true;
		poller_look(&poller, LOOK_NS);
	}
	return false;
}

static bool ghosts_come_to(unsigned int count)
{
	for (int i = 0; i < LOOKS && chip.counts.ghosts != count; i++)
		poller_look(&poller, LOOK_NS);
	return chip.counts.ghosts == count;
}

static void pass_ms(int64_t ms)
{
	clk.now_us += ms * US_PER_MS;
	chip_tick(&chip);
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
	ck_assert_uint_eq(chip_read(&chip, n, CHIP_SR), CHIP_INIT);
	command(n, CHIP_CR_LISTEN);
	ck_assert_uint_eq(chip_read(&chip, n, CHIP_SR), CHIP_LISTEN);
}

/* 0 or -errno. */
static int try_connect(int *out_fd)
{
	*out_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(*out_fd, &where.u.sa, where.len) == 0)
		return 0;
	close(*out_fd);
	return -errno;
}

/* A client in slot `n`, which listens first. */
static int client_in(unsigned int n)
{
	int fd;

	listen_on(n);
	ck_assert_int_eq(try_connect(&fd), 0);
	ck_assert(comes_to(n, CHIP_ESTABLISHED));
	return fd;
}

static void reset_client(int fd)
{
	const struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
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

START_TEST(refuses_unless_a_slot_listens)
{
	int fd;

	ck_assert_int_eq(try_connect(&fd), -ECONNREFUSED);
	listen_on(2);
	ck_assert_int_eq(try_connect(&fd), 0);
	ck_assert(comes_to(2, CHIP_ESTABLISHED));
	ck_assert_uint_eq(
	    chip_read(&chip, 2, CHIP_IR) & CHIP_IR_CON, CHIP_IR_CON);
	/* The listener became the connection: there is no backlog. */
	ck_assert_int_eq(try_connect(&(int){0}), -ECONNREFUSED);
	close(fd);
	listen_on(0);
	command(0, CHIP_CR_CLOSE);
	ck_assert_int_eq(try_connect(&fd), -ECONNREFUSED);
	listen_on(0);
	command(0, CHIP_CR_DISCON);
	ck_assert_int_eq(try_connect(&fd), -ECONNREFUSED);
}
END_TEST

START_TEST(lowest_listening_slot_takes_the_connection)
{
	int first, second;

	listen_on(3);
	listen_on(1);
	ck_assert_int_eq(try_connect(&first), 0);
	ck_assert(comes_to(1, CHIP_ESTABLISHED));
	ck_assert_uint_eq(chip_read(&chip, 3, CHIP_SR), CHIP_LISTEN);
	ck_assert_int_eq(try_connect(&second), 0);
	ck_assert(comes_to(3, CHIP_ESTABLISHED));
	ck_assert_uint_eq(chip.counts.max_active, 2);
	close(first);
	close(second);
}
END_TEST

START_TEST(listen_needs_init_and_tcp)
{
	command(0, CHIP_CR_LISTEN);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_CLOSED);
	command(0, CHIP_CR_OPEN);
	command(0, CHIP_CR_LISTEN);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_INIT);
}
END_TEST

/* ---- receiving ---- */

START_TEST(ring_holds_2048_and_wraps)
{
	uint8_t out[CHIP_BUF_BYTES], in[5000];
	size_t done = 0;
	int fd = client_in(0);

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i % 251);
	ck_assert_int_eq(send(fd, in, sizeof(in), 0), (ssize_t)sizeof(in));
	ck_assert(receives(0, CHIP_BUF_BYTES));
	while (done < sizeof(in)) {
		size_t len = chip_read(&chip, 0, CHIP_RX_RSR);

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
	close(fd);
}
END_TEST

START_TEST(recv_gives_room_back_and_nothing_else_does)
{
	uint8_t out[100];
	int fd = client_in(0);

	ck_assert_int_eq(send(fd, out, sizeof(out), 0), 100);
	ck_assert(receives(0, 100));
	chip_rx(&chip, 0, out, 60);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_RX_RSR), 100);
	command(0, CHIP_CR_RECV);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_RX_RSR), 40);
	close(fd);
}
END_TEST

/* ---- ends ---- */

START_TEST(peer_fin_leaves_the_ring_readable)
{
	char out[5];
	int fd = client_in(0);

	ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
	shutdown(fd, SHUT_WR);
	ck_assert(comes_to(0, CHIP_CLOSE_WAIT));
	ck_assert_uint_eq(
	    chip_read(&chip, 0, CHIP_IR) & CHIP_IR_DISCON, CHIP_IR_DISCON);
	chip_rx(&chip, 0, out, 5);
	ck_assert(memcmp(out, "hello", 5) == 0);
	/* And it may still be written to. */
	chip_tx(&chip, 0, "bye", 3);
	command(0, CHIP_CR_SEND);
	ck_assert_int_eq(meets(fd), 3);
	command(0, CHIP_CR_DISCON);
	ck_assert_int_eq(meets(fd), 0);
	ck_assert(comes_to(0, CHIP_CLOSED));
	ck_assert_uint_eq(chip.counts.zero_byte_conns, 0);
	close(fd);
}
END_TEST

START_TEST(peer_rst_closes_from_any_state)
{
	int fd = client_in(0);

	reset_client(fd);
	ck_assert(comes_to(0, CHIP_CLOSED));
	fd = client_in(0);
	shutdown(fd, SHUT_WR);
	ck_assert(comes_to(0, CHIP_CLOSE_WAIT));
	reset_client(fd);
	ck_assert(comes_to(0, CHIP_CLOSED));
	fd = client_in(0);
	command(0, CHIP_CR_DISCON);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_FIN_WAIT);
	reset_client(fd);
	ck_assert(comes_to(0, CHIP_CLOSED));
	ck_assert_uint_eq(chip.counts.zero_byte_conns, 3);
}
END_TEST

START_TEST(rst_loses_the_ring)
{
	int fd = client_in(0);

	ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
	ck_assert(receives(0, 5));
	reset_client(fd);
	ck_assert(comes_to(0, CHIP_CLOSED));
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_RX_RSR), 0);
}
END_TEST

START_TEST(active_close_ends_with_the_peers_fin)
{
	int fd = client_in(0);

	command(0, CHIP_CR_DISCON);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_FIN_WAIT);
	ck_assert_int_eq(meets(fd), 0);
	close(fd);
	ck_assert(comes_to(0, CHIP_CLOSED));
	ck_assert_uint_eq(chip.counts.ghosts, 0);
}
END_TEST

START_TEST(discon_gives_up_after_31800_ms)
{
	int fd = client_in(0);

	command(0, CHIP_CR_DISCON);
	ck_assert_int_eq(chip_due(&chip), clk.now_us + 31800 * US_PER_MS);
	pass_ms(31799);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_FIN_WAIT);
	pass_ms(1);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_CLOSED);
	ck_assert_uint_eq(
	    chip_read(&chip, 0, CHIP_IR) & CHIP_IR_TIMEOUT, CHIP_IR_TIMEOUT);
	ck_assert_uint_eq(chip.counts.ghosts, 1);
	close(fd);
}
END_TEST

START_TEST(unread_input_does_not_turn_a_close_into_a_reset)
{
	int fd = client_in(0);

	ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
	ck_assert(receives(0, 5));
	ck_assert_int_eq(send(fd, "more", 4, 0), 4);
	shutdown(fd, SHUT_WR);
	chip_tx(&chip, 0, "reply", 5);
	command(0, CHIP_CR_SEND);
	command(0, CHIP_CR_DISCON);
	ck_assert(comes_to(0, CHIP_CLOSED));
	ck_assert_int_eq(meets(fd), 5);
	ck_assert_int_eq(meets(fd), 0);
	close(fd);
}
END_TEST

/* ---- silence ---- */

START_TEST(close_is_silent_until_the_peer_speaks)
{
	int fd = client_in(0);

	command(0, CHIP_CR_CLOSE);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_CLOSED);
	ck_assert_uint_eq(chip.counts.ghosts, 1);
	poller_look(&poller, 0);
	ck_assert(hears_nothing(fd));
	ck_assert_int_eq(send(fd, "x", 1, 0), 1);
	ck_assert(ghosts_come_to(0));
	ck_assert_int_eq(meets(fd), -ECONNRESET);
	close(fd);
}
END_TEST

START_TEST(a_ghost_after_the_peers_fin_stays_silent)
{
	int fd = client_in(0);

	shutdown(fd, SHUT_WR);
	ck_assert(comes_to(0, CHIP_CLOSE_WAIT));
	command(0, CHIP_CR_CLOSE);
	poller_look(&poller, LOOK_NS);
	ck_assert(hears_nothing(fd));
	ck_assert_uint_eq(chip.counts.ghosts, 1);
	close(fd);
}
END_TEST

START_TEST(reset_silences_everything)
{
	int fd = client_in(1);

	listen_on(0);
	chip_reset(&chip, false);
	for (unsigned int i = 0; i < SLOTS; i++) {
		ck_assert_uint_eq(chip_read(&chip, i, CHIP_SR), CHIP_CLOSED);
		ck_assert_uint_eq(chip_read(&chip, i, CHIP_MR), CHIP_MR_CLOSE);
	}
	ck_assert(hears_nothing(fd));
	ck_assert_int_eq(try_connect(&(int){0}), -ECONNREFUSED);
	close(fd);
	ck_assert(ghosts_come_to(0));
}
END_TEST

START_TEST(the_257th_ghost_ends_the_first)
{
	int fd[CHIP_GHOSTS_MAX + 1];

	for (int i = 0; i <= CHIP_GHOSTS_MAX; i++) {
		fd[i] = client_in(0);
		command(0, CHIP_CR_CLOSE);
	}
	ck_assert_uint_eq(chip.counts.ghosts, CHIP_GHOSTS_MAX);
	ck_assert_int_eq(meets(fd[0]), -ECONNRESET);
	ck_assert(hears_nothing(fd[1]));
	for (int i = 0; i <= CHIP_GHOSTS_MAX; i++)
		close(fd[i]);
}
END_TEST

/* ---- sending ---- */

START_TEST(send_ok_comes_when_transmitted)
{
	int fd = client_in(0);

	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_TX_FSR), CHIP_BUF_BYTES);
	chip_tx(&chip, 0, "hello", 5);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_TX_FSR), CHIP_BUF_BYTES - 5);
	ck_assert(hears_nothing(fd));
	command(0, CHIP_CR_SEND);
	ck_assert_uint_eq(
	    chip_read(&chip, 0, CHIP_IR) & CHIP_IR_SEND_OK, CHIP_IR_SEND_OK);
	chip_write(&chip, 0, CHIP_IR, CHIP_IR_SEND_OK);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_IR) & CHIP_IR_SEND_OK, 0);
	ck_assert_int_eq(meets(fd), 5);
	close(fd);
}
END_TEST

/* Whether the chip says so within a second. */
static bool says_sent(void)
{
	for (int i = 0; i < LOOKS / 10; i++) {
		if (chip_read(&chip, 0, CHIP_IR) & CHIP_IR_SEND_OK)
			return true;
		poller_look(&poller, LOOK_NS);
	}
	return false;
}

START_TEST(a_closed_window_holds_send_and_never_times_out)
{
	static const char bytes[64];
	const int least = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int sent = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	listen_on(0);
	ck_assert_int_eq(connect(fd, &where.u.sa, where.len), 0);
	ck_assert(comes_to(0, CHIP_ESTABLISHED));
	do {
		ck_assert_uint_ge(
		    chip_read(&chip, 0, CHIP_TX_FSR), sizeof(bytes));
		chip_write(&chip, 0, CHIP_IR, CHIP_IR_SEND_OK);
		chip_tx(&chip, 0, bytes, sizeof(bytes));
		command(0, CHIP_CR_SEND);
		sent += (int)sizeof(bytes);
	} while (says_sent());
	ck_assert_int_gt(sent, 512);
	for (int s = 0; s < 120; s++)
		pass_ms(1000);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_ESTABLISHED);
	close(fd);
}
END_TEST

/* ---- faults ---- */

START_TEST(stuck_handshake_ends_as_told)
{
	int fd;

	chip.faults.stuck =
	    (struct chip_stuck){.nth = 2, .lasts_us = 31800 * US_PER_MS};
	close(client_in(1));
	listen_on(0);
	ck_assert_int_eq(try_connect(&fd), 0);
	ck_assert(comes_to(0, CHIP_SYNRECV));
	ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
	poller_look(&poller, 0);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_RX_RSR), 0);
	pass_ms(31799);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_SYNRECV);
	pass_ms(1);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_CLOSED);
	close(fd);
}
END_TEST

START_TEST(a_leaked_slot_never_sees_the_end)
{
	int fd;

	chip.faults.leak_nth = 1;
	fd = client_in(0);
	close(fd);
	for (int i = 0; i < 10; i++)
		poller_look(&poller, LOOK_NS);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_ESTABLISHED);
	close(client_in(1));
	ck_assert(comes_to(1, CHIP_CLOSE_WAIT));
}
END_TEST

START_TEST(overflow_resets_or_evicts)
{
	int first, second, third;

	chip_set_overflow(&chip, CHIP_ACCEPT_RST);
	first = client_in(0);
	ck_assert_int_eq(try_connect(&second), 0);
	for (int i = 0; i < LOOKS && chip.counts.refused == 0; i++)
		poller_look(&poller, LOOK_NS);
	ck_assert_int_eq(meets(second), -ECONNRESET);
	chip_set_overflow(&chip, CHIP_EVICT_OLDEST);
	ck_assert_int_eq(try_connect(&third), 0);
	for (int i = 0; i < LOOKS && chip.counts.conns < 2; i++)
		poller_look(&poller, LOOK_NS);
	ck_assert_int_eq(meets(first), -ECONNRESET);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_ESTABLISHED);
	close(first);
	close(second);
	close(third);
}
END_TEST

START_TEST(registers_read_zero_with_the_bus_down)
{
	int fd = client_in(0);

	chip.faults.reads_zero = true;
	for (int reg = CHIP_MR; reg <= CHIP_RX_RD; reg++)
		ck_assert_uint_eq(chip_read(&chip, 0, (enum chip_reg)reg), 0);
	close(fd);
}
END_TEST

START_TEST(every_change_interrupts)
{
	unsigned int before = interrupts;
	int fd = client_in(0);

	ck_assert_uint_gt(interrupts, before);
	before = interrupts;
	ck_assert_int_eq(send(fd, "x", 1, 0), 1);
	ck_assert(receives(0, 1));
	ck_assert_uint_gt(interrupts, before);
	before = interrupts;
	close(fd);
	ck_assert(comes_to(0, CHIP_CLOSE_WAIT));
	ck_assert_uint_gt(interrupts, before);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chip");
	TCase *t = tcase_create("states");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, refuses_unless_a_slot_listens);
	tcase_add_test(t, lowest_listening_slot_takes_the_connection);
	tcase_add_test(t, listen_needs_init_and_tcp);
	tcase_add_test(t, ring_holds_2048_and_wraps);
	tcase_add_test(t, recv_gives_room_back_and_nothing_else_does);
	tcase_add_test(t, peer_fin_leaves_the_ring_readable);
	tcase_add_test(t, peer_rst_closes_from_any_state);
	tcase_add_test(t, rst_loses_the_ring);
	tcase_add_test(t, active_close_ends_with_the_peers_fin);
	tcase_add_test(t, discon_gives_up_after_31800_ms);
	tcase_add_test(t, unread_input_does_not_turn_a_close_into_a_reset);
	tcase_add_test(t, close_is_silent_until_the_peer_speaks);
	tcase_add_test(t, a_ghost_after_the_peers_fin_stays_silent);
	tcase_add_test(t, reset_silences_everything);
	tcase_add_test(t, the_257th_ghost_ends_the_first);
	tcase_add_test(t, send_ok_comes_when_transmitted);
	tcase_add_test(t, a_closed_window_holds_send_and_never_times_out);
	tcase_add_test(t, stuck_handshake_ends_as_told);
	tcase_add_test(t, a_leaked_slot_never_sees_the_end);
	tcase_add_test(t, overflow_resets_or_evicts);
	tcase_add_test(t, registers_read_zero_with_the_bus_down);
	tcase_add_test(t, every_change_interrupts);
	suite_add_tcase(s, t);
	return unit_run(s);
}
