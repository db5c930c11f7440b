/*
 * automaton.c: an automaton's three published forms, and its trial against
 * the kernel.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mask.h"
#include "reduce.h"

static const char *result_print(int32_t result, char out_text[24])
{
	if (result < 0)
		snprintf(out_text, 24, "%s", strerrorname_np(-result));
	else
		snprintf(out_text, 24, "%d", result);
	return out_text;
}

/* Masks in hexadecimal: names would make the rows too long to read. */
static void md_row(const struct automaton *a, int number)
{
	const struct state *s = &a->state[number];
	char result[24];

	printf("| %d |", number);
	for (int i = 0; i < 2; i++)
		if (s->mask[i] == MASK_CLOSED)
			printf(" - |");
		else
			printf(" %x |", s->mask[i]);
	for (int k = 0; k < 2 * a->table->abc.count; k++)
		if (s->next[k] < 0)
			printf(" |");
		else
			printf(" %s, %d |", result_print(s->result[k], result),
			    s->next[k]);
	printf("\n");
}

void automaton_md(const struct automaton *a)
{
	const struct alphabet *abc = &a->table->abc;
	char name[ACT_ARGS_MAX];

	printf("| state | client | server |");
	for (int k = 0; k < 2 * abc->count; k++)
		printf(" %s |", letter_print(abc, k, name));
	printf("\n|---|---|---|");
	for (int k = 0; k < 2 * abc->count; k++)
		printf("---|");
	printf("\n");
	for (int i = 0; i < a->count; i++)
		md_row(a, i);
}

static const char *end_print(unsigned mask, char out_text[MASK_TEXT_MAX])
{
	if (mask == MASK_CLOSED)
		snprintf(out_text, MASK_TEXT_MAX, "closed");
	else
		mask_print(mask, out_text);
	return out_text;
}

/* All letters that lead from `s` to `to`, as one label; 0 if there is none. */
static int edge_print(const struct automaton *a, const struct state *s, int to,
    char *out_text, size_t size)
{
	char name[ACT_ARGS_MAX], result[24];
	int n = 0;

	for (int k = 0; k < 2 * a->table->abc.count; k++)
		if (s->next[k] == to && (size_t)n < size)
			n += snprintf(out_text + n, size - (size_t)n,
			    "%s%s: %s", n ? "\\n" : "",
			    letter_print(&a->table->abc, k, name),
			    result_print(s->result[k], result));
	return n;
}

/* Letters that lead nowhere are left out. */
void automaton_dot(const struct automaton *a)
{
	char text[2][MASK_TEXT_MAX], label[LETTERS_MAX * 64];

	printf("digraph readiness {\n\tnode [shape=box];\n");
	for (int i = 0; i < a->count; i++) {
		const struct state *s = &a->state[i];

		printf("\ts%d [label=\"%d\\n%s\\n%s\"];\n", i, i,
		    end_print(s->mask[0], text[0]),
		    end_print(s->mask[1], text[1]));
		for (int to = 0; to < a->count; to++)
			if (to != i &&
			    edge_print(a, s, to, label, sizeof(label)))
				printf("\ts%d -> s%d [label=\"%s\"];\n", i, to,
				    label);
	}
	printf("}\n");
}

static void c_head(const struct automaton *a)
{
	const struct alphabet *abc = &a->table->abc;
	char name[ACT_ARGS_MAX];

	printf("/*\n"
	    " * automaton.h: how a connection behaves, as a table. Generated from\n"
	    " * a kernel at work; do not edit. To make it again:\n"
	    " *\n"
	    " *   pollmap enum -k %d -o TABLE -a '%s'\n"
	    " *   pollmap reduce --c TABLE\n"
	    " *\n"
	    " * State 0 is a fresh TCP connection with TCP_NODELAY. In each state\n"
	    " * mask[] is what poll says of client and server when asked for IN,\n"
	    " * OUT and RDHUP, in the bits of Linux; AUTOMATON_CLOSED for an end\n"
	    " * that was closed. on[event] tells what a call returns, -errno for a\n"
	    " * failure, and the state that follows; next is -1 where the end that\n"
	    " * would act is closed. A receive takes all there is, its result 1\n"
	    " * stands for \"bytes\". A send sends 3 bytes; queues never fill.\n"
	    " */\n", a->table->lookahead, a->table->actions);
	printf("#ifndef AUTOMATON_H\n#define AUTOMATON_H\n\n"
	    "#include <errno.h>\n\nenum automaton_event {\n");
	for (int k = 0; k < 2 * abc->count; k++) {
		letter_print(abc, k, name);
		for (char *p = name; *p; p++)
			*p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
		printf("\tAUTOMATON_%s,\n", name);
	}
	printf("\tAUTOMATON_EVENTS\n};\n\n"
	    "enum { AUTOMATON_STATES = %d, AUTOMATON_CLOSED = 0x%x };\n\n"
	    "struct automaton_state {\n\tunsigned short mask[2];\n"
	    "\tstruct {\n\t\tshort result, next;\n"
	    "\t} on[AUTOMATON_EVENTS];\n};\n\n", a->count, MASK_CLOSED);
}

void automaton_c(const struct automaton *a)
{
	const struct alphabet *abc = &a->table->abc;
	char name[ACT_ARGS_MAX], result[24];

	c_head(a);
	printf("static const struct automaton_state "
	    "automaton[AUTOMATON_STATES] = {\n");
	for (int i = 0; i < a->count; i++) {
		const struct state *s = &a->state[i];

		printf("\t/* %d:", i);
		for (int k = 0; k < s->len; k++)
			printf(" %s", letter_print(abc, s->word[k], name));
		printf(" */\n\t{{0x%x, 0x%x}, {", s->mask[0], s->mask[1]);
		for (int k = 0; k < 2 * abc->count; k++)
			printf("%s{%s%s, %d}", k % 4 ? ", "
			    : k ? ",\n\t    " : "\n\t    ",
			    s->result[k] < 0 ? "-" : "",
			    result_print(s->result[k], result), s->next[k]);
		printf("}},\n");
	}
	printf("};\n\n#endif\n");
}

/* A random word, ended early when both sides are closed; returns its length. */
static int random_word(const struct automaton *a, int len, unsigned *seed,
    uint8_t *out_word)
{
	int state = 0;
	int n = 0;

	while (n < len && (a->state[state].mask[0] != MASK_CLOSED ||
	    a->state[state].mask[1] != MASK_CLOSED)) {
		int letter = rand_r(seed) % (2 * a->table->abc.count);

		if (a->state[state].next[letter] < 0)
			continue;
		out_word[n++] = (uint8_t)letter;
		state = a->state[state].next[letter];
	}
	return n;
}

/* Where the kernel leaves the automaton's way: the number of letters, or 0. */
static int departs(const struct automaton *a, const uint8_t *word, int len,
    const struct seen *seen)
{
	int state = 0;

	for (int i = 0; i < len; i++) {
		const struct state *s = &a->state[state];
		int result = seen_fold(a->table, word[i], seen[i + 1].result);

		state = s->next[word[i]];
		if (result != s->result[word[i]] ||
		    seen[i + 1].mask[0] != a->state[state].mask[0] ||
		    seen[i + 1].mask[1] != a->state[state].mask[1])
			return i + 1;
	}
	return 0;
}

static void tell_departure(const struct automaton *a, const uint8_t *word,
    int len, const struct seen *seen)
{
	char text[SEEN_TEXT_MAX], name[ACT_ARGS_MAX];

	for (int i = 0; i < len; i++)
		printf("%s ", letter_print(&a->table->abc, word[i], name));
	printf("gave %s\n", seen_print(&seen[len], text));
}

/* Walks `word`; again, if it departs, for a late segment can make it do so
 * once in a while. Returns where it departed every time, 0, or -errno. */
static int try_word(struct walk *w, const struct automaton *a,
    const uint8_t *word, int len, struct seen *out_seen)
{
	enum { TRIES = 3 };
	int at = 1;

	for (int i = 0; at > 0 && i < TRIES; i++) {
		at = walk_word(w, word, len, out_seen);
		if (at == 0)
			at = departs(a, word, len, out_seen);
	}
	return at;
}

int automaton_check(const struct automaton *a, int words, int len,
    unsigned seed)
{
	struct walk w = {.abc = a->table->abc};
	struct seen seen[WORD_MAX + 1];
	uint8_t word[WORD_MAX] = {0};
	int departed = 0;
	int ret = walk_open(&w, a->table->family);

	for (int i = 0; ret >= 0 && i < words; i++) {
		ret = try_word(&w, a, word,
		    random_word(a, len, &seed, word), seen);
		if (ret > 0 && ++departed == 1)
			tell_departure(a, word, ret, seen);
	}
	walk_close(&w);
	return ret < 0 ? ret : departed;
}
