/*
 * ev_timer.c: deadlines in a binary heap, lazily.
 *
 * A busy connection moves its deadline with every byte. Moving it later writes
 * one number; the heap keeps the old, earlier key. When that key comes up the
 * timer is put back under its true deadline, so a connection costs at most one
 * heap move per elapsed period, however many bytes it carried.
 */
#include "evloop/ev_loop.h"

#include "base/bug.h"

static bool earlier(const struct ev_timer *a, const struct ev_timer *b)
{
	if (a->heap_ms != b->heap_ms)
		return a->heap_ms < b->heap_ms;
	return (int32_t)(a->heap_order - b->heap_order) < 0;
}

static void put(struct ev_loop *loop, uint32_t place, struct ev_timer *t)
{
	loop->heap[place] = t;
	t->place = place;
}

static void sift_up(struct ev_loop *loop, struct ev_timer *t)
{
	uint32_t place = t->place;

	while (place > 1 && earlier(t, loop->heap[place / 2])) {
		put(loop, place, loop->heap[place / 2]);
		place /= 2;
	}
	put(loop, place, t);
}

static void sift_down(struct ev_loop *loop, struct ev_timer *t)
{
	uint32_t place = t->place;
	uint32_t child;

	while ((child = place * 2) <= loop->heap_count) {
		if (child < loop->heap_count &&
		    earlier(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!earlier(loop->heap[child], t))
			break;
		put(loop, place, loop->heap[child]);
		place = child;
	}
	put(loop, place, t);
}

static void take_true_key(struct ev_timer *t)
{
	t->heap_ms = t->deadline_ms;
	t->heap_order = t->order;
}

void ev_timer_init(
    struct ev_timer *t, void (*on_timer)(struct ev_loop *, struct ev_timer *))
{
	*t = (struct ev_timer){.on_timer = on_timer};
}

void ev_timer_set(struct ev_loop *loop, struct ev_timer *t, int64_t deadline_ms)
{
	t->deadline_ms = deadline_ms;
	t->order = loop->next_order++;
	if (ev_timer_running(t) && deadline_ms >= t->heap_ms)
		return;
	take_true_key(t);
	if (!ev_timer_running(t)) {
		BUG_ON(loop->heap_count == loop->heap_limit);
		t->place = ++loop->heap_count;
	}
	sift_up(loop, t);
}

void ev_timer_stop(struct ev_loop *loop, struct ev_timer *t)
{
	struct ev_timer *last;

	if (!ev_timer_running(t))
		return;
	last = loop->heap[loop->heap_count--];
	if (last != t) {
		last->place = t->place;
		sift_up(loop, last);
		sift_down(loop, last);
	}
	t->place = 0;
}

/* Brings the true earliest deadline to the top before answering, so that
 * nobody wakes for a key that has long been moved. */
int64_t ev_timer_next(struct ev_loop *loop)
{
	struct ev_timer *t;

	while (loop->heap_count > 0) {
		t = loop->heap[1];
		if (t->heap_order == t->order)
			return t->heap_ms;
		take_true_key(t);
		sift_down(loop, t);
	}
	return INT64_MAX;
}

void ev_timer_fire(struct ev_loop *loop)
{
	struct ev_timer *t;

	while (loop->heap_count > 0 && loop->heap[1]->heap_ms <= loop->now_ms) {
		t = loop->heap[1];
		if (t->heap_order != t->order) {
			take_true_key(t);
			sift_down(loop, t);
			continue;
		}
		ev_timer_stop(loop, t);
		t->on_timer(loop, t);
	}
}
