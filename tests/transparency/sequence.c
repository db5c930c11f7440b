/*
 * sequence.c: lists, reads and prints sequences of actions.
 */
#include "sequence.h"

#include <stdio.h>
#include <string.h>

const char side_letter[SIDES] = {'c', 's'};
static const char *const verb_name[VERBS] = {"snd", "rcv", "shw", "clo", "rst"};

struct listing {
	struct sequence *out;
	size_t count;
	unsigned int depth;
};

static void list_from(struct listing *l, struct sequence *s, bool open[SIDES])
{
	if (s->len == l->depth || (!open[CLIENT] && !open[SERVER])) {
		if (l->out != NULL)
			l->out[l->count] = *s;
		l->count++;
		return;
	}
	for (unsigned int i = 0; i < SIDES * VERBS; i++) {
		struct action a = {(uint8_t)(i / VERBS), (uint8_t)(i % VERBS)};

		if (!open[a.side])
			continue;
		s->act[s->len++] = a;
		open[a.side] = !verb_closes(a.verb);
		list_from(l, s, open);
		open[a.side] = true;
		s->len--;
	}
}

size_t sequence_list(unsigned int depth, struct sequence *out)
{
	struct listing l = {.out = out, .depth = depth};
	struct sequence s = {.len = 0};
	bool open[SIDES] = {true, true};

	list_from(&l, &s, open);
	return l.count;
}

unsigned int sequence_turn_end(const struct sequence *s, unsigned int start)
{
	unsigned int i = start;

	while (i < s->len && s->act[i].side == s->act[start].side)
		i++;
	return i;
}

static bool parse_action(const char *text, struct action *out)
{
	char word[6];

	for (unsigned int i = 0; i < SIDES * VERBS; i++) {
		struct action a = {(uint8_t)(i / VERBS), (uint8_t)(i % VERBS)};

		if (strncmp(text, action_print(&a, word), 5) == 0) {
			*out = a;
			return true;
		}
	}
	return false;
}

bool sequence_parse(const char *text, struct sequence *out)
{
	struct sequence s = {.len = 0};
	bool open[SIDES] = {true, true};
	struct action a;

	for (;; text++) {
		if (s.len == DEPTH_MAX || !parse_action(text, &a) ||
		    !open[a.side])
			return false;
		s.act[s.len++] = a;
		open[a.side] = !verb_closes(a.verb);
		text += 5;
		if (*text == '\0')
			break;
		if (*text != ',')
			return false;
	}
	*out = s;
	return true;
}

const char *action_print(const struct action *a, char out_text[6])
{
	snprintf(
	    out_text, 6, "%c:%s", side_letter[a->side], verb_name[a->verb]);
	return out_text;
}

const char *sequence_print(
    const struct sequence *s, char out_text[SEQUENCE_TEXT_MAX])
{
	char *p = out_text;

	*p = '\0';
	for (unsigned int i = 0; i < s->len; i++) {
		if (i > 0)
			*p++ = ',';
		action_print(&s->act[i], p);
		p += 5;
	}
	return out_text;
}
