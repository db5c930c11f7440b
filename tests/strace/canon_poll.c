/* canon_poll.c: epoll: who is watched for what, and what a wait brought. */
#include "canon_impl.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 256, MASK_MAX = 128 };

struct event {
	const struct role *role;
	uint64_t data;
	char mask[MASK_MAX];
};

void canon_epoll_create(struct canon *c, const struct line *l)
{
	struct role *r = l->has_ret ? role_open(&c->roles, l->ret, 'E', "") :
				      NULL;

	canon_say(c, "%s epoll", r ? r->name : "-");
	canon_say_failure(c, l);
}

/* "EPOLLIN|EPOLLRDHUP" without the prefixes; "0" is "none". */
static void mask_text(struct slice mask, char out[MASK_MAX])
{
	size_t n = 0;

	if (mask.len > 0 && mask.s[0] == '0') {
		strcpy(out, "none");
		return;
	}
	while (mask.len > 0 && n + 1 < MASK_MAX) {
		if (mask.len > 5 && memcmp(mask.s, "EPOLL", 5) == 0) {
			mask.s += 5;
			mask.len -= 5;
		}
		out[n++] = *mask.s++;
		mask.len--;
	}
	out[n] = '\0';
}

/* Takes {events=EPOLLIN, data={u32=5, u64=5}}, or the old {EPOLLIN, {...}},
 * apart. */
static void event_parse(struct slice a, struct event *out)
{
	struct slice mask = slice_after(a, "events=");
	struct slice u64 = slice_after(a, "u64=");
	int64_t data = 0;

	if (mask.len == 0 && a.len > 0)
		mask = (struct slice){a.s + 1, a.len - 1};
	mask.len = slice_element(mask);
	mask_text(mask, out->mask);
	slice_number(u64, &data);
	out->data = (uint64_t)data;
}

static const char *verb_of(struct slice op)
{
	if (slice_is(op, "EPOLL_CTL_ADD"))
		return "add";
	return slice_is(op, "EPOLL_CTL_MOD") ? "mod" : "del";
}

void canon_epoll_ctl(struct canon *c, const struct line *l)
{
	struct role *e = role_need(&c->roles, canon_fd(l), 'E');
	struct role *r = NULL;
	struct event ev = {0};
	const char *verb;
	int64_t fd;

	if (l->arg_count < 3) {
		canon_generic(c, l);
		return;
	}
	verb = verb_of(l->arg[1]);
	if (slice_number(l->arg[2], &fd))
		r = role_need(&c->roles, fd, 'U');
	canon_say(c, "%s %s %s", e ? e->name : "-", verb, r ? r->name : "-");
	if (strcmp(verb, "del") != 0 && l->arg_count > 3) {
		event_parse(l->arg[3], &ev);
		canon_say(c, " %s", ev.mask);
	}
	if (canon_say_failure(c, l) || !r)
		return;
	if (ev.mask[0]) {
		r->watched = true;
		r->data = ev.data;
	}
}

static int by_role(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (!x->role || !y->role)
		return (x->role != NULL) - (y->role != NULL);
	return x->role < y->role ? -1 : x->role > y->role;
}

/* A role watched before the trace began registered under its number. */
static const struct role *role_of_event(struct canon *c, uint64_t data)
{
	struct role *r = role_by_data(&c->roles, data);

	if (!r && data < ROLE_FD_MAX)
		r = role_need(&c->roles, (int64_t)data, 'U');
	return r;
}

static size_t parse_events(struct canon *c, struct slice list,
    struct event *events)
{
	size_t n = 0;

	while (list.len > 0 && (*list.s == ' ' || *list.s == ','
	    || *list.s == '[')) {
		size_t len;

		list.s++;
		list.len--;
		if (list.len == 0 || *list.s != '{')
			continue;
		len = slice_element(list);
		if (n < EVENTS_MAX) {
			event_parse((struct slice){list.s, len}, &events[n]);
			events[n].role = role_of_event(c, events[n].data);
			n++;
		}
		list.s += len;
		list.len -= len;
	}
	return n;
}

static void say_timeout(struct canon *c, struct slice timeout)
{
	int64_t ms;

	if (slice_is(timeout, "NULL") ||
	    (slice_number(timeout, &ms) && ms < 0))
		canon_say(c, " inf");
	else if (slice_number(timeout, &ms) && ms == 0)
		canon_say(c, " 0");
	else
		canon_say(c, " T");
}

void canon_epoll_wait(struct canon *c, const struct line *l)
{
	struct role *e = role_need(&c->roles, canon_fd(l), 'E');
	struct event events[EVENTS_MAX];
	size_t n = 0;

	canon_say(c, "%s wait", e ? e->name : "-");
	if (l->arg_count > 3)
		say_timeout(c, l->arg[3]);
	if (canon_say_failure(c, l))
		return;
	if (l->arg_count > 1 && l->ret > 0)
		n = parse_events(c, l->arg[1], events);
	qsort(events, n, sizeof(events[0]), by_role);
	canon_say(c, " ->%s", n == 0 ? " -" : "");
	for (size_t i = 0; i < n; i++) {
		const struct role *r = events[i].role;

		canon_say(c, " %s:%s%s", r ? r->name : "?", events[i].mask,
		    r && r->open ? "" : "(stale)");
	}
}
