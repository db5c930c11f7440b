/*
 * Proves what one direction does with one event: how often it reads, what it
 * keeps, when it stops, and what it remembers of errors. That no sequence of
 * events has it hold too much, or send a FIN too early: relay_test.c.
 */
#include "direction_fixture.h"

TEST(one_event_is_one_read_and_one_send)
{
	client_sends(10);
	ck_assert_int_eq(fake_calls.recv, 1);
	ck_assert_int_eq(fake_calls.send, 1);
	ck_assert_uint_eq(got(), 10);
	ck_assert_uint_eq(direction_read_bytes(&d), 10);
	ck_assert_uint_eq(env.budget.arena.taken, 0);
	ck_assert_int_eq(wants(), INPUT);
}

TEST(rdhup_with_a_short_read_is_the_end)
{
	client_ends(10);
	ck_assert(direction_fin_seen(&d));
	ck_assert_int_eq(fake_calls.recv, 1);
	ck_assert_int_eq(wants(), FIN);
	direction_send_fin(&d, to);
	ck_assert(fake_peers[FAKE_DEVICE].got_fin);
	ck_assert((direction_state(&d) == DIRECTION_DONE));
	ck_assert_int_eq(wants(), NOTHING);
}

TEST(a_full_read_may_hide_more)
{
	client_ends(SCRATCH);
	ck_assert(!direction_fin_seen(&d));
	ck_assert_int_eq(wants(), INPUT);
	ck_assert(pull(EV_IN | EV_RDHUP));
	ck_assert(direction_fin_seen(&d));
	ck_assert_int_eq(wants(), FIN);
}

/* Reads stop at urgent data, and before an error: no end is concluded. */
TEST(rdhup_beside_urgent_data_or_an_error_is_no_end)
{
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN | EV_RDHUP | EV_PRI));
	ck_assert(!direction_fin_seen(&d));
	fake_send(FAKE_CLIENT, 10);
	fake_send_rst(FAKE_CLIENT);
	ck_assert(pull(EV_IN | EV_RDHUP | EV_ERR | EV_HUP));
	ck_assert(!direction_fin_seen(&d));
	ck_assert(!(pull(EV_IN | EV_RDHUP | EV_ERR | EV_HUP) & MOVED_BYTES));
	ck_assert(!direction_fin_seen(&d));
	ck_assert_int_eq(direction_read_error(&d), -ECONNRESET);
	ck_assert_int_eq(wants(), NOTHING);
	ck_assert_uint_eq(got(), 20);
}

TEST(what_does_not_fit_is_kept_and_follows)
{
	fake_window(FAKE_DEVICE, 4);
	client_sends(10);
	ck_assert_uint_eq(direction_buffered(&d), 6);
	ck_assert_int_eq(wants(), INPUT | OUTPUT);
	/* New bytes queue behind the old ones, without a vain send. */
	client_sends(10);
	ck_assert_int_eq(fake_calls.send, 1);
	ck_assert_uint_eq(direction_buffered(&d), 16);
	ck_assert(!(direction_push(&d, &env, to) & MOVED_BYTES));
	fake_window(FAKE_DEVICE, 15);
	ck_assert(direction_push(&d, &env, to));
	ck_assert_uint_eq(direction_buffered(&d), 1);
	fake_window(FAKE_DEVICE, SIZE_MAX);
	ck_assert(direction_push(&d, &env, to));
	ck_assert_int_eq(wants(), INPUT);
	ck_assert_uint_eq(env.budget.arena.taken, 0);
	ck_assert_uint_eq(got(), 20);
}

TEST(many_chunks_leave_in_one_call)
{
	direction_init(&d, sizeof(memory), NAGLE_UNTOUCHED);
	fake_window(FAKE_DEVICE, 0);
	fake_send(FAKE_CLIENT, 3 * CHUNK_BYTES);
	while (direction_buffered(&d) < 3 * CHUNK_BYTES)
		ck_assert(pull(EV_IN));
	fake_window(FAKE_DEVICE, SIZE_MAX);
	fake_calls.send = 0;
	ck_assert(direction_push(&d, &env, to));
	ck_assert_int_eq(fake_calls.send, 1);
	ck_assert_uint_eq(got(), 3 * CHUNK_BYTES);
}

TEST(without_a_destination_bytes_are_kept)
{
	fake_send(FAKE_CLIENT, 10);
	ck_assert(direction_pull(&d, &env, from, -1, EV_IN));
	ck_assert_uint_eq(direction_buffered(&d), 10);
}

TEST(discarded_bytes_go_nowhere)
{
	direction_discard(&d, &env, UINT64_MAX);
	fake_send(FAKE_CLIENT, 10);
	fake_send_fin(FAKE_CLIENT);
	ck_assert(direction_pull(&d, &env, from, -1, EV_IN | EV_RDHUP));
	ck_assert_uint_eq(direction_read_bytes(&d), 10);
	ck_assert_uint_eq(direction_buffered(&d), 0);
	ck_assert((direction_state(&d) == DIRECTION_DONE));
}

TEST(without_memory_nothing_is_read)
{
	struct chunk_queue other = {0};
	char byte = 0;

	direction_init(&d, 4 * LIMIT, NAGLE_UNTOUCHED);
	while (chunk_arena_left(&env.budget.arena) > 1)
		chunk_append(&env.budget.arena, &other, scratch, SCRATCH);
	fake_window(FAKE_DEVICE, 0);
	fake_send(FAKE_CLIENT, 4 * LIMIT);
	pull_all();
	/* The last chunk is used to its last byte. */
	ck_assert_uint_eq(direction_buffered(&d), CHUNK_BYTES);
	ck_assert_int_eq(wants(), OUTPUT | MEMORY);
	while (chunk_room(&env.budget.arena, &other) > 0)
		chunk_append(&env.budget.arena, &other, &byte, 1);
	chunk_clear(&env.budget.arena, &other);
	ck_assert_int_eq(wants(), INPUT | OUTPUT);
}

TEST(a_lease_finds_its_memory_when_all_else_is_promised)
{
	struct lease mine = {0}, other = {0};

	ck_assert(budget_lease(&env.budget, &mine, CHUNK_BYTES));
	ck_assert(budget_lease(&env.budget, &other, CHUNK_BYTES));
	direction_hold(&d, HOLD_GATE);
	ck_assert_int_eq(wants(), MEMORY);
	direction_set_lease(&d, &mine);
	ck_assert_int_eq(wants(), INPUT);
	budget_end_lease(&env.budget, &mine);
	budget_end_lease(&env.budget, &other);
}

/* Memory that others hold must not stop who buffers nothing. */
TEST(bytes_pass_straight_through_without_a_chunk)
{
	struct lease other = {0};

	ck_assert(
	    budget_lease(&env.budget, &other, (CHUNKS - 1) * CHUNK_BYTES));
	fake_window(FAKE_DEVICE, 3);
	fake_send(FAKE_CLIENT, 5);
	ck_assert_int_eq(wants(), INPUT);
	ck_assert(pull(EV_IN));
	ck_assert_uint_eq(got(), 3);
	ck_assert_uint_eq(direction_read_bytes(&d), 3);
	ck_assert_uint_eq(direction_buffered(&d), 0);
	ck_assert_int_eq(wants(), OUTPUT | MEMORY);
	fake_window(FAKE_DEVICE, 3);
	direction_push(&d, &env, to);
	ck_assert_int_eq(wants(), INPUT);
	ck_assert(pull(EV_IN));
	ck_assert_uint_eq(got(), 5);
	client_ends(0);
	ck_assert_int_eq(wants(), FIN);
	budget_end_lease(&env.budget, &other);
}

TEST(what_is_promised_to_others_is_left_alone)
{
	struct lease other = {0};

	ck_assert(budget_lease(&env.budget, &other, 1));
	direction_init(&d, sizeof(memory), NAGLE_UNTOUCHED);
	fake_window(FAKE_DEVICE, 0);
	fake_send(FAKE_CLIENT, sizeof(memory));
	pull_all();
	ck_assert_uint_eq(direction_buffered(&d), (CHUNKS - 1) * CHUNK_BYTES);
	budget_end_lease(&env.budget, &other);
}

static const struct {
	size_t window;
	unsigned int hold;
	bool waits;
} last_bytes[] = {
    {SIZE_MAX, 0, true},
    {SIZE_MAX, HOLD_FIN, false},
    {4, 0, false},
};

/* FIN and the last byte share a segment: the bytes wait for the FIN that the
 * caller sends at once, unless it is held back or the send was short. */
TEST_ROWS(the_last_bytes_wait_for_the_fin_only_when_it_follows, last_bytes)
{
	fake_window(FAKE_DEVICE, row->window);
	direction_hold(&d, row->hold);
	client_ends(10);
	ck_assert_uint_eq(got(), row->window < 10 ? row->window : 10);
	ck_assert_int_eq(fake_corked(FAKE_DEVICE), row->waits);
	ck_assert_int_eq(direction_fin_due(&d), row->waits);
	if (!row->waits)
		return;
	direction_send_fin(&d, to);
	ck_assert(!fake_corked(FAKE_DEVICE));
}

/* A byte out of band would vanish from the stream. */
TEST(urgent_data_is_taken_inline)
{
	client_sends(10);
	ck_assert_int_eq(fake_calls.oobinline, 0);
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN | EV_PRI));
	ck_assert_int_eq(fake_calls.oobinline, 1);
}

TEST(a_quota_ends_reading)
{
	direction_limit(&d, 12);
	client_sends(10);
	client_sends(10);
	ck_assert_uint_eq(direction_read_bytes(&d), 12);
	ck_assert(direction_read_done(&d));
	ck_assert_int_eq(wants(), NOTHING);
	ck_assert(!direction_fin_seen(&d));
}

/* NODELAY costs a call: none for one send, one before the second. */
TEST(nodelay_comes_before_the_second_send)
{
	for (int i = 0; i < 4; i++) {
		fake_send(FAKE_CLIENT, 10);
		ck_assert_int_eq(d.nagle_, i == 0   ? NAGLE_UNTOUCHED
					   : i == 1 ? NAGLE_SENT_ONCE
						    : NAGLE_OFF);
		ck_assert(pull(EV_IN));
	}
	ck_assert_uint_eq(got(), 40);
}

TEST(a_send_that_fails_is_remembered)
{
	fake_send(FAKE_CLIENT, 10);
	fake_send_rst(FAKE_DEVICE);
	pull(EV_IN);
	ck_assert_int_eq(direction_write_error(&d), -ECONNRESET);
	ck_assert(direction_read_done(&d));
	ck_assert_int_eq(wants(), NOTHING);
}

TEST(a_fin_into_a_reset_is_remembered)
{
	client_ends(0);
	fake_send_rst(FAKE_DEVICE);
	direction_send_fin(&d, to);
	ck_assert(direction_fin_sent(&d));
	ck_assert_int_eq(direction_write_error(&d), -ENOTCONN);
}

FIXTURE(setup, teardown)
