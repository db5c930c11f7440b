/* canon_poll.c: who is watched for what, and what a wait brought: epoll,
 * poll and select in one form. */
#include "canon_impl.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 1024 };

struct event {
	const struct role *role;
	uint64_t mask;
	size_t order;
};

void canon_epoll_create(struct canon *c, const struct line *l)
{
	struct role *r = canon_open(c, l, 'E');

	canon_say_role(c, r);
	canon_say(c, "epoll");
	if (r && slice_is(l->name, "epoll_create1"))
		role_set_cloexec(c->task->fds, l->ret,
		    word_value(word_open, canon_arg(l, 0)) & 0x80000);
	if (r && !c->task->fds->slot[l->ret].cloexec)
		canon_say(c, " no-CLOEXEC");
	canon_say_failure(c, l);
}

/* "IN|RDHUP"; no bit at all is "none". */
static void say_mask(struct canon *c, uint64_t mask)
{
	const char *bar = "";

	if (mask == 0)
		canon_say(c, "none");
	for (const struct word *w = word_epoll; w->name; w++) {
		if (!(mask & w->value))
			continue;
		canon_say(c, "%s%s", bar, w->name + strlen("EPOLL"));
		bar = "|";
	}
}

/* Takes {events=EPOLLIN, data={u32=5, u64=5}}, or the old {EPOLLIN, {...}},
 * apart. */
static uint64_t event_parse(struct slice a, uint64_t *out_data)
{
	struct slice mask = slice_after(a, "events=");
	int64_t data = 0;

	if (mask.len == 0 && a.len > 0)
		mask = slice_skip(a, 1);
	mask.len = slice_element(mask);
	slice_number(slice_after(a, "u64="), &data);
	*out_data = (uint64_t)data;
	return word_value(word_epoll, mask);
}

void canon_epoll_ctl(struct canon *c, const struct line *l)
{
	static const char *const verbs[] = {"?", "add", "del", "mod"};
	struct role *e = canon_need(c, canon_fd(l), 'E');
	uint64_t op = word_value(word_epoll_op, canon_arg(l, 1)), data = 0,
		 mask;
	struct role *r;
	int64_t fd;

	if (!e || op < 1 || op > 3 || !slice_number(canon_arg(l, 2), &fd)) {
		canon_generic(c, l);
		return;
	}
	r = canon_need(c, fd, 'U');
	canon_say(c, "%s %s %s", e->name, verbs[op], r ? r->name : "-");
	if (op != 2 && l->arg_count > 3) {
		mask = event_parse(l->arg[3], &data);
		canon_say(c, " ");
		say_mask(c, mask);
	}
	if (!canon_say_failure(c, l) && r && op != 2 && l->arg_count > 3)
		role_watch(&c->roles, e, r, data);
}

/* By role, in the order in which roles came to be. */
static int by_role(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (!x->role || !y->role)
		return (x->role != NULL) - (y->role != NULL);
	return x->order < y->order ? -1 : x->order > y->order;
}

static void say_events(struct canon *c, struct event *events, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < c->roles.count; k++) {
			if (c->roles.role[k] == events[i].role)
				events[i].order = k;
		}
	}
	qsort(events, n, sizeof(events[0]), by_role);
	for (size_t i = 0; i < n; i++) {
		const struct role *r = events[i].role;

		canon_say(c, " %s:", r ? r->name : "?");
		say_mask(c, events[i].mask);
		if (!r || r->descriptors == 0)
			canon_say(c, "(stale)");
	}
}

/* A role watched before the trace began registered under its number. */
static const struct role *role_of_event(
    struct canon *c, const struct role *e, uint64_t data)
{
	struct role *r = role_by_data(&c->roles, e, data);

	if (!r && data < ROLE_FD_MAX)
		r = canon_need(c, (int64_t)data, 'U');
	return r;
}

/* The next {...} of a list, or false. */
static bool next_struct(struct slice *list, struct slice *out)
{
	const char *at = list->len ? memchr(list->s, '{', list->len) : NULL;

	if (!at)
		return false;
	*list = slice_skip(*list, (size_t)(at - list->s));
	*out = (struct slice){list->s, slice_element(*list)};
	*list = slice_skip(*list, out->len);
	return true;
}

/* "inf", "0", the name of the shortest timer that is not shorter, or T. */
static void say_timeout_ms(struct canon *c, int64_t ms)
{
	if (ms < 0) {
		canon_say(c, " inf");
		return;
	}
	if (ms == 0) {
		canon_say(c, " 0");
		return;
	}
	for (size_t i = 0; i < c->timer_count; i++) {
		if (ms <= c->timers[i].ms) {
			canon_say(c, " %s", c->timers[i].name);
			return;
		}
	}
	canon_say(c, " T");
}

/* 1000, NULL, {tv_sec=1, tv_nsec=0} or {tv_sec=1, tv_usec=0}. */
static void say_timeout(struct canon *c, struct slice timeout)
{
	int64_t s = 0, part = 0;

	if (timeout.len == 0) { /* killed within the call */
		canon_say(c, " T");
		return;
	}
	if (slice_is(timeout, "NULL")) {
		say_timeout_ms(c, -1);
		return;
	}
	if (slice_number(timeout, &part)) {
		/* An int; -1 may be printed as 4294967295. */
		say_timeout_ms(c, (int32_t)part);
		return;
	}
	slice_number(slice_after(timeout, "tv_sec="), &s);
	if (slice_number(slice_after(timeout, "tv_nsec="), &part))
		part = (part + 999999) / 1000000;
	else if (slice_number(slice_after(timeout, "tv_usec="), &part))
		part = (part + 999) / 1000;
	say_timeout_ms(c, s < INT32_MAX ? s * 1000 + part : INT32_MAX);
}

void canon_epoll_wait(struct canon *c, const struct line *l)
{
	struct role *e = canon_need(c, canon_fd(l), 'E');
	struct slice list = canon_arg(l, 1), one;
	struct event events[EVENTS_MAX];
	size_t n = 0;

	canon_say_role(c, e);
	canon_say(c, "wait");
	say_timeout(c, canon_arg(l, 3));
	if (canon_say_failure(c, l))
		return;
	canon_say(c, " ->%s", l->ret == 0 ? " -" : "");
	while (l->ret > 0 && n < EVENTS_MAX && next_struct(&list, &one)) {
		uint64_t data;

		events[n].mask = event_parse(one, &data);
		events[n++].role = role_of_event(c, e, data);
	}
	if (l->ret > 0 && n == 0)
		canon_say(c, " ?");
	say_events(c, events, n);
}

/* [{fd=6, events=POLLIN}, ...]: said as "C1:IN ..."; POLL's bits are
 * EPOLL's. */
static void say_pollfds(struct canon *c, struct slice list, const char *field)
{
	struct event events[EVENTS_MAX];
	struct slice one;
	size_t n = 0;
	int64_t fd;

	while (n < EVENTS_MAX && next_struct(&list, &one)) {
		struct slice mask = slice_after(one, field);

		if (!slice_number(slice_after(one, "fd="), &fd) || fd < 0)
			continue;
		mask.len = strnlen(mask.s, mask.len);
		for (size_t i = 0; i < mask.len; i++) {
			if (mask.s[i] == ',' || mask.s[i] == '}')
				mask.len = i;
		}
		events[n].mask = word_value(word_poll, mask);
		events[n++].role = canon_need(c, fd, 'U');
	}
	say_events(c, events, n);
}

void canon_poll(struct canon *c, const struct line *l)
{
	canon_say(c, "poll wait");
	say_timeout(c, canon_arg(l, 2));
	say_pollfds(c, canon_arg(l, 0), "events=");
	if (canon_say_failure(c, l))
		return;
	canon_say(c, " ->%s", l->ret == 0 ? " -" : "");
	if (l->ret > 0 && !slice_has(l->tail, "revents="))
		canon_say(c, " ?");
	say_pollfds(c, slice_after(l->tail, "(["), "revents=");
}

/* "[3 6]": adds `bit` to each one's event. */
static size_t add_set(struct canon *c, struct slice set, uint64_t bit,
    struct event *events, size_t n)
{
	int64_t fd;

	set = slice_after(set, "[");
	while (slice_number(set, &fd)) {
		const struct role *r = canon_need(c, fd, 'U');
		const char *space = memchr(set.s, ' ', set.len);
		const char *end = memchr(set.s, ']', set.len);
		size_t i = 0;

		while (i < n && events[i].role != r)
			i++;
		if (i == EVENTS_MAX)
			break;
		if (i == n)
			events[n++] = (struct event){.role = r};
		events[i].mask |= bit;
		if (!space || (end && end < space))
			break;
		set = slice_skip(set, (size_t)(space + 1 - set.s));
	}
	return n;
}

void canon_select(struct canon *c, const struct line *l)
{
	enum { IN = 1, PRI = 2, OUT = 4 };
	struct event events[EVENTS_MAX];
	size_t n = 0;

	canon_say(c, "select wait");
	say_timeout(c, canon_arg(l, 4));
	n = add_set(c, canon_arg(l, 1), IN, events, n);
	n = add_set(c, canon_arg(l, 2), OUT, events, n);
	n = add_set(c, canon_arg(l, 3), PRI, events, n);
	say_events(c, events, n);
	if (canon_say_failure(c, l))
		return;
	n = add_set(c, slice_after(l->tail, "in "), IN, events, 0);
	n = add_set(c, slice_after(l->tail, "out "), OUT, events, n);
	n = add_set(c, slice_after(l->tail, "exc "), PRI, events, n);
	canon_say(c, " ->%s", l->ret == 0 ? " -" : n == 0 ? " ?" : "");
	say_events(c, events, n);
}

/* After a signal, the wait goes on; strace does not decode what it brings. */
void canon_restart(struct canon *c, const struct line *l)
{
	canon_say(c, "%s wait T",
	    slice_has(canon_arg(l, 0), "select") ? "select" : "poll");
	if (!canon_say_failure(c, l))
		canon_say(c, " -> %s", l->ret == 0 ? "-" : "?");
}
