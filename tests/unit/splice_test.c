/*
 * Proves when one direction changes from copying to splicing and back, and
 * that a pipe never carries bytes to a stranger.
 */
#include "direction_fixture.h"

/* The client sends so much: full reads until the pipe is taken. */
static void become_bulk(size_t bytes)
{
	fake_send(FAKE_CLIENT, bytes);
	for (int i = 0; i < 20 && !d.pipe_; i++)
		ck_assert(pull(EV_IN));
	ck_assert_uint_gt(d.pipe_, 0);
	fake_calls.recv = 0;
	fake_calls.send = 0;
}

TEST(bulk_is_spliced)
{
	become_bulk(2 * BULK);
	ck_assert(pull(EV_IN));
	ck_assert_int_eq(fake_calls.recv + fake_calls.send, 0);
	ck_assert_int_eq(fake_calls.oobinline, 1);
	ck_assert_uint_eq(got(), 2 * BULK);
	ck_assert_uint_eq(direction_read_bytes(&d), 2 * BULK);
}

/* Full reads count in a row. */
TEST(short_reads_never_splice)
{
	for (int i = 0; i < 20; i++)
		client_sends(SCRATCH - 1);
	for (int i = 0; i < 10; i++) {
		client_sends(SCRATCH);
		client_sends(SCRATCH);
		client_sends(1);
	}
	ck_assert_int_eq(fake_calls.splice, 0);
}

TEST(a_small_splice_is_the_last)
{
	become_bulk(3 * SCRATCH + 100);
	ck_assert(pull(EV_IN));
	ck_assert_int_eq(fake_calls.splice, 2);
	ck_assert_uint_eq(d.pipe_, 0);
	ck_assert_uint_eq(got(), 3 * SCRATCH + 100);
}

TEST(a_quiet_stream_gives_its_pipe_back)
{
	become_bulk(BULK);
	ck_assert(pull(EV_IN));
	if (d.pipe_)
		ck_assert(!(pull(EV_IN) & MOVED_BYTES));
	ck_assert_uint_eq(d.pipe_, 0);
	ck_assert_ptr_nonnull(pool.ready);
	ck_assert(!direction_fin_seen(&d));
}

TEST(a_full_destination_leaves_bytes_in_the_pipe)
{
	become_bulk(BULK);
	fake_window(FAKE_DEVICE, 100);
	ck_assert(pull(EV_IN));
	ck_assert_uint_gt(d.piped_bytes_, 0);
	ck_assert(direction_wants_output(&d));
	/* Only an empty pipe is filled. */
	ck_assert(!direction_wants_input(&d, &env));
	fake_window(FAKE_DEVICE, SIZE_MAX);
	ck_assert(direction_push(&d, &env, to));
	ck_assert_uint_eq(got(), BULK);
	ck_assert(direction_wants_input(&d, &env));
}

TEST(a_pipe_that_holds_bytes_is_never_shared)
{
	become_bulk(BULK);
	fake_window(FAKE_DEVICE, 0);
	ck_assert(pull(EV_IN));
	direction_drop(&d, &env);
	ck_assert_uint_eq(d.pipe_, 0);
	ck_assert_ptr_null(pool.ready);
	ck_assert_ptr_nonnull(pool.closed);
	ck_assert_int_eq(fake_full_pipes(), 0);
}

TEST(the_end_comes_through_a_pipe_too)
{
	become_bulk(BULK);
	fake_send_fin(FAKE_CLIENT);
	while (!direction_fin_seen(&d))
		ck_assert(pull(EV_IN | EV_RDHUP));
	ck_assert_uint_eq(d.pipe_, 0);
	ck_assert_uint_eq(got(), BULK);
	ck_assert(direction_fin_due(&d));
}

TEST(no_byte_beyond_the_limit_is_spliced)
{
	become_bulk(2 * BULK);
	direction_limit(&d, BULK);
	while (!direction_read_done(&d))
		ck_assert(pull(EV_IN));
	ck_assert_uint_eq(d.pipe_, 0);
	ck_assert_uint_eq(got(), BULK);
	ck_assert(!direction_fin_seen(&d));
}

TEST(a_reset_comes_through_a_pipe_too)
{
	become_bulk(BULK);
	fake_send_rst(FAKE_CLIENT);
	while (!direction_read_error(&d))
		pull(EV_IN | EV_RDHUP | EV_ERR | EV_HUP);
	ck_assert_int_eq(direction_read_error(&d), -ECONNRESET);
	ck_assert(!direction_fin_seen(&d));
	ck_assert_uint_eq(got(), BULK);
}

TEST(without_a_pipe_bulk_is_copied)
{
	uint8_t taken = pipe_take(&pool);

	fake_send(FAKE_CLIENT, BULK);
	while (got() < BULK)
		ck_assert(pull(EV_IN));
	ck_assert_int_eq(fake_calls.splice, 0);
	pipe_give(&pool, taken, true);
	env.pipes = NULL;
	fake_send(FAKE_CLIENT, BULK);
	while (got() < 2 * BULK)
		ck_assert(pull(EV_IN));
	ck_assert_int_eq(fake_calls.splice, 0);
}

/* One wake-up is bounded, or one transfer would keep all others waiting. */
TEST(one_wake_up_splices_so_much_and_no_more)
{
	become_bulk((size_t)1 << 30);
	fake_calls.splice = 0;
	ck_assert(pull(EV_IN));
	ck_assert_int_le(fake_calls.splice, 2 * 8);
	ck_assert_uint_gt(d.pipe_, 0);
}

FIXTURE(setup, teardown)
