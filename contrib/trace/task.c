/* task.c: see task.h. */
#include "task.h"

#include <stdlib.h>
#include <string.h>

#include "word.h"

bool task_is_clone(struct slice name)
{
	return slice_is(name, "clone") || slice_is(name, "clone3") ||
	       slice_is(name, "fork") || slice_is(name, "vfork");
}

bool task_shares(struct slice arguments)
{
	struct slice flags = slice_after(arguments, "flags=");
	size_t n = 0;

	while (n < flags.len && flags.s[n] != ',' && flags.s[n] != '}' &&
	       flags.s[n] != ')' && flags.s[n] != ' ')
		n++;
	flags.len = n;
	return word_value(word_clone, flags) & 0x400;
}

static struct task *add(struct task_set *set, int64_t pid, struct fd_table *fds)
{
	struct task *t = role_grow(NULL, sizeof(*t));

	*t = (struct task){.pid = pid, .fds = fds};
	set->task = role_grow(set->task, (set->count + 1) * sizeof(void *));
	set->task[set->count++] = t;
	return t;
}

static struct task *find(const struct task_set *set, int64_t pid)
{
	for (size_t i = set->count; i-- > 0;) {
		if (set->task[i]->pid == pid && !set->task[i]->gone)
			return set->task[i];
	}
	return NULL;
}

static struct fd_table *table_for_child(const struct task *parent, bool shares)
{
	if (!shares)
		return fd_table_copy(parent->fds);
	parent->fds->users++;
	return parent->fds;
}

void task_birth(
    struct task_set *set, const struct task *parent, int64_t pid, bool shares)
{
	if (!find(set, pid))
		add(set, pid, table_for_child(parent, shares));
}

/* The task whose clone is under way and whose child has not been seen. */
static struct task *expecting(const struct task_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct task *t = set->task[i];
		struct slice call = {t->held, t->held ? strlen(t->held) : 0};
		const char *end = memchr(call.s ? call.s : "", '(', call.len);

		if (!end || t->child_seen || t->gone)
			continue;
		call.len = (size_t)(end - call.s);
		if (task_is_clone(call))
			return t;
	}
	return NULL;
}

static struct task *last_alive(const struct task_set *set)
{
	for (size_t i = set->count; i-- > 0;) {
		if (!set->task[i]->gone)
			return set->task[i];
	}
	return NULL;
}

struct task *task_of(struct task_set *set, int64_t pid)
{
	struct task *t = pid ? find(set, pid) : last_alive(set);
	struct task *parent;

	if (t)
		return t;
	parent = pid ? expecting(set) : NULL;
	if (parent) {
		parent->child_seen = true;
		return add(set, pid,
		    table_for_child(
			parent, task_shares((struct slice){
				    parent->held, strlen(parent->held)})));
	}
	t = find(set, 0);
	if (t) {
		t->pid = pid;
		return t;
	}
	parent = last_alive(set);
	return add(
	    set, pid, parent ? table_for_child(parent, true) : fd_table_new());
}

void task_exec(struct task *t)
{
	if (t->fds->users > 1) {
		struct fd_table *own = fd_table_copy(t->fds);

		fd_table_release(t->fds);
		t->fds = own;
	}
	for (size_t i = 0; i < t->fds->size; i++) {
		if (t->fds->slot[i].cloexec)
			role_close(t->fds, (int64_t)i);
	}
}

void task_exit(struct task *t)
{
	if (t->gone)
		return;
	t->gone = true;
	fd_table_release(t->fds);
	t->fds = NULL;
	free(t->held);
	t->held = NULL;
}

void task_set_fini(struct task_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		task_exit(set->task[i]);
		free(set->task[i]);
	}
	free(set->task);
	*set = (struct task_set){NULL, 0};
}
