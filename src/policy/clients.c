/*
 * clients.c: a hash table of chains in memory that was given once.
 *
 * Zero memory is a valid empty table: buckets are NULL, and entries beyond
 * `fresh` have never been touched, so a large table costs no pages before
 * there are clients. There is an entry for every take and every idle one.
 */
#include "policy/clients.h"

#include <string.h>

#include "base/bug.h"

struct key {
	uint64_t net;
	uint16_t family;
};

static size_t bucket_count(size_t entries)
{
	size_t n = 1;

	while (n < entries)
		n *= 2;
	return n;
}

size_t clients_bytes(size_t takes)
{
	size_t entries = takes + CLIENTS_IDLE_MAX;

	return entries * sizeof(struct client) +
	       bucket_count(entries) * sizeof(struct client *);
}

void clients_init(
    struct clients *t, void *memory, size_t takes, const uint64_t seed[2])
{
	size_t entries = takes + CLIENTS_IDLE_MAX;

	*t = (struct clients){
	    .entries = memory,
	    .buckets = (struct client **)((struct client *)memory + entries),
	    .size = entries,
	    .bucket_mask = bucket_count(entries) - 1,
	    .seed = {seed[0], seed[1]},
	};
	list_init(&t->idle);
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

static void forget(struct clients *t, struct client *c)
{
	struct client **link = bucket_of(t, c->net, c->family);

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	c->next = t->spare;
	t->spare = c;
}

static void leave_idle(struct clients *t, struct client *c)
{
	list_remove(&c->idle);
	t->idle_count--;
}

static struct client *add(
    struct clients *t, struct client **bucket, struct key k)
{
	struct client *c = t->spare;

	if (c) {
		t->spare = c->next;
	} else {
		BUG_ON(t->fresh == t->size);
		c = &t->entries[t->fresh++];
	}
	*c = (struct client){.next = *bucket, .net = k.net, .family = k.family};
	list_init(&c->idle);
	list_init(&c->waiters);
	list_init(&c->turn);
	*bucket = c;
	return c;
}

struct client *clients_take(struct clients *t, const struct peer *peer)
{
	struct key k = key_of(peer);
	struct client **bucket = bucket_of(t, k.net, k.family);
	struct client *c = *bucket;

	while (c && (c->net != k.net || c->family != k.family))
		c = c->next;
	if (!c)
		c = add(t, bucket, k);
	else if (!list_empty(&c->idle))
		leave_idle(t, c);
	if (c->count + c->links == 0)
		t->count++;
	c->count++;
	return c;
}

bool clients_is_over(const struct clients_conf *conf, const struct client *c)
{
	return conf->per_source > 0 && c->count > conf->per_source;
}

/* Nothing is taken any more: the entry goes, or stays for request-limit. */
static void let_go(struct clients *t, struct client *c)
{
	struct client *oldest;

	if (c->count + c->links > 0)
		return;
	BUG_ON(c->waiting > 0);
	t->count--;
	if (c->limited_until_us == 0) {
		forget(t, c);
		return;
	}
	list_append(&t->idle, &c->idle);
	if (++t->idle_count <= CLIENTS_IDLE_MAX)
		return;
	oldest = container_of(t->idle.next, struct client, idle);
	leave_idle(t, oldest);
	forget(t, oldest);
}

void clients_give(struct clients *t, struct client *c)
{
	BUG_ON(c->count == 0);
	c->count--;
	let_go(t, c);
}

void clients_take_link(struct client *c)
{
	BUG_ON(c->count + c->links == 0);
	c->links++;
}

void clients_give_link(struct clients *t, struct client *c)
{
	BUG_ON(c->links == 0);
	c->links--;
	let_go(t, c);
}

/* The moment up to which requests so far have used up their share runs ahead
 * of now by a step a request, and by TIME at most. */
bool clients_request(const struct clients_conf *conf, struct client *c,
    int64_t now_ms, int64_t *out_wait_ms)
{
	int64_t now_us = now_ms * 1000, until_us = c->limited_until_us;
	int64_t time_us = conf->request_limit_ms * 1000;

	if (conf->request_limit == 0 || time_us == 0)
		return true;
	if (until_us < now_us)
		until_us = now_us;
	until_us += time_us / conf->request_limit;
	if (until_us - now_us > time_us) {
		*out_wait_ms = (until_us - now_us - time_us + 999) / 1000;
		return false;
	}
	c->limited_until_us = until_us;
	return true;
}
