/*
 * clients.c: a hash table of chains in memory that was given once.
 *
 * Zero memory is a valid empty table: buckets are NULL, and entries beyond
 * `fresh` have never been touched, so a large table costs no pages before
 * there are clients.
 */
#include "policy/clients.h"

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

size_t clients_bytes(size_t seats)
{
	return seats * sizeof(struct client) +
	    bucket_count(seats) * sizeof(struct client *);
}

void clients_init(struct clients *t, void *memory, size_t seats,
    const uint64_t seed[2])
{
	*t = (struct clients){
	    .entries = memory,
	    .buckets = (struct client **)((struct client *)memory + seats),
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

/* Each bit of `x` reaches each of the result (the last steps of splitmix64),
 * by multiplications that a 32-bit machine has too. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static struct client **bucket_of(
    const struct clients *t, uint64_t net, uint16_t family)
{
	uint64_t h = mix(net ^ t->seed[0]) + family;

	return &t->buckets[mix(h ^ t->seed[1]) & t->bucket_mask];
}

static struct client *add(
    struct clients *t, struct client **bucket, struct key k)
{
	struct client *s = t->spare;

	if (s) {
		t->spare = s->next;
	} else {
		BUG_ON(t->fresh == t->size);
		s = &t->entries[t->fresh++];
	}
	*s = (struct client){
	    .next = *bucket, .net = k.net, .family = k.family};
	list_init(&s->waiters);
	list_init(&s->turn);
	*bucket = s;
	t->count++;
	return s;
}

struct client *clients_take(struct clients *t,
    const struct clients_conf *conf, const struct peer *peer)
{
	struct key k = key_of(peer);
	struct client **bucket = bucket_of(t, k.net, k.family);
	struct client *s = *bucket;

	while (s && (s->net != k.net || s->family != k.family))
		s = s->next;
	if (!s)
		s = add(t, bucket, k);
	else if (conf->per_source > 0 && s->count >= conf->per_source)
		return NULL;
	s->count++;
	return s;
}

void clients_give(struct clients *t, struct client *s)
{
	struct client **link = bucket_of(t, s->net, s->family);

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
