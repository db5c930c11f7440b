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

static struct chunk memory[CHUNKS];
static struct chunk_arena arena;
static struct chunk_queue queue[QUEUES];
static unsigned char input[MODEL_BYTES + 97];
static size_t peak_taken;

static struct model {
	unsigned char bytes[MODEL_BYTES];
	size_t len;
} model[QUEUES];

static void setup(void)
{
	chunk_arena_init(&arena, memory, sizeof(memory));
}

/* Puts `len` bytes into the model at `at`. */
static void model_insert(
    struct model *m, size_t at, const void *bytes, size_t len)
{
	memmove(m->bytes + at + len, m->bytes + at, m->len - at);
	memcpy(m->bytes + at, bytes, len);
	m->len += len;
}

/* The queue's bytes, walked through its own iov, are the model's; as many
 * chunks are taken as the queues own. */
static void expect_sound(void)
{
	size_t owned = 0, left = chunk_arena_left(&arena);

	for (int i = 0; i < QUEUES; i++) {
		struct iovec iov[IOVS];
		int count = chunk_iov(&queue[i], iov, IOVS);
		size_t at = 0, room = chunk_room(&arena, &queue[i]);

		for (int k = 0; k < count; at += iov[k++].iov_len) {
			ck_assert_uint_gt(iov[k].iov_len, 0);
			ck_assert_uint_le(at + iov[k].iov_len, model[i].len);
			ck_assert_mem_eq(iov[k].iov_base, model[i].bytes + at,
			    iov[k].iov_len);
		}
		ck_assert_uint_eq(at, model[i].len);
		ck_assert_uint_eq(queue[i].bytes, model[i].len);
		ck_assert_uint_ge(room, left * CHUNK_BYTES);
		ck_assert_uint_lt(room, (left + 1) * CHUNK_BYTES);
		owned += (size_t)count;
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
	struct model *m = &model[i], *other = &model[(i + 1) % QUEUES];
	const unsigned char *from = input + chance_below(r, 97);
	size_t len;

	switch (chance_below(r, 11)) {
	case 0:
		chunk_clear(&arena, q);
		m->len = 0;
		break;
	case 8:
		len = chance_below(r, 4) ? some(r, MODEL_BYTES) : 0;
		chunk_trim(&arena, q, len);
		if (len < m->len)
			m->len = len;
		break;
	case 9:
		if (chunk_arena_left(&arena) == 0)
			break;
		len = 1 + some(r, CHUNK_BYTES - 1);
		chunk_prepend(&arena, q, from, len);
		model_insert(m, 0, from, len);
		break;
	case 10:
		chunk_join(q, &queue[(i + 1) % QUEUES]);
		model_insert(m, m->len, other->bytes, other->len);
		other->len = 0;
		break;
	case 1:
	case 2:
	case 3:
		len = some(r, q->bytes);
		chunk_consume(&arena, q, len);
		m->len -= len;
		memmove(m->bytes, m->bytes + len, m->len);
		break;
	default:
		len = some(r, chunk_room(&arena, q));
		chunk_append(&arena, q, from, len);
		model_insert(m, m->len, from, len);
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
