/*
 * Proves that who asks the same, byte for byte, follows the oldest who still
 * leads, that leading is handed on in the order of arrival, and that kept
 * replies are those a plain list would keep; and that no chunk is lost.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/coalesce.h"
#include "unit.h"

enum { MEMBERS = 24, NAMES = 20, CHUNKS = 80 };

/* What a member is to the model. */
struct person {
	bool in;	    /* it has joined, and not left */
	bool leads;	    /* and others may join it */
	int leader;	    /* -1: none */
	unsigned int order; /* when it came */
	unsigned int name;
};

struct kept {
	bool is;
	unsigned int name;
	unsigned int order;
	int64_t until_ms;
	size_t bytes;
};

struct world {
	struct chunk_arena arena;
	void *memory;
	struct coalesce t;
	struct coalesce_member member[MEMBERS];
	struct person person[MEMBERS];
	struct kept kept[NAMES];
	unsigned int order;
	int64_t now_ms;
};

/* Names that differ in one byte, in where the Host begins, and in length. */
static struct coalesce_key key_of(unsigned int name)
{
	static const char text[] = "/abcdefghijklmnopqrstuvwxyz";
	static char pool[NAMES][64];

	memcpy(pool[name], text, sizeof(text));
	pool[name][10] = name % 2 ? 'A' : 'B';
	return (struct coalesce_key){
	    .target = pool[name],
	    .target_bytes = 12 + name / 2 % 3,
	    .host = pool[name] + 12 + name / 2 % 3,
	    .host_bytes = 12 - name / 2 % 3 + (name / 6) % 4,
	};
}

static void world_init(struct world *w, size_t chunks)
{
	unsigned int i;

	*w = (struct world){0};
	w->memory = calloc(chunks, sizeof(struct chunk));
	ck_assert_ptr_nonnull(w->memory);
	chunk_arena_init(&w->arena, w->memory, chunks * sizeof(struct chunk));
	coalesce_init(&w->t, &w->arena);
	for (i = 0; i < MEMBERS; i++) {
		coalesce_member_init(&w->member[i]);
		w->person[i].leader = -1;
	}
}

static int model_leader(const struct world *w, unsigned int name)
{
	int i;

	for (i = 0; i < MEMBERS; i++)
		if (w->person[i].leads && w->person[i].name == name)
			return i;
	return -1;
}

static int model_oldest_follower(const struct world *w, int leader)
{
	int i, oldest = -1;

	for (i = 0; i < MEMBERS; i++)
		if (w->person[i].leader == leader &&
		    (oldest < 0 ||
			w->person[i].order < w->person[oldest].order))
			oldest = i;
	return oldest;
}

/* The reply to `name` is its number, so many times. */
static void fill(
    struct world *w, struct chunk_queue *q, unsigned int name, size_t bytes)
{
	char c = (char)name;

	while (bytes-- > 0)
		chunk_append(&w->arena, q, &c, 1);
}

static bool is_reply(
    const struct chunk_queue *q, unsigned int name, size_t bytes)
{
	const struct chunk *c;
	bool right = q->bytes == bytes;
	uint32_t i;

	for (c = q->first; c; c = c->next)
		for (i = c->start; i < c->end; i++)
			right &= c->bytes[i] == (char)name;
	return right;
}

static void join(struct world *w, unsigned int i, unsigned int name)
{
	struct coalesce_key key = key_of(name);
	const struct chunk_queue *reply = NULL;
	const struct kept *k = &w->kept[name];
	int leader = model_leader(w, name);
	bool room = chunk_arena_left(&w->arena) > 0;
	enum coalesce_verdict verdict =
	    coalesce_join(&w->t, &w->member[i], &key, w->now_ms, &reply);

	if (k->is && k->until_ms > w->now_ms) {
		ck_assert_int_eq(verdict, COALESCE_KEPT);
		ck_assert(is_reply(reply, name, k->bytes));
		return;
	}
	if (leader < 0 && verdict == COALESCE_ALONE) {
		ck_assert(!room);
		return;
	}
	ck_assert_int_eq(
	    verdict, leader < 0 ? COALESCE_LEADS : COALESCE_FOLLOWS);
	w->person[i] = (struct person){.in = true,
	    .leads = leader < 0,
	    .leader = leader,
	    .order = ++w->order,
	    .name = name};
}

static void leave(struct world *w, int i)
{
	struct coalesce_member *to = coalesce_detach(&w->t, &w->member[i]);
	int successor = model_oldest_follower(w, i), j;

	ck_assert_ptr_eq(to, successor < 0 ? NULL : &w->member[successor]);
	if (successor >= 0) {
		w->person[successor].leads = w->person[i].leads;
		w->person[successor].leader = -1;
		for (j = 0; j < MEMBERS; j++)
			if (w->person[j].leader == i)
				w->person[j].leader = successor;
	}
	w->person[i] = (struct person){.leader = -1};
}

static void next(struct world *w, int i)
{
	struct coalesce_member *f = coalesce_next(&w->member[i]);
	int oldest = model_oldest_follower(w, i);

	ck_assert_ptr_eq(f, oldest < 0 ? NULL : &w->member[oldest]);
	if (oldest >= 0)
		w->person[oldest] = (struct person){.leader = -1};
}

static void model_expire(struct world *w)
{
	unsigned int i;

	for (i = 0; i < NAMES; i++)
		w->kept[i].is &= w->kept[i].until_ms > w->now_ms;
}

static int model_oldest_kept(const struct world *w, unsigned int *out_count)
{
	unsigned int i;
	int oldest = -1;

	for (i = 0, *out_count = 0; i < NAMES; i++) {
		if (!w->kept[i].is)
			continue;
		++*out_count;
		if (oldest < 0 || w->kept[i].order < w->kept[oldest].order)
			oldest = (int)i;
	}
	return oldest;
}

/* The reply's and one for its name. */
static size_t chunks_of(size_t bytes)
{
	return (bytes - 1) / CHUNK_BYTES + 2;
}

static void keep(struct world *w, int i, size_t bytes, int64_t keep_ms)
{
	unsigned int name = w->person[i].name, count;
	struct chunk_queue reply = {0};
	int oldest;
	size_t left;

	if ((bytes / CHUNK_BYTES + 1) > chunk_arena_left(&w->arena))
		return;
	fill(w, &reply, name, bytes);
	left = chunk_arena_left(&w->arena);
	coalesce_keep(&w->t, &w->member[i], &reply, keep_ms, w->now_ms);
	if (w->person[i].leads) {
		if (w->kept[name].is)
			left += chunks_of(w->kept[name].bytes);
		w->kept[name].is = false;
		oldest = model_oldest_kept(w, &count);
		if (count == COALESCE_KEPT_MAX) {
			left += chunks_of(w->kept[oldest].bytes);
			w->kept[oldest].is = false;
		}
		if (left >= coalesce_keep_chunks(&reply)) {
			w->kept[name] = (struct kept){.is = true,
			    .name = name,
			    .order = ++w->order,
			    .until_ms = w->now_ms + keep_ms,
			    .bytes = bytes};
			left -= chunks_of(bytes);
		}
	}
	ck_assert_uint_eq(chunk_arena_left(&w->arena), left);
	chunk_clear(&w->arena, &reply);
}

static void drop_oldest(struct world *w)
{
	unsigned int count;
	int oldest = model_oldest_kept(w, &count);

	ck_assert_int_eq(coalesce_drop_oldest(&w->t), oldest >= 0);
	if (oldest >= 0)
		w->kept[oldest].is = false;
}

static void check_world(const struct world *w)
{
	unsigned int i, wrong = 0;
	size_t chunks = 0;
	int leader;

	for (i = 0; i < MEMBERS; i++) {
		leader = w->person[i].leader;
		wrong += w->member[i].leader !=
			 (leader < 0 ? NULL : &w->member[leader]);
		wrong += coalesce_leads(&w->member[i]) != w->person[i].leads;
		wrong += coalesce_follows(&w->member[i]) !=
			 (w->person[i].leader >= 0);
		chunks += w->person[i].leads;
	}
	for (i = 0; i < NAMES; i++)
		if (w->kept[i].is)
			chunks += chunks_of(w->kept[i].bytes);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(w->arena.taken, chunks);
}

static void step(struct world *w, uint64_t *state)
{
	unsigned int dice = chance_below(state, 16);
	unsigned int i = chance_below(state, MEMBERS);

	w->now_ms += chance_below(state, 5);
	ck_assert_int_gt(coalesce_expire(&w->t, w->now_ms), w->now_ms);
	model_expire(w);
	if (!w->person[i].in && dice < 9) {
		join(w, i, chance_below(state, NAMES));
	} else if (!w->person[i].in) {
		ck_assert_ptr_null(coalesce_detach(&w->t, &w->member[i]));
		coalesce_close(&w->t, &w->member[i]);
	} else if (dice < 6) {
		leave(w, (int)i);
	} else if (dice < 9) {
		coalesce_close(&w->t, &w->member[i]);
		w->person[i].leads = false;
	} else if (dice < 12) {
		next(w, (int)i);
	} else if (dice < 15) {
		keep(w, (int)i, 1 + chance_below(state, 3 * CHUNK_BYTES),
		    chance_below(state, 2) ? 300 : 1 + (int64_t)dice);
	} else {
		drop_oldest(w);
	}
	check_world(w);
}

TEST_LOOP(as_lists, 0, 24)
{
	static const size_t chunks[] = {CHUNKS, 12, 30};
	uint64_t state = (uint64_t)_i + 1;
	struct world w;
	unsigned int i;

	world_init(&w, chunks[_i % 3]);
	for (i = 0; i < 4000; i++)
		step(&w, &state);
	for (i = 0; i < MEMBERS; i++)
		coalesce_detach(&w.t, &w.member[i]);
	ck_assert_int_eq(coalesce_expire(&w.t, INT64_MAX), INT64_MAX);
	ck_assert_uint_eq(w.arena.taken, 0);
	free(w.memory);
}

/* Alone: what is too long for a chunk; and who finds no memory. */
TEST(alone)
{
	static char text[CHUNK_BYTES];
	struct coalesce_key key = {text, CHUNK_BYTES - 9, text, 10};
	const struct chunk_queue *reply;
	struct world w;

	memset(text, '/', sizeof(text));
	world_init(&w, 1);
	ck_assert_int_eq(
	    coalesce_join(&w.t, &w.member[0], &key, 0, &reply), COALESCE_ALONE);
	key.host_bytes = 9;
	ck_assert_int_eq(
	    coalesce_join(&w.t, &w.member[0], &key, 0, &reply), COALESCE_LEADS);
	ck_assert_int_eq(coalesce_join(&w.t, &w.member[1], &key, 0, &reply),
	    COALESCE_FOLLOWS);
	text[0] = '*';
	ck_assert_int_eq(
	    coalesce_join(&w.t, &w.member[2], &key, 0, &reply), COALESCE_ALONE);
	ck_assert(!coalesce_leads(&w.member[2]));
	free(w.memory);
}

static bool are_same(const char *target, const char *host,
    const char *other_target, const char *other_host)
{
	struct coalesce_key key = {target, strlen(target), host, strlen(host)};
	struct coalesce_key other = {
	    other_target, strlen(other_target), other_host, strlen(other_host)};
	const struct chunk_queue *reply;
	struct world w;
	bool same;

	world_init(&w, 2);
	coalesce_join(&w.t, &w.member[0], &key, 0, &reply);
	same = coalesce_join(&w.t, &w.member[1], &other, 0, &reply) ==
	       COALESCE_FOLLOWS;
	free(w.memory);
	return same;
}

/* Whose name is as long does not get the other's reply. */
TEST(names_of_one_length)
{
	ck_assert(are_same("/a", "x", "/a", "x"));
	ck_assert(!are_same("/a", "x", "/b", "x"));
	ck_assert(!are_same("/a", "x", "/a", "y"));
	ck_assert(!are_same("/a", "bc", "/ab", "c"));
}

/* A kept reply is asked for until its time and not at it; the time to look
 * again is the first that ends, not the first that came. */
TEST(its_time)
{
	struct world w;
	unsigned int i;

	world_init(&w, CHUNKS);
	for (i = 0; i < 3; i++)
		join(&w, i, i);
	keep(&w, 0, 10, 500);
	keep(&w, 1, 10, 100);
	keep(&w, 2, 10, 300);
	ck_assert_int_eq(coalesce_expire(&w.t, 99), 100);
	ck_assert_int_eq(coalesce_expire(&w.t, 100), 300);
	w.now_ms = 299;
	join(&w, 3, 2);
	ck_assert(!coalesce_follows(&w.member[3]));
	w.now_ms = 300;
	join(&w, 3, 2);
	ck_assert(coalesce_follows(&w.member[3]));
	free(w.memory);
}
