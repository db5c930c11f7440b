/*
 * list.h: a doubly linked ring, the links inside the listed structure.
 *
 * A `struct list` is either a head or a member. An unlinked member points to
 * itself, so list_remove is safe twice and list_empty(member) asks "is it in
 * no list?".
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Puts `item`, which must be in no list, last in the list of `head`. */
static inline void list_append(struct list *head, struct list *item)
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

/* Moves all of `more` to the end of the list of `head`. */
static inline void list_join(struct list *head, struct list *more)
{
	if (list_empty(more))
		return;
	more->next->prev = head->prev;
	head->prev->next = more->next;
	more->prev->next = head;
	head->prev = more->prev;
	list_init(more);
}

static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

#endif
