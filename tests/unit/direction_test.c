/*
 * Proves what one direction does with one event: how often it reads, what it
 * keeps, when it stops, when it splices, and what it remembers of errors.
 */
#include "direction_fixture.h"

START_TEST(one_event_is_one_read_and_one_send)
{
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN));
	ck_assert_int_eq(fake_calls.recv, 1);
	ck_assert_int_eq(fake_calls.send, 1);
	ck_assert_uint_eq(got(), 10);
	ck_assert_uint_eq(half.bytes, 10);
	ck_assert_uint_eq(arena.taken, 0);
	ck_assert(half_wants_input(&half, &env));
	ck_assert(!half_wants_output(&half));
}
END_TEST

START_TEST(rdhup_with_a_short_read_is_the_end)
{
	fake_send(FAKE_CLIENT, 10);
	fake_send_fin(FAKE_CLIENT);
	ck_assert(pull(EV_IN | EV_RDHUP));
	ck_assert(half.eof);
	ck_assert_int_eq(fake_calls.recv, 1);
	ck_assert(half_fin_due(&half));
	half_send_fin(&half, to);
	ck_assert(fake_peers[FAKE_DEVICE].got_fin);
	ck_assert(half_finished(&half));
	ck_assert(!half_fin_due(&half));
}
END_TEST

START_TEST(a_full_read_may_hide_more)
{
	fake_send(FAKE_CLIENT, SCRATCH);
	fake_send_fin(FAKE_CLIENT);
	ck_assert(pull(EV_IN | EV_RDHUP));
	ck_assert(!half.eof);
	ck_assert(half_wants_input(&half, &env));
	ck_assert(pull(EV_IN | EV_RDHUP));
	ck_assert(half.eof);
	ck_assert(!half_wants_input(&half, &env));
}
END_TEST

/* Reads stop at urgent data, and before an error: no end is concluded. */
START_TEST(rdhup_beside_urgent_data_or_an_error_is_no_end)
{
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN | EV_RDHUP | EV_PRI));
	ck_assert(!half.eof);
	fake_send(FAKE_CLIENT, 10);
	fake_send_rst(FAKE_CLIENT);
	ck_assert(pull(EV_IN | EV_RDHUP | EV_ERR | EV_HUP));
	ck_assert(!half.eof);
	ck_assert(!pull(EV_IN | EV_RDHUP | EV_ERR | EV_HUP));
	ck_assert(!half.eof);
	ck_assert_int_eq(half.read_err, -ECONNRESET);
	ck_assert(!half_fin_due(&half));
	ck_assert(!half_wants_input(&half, &env));
	ck_assert_uint_eq(got(), 20);
}
END_TEST

START_TEST(nothing_there_is_nothing_done)
{
	ck_assert(!pull(EV_IN));
	ck_assert_int_eq(fake_calls.send, 0);
	ck_assert(!half.eof);
	ck_assert_int_eq(half.read_err, 0);
	ck_assert(half_wants_input(&half, &env));
}
END_TEST

START_TEST(what_does_not_fit_is_kept_and_follows)
{
	fake_window(FAKE_DEVICE, 4);
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN));
	ck_assert_uint_eq(half_owed(&half), 6);
	ck_assert(half_wants_output(&half));
	/* New bytes queue behind the old ones, without a vain send. */
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN));
	ck_assert_int_eq(fake_calls.send, 1);
	ck_assert_uint_eq(half_owed(&half), 16);
	ck_assert(!half_push(&half, &env, to));
	fake_window(FAKE_DEVICE, 15);
	ck_assert(half_push(&half, &env, to));
	ck_assert_uint_eq(half_owed(&half), 1);
	fake_window(FAKE_DEVICE, SIZE_MAX);
	ck_assert(half_push(&half, &env, to));
	ck_assert(!half_wants_output(&half));
	ck_assert_uint_eq(arena.taken, 0);
	ck_assert_uint_eq(got(), 20);
}
END_TEST

START_TEST(many_chunks_leave_in_one_call)
{
	half_init(&half, sizeof(memory), NAGLE_UNTOUCHED);
	fake_window(FAKE_DEVICE, 0);
	fake_send(FAKE_CLIENT, 3 * CHUNK_BYTES);
	while (half_owed(&half) < 3 * CHUNK_BYTES)
		ck_assert(pull(EV_IN));
	fake_window(FAKE_DEVICE, SIZE_MAX);
	fake_calls.send = 0;
	ck_assert(half_push(&half, &env, to));
	ck_assert_int_eq(fake_calls.send, 1);
	ck_assert_uint_eq(got(), 3 * CHUNK_BYTES);
}
END_TEST

/* No FIN before the last byte, none while it is held, never two. */
START_TEST(the_fin_waits_for_its_turn)
{
	fake_window(FAKE_DEVICE, 0);
	fake_send(FAKE_CLIENT, 10);
	fake_send_fin(FAKE_CLIENT);
	ck_assert(pull(EV_IN | EV_RDHUP));
	ck_assert(!half_fin_due(&half));
	fake_window(FAKE_DEVICE, SIZE_MAX);
	half.hold_fin = true;
	ck_assert(half_push(&half, &env, to));
	ck_assert(!half_fin_due(&half));
	half.hold_fin = false;
	ck_assert(half_fin_due(&half));
	half.hold = true;
	ck_assert(!half_fin_due(&half));
}
END_TEST

START_TEST(held_bytes_stay)
{
	half.hold = true;
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN));
	ck_assert_int_eq(fake_calls.send, 0);
	ck_assert_uint_eq(half_owed(&half), 10);
	ck_assert(!half_wants_output(&half));
	half.hold = false;
	ck_assert(half_wants_output(&half));
}
END_TEST

START_TEST(without_a_destination_bytes_are_kept)
{
	fake_send(FAKE_CLIENT, 10);
	ck_assert(half_pull(&half, &env, from, -1, EV_IN));
	ck_assert_uint_eq(half_owed(&half), 10);
}
END_TEST

START_TEST(discarded_bytes_go_nowhere)
{
	half.discard = true;
	fake_send(FAKE_CLIENT, 10);
	fake_send_fin(FAKE_CLIENT);
	ck_assert(half_pull(&half, &env, from, -1, EV_IN | EV_RDHUP));
	ck_assert_uint_eq(half.bytes, 10);
	ck_assert_uint_eq(half_owed(&half), 0);
	ck_assert(half_finished(&half));
}
END_TEST

START_TEST(no_more_is_owed_than_allowed)
{
	fake_window(FAKE_DEVICE, 0);
	fake_send(FAKE_CLIENT, 2 * LIMIT);
	while (half_wants_input(&half, &env))
		ck_assert(pull(EV_IN));
	ck_assert_uint_eq(half_owed(&half), LIMIT);
	ck_assert(!half_starved(&half, &env));
	fake_window(FAKE_DEVICE, 1);
	ck_assert(half_push(&half, &env, to));
	ck_assert(half_wants_input(&half, &env));
}
END_TEST

START_TEST(without_memory_nothing_is_read)
{
	struct chunk_queue other = {0};
	char byte = 0;

	half_init(&half, 4 * LIMIT, NAGLE_UNTOUCHED);
	while (chunk_arena_left(&arena) > 1)
		chunk_append(&arena, &other, scratch, SCRATCH);
	fake_window(FAKE_DEVICE, 0);
	fake_send(FAKE_CLIENT, 4 * LIMIT);
	while (half_wants_input(&half, &env))
		ck_assert(pull(EV_IN));
	/* The last chunk is used to its last byte. */
	ck_assert_uint_eq(half_owed(&half), CHUNK_BYTES);
	ck_assert(half_starved(&half, &env));
	while (chunk_room(&arena, &other) > 0)
		chunk_append(&arena, &other, &byte, 1);
	chunk_clear(&arena, &other);
	ck_assert(!half_starved(&half, &env));
	ck_assert(half_wants_input(&half, &env));
}
END_TEST

START_TEST(the_last_chunks_are_kept_for_the_favoured)
{
	env.kept_chunks = CHUNKS;
	half.hold = true;
	ck_assert(!half_wants_input(&half, &env));
	ck_assert(half_starved(&half, &env));
	half.favoured = true;
	ck_assert(half_wants_input(&half, &env));
	ck_assert(!half_starved(&half, &env));
}
END_TEST

/* Memory that others hold must not stop who owes nothing. */
START_TEST(bytes_pass_straight_through_without_a_chunk)
{
	env.kept_chunks = CHUNKS;
	fake_window(FAKE_DEVICE, 3);
	fake_send(FAKE_CLIENT, 5);
	ck_assert(!half_starved(&half, &env));
	ck_assert(pull(EV_IN));
	ck_assert_uint_eq(fake_peers[FAKE_DEVICE].got, 3);
	ck_assert_uint_eq(half.bytes, 3);
	ck_assert_uint_eq(half_owed(&half), 0);
	ck_assert(!half_wants_input(&half, &env));
	ck_assert(half_wants_output(&half));
	fake_window(FAKE_DEVICE, 3);
	half_push(&half, &env, fake_peers[FAKE_DEVICE].fd);
	ck_assert(half_wants_input(&half, &env));
	ck_assert(pull(EV_IN));
	ck_assert_uint_eq(fake_peers[FAKE_DEVICE].got, 5);
	fake_send_fin(FAKE_CLIENT);
	ck_assert(pull(EV_IN | EV_RDHUP));
	ck_assert(half_fin_due(&half));
}
END_TEST

START_TEST(others_leave_the_kept_chunks_alone)
{
	half_init(&half, sizeof(memory), NAGLE_UNTOUCHED);
	env.kept_chunks = 1;
	fake_window(FAKE_DEVICE, 0);
	fake_send(FAKE_CLIENT, sizeof(memory));
	while (half_wants_input(&half, &env))
		ck_assert(pull(EV_IN));
	ck_assert_uint_eq(half_owed(&half), (CHUNKS - 1) * CHUNK_BYTES);
}
END_TEST

/* A byte out of band would vanish from the stream. */
START_TEST(urgent_data_is_taken_inline)
{
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN));
	ck_assert_int_eq(fake_calls.oobinline, 0);
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN | EV_PRI));
	ck_assert_int_eq(fake_calls.oobinline, 1);
}
END_TEST

START_TEST(a_quota_ends_reading)
{
	half.quota_bytes = 12;
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN));
	fake_send(FAKE_CLIENT, 10);
	ck_assert(pull(EV_IN));
	ck_assert_uint_eq(half.bytes, 12);
	ck_assert(half_deaf(&half));
	ck_assert(!half_wants_input(&half, &env));
	ck_assert(!half.eof);
}
END_TEST

/* NODELAY costs a call: none for one send, one before the second. */
START_TEST(nodelay_comes_before_the_second_send)
{
	for (int i = 0; i < 4; i++) {
		fake_send(FAKE_CLIENT, 10);
		ck_assert_int_eq(half.nagle, i == 0   ? NAGLE_UNTOUCHED
					     : i == 1 ? NAGLE_SENT_ONCE
						      : NAGLE_OFF);
		ck_assert(pull(EV_IN));
	}
	ck_assert_uint_eq(got(), 40);
}
END_TEST

START_TEST(a_send_that_fails_is_remembered)
{
	fake_send(FAKE_CLIENT, 10);
	fake_send_rst(FAKE_DEVICE);
	pull(EV_IN);
	ck_assert_int_eq(half.write_err, -ECONNRESET);
	ck_assert(half_deaf(&half));
	ck_assert(!half_wants_input(&half, &env));
	ck_assert(!half_wants_output(&half));
}
END_TEST

START_TEST(a_fin_into_a_reset_is_remembered)
{
	fake_send_fin(FAKE_CLIENT);
	ck_assert(pull(EV_IN | EV_RDHUP));
	fake_send_rst(FAKE_DEVICE);
	half_send_fin(&half, to);
	ck_assert(half.fin_sent);
	ck_assert_int_eq(half.write_err, -ENOTCONN);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("half");
	TCase *t = unit_case(s, "half");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_event_is_one_read_and_one_send);
	tcase_add_test(t, rdhup_with_a_short_read_is_the_end);
	tcase_add_test(t, a_full_read_may_hide_more);
	tcase_add_test(t, rdhup_beside_urgent_data_or_an_error_is_no_end);
	tcase_add_test(t, nothing_there_is_nothing_done);
	tcase_add_test(t, what_does_not_fit_is_kept_and_follows);
	tcase_add_test(t, many_chunks_leave_in_one_call);
	tcase_add_test(t, the_fin_waits_for_its_turn);
	tcase_add_test(t, held_bytes_stay);
	tcase_add_test(t, without_a_destination_bytes_are_kept);
	tcase_add_test(t, discarded_bytes_go_nowhere);
	tcase_add_test(t, no_more_is_owed_than_allowed);
	tcase_add_test(t, without_memory_nothing_is_read);
	tcase_add_test(t, the_last_chunks_are_kept_for_the_favoured);
	tcase_add_test(t, bytes_pass_straight_through_without_a_chunk);
	tcase_add_test(t, others_leave_the_kept_chunks_alone);
	tcase_add_test(t, urgent_data_is_taken_inline);
	tcase_add_test(t, a_quota_ends_reading);
	tcase_add_test(t, nodelay_comes_before_the_second_send);
	tcase_add_test(t, a_send_that_fails_is_remembered);
	tcase_add_test(t, a_fin_into_a_reset_is_remembered);
	return unit_run(s);
}
