/*
 * Proves that chunk queues over one arena keep bytes in order, own exactly
 * the chunks they need, and never claim more room than there is.
 *
 * Random sequences run beside a naive model: one flat array a queue.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/chunk.h"
#include "unit.h"

enum {
	QUEUES = 3,
	CHUNKS = 8,
	MODEL_BYTES = CHUNKS * CHUNK_BYTES,
	IOVS = CHUNKS + 1,
};

struct model {
	unsigned char bytes[MODEL_BYTES];
	size_t len;
};

static struct chunk memory[CHUNKS];
static struct chunk_arena arena;
static struct chunk_queue queue[QUEUES];
static struct model model[QUEUES];
static unsigned char input[MODEL_BYTES + 97];
static size_t peak_taken;

static void setup(void)
{
	chunk_arena_init(&arena, memory, sizeof(memory));
	memset(queue, 0, sizeof(queue));
	memset(model, 0, sizeof(model));
	peak_taken = 0;
}

static void model_append(struct model *m, const void *bytes, size_t len)
{
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
}

static void model_prepend(struct model *m, const void *bytes, size_t len)
{
	memmove(m->bytes + len, m->bytes, m->len);
	memcpy(m->bytes, bytes, len);
	m->len += len;
}

static void model_consume(struct model *m, size_t len)
{
	m->len -= len;
	memmove(m->bytes, m->bytes + len, m->len);
}

/* The queue's bytes, walked through its own iov, are the model's. */
static size_t expect_same_bytes(
    const struct chunk_queue *q, const struct model *m)
{
	struct iovec iov[IOVS];
	int count = chunk_iov(q, iov, IOVS);
	size_t at = 0;

	ck_assert_uint_eq(q->bytes, m->len);
	for (int i = 0; i < count; i++) {
		ck_assert_uint_gt(iov[i].iov_len, 0);
		ck_assert_uint_le(at + iov[i].iov_len, m->len);
		ck_assert_mem_eq(
		    iov[i].iov_base, m->bytes + at, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	ck_assert_uint_eq(at, m->len);
	return (size_t)count;
}

static void expect_sound(void)
{
	size_t owned = 0, room;

	for (int i = 0; i < QUEUES; i++) {
		owned += expect_same_bytes(&queue[i], &model[i]);
		room = chunk_room(&arena, &queue[i]);
		ck_assert_uint_ge(room, chunk_arena_left(&arena) * CHUNK_BYTES);
		ck_assert_uint_lt(
		    room, (chunk_arena_left(&arena) + 1) * CHUNK_BYTES);
	}
	ck_assert_uint_eq(arena.taken, owned);
	if (owned > peak_taken)
		peak_taken = owned;
	/* Memory never needed at once is never touched. */
	ck_assert_uint_eq(arena.fresh, peak_taken);
}

static size_t some(uint64_t *r, size_t most)
{
	static const size_t telling[] = {1, 2, CHUNK_BYTES - 1, CHUNK_BYTES,
	    CHUNK_BYTES + 1, 2 * CHUNK_BYTES, MODEL_BYTES};
	size_t n = chance_below(r, 2) ? telling[chance_below(r, 7)]
				      : chance_below(r, 3 * CHUNK_BYTES);

	return n > most ? most : n;
}

static void one_step(uint64_t *r)
{
	int i = (int)chance_below(r, QUEUES);
	struct chunk_queue *q = &queue[i];
	const unsigned char *from;
	size_t len;
	int other;

	switch (chance_below(r, 11)) {
	case 0:
		chunk_clear(&arena, q);
		model[i].len = 0;
		break;
	case 8:
		len = chance_below(r, 4) ? some(r, MODEL_BYTES) : 0;
		chunk_trim(&arena, q, len);
		if (len < model[i].len)
			model[i].len = len;
		break;
	case 9:
		if (chunk_arena_left(&arena) == 0)
			break;
		from = input + chance_below(r, 97);
		len = 1 + some(r, CHUNK_BYTES - 1);
		chunk_prepend(&arena, q, from, len);
		model_prepend(&model[i], from, len);
		break;
	case 10:
		other = (i + 1) % QUEUES;
		chunk_join(q, &queue[other]);
		model_append(&model[i], model[other].bytes, model[other].len);
		model[other].len = 0;
		break;
	case 1:
	case 2:
	case 3:
		len = some(r, q->bytes);
		chunk_consume(&arena, q, len);
		model_consume(&model[i], len);
		break;
	default:
		from = input + chance_below(r, 97);
		len = some(r, chunk_room(&arena, q));
		chunk_append(&arena, q, from, len);
		model_append(&model[i], from, len);
		break;
	}
}

TEST(random_sequences_match_the_model)
{
	uint64_t r = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (unsigned char)chance_below(&r, 256);
	for (int step = 0; step < 4000; step++) {
		one_step(&r);
		expect_sound();
	}
	for (int i = 0; i < QUEUES; i++)
		chunk_clear(&arena, &queue[i]);
	ck_assert_uint_eq(arena.taken, 0);
	ck_assert_uint_eq(peak_taken, CHUNKS);
}

TEST(room_is_there_to_the_last_byte)
{
	size_t room = chunk_room(&arena, &queue[0]);

	ck_assert_uint_eq(room, MODEL_BYTES);
	chunk_append(&arena, &queue[0], input, 1);
	room = chunk_room(&arena, &queue[0]);
	ck_assert_uint_eq(room, MODEL_BYTES - 1);
	chunk_append(&arena, &queue[0], input, room);
	ck_assert_uint_eq(chunk_arena_left(&arena), 0);
	ck_assert_uint_eq(chunk_room(&arena, &queue[0]), 0);
	ck_assert_uint_eq(chunk_room(&arena, &queue[1]), 0);
	/* The free front of a chunk is no room: bytes go to the end. */
	chunk_consume(&arena, &queue[0], CHUNK_BYTES - 1);
	ck_assert_uint_eq(chunk_room(&arena, &queue[0]), 0);
	chunk_consume(&arena, &queue[0], 1);
	ck_assert_uint_eq(chunk_room(&arena, &queue[0]), CHUNK_BYTES);
}

TEST(nothing_appended_owns_nothing)
{
	struct iovec iov[1];

	chunk_append(&arena, &queue[0], input, 0);
	ck_assert_uint_eq(arena.taken, 0);
	ck_assert_int_eq(chunk_iov(&queue[0], iov, 1), 0);
	chunk_clear(&arena, &queue[0]);
	ck_assert_uint_eq(arena.taken, 0);
}

TEST(iov_stops_at_what_was_asked)
{
	struct iovec iov[2] = {{0}};

	chunk_append(&arena, &queue[0], input, 3 * CHUNK_BYTES);
	ck_assert_int_eq(chunk_iov(&queue[0], iov, 1), 1);
	ck_assert_uint_eq(iov[0].iov_len, CHUNK_BYTES);
	ck_assert_uint_eq(iov[1].iov_len, 0);
}

TEST(an_arena_smaller_than_a_chunk_has_no_room)
{
	chunk_arena_init(&arena, memory, sizeof(memory[0]) - 1);
	ck_assert_uint_eq(chunk_room(&arena, &queue[0]), 0);
}

TEST_ABORTS(consuming_more_than_there_is_is_a_bug)
{
	chunk_append(&arena, &queue[0], input, 1);
	chunk_consume(&arena, &queue[0], 2);
}

TEST_ABORTS(prepending_without_a_free_chunk_is_a_bug)
{
	chunk_append(&arena, &queue[0], input, MODEL_BYTES);
	chunk_consume(&arena, &queue[0], 1);
	chunk_prepend(&arena, &queue[0], input, 1);
}

TEST_ABORTS(appending_more_than_the_room_is_a_bug)
{
	chunk_append(&arena, &queue[0], input, MODEL_BYTES);
	chunk_append(&arena, &queue[1], input, 1);
}

FIXTURE(setup, NULL)
