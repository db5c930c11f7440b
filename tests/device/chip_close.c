/*
 * Proves how connections end: the peer's FIN and RST, DISCON and its limit,
 * and the silence of CLOSE and reset, which leave an orphan behind.
 */
#include "chip_fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- ends ---- */

TEST(peer_fin_leaves_the_ring_readable)
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

TEST(peer_rst_closes_from_any_state)
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

TEST(rst_loses_the_ring)
{
	int fd = client_in(0);

	ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
	ck_assert(receives(0, 5));
	reset_client(fd);
	ck_assert(comes_to(0, CHIP_CLOSED));
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_RX_RSR), 0);
}

TEST(active_close_ends_with_the_peers_fin)
{
	int fd = client_in(0);

	command(0, CHIP_CR_DISCON);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_FIN_WAIT);
	ck_assert_int_eq(meets(fd), 0);
	close(fd);
	ck_assert(comes_to(0, CHIP_CLOSED));
	ck_assert_uint_eq(chip.counts.orphans, 0);
}

/* Both lie in the kernel, which may report the later one first. */
TEST(a_fin_counts_before_the_next_connection)
{
	int fd = client_in(0), next;

	listen_on(1);
	command(0, CHIP_CR_DISCON);
	ck_assert_int_eq(try_connect(&next), 0);
	ck_assert_int_eq(meets(fd), 0);
	close(fd);
	chip.listener.on_ready(&chip.listener, EPOLLIN);
	ck_assert_uint_eq(chip_read(&chip, 1, CHIP_SR), CHIP_ESTABLISHED);
	ck_assert_uint_eq(chip.counts.max_active, 1);
	close(next);
}

TEST(discon_gives_up_after_31800_ms)
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
	ck_assert_uint_eq(chip.counts.orphans, 1);
	close(fd);
}

TEST(unread_input_does_not_turn_a_close_into_a_reset)
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

/* ---- silence ---- */

TEST(close_is_silent_until_the_peer_speaks)
{
	int fd = client_in(0);

	command(0, CHIP_CR_CLOSE);
	ck_assert_uint_eq(chip_read(&chip, 0, CHIP_SR), CHIP_CLOSED);
	ck_assert_uint_eq(chip.counts.orphans, 1);
	poller_look(&poller, 0);
	ck_assert(hears_nothing(fd));
	ck_assert_int_eq(send(fd, "x", 1, 0), 1);
	ck_assert(orphans_come_to(0));
	ck_assert_int_eq(meets(fd), -ECONNRESET);
	close(fd);
}

TEST(a_orphan_after_the_peers_fin_stays_silent)
{
	int fd = client_in(0);

	shutdown(fd, SHUT_WR);
	ck_assert(comes_to(0, CHIP_CLOSE_WAIT));
	command(0, CHIP_CR_CLOSE);
	poller_look(&poller, LOOK_NS);
	ck_assert(hears_nothing(fd));
	ck_assert_uint_eq(chip.counts.orphans, 1);
	close(fd);
}

TEST(reset_silences_everything)
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
	ck_assert(orphans_come_to(0));
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
	for (int i = 0; i <= CHIP_ORPHANS_MAX; i++)
		close(fd[i]);
}
