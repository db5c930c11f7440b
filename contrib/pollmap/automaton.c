/*
 * automaton.c: an automaton's published forms, and its check against the
 * kernel.
 */
#include "pollmap.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *result_print(int32_t result, char out_text[24])
{
	if (result < 0)
		snprintf(out_text, 24, "%s", error_name(-result));
	else
		snprintf(out_text, 24, "%d", result);
	return out_text;
}

static const char *hex_print(unsigned mask, char out_text[24])
{
	snprintf(out_text, 24, mask == MASK_CLOSED ? "-" : "%x", mask);
	return out_text;
}

static const struct action *action_of(const struct automaton *a, int action)
{
	return &a->table->subject.action[action];
}

static int action_count(const struct automaton *a)
{
	return a->table->subject.action_count;
}

static const char *name_of(
    const struct automaton *a, int action, char out_text[NAME_MAX_BYTES])
{
	return action_print(&a->table->subject, action, out_text);
}

/* "client", "server" or "listener". */
static const char *end_name(const struct automaton *a, int end)
{
	for (int k = 0; k < action_count(a); k++)
		if (action_of(a, k)->end == end)
			return action_of(a, k)->side == SIDE_C	 ? "client"
			       : action_of(a, k)->side == SIDE_S ? "server"
								 : "listener";
	return end ? "other" : "client";
}

/* Masks in hexadecimal: names would make the rows too long to read. */
static void md_row(const struct automaton *a, int number)
{
	const struct state *s = &a->state[number];
	char text[24];

	printf("| %d | %s |", number, hex_print(s->mask[0], text));
	printf(" %s |", hex_print(s->mask[1], text));
	for (int k = 0; k < action_count(a); k++) {
		if (s->next[k] < 0) {
			printf(" |");
			continue;
		}
		printf(" %s, %d", result_print(s->result[k], text), s->next[k]);
		for (int i = 0; i < ENDS && a->table->subject.edges; i++)
			printf("%s%s", i ? "/" : ", ",
			    s->edge[k][i] ? hex_print(s->edge[k][i], text)
					  : "0");
		printf(" |");
	}
	printf("\n");
}

static void print_md(const struct automaton *a)
{
	char name[NAME_MAX_BYTES];

	printf("| state | %s | %s |", end_name(a, 0), end_name(a, 1));
	for (int k = 0; k < action_count(a); k++)
		printf(" %s |", name_of(a, k, name));
	printf("\n|---|---|---|");
	for (int k = 0; k < action_count(a); k++)
		printf("---|");
	printf("\n");
	for (int i = 0; i < a->count; i++)
		md_row(a, i);
}

static const char *end_print(unsigned mask, char out_text[64])
{
	if (mask != MASK_CLOSED)
		return mask_print(mask, out_text);
	snprintf(out_text, 64, "closed");
	return out_text;
}

/* All actions that lead from `s` to `to`, as one label; 0 if there is none. */
static int edge_print(const struct automaton *a, const struct state *s, int to,
    char *out_text, size_t size)
{
	char name[NAME_MAX_BYTES], result[24];
	int n = 0;

	for (int k = 0; k < action_count(a); k++)
		if (s->next[k] == to && (size_t)n < size)
			n += snprintf(out_text + n, size - (size_t)n,
			    "%s%s: %s", n ? "\\n" : "", name_of(a, k, name),
			    result_print(s->result[k], result));
	return n;
}

/* Actions that lead nowhere are left out. */
static void print_dot(const struct automaton *a)
{
	char text[ENDS][64], label[ACTIONS_MAX * 64];

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

static void print_path(const struct automaton *a, const struct state *s)
{
	char name[NAME_MAX_BYTES];

	for (int k = 0; k < s->len; k++)
		printf("%s%s", k ? " " : "", name_of(a, s->path[k], name));
}

/* One line for each state and action. */
static void print_csv(const struct automaton *a)
{
	char text[24], name[NAME_MAX_BYTES];

	printf(
	    "# %s, %s, Linux %s; from sallyport, ISC licence\n"
	    "state,mask_%s,mask_%s,action,result,edge_%s,edge_%s,next,path\n",
	    kind_name(&a->table->subject), family_name(&a->table->subject),
	    a->table->release, end_name(a, 0), end_name(a, 1), end_name(a, 0),
	    end_name(a, 1));
	for (int i = 0; i < a->count; i++)
		for (int k = 0; k < action_count(a); k++) {
			const struct state *s = &a->state[i];

			if (s->next[k] < 0)
				continue;
			printf("%d,%s,", i, hex_print(s->mask[0], text));
			printf("%s,%s,", hex_print(s->mask[1], text),
			    name_of(a, k, name));
			printf("%s,", result_print(s->result[k], text));
			printf("%x,%x,%d,", s->edge[k][0], s->edge[k][1],
			    s->next[k]);
			print_path(a, s);
			printf("\n");
		}
}

static void json_state(const struct automaton *a, const struct state *s)
{
	char text[24], name[NAME_MAX_BYTES];
	const char *comma = "";

	printf("{\"mask\": [%d, %d], \"path\": \"",
	    s->mask[0] == MASK_CLOSED ? -1 : s->mask[0],
	    s->mask[1] == MASK_CLOSED ? -1 : s->mask[1]);
	print_path(a, s);
	printf("\", \"on\": {");
	for (int k = 0; k < action_count(a); k++) {
		if (s->next[k] < 0)
			continue;
		printf("%s\"%s\": [\"%s\", %d", comma, name_of(a, k, name),
		    result_print(s->result[k], text), s->next[k]);
		if (a->table->subject.edges)
			printf(", %d, %d", s->edge[k][0], s->edge[k][1]);
		printf("]");
		comma = ", ";
	}
	printf("}}");
}

static void print_json(const struct automaton *a)
{
	printf("{\"kernel\": \"%s\", \"start\": \"%s\", \"family\": "
	       "\"%s\",\n\"ends\": [\"%s\", \"%s\"], \"edges\": %s,\n"
	       "\"licence\": \"ISC, from sallyport\",\n\"states\": [\n",
	    a->table->release, kind_name(&a->table->subject),
	    family_name(&a->table->subject), end_name(a, 0), end_name(a, 1),
	    a->table->subject.edges ? "true" : "false");
	for (int i = 0; i < a->count; i++) {
		json_state(a, &a->state[i]);
		printf("%s\n", i + 1 < a->count ? "," : "");
	}
	printf("]}\n");
}

static void c_head(const struct automaton *a)
{
	char name[NAME_MAX_BYTES];

	printf("/*\n"
	       " * automaton.h: how a connection behaves, as a table. "
	       "Generated from\n"
	       " * a kernel at work; do not edit. To make it again:\n"
	       " *\n"
	       " *   pollmap enum -k %d -o TABLE -a %s\n"
	       " *   pollmap reduce --c TABLE\n"
	       " *\n"
	       " * State 0 is a fresh TCP connection with TCP_NODELAY. In each "
	       "state\n"
	       " * mask[] is what poll says of client and server when asked "
	       "for IN,\n"
	       " * OUT and RDHUP, in the bits of Linux; AUTOMATON_CLOSED for "
	       "an end\n"
	       " * that was closed. on[event] tells what a call returns, "
	       "-errno for a\n"
	       " * failure, and the state that follows; next is -1 where the "
	       "end that\n"
	       " * would act is closed. A receive takes all there is, its "
	       "result 1\n"
	       " * stands for \"bytes\". A send sends 3 bytes; queues never "
	       "fill.\n"
	       " */\n",
	    a->table->lookahead, a->table->subject.text);
	printf("#ifndef AUTOMATON_H\n#define AUTOMATON_H\n\n"
	       "#include <errno.h>\n\nenum automaton_event {\n");
	for (int k = 0; k < action_count(a); k++) {
		name_of(a, k, name);
		for (char *p = name; *p; p++)
			*p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
		printf("\tAUTOMATON_%s,\n", name);
	}
	printf("\tAUTOMATON_EVENTS\n};\n\n"
	       "enum { AUTOMATON_STATES = %d, AUTOMATON_CLOSED = 0x%x };\n\n"
	       "struct automaton_state {\n\tunsigned short mask[2];\n"
	       "\tstruct {\n\t\tshort result, next;\n"
	       "\t} on[AUTOMATON_EVENTS];\n};\n\n",
	    a->count, MASK_CLOSED);
}

static void print_c(const struct automaton *a)
{
	char name[NAME_MAX_BYTES], result[24];

	c_head(a);
	printf("static const struct automaton_state "
	       "automaton[AUTOMATON_STATES] = {\n");
	for (int i = 0; i < a->count; i++) {
		const struct state *s = &a->state[i];

		printf("\t/* %d:", i);
		for (int k = 0; k < s->len; k++)
			printf(" %s", name_of(a, s->path[k], name));
		printf(" */\n\t{{0x%x, 0x%x}, {", s->mask[0], s->mask[1]);
		for (int k = 0; k < action_count(a); k++)
			printf("%s{%s%s, %d}",
			    k % 4 ? ", "
			    : k	  ? ",\n\t    "
				  : "\n\t    ",
			    s->result[k] < 0 ? "-" : "",
			    result_print(s->result[k], result), s->next[k]);
		printf("}},\n");
	}
	printf("};\n\n#endif\n");
}

int automaton_print(const struct automaton *a, const char *form)
{
	static const struct {
		const char *name;
		void (*print)(const struct automaton *a);
	} forms[] = {{"md", print_md}, {"dot", print_dot}, {"c", print_c},
	    {"csv", print_csv}, {"json", print_json}};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i].name, form) == 0) {
			forms[i].print(a);
			return 0;
		}
	return -1;
}

/* Can anything be done in `s`? */
static bool goes_on(const struct automaton *a, const struct state *s)
{
	for (int k = 0; k < action_count(a); k++)
		if (s->next[k] >= 0)
			return true;
	return false;
}

/* A random sequence, ended early when nothing can act; returns its length. */
static int random_sequence(
    const struct automaton *a, int len, unsigned *seed, uint8_t *out_sequence)
{
	int state = 0;
	int n = 0;

	while (n < len && goes_on(a, &a->state[state])) {
		int action = rand_r(seed) % action_count(a);

		if (a->state[state].next[action] < 0)
			continue;
		out_sequence[n++] = (uint8_t)action;
		state = a->state[state].next[action];
	}
	return n;
}

/* Where the kernel leaves the automaton's way: the number of actions, or 0. */
static int departs(const struct automaton *a, const uint8_t *sequence, int len,
    const struct seen *seen)
{
	int state = 0;

	for (int i = 0; i < len; i++) {
		const struct state *s = &a->state[state];
		int result =
		    seen_fold(a->table, sequence[i], seen[i + 1].result);

		state = s->next[sequence[i]];
		if (result != s->result[sequence[i]] ||
		    memcmp(seen[i + 1].edge, s->edge[sequence[i]],
			sizeof(s->edge[0])) != 0 ||
		    memcmp(seen[i + 1].mask, a->state[state].mask,
			sizeof(s->mask)) != 0)
			return i + 1;
	}
	return 0;
}

static void print_departure(const struct automaton *a, const uint8_t *sequence,
    int len, const struct seen *seen)
{
	char text[SEEN_TEXT_MAX], name[NAME_MAX_BYTES];

	for (int i = 0; i < len; i++)
		printf("%s ", name_of(a, sequence[i], name));
	printf("gave %s\n", seen_print(&seen[len], text));
}

/* Walks `sequence`; again, if it departs, for a late segment can make it do so
 * once in a while. Returns where it departed every time, 0, or -errno. */
static int try_sequence(struct walk *w, const struct automaton *a,
    const uint8_t *sequence, int len, struct seen *out_seen)
{
	enum { TRIES = 3 };
	int at = 1;

	for (int i = 0; at > 0 && i < TRIES; i++) {
		at = walk_sequence(w, sequence, len, 0, out_seen);
		if (at == 0)
			at = departs(a, sequence, len, out_seen);
	}
	return at;
}

int automaton_check(
    const struct automaton *a, int count, int len, unsigned seed)
{
	struct walk w;
	struct seen seen[SEQUENCE_MAX + 1];
	uint8_t sequence[SEQUENCE_MAX] = {0};
	int departed = 0;
	int ret = walk_open(&w, &a->table->subject);

	for (int i = 0; ret >= 0 && i < count; i++) {
		ret = try_sequence(&w, a, sequence,
		    random_sequence(a, len, &seed, sequence), seen);
		if (ret > 0 && ++departed == 1)
			print_departure(a, sequence, ret, seen);
	}
	walk_close(&w);
	return ret < 0 ? ret : departed;
}
