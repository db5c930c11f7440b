/*
 * Proves how the chip takes connections in and receives: which slot becomes
 * the connection, who is refused, how the ring fills and is given back.
 */
#include "chip_fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- listening ---- */

TEST(refuses_unless_a_slot_listens)
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

TEST(lowest_listening_slot_takes_the_connection)
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

TEST(listen_needs_init_and_tcp)
{
	command(0, CHIP_CR_LISTEN);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_CLOSED);
	command(0, CHIP_CR_OPEN);
	command(0, CHIP_CR_LISTEN);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_INIT);
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

TEST(recv_gives_room_back_and_nothing_else_does)
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

TEST(every_change_interrupts)
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
