/*
 * Proves that who asks the same, byte for byte, follows the oldest who still
 * leads, that leading is handed on in the order of arrival, and that kept
 * replies are those a plain list would keep; and that no chunk is lost.
 */
#include <string.h>

#include "policy/coalesce.h"
#include "unit.h"

enum { MEMBERS = 24, NAMES = 20, CHUNKS = 80 };

static struct chunk memory[CHUNKS];
static struct chunk_arena arena;
static struct coalesce table;
static struct coalesce_member member[MEMBERS];
static int64_t now_ms;

/* What a member is to the model. */
static struct person {
	bool in;	    /* it has joined, and not left */
	bool leads;	    /* and others may join it */
	int leader;	    /* -1: none */
	unsigned int order; /* when it came */
	unsigned int name;
} person[MEMBERS];

/* The model's kept replies, oldest first: `bytes` times the name's number. */
static struct kept {
	unsigned int name;
	size_t bytes;
	int64_t until_ms;
} kept[COALESCE_KEPT_MAX];
static int kept_count;

static void start(size_t chunks)
{
	chunk_arena_init(&arena, memory, chunks * sizeof(struct chunk));
	coalesce_init(&table, &arena);
	for (int i = 0; i < MEMBERS; i++) {
		coalesce_member_init(&member[i]);
		person[i].leader = -1;
	}
}

static int model_leader(unsigned int name)
{
	for (int i = 0; i < MEMBERS; i++)
		if (person[i].leads && person[i].name == name)
			return i;
	return -1;
}

static int model_oldest_follower(int leader)
{
	int oldest = -1;

	for (int i = 0; i < MEMBERS; i++)
		if (person[i].leader == leader &&
		    (oldest < 0 || person[i].order < person[oldest].order))
			oldest = i;
	return oldest;
}

static struct kept *model_kept(unsigned int name)
{
	for (int i = 0; i < kept_count; i++)
		if (kept[i].name == name)
			return &kept[i];
	return NULL;
}

/* The reply's chunks and one for its name. */
static size_t chunks_of(const struct kept *k)
{
	return (k->bytes - 1) / CHUNK_BYTES + 2;
}

/* Returns how many chunks that gives back. */
static size_t model_drop(struct kept *k)
{
	size_t chunks = chunks_of(k);

	memmove(k, k + 1, (size_t)(&kept[--kept_count] - k) * sizeof(*k));
	return chunks;
}

/* Names that differ in one byte of either part, in where the Host begins, and
 * in length. */
static struct coalesce_key key_of(unsigned int name)
{
	static char pool[NAMES][64];
	size_t target_bytes = 12 + name / 3 % 2;

	strcpy(pool[name], "/abcdefghijklmnopqrstuvwxyz");
	if (name % 3 > 0)
		pool[name][name % 3 * 10] = '*';
	return (struct coalesce_key){
	    .target = pool[name],
	    .target_bytes = target_bytes,
	    .host = pool[name] + target_bytes,
	    .host_bytes = 24 - target_bytes + name / 6 % 4,
	};
}

static void join(unsigned int i, unsigned int name)
{
	struct coalesce_key key = key_of(name);
	const struct chunk_queue *reply = NULL;
	const struct kept *k = model_kept(name);
	int leader = model_leader(name);
	bool room = chunk_arena_left(&arena) > 0;
	enum coalesce_verdict verdict =
	    coalesce_join(&table, &member[i], &key, now_ms, &reply);
	unsigned int wrong = 0;
	static unsigned int order;

	ck_assert_int_eq(verdict, k		? COALESCE_KEPT
				  : leader >= 0 ? COALESCE_FOLLOWS
				  : room	? COALESCE_LEADS
						: COALESCE_ALONE);
	if (verdict == COALESCE_KEPT) {
		ck_assert_uint_eq(reply->bytes, k->bytes);
		for (const struct chunk *c = reply->first; c; c = c->next)
			for (uint32_t at = c->start; at < c->end; at++)
				wrong += c->bytes[at] != (char)name;
		ck_assert_uint_eq(wrong, 0);
	} else if (verdict != COALESCE_ALONE) {
		person[i] =
		    (struct person){true, leader < 0, leader, ++order, name};
	}
}

static void leave(int i)
{
	struct coalesce_member *to = coalesce_detach(&table, &member[i]);
	int successor = model_oldest_follower(i);

	ck_assert_ptr_eq(to, successor < 0 ? NULL : &member[successor]);
	if (successor >= 0) {
		person[successor].leads = person[i].leads;
		person[successor].leader = -1;
		for (int j = 0; j < MEMBERS; j++)
			if (person[j].leader == i)
				person[j].leader = successor;
	}
	person[i] = (struct person){.leader = -1};
}

static void next(int i)
{
	struct coalesce_member *f = coalesce_next(&member[i]);
	int oldest = model_oldest_follower(i);

	ck_assert_ptr_eq(f, oldest < 0 ? NULL : &member[oldest]);
	if (oldest >= 0)
		person[oldest] = (struct person){.leader = -1};
}

static void keep(int i, size_t bytes, int64_t keep_ms)
{
	static char text[3 * CHUNK_BYTES];
	struct kept k = {person[i].name, bytes, now_ms + keep_ms};
	struct chunk_queue reply = {0};
	size_t left;

	if (bytes > chunk_room(&arena, &reply))
		return;
	memset(text, (int)k.name, bytes);
	chunk_append(&arena, &reply, text, bytes);
	left = chunk_arena_left(&arena);
	coalesce_keep(&table, &member[i], &reply, keep_ms, now_ms);
	if (person[i].leads) {
		if (model_kept(k.name))
			left += model_drop(model_kept(k.name));
		if (kept_count == COALESCE_KEPT_MAX)
			left += model_drop(kept);
		if (left >= coalesce_keep_chunks(&reply)) {
			kept[kept_count++] = k;
			left -= chunks_of(&k);
		}
	}
	ck_assert_uint_eq(chunk_arena_left(&arena), left);
	chunk_clear(&arena, &reply);
}

static void check_world(void)
{
	unsigned int wrong = 0;
	size_t chunks = 0;

	for (int i = 0; i < MEMBERS; i++) {
		int leader = person[i].leader;

		wrong +=
		    member[i].leader != (leader < 0 ? NULL : &member[leader]);
		wrong += coalesce_leads(&member[i]) != person[i].leads;
		wrong += coalesce_follows(&member[i]) != (leader >= 0);
		chunks += person[i].leads;
	}
	for (int i = 0; i < kept_count; i++)
		chunks += chunks_of(&kept[i]);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(arena.taken, chunks);
}

static void step(uint64_t *state)
{
	unsigned int dice = chance_below(state, 16);
	unsigned int i = chance_below(state, MEMBERS);

	now_ms += chance_below(state, 5);
	ck_assert_int_gt(coalesce_expire(&table, now_ms), now_ms);
	for (int k = kept_count - 1; k >= 0; k--)
		if (kept[k].until_ms <= now_ms)
			model_drop(&kept[k]);
	if (!person[i].in && dice < 9) {
		join(i, chance_below(state, NAMES));
	} else if (!person[i].in) {
		ck_assert_ptr_null(coalesce_detach(&table, &member[i]));
		coalesce_close(&table, &member[i]);
	} else if (dice < 6) {
		leave((int)i);
	} else if (dice < 9) {
		coalesce_close(&table, &member[i]);
		person[i].leads = false;
	} else if (dice < 12) {
		next((int)i);
	} else if (dice < 15) {
		keep((int)i, 1 + chance_below(state, 3 * CHUNK_BYTES),
		    chance_below(state, 4) ? 3000 : 1 + (int64_t)dice);
	} else if (chance_below(state, 8) == 0) {
		ck_assert_int_eq(coalesce_drop_oldest(&table), kept_count > 0);
		if (kept_count > 0)
			model_drop(kept);
	}
	check_world();
}

TEST_LOOP(groups_and_kept_replies_are_as_lists, 0, 24)
{
	static const size_t chunks[] = {CHUNKS, 12, 30};
	uint64_t state = (uint64_t)_i + 1;

	start(chunks[_i % 3]);
	for (int i = 0; i < 4000; i++)
		step(&state);
	for (int i = 0; i < MEMBERS; i++)
		coalesce_detach(&table, &member[i]);
	ck_assert_int_eq(coalesce_expire(&table, INT64_MAX), INT64_MAX);
	ck_assert_uint_eq(arena.taken, 0);
}

static void expect_join(int i, const struct coalesce_key *key, int64_t at_ms,
    enum coalesce_verdict expected)
{
	const struct chunk_queue *reply;

	ck_assert_int_eq(
	    coalesce_join(&table, &member[i], key, at_ms, &reply), expected);
}

/* Alone: what is too long for a chunk; and who finds no memory. */
TEST(what_fits_nowhere_is_alone)
{
	static char text[CHUNK_BYTES];
	struct coalesce_key key = {text, CHUNK_BYTES - 9, text, 10};

	start(1);
	expect_join(0, &key, 0, COALESCE_ALONE);
	key.host_bytes = 9;
	expect_join(0, &key, 0, COALESCE_LEADS);
	expect_join(1, &key, 0, COALESCE_FOLLOWS);
	text[0] = '*';
	expect_join(2, &key, 0, COALESCE_ALONE);
	ck_assert(!coalesce_leads(&member[2]));
}

/* A kept reply is asked for until its time and not at it; the time to look
 * again is the first that ends, not the first that came. */
TEST(a_kept_reply_ends_at_its_time)
{
	struct coalesce_key key = key_of(2);

	start(CHUNKS);
	for (unsigned int i = 0; i < 3; i++)
		join(i, i);
	keep(0, 10, 500);
	keep(1, 10, 100);
	keep(2, 10, 300);
	ck_assert_int_eq(coalesce_expire(&table, 99), 100);
	ck_assert_int_eq(coalesce_expire(&table, 100), 300);
	expect_join(3, &key, 299, COALESCE_KEPT);
	expect_join(3, &key, 300, COALESCE_FOLLOWS);
}
