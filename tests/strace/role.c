/*
 * role.c: who is who among the descriptors.
 *
 * Roles are never removed, only closed: a late event may still name one.
 */
#include "role.h"

#include <stdio.h>
#include <string.h>

void role_table_init(struct role_table *t)
{
	memset(t, 0, sizeof(*t));
}

static bool is_singular(char kind)
{
	return kind == 'L' || kind == 'E' || kind == 'G';
}

static void name_role(struct role_table *t, struct role *r, char kind,
    const char *suffix)
{
	unsigned int n = ++t->next_number[(unsigned char)kind & 127];

	r->kind = kind;
	if (is_singular(kind) && n == 1)
		snprintf(r->name, sizeof(r->name), "%c", kind);
	else
		snprintf(r->name, sizeof(r->name), "%c%u%s", kind, n, suffix);
}

struct role *role_open(struct role_table *t, int64_t fd, char kind,
    const char *suffix)
{
	struct role *r;

	if (fd < 0 || fd >= ROLE_FD_MAX || t->count == ROLE_MAX)
		return NULL;
	role_close(t, fd);
	r = &t->role[t->count++];
	t->by_fd[fd] = (int)t->count;
	memset(r, 0, sizeof(*r));
	r->open = true;
	r->in.stream = STREAM_UNBOUND;
	r->out.stream = STREAM_UNBOUND;
	r->pipe_peer = -1;
	name_role(t, r, kind, suffix);
	return r;
}

struct role *role_find(struct role_table *t, int64_t fd)
{
	if (fd < 0 || fd >= ROLE_FD_MAX || t->by_fd[fd] == 0)
		return NULL;
	return &t->role[t->by_fd[fd] - 1];
}

struct role *role_need(struct role_table *t, int64_t fd, char kind)
{
	struct role *r = role_find(t, fd);

	return r ? r : role_open(t, fd, kind, "");
}

void role_close(struct role_table *t, int64_t fd)
{
	struct role *r = role_find(t, fd);

	if (!r)
		return;
	r->open = false;
	t->by_fd[fd] = 0;
}

void role_rename(struct role_table *t, struct role *r, char kind)
{
	unsigned int *last = &t->next_number[(unsigned char)r->kind & 127];
	unsigned int number = 0;

	if (r->kind == kind)
		return;
	if (sscanf(r->name + 1, "%u", &number) == 1 && number == *last)
		(*last)--;
	name_role(t, r, kind, "");
}

struct role *role_by_data(struct role_table *t, uint64_t data)
{
	struct role *found = NULL;

	for (size_t i = 0; i < t->count; i++) {
		struct role *r = &t->role[i];

		if (!r->watched || r->data != data)
			continue;
		if (r->open)
			return r;
		found = r;
	}
	return found;
}

void role_settle(struct role_table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct role *r = &t->role[i];

		if (r->open && (r->kind == 'S' || r->kind == 'C'))
			role_rename(t, r, 'U');
	}
	t->next_number['S'] = 0;
	t->next_number['C'] = 0;
}
