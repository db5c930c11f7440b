/*
 * source.c: a hash table of chains in memory that was given once.
 *
 * Zero memory is a valid empty table: buckets are NULL, and entries beyond
 * `fresh` have never been touched, so a large table costs no pages before
 * there are clients.
 */
#include "proxy/source.h"

#include <stdbool.h>
#include <string.h>

#include "base/bug.h"

struct key {
	uint64_t net;
	uint16_t family;
};

static size_t bucket_count(size_t seats)
{
	size_t n = 1;

	while (n < seats)
		n *= 2;
	return n;
}

size_t source_bytes(size_t seats)
{
	return seats * sizeof(struct source) +
	    bucket_count(seats) * sizeof(struct source *);
}

void source_init(struct source_table *t, void *memory, size_t seats,
    const uint64_t seed[2])
{
	*t = (struct source_table){
	    .entries = memory,
	    .buckets = (struct source **)((struct source *)memory + seats),
	    .size = seats,
	    .bucket_mask = bucket_count(seats) - 1,
	    .seed = {seed[0], seed[1]},
	};
}

/* The IPv4 address, the first half of an IPv6 address, or nothing. */
static struct key key_of(const struct peer *peer)
{
	struct key k = {.family = peer->family};

	if (k.family == AF_INET)
		memcpy(&k.net, peer->ip + 12, 4);
	else if (k.family == AF_INET6)
		memcpy(&k.net, peer->ip, 8);
	return k;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static struct source **bucket_of(
    const struct source_table *t, uint64_t net, uint16_t family)
{
	uint64_t h = fold(net ^ t->seed[0], t->seed[1] | 1);

	return &t->buckets[fold(h ^ family, t->seed[0] | 1) & t->bucket_mask];
}

static struct source *add(
    struct source_table *t, struct source **bucket, struct key k)
{
	struct source *s = t->spare;

	if (s) {
		t->spare = s->next;
	} else {
		BUG_ON(t->fresh == t->size);
		s = &t->entries[t->fresh++];
	}
	*s = (struct source){
	    .next = *bucket, .net = k.net, .family = k.family};
	list_init(&s->waiters);
	list_init(&s->turn);
	*bucket = s;
	t->count++;
	return s;
}

struct source *source_take(struct source_table *t,
    const struct source_conf *conf, const struct peer *peer)
{
	struct key k = key_of(peer);
	struct source **bucket = bucket_of(t, k.net, k.family);
	struct source *s = *bucket;

	while (s && (s->net != k.net || s->family != k.family))
		s = s->next;
	if (!s)
		s = add(t, bucket, k);
	else if (conf->per_source > 0 && s->count >= conf->per_source)
		return NULL;
	s->count++;
	return s;
}

void source_give(struct source_table *t, struct source *s)
{
	struct source **link = bucket_of(t, s->net, s->family);

	BUG_ON(s->count == 0);
	if (--s->count > 0)
		return;
	BUG_ON(s->waiting > 0);
	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	s->next = t->spare;
	t->spare = s;
	t->count--;
}
