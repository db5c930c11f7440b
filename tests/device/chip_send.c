/*
 * Proves when SEND is over, and what the chip's faults do.
 */
#include "chip_fixture.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- sending ---- */

TEST(send_ok_comes_when_transmitted)
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

TEST(tx_fsr_promises_no_more_than_there_is)
{
	static const char bytes[64];
	ssize_t sent = 0, got = 0;
	int fd = client_in(0);

	for (int i = 0; i < 100; i++) {
		uint16_t free = chip_read(&chip, 0, CHIP_TX_FSR);

		ck_assert_uint_ge(free, sizeof(bytes));
		ck_assert_uint_le(free, chip_tx_free(&chip, 0));
		chip_tx(&chip, 0, bytes, sizeof(bytes));
		command(0, CHIP_CR_SEND);
		sent += (ssize_t)sizeof(bytes);
		while (i % 8 == 7 && got < sent)
			got += meets(fd);
	}
	close(fd);
}

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

TEST(a_closed_window_holds_send_and_never_times_out)
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

/* ---- faults ---- */

TEST(stuck_handshake_ends_as_told)
{
	int fd;

	chip.faults.stuck = (struct chip_stuck){
	    .which = {.from = 2, .to = 2}, .lasts_us = 31800 * US_PER_MS};
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

TEST(a_leaked_slot_never_sees_the_end)
{
	int fd;

	chip.faults.leak = (struct strikes){.from = 1, .to = 1};
	fd = client_in(0);
	close(fd);
	for (int i = 0; i < 10; i++)
		poller_look(&poller, LOOK_NS);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_ESTABLISHED);
	close(client_in(1));
	ck_assert(comes_to(1, CHIP_CLOSE_WAIT));
}

TEST(overflow_resets_or_evicts)
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

TEST(registers_read_zero_with_the_bus_down)
{
	int fd = client_in(0);

	chip.faults.reads_zero = true;
	for (int reg = CHIP_MR; reg <= CHIP_RX_RD; reg++)
		ck_assert_uint_eq(chip_read(&chip, 0, (enum chip_reg)reg), 0);
	close(fd);
}
