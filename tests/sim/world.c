/*
 * world.c: time and the list of what is to happen: a binary heap.
 */
#include "world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { EVENTS_MAX = 1 << 16 };

struct event {
	int64_t at_us;
	uint64_t order;
	void (*fn)(void *obj, uint64_t arg);
	void *obj;
	uint64_t arg;
};

struct world world;
void (*on_violation)(const char *check, const char *text);

static struct event heap[EVENTS_MAX + 1];
static uint32_t count;
static uint64_t next_order;

uint32_t chance_skewed(struct chance *c, uint32_t most)
{
	uint32_t bits = 0;

	while (bits < 31 && most >> bits > 1)
		bits++;
	bits = chance_below(c, bits + 1);
	return chance_below(c, (most >> bits) + 1);
}

void world_start(uint64_t seed)
{
	count = 0;
	next_order = 0;
	world.now_us = INT64_C(1000000) * MS;
	world.digest = seed;
	world.calm = false;
	world.chance.state = seed;
}

static bool sooner(const struct event *a, const struct event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void world_at(
    int64_t at_us, void (*fn)(void *obj, uint64_t arg), void *obj, uint64_t arg)
{
	struct event e = {at_us, next_order++, fn, obj, arg};
	uint32_t i;

	if (e.at_us < world.now_us)
		e.at_us = world.now_us;
	FORBID(count == EVENTS_MAX, "world", "too much is to happen");
	for (i = ++count; i > 1 && sooner(&e, &heap[i / 2]); i /= 2)
		heap[i] = heap[i / 2];
	heap[i] = e;
}

int64_t world_next_us(void)
{
	return count > 0 ? heap[1].at_us : INT64_MAX;
}

static struct event take_first(void)
{
	struct event first = heap[1], last = heap[count--];
	uint32_t i = 1, child;

	while ((child = 2 * i) <= count) {
		if (child < count && sooner(&heap[child + 1], &heap[child]))
			child++;
		if (!sooner(&heap[child], &last))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return first;
}

void world_run_due(void)
{
	struct event e;

	while (count > 0 && heap[1].at_us <= world.now_us) {
		e = take_first();
		world.events++;
		e.fn(e.obj, e.arg);
	}
}

void world_tell(const char *format, ...)
{
	int64_t ms = world.now_us / MS - 1000000;
	va_list args;

	printf("%6" PRId64 ".%03d s  ", ms / 1000, (int)(ms % 1000));
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void violation(const char *check, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *at = text; *at; at++)
		if (*at < ' ')
			*at = '.';
	TELL("violation of \"%s\": %s", check, text);
	fflush(stdout);
	if (on_violation)
		on_violation(check, text);
	fprintf(stderr, "sim: %s: %s\n", check, text);
	exit(1);
}
