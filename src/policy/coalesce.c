/*
 * coalesce.c: leaders and kept replies, found by a walk: there are no more
 * leaders than connections that wait or are served.
 */
#include "policy/coalesce.h"

#include <string.h>

#include "base/bug.h"

void coalesce_init(struct coalesce *t, struct chunk_arena *arena)
{
	size_t i;

	*t = (struct coalesce){.arena = arena};
	list_init(&t->leaders);
	list_init(&t->kept);
	list_init(&t->unused);
	for (i = 0; i < COALESCE_KEPT_MAX; i++)
		list_append(&t->unused, &t->slots[i].link);
}

void coalesce_member_init(struct coalesce_member *m)
{
	*m = (struct coalesce_member){0};
	list_init(&m->link);
	list_init(&m->followers);
}

static struct coalesce_member *member_of(struct list *link)
{
	return container_of(link, struct coalesce_member, link);
}

static struct coalesce_kept *kept_of(struct list *link)
{
	return container_of(link, struct coalesce_kept, link);
}

static bool is_named(
    const struct coalesce_name *name, const struct coalesce_key *key)
{
	const struct chunk *c = name->bytes.first;
	const char *bytes;

	if (name->target_bytes != key->target_bytes ||
	    name->bytes.bytes != key->target_bytes + key->host_bytes || !c)
		return false;
	bytes = c->bytes + c->start;
	return memcmp(bytes, key->target, key->target_bytes) == 0 &&
	       memcmp(bytes + key->target_bytes, key->host, key->host_bytes) ==
		   0;
}

static bool is_same(
    const struct coalesce_name *a, const struct coalesce_name *b)
{
	const struct chunk *c = b->bytes.first;
	struct coalesce_key key = {
	    .target = c->bytes + c->start,
	    .target_bytes = b->target_bytes,
	    .host = c->bytes + c->start + b->target_bytes,
	    .host_bytes = b->bytes.bytes - b->target_bytes,
	};

	return is_named(a, &key);
}

static void drop(struct coalesce *t, struct coalesce_kept *k)
{
	chunk_clear(t->arena, &k->name.bytes);
	chunk_clear(t->arena, &k->reply);
	list_remove(&k->link);
	list_append(&t->unused, &k->link);
}

int64_t coalesce_expire(struct coalesce *t, int64_t now_ms)
{
	struct list *item, *next;
	int64_t when_ms = INT64_MAX;

	for (item = t->kept.next; item != &t->kept; item = next) {
		next = item->next;
		if (kept_of(item)->until_ms <= now_ms)
			drop(t, kept_of(item));
		else if (kept_of(item)->until_ms < when_ms)
			when_ms = kept_of(item)->until_ms;
	}
	return when_ms;
}

static const struct chunk_queue *find_kept(
    struct coalesce *t, const struct coalesce_key *key, int64_t now_ms)
{
	struct list *item;

	coalesce_expire(t, now_ms);
	for (item = t->kept.next; item != &t->kept; item = item->next)
		if (is_named(&kept_of(item)->name, key))
			return &kept_of(item)->reply;
	return NULL;
}

static struct coalesce_member *find_leader(
    struct coalesce *t, const struct coalesce_key *key)
{
	struct list *item;

	for (item = t->leaders.next; item != &t->leaders; item = item->next)
		if (is_named(&member_of(item)->name, key))
			return member_of(item);
	return NULL;
}

static enum coalesce_verdict lead(struct coalesce *t, struct coalesce_member *m,
    const struct coalesce_key *key)
{
	if (chunk_arena_left(t->arena) == 0)
		return COALESCE_ALONE;
	chunk_append(t->arena, &m->name.bytes, key->target, key->target_bytes);
	chunk_append(t->arena, &m->name.bytes, key->host, key->host_bytes);
	m->name.target_bytes = (uint32_t)key->target_bytes;
	list_append(&t->leaders, &m->link);
	return COALESCE_LEADS;
}

enum coalesce_verdict coalesce_join(struct coalesce *t,
    struct coalesce_member *m, const struct coalesce_key *key, int64_t now_ms,
    const struct chunk_queue **out_reply)
{
	const struct chunk_queue *reply;

	BUG_ON(!list_empty(&m->link));
	if (key->target_bytes == 0 ||
	    key->target_bytes + key->host_bytes > CHUNK_BYTES)
		return COALESCE_ALONE;
	reply = find_kept(t, key, now_ms);
	if (reply) {
		*out_reply = reply;
		return COALESCE_KEPT;
	}
	m->leader = find_leader(t, key);
	if (!m->leader)
		return lead(t, m, key);
	list_append(&m->leader->followers, &m->link);
	return COALESCE_FOLLOWS;
}

bool coalesce_leads(const struct coalesce_member *m)
{
	return m->name.bytes.bytes > 0;
}

bool coalesce_follows(const struct coalesce_member *m)
{
	return m->leader != NULL;
}

void coalesce_close(struct coalesce *t, struct coalesce_member *leader)
{
	if (!coalesce_leads(leader))
		return;
	list_remove(&leader->link);
	chunk_clear(t->arena, &leader->name.bytes);
}

struct coalesce_member *coalesce_next(struct coalesce_member *leader)
{
	struct coalesce_member *m;

	if (list_empty(&leader->followers))
		return NULL;
	m = member_of(leader->followers.next);
	list_remove(&m->link);
	m->leader = NULL;
	return m;
}

/* The followers of `from`, which keep their order, now follow `to`. */
static void hand_over(struct coalesce_member *from, struct coalesce_member *to)
{
	struct coalesce_member *m;

	while ((m = coalesce_next(from))) {
		m->leader = to;
		list_append(&to->followers, &m->link);
	}
}

struct coalesce_member *coalesce_detach(
    struct coalesce *t, struct coalesce_member *m)
{
	struct coalesce_member *successor;

	if (coalesce_follows(m)) {
		list_remove(&m->link);
		m->leader = NULL;
		return NULL;
	}
	successor = coalesce_next(m);
	if (!successor || !coalesce_leads(m)) {
		coalesce_close(t, m);
	} else {
		successor->name = m->name;
		m->name = (struct coalesce_name){0};
		list_remove(&m->link);
		list_append(&t->leaders, &successor->link);
	}
	if (successor)
		hand_over(m, successor);
	return successor;
}

bool coalesce_drop_oldest(struct coalesce *t)
{
	if (list_empty(&t->kept))
		return false;
	drop(t, kept_of(t->kept.next));
	return true;
}

static void copy(
    struct coalesce *t, struct chunk_queue *to, const struct chunk_queue *from)
{
	const struct chunk *c;

	for (c = from->first; c; c = c->next)
		chunk_append(
		    t->arena, to, c->bytes + c->start, c->end - c->start);
}

static void drop_named(struct coalesce *t, const struct coalesce_name *name)
{
	struct list *item, *next;

	for (item = t->kept.next; item != &t->kept; item = next) {
		next = item->next;
		if (is_same(&kept_of(item)->name, name))
			drop(t, kept_of(item));
	}
}

size_t coalesce_keep_chunks(const struct chunk_queue *reply)
{
	return 1 + (reply->bytes + CHUNK_BYTES - 1) / CHUNK_BYTES;
}

void coalesce_keep(struct coalesce *t, const struct coalesce_member *m,
    const struct chunk_queue *reply, int64_t keep_ms, int64_t now_ms)
{
	struct coalesce_kept *k;

	if (!coalesce_leads(m))
		return;
	drop_named(t, &m->name);
	if (list_empty(&t->unused))
		coalesce_drop_oldest(t);
	if (chunk_arena_left(t->arena) < coalesce_keep_chunks(reply))
		return;
	k = kept_of(t->unused.next);
	list_remove(&k->link);
	list_append(&t->kept, &k->link);
	k->name = m->name;
	k->name.bytes = (struct chunk_queue){0};
	copy(t, &k->name.bytes, &m->name.bytes);
	copy(t, &k->reply, reply);
	k->until_ms = now_ms + keep_ms;
}
