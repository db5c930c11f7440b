/*
 * role.c: who is who among the descriptors.
 *
 * Roles are never removed, only closed: a late event may still name one.
 */
#include "role.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EX_OSERR = 71 };

void *role_grow(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p) {
		fprintf(stderr, "traceform: out of memory\n");
		exit(EX_OSERR);
	}
	return p;
}

void role_set_fini(struct role_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->role[i]);
	free(set->role);
	free(set->watch);
	memset(set, 0, sizeof(*set));
}

static bool is_singular(char kind)
{
	return kind == 'L' || kind == 'E' || kind == 'G';
}

static void name_role(
    struct role_set *set, struct role *r, char kind, const char *suffix)
{
	unsigned int n = ++set->next_number[(unsigned char)kind & 127];

	r->kind = kind;
	if (is_singular(kind) && n == 1)
		snprintf(r->name, sizeof(r->name), "%c", kind);
	else
		snprintf(r->name, sizeof(r->name), "%c%u%s", kind, n, suffix);
}

/* An array that doubles whenever its count reaches a power of two. */
static void *room_for_one(void *array, size_t count, size_t item)
{
	if (count & (count - 1))
		return array;
	return role_grow(array, (count ? 2 * count : 1) * item);
}

struct role *role_open(struct role_set *set, struct fd_table *t, int64_t fd,
    char kind, const char *suffix)
{
	struct role *r;

	if (fd < 0 || fd >= ROLE_FD_MAX)
		return NULL;
	set->role = room_for_one(set->role, set->count, sizeof(void *));
	r = memset(role_grow(NULL, sizeof(*r)), 0, sizeof(*r));
	set->role[set->count++] = r;
	r->in.stream = r->out.stream = r->learnt = STREAM_UNBOUND;
	name_role(set, r, kind, suffix);
	role_install(t, fd, r, false);
	return r;
}

struct role *role_find(const struct fd_table *t, int64_t fd)
{
	if (fd < 0 || (uint64_t)fd >= t->size)
		return NULL;
	return t->slot[fd].role;
}

void role_install(struct fd_table *t, int64_t fd, struct role *r, bool cloexec)
{
	size_t need = (size_t)fd + 1;

	if (fd < 0 || fd >= ROLE_FD_MAX)
		return;
	if (need > t->size) {
		t->slot = role_grow(t->slot, need * sizeof(t->slot[0]));
		memset(t->slot + t->size, 0,
		    (need - t->size) * sizeof(t->slot[0]));
		t->size = need;
	}
	r->descriptors++;
	role_close(t, fd);
	t->slot[fd] = (struct fd_slot){r, cloexec};
}

void role_close(struct fd_table *t, int64_t fd)
{
	struct role *r = role_find(t, fd);

	if (!r)
		return;
	r->descriptors--;
	t->slot[fd].role = NULL;
}

void role_set_cloexec(struct fd_table *t, int64_t fd, bool on)
{
	if (role_find(t, fd))
		t->slot[fd].cloexec = on;
}

void role_rename(struct role_set *set, struct role *r, char kind)
{
	if (r->kind != kind)
		name_role(set, r, kind, "");
}

void role_watch(struct role_set *set, const struct role *epoll, struct role *r,
    uint64_t data)
{
	struct watch *w;

	for (size_t i = r->watched ? set->watch_count : 0; i-- > 0;) {
		w = &set->watch[i];
		if (w->epoll != epoll || w->role != r)
			continue;
		w->current = false;
		break;
	}
	r->watched = true;
	set->watch = room_for_one(set->watch, set->watch_count, sizeof(*w));
	set->watch[set->watch_count++] = (struct watch){epoll, r, data, true};
}

struct role *role_by_data(
    const struct role_set *set, const struct role *epoll, uint64_t data)
{
	struct role *closed = NULL;

	for (size_t i = set->watch_count; i-- > 0;) {
		const struct watch *w = &set->watch[i];

		if (w->epoll != epoll || w->data != data)
			continue;
		if (w->role->descriptors > 0 && w->current)
			return w->role;
		if (!closed)
			closed = w->role;
	}
	return closed;
}

void role_settle(struct role_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct role *r = set->role[i];

		if (r->descriptors > 0 && (r->kind == 'S' || r->kind == 'C'))
			role_rename(set, r, 'U');
	}
	set->next_number['S'] = 0;
	set->next_number['C'] = 0;
}

struct fd_table *fd_table_new(void)
{
	struct fd_table *t = role_grow(NULL, sizeof(*t));

	*t = (struct fd_table){.users = 1};
	return t;
}

struct fd_table *fd_table_copy(const struct fd_table *from)
{
	struct fd_table *t = fd_table_new();

	for (size_t i = from->size; i-- > 0;) {
		if (from->slot[i].role)
			role_install(t, (int64_t)i, from->slot[i].role,
			    from->slot[i].cloexec);
	}
	return t;
}

void fd_table_release(struct fd_table *t)
{
	if (--t->users > 0)
		return;
	for (size_t i = 0; i < t->size; i++)
		role_close(t, (int64_t)i);
	free(t->slot);
	free(t);
}
