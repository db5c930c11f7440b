/*
 * table_text.c: tables as text. After a head of "# KEY VALUE" lines, one line
 * for each word, prefixes first:
 *
 *   DEPTH LETTER RESULT MASK MASK STATE STATE [racy VOTES/TOTAL VARIANT]
 *
 * Depth 0 is the empty word, its letter "-". The word is the letters of the lines above of each smaller depth. Masks are
 * in hexadecimal, "-" for a closed side.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

enum { LINE_MAX_BYTES = 512, STATES = 16 };

static const char *mask_field(unsigned mask, char out_text[8])
{
	snprintf(out_text, 8, mask == MASK_CLOSED ? "-" : "%x", mask);
	return out_text;
}

static const char *state_field(unsigned state)
{
	const char *name = state == 4 ? "FIN_WAIT" : tcp_state_name(state);

	return name ? name : "-";
}

const char *seen_print(const struct seen *s, char out_text[SEEN_TEXT_MAX])
{
	char result[24];
	char mask[2][8];

	if (s->result < 0)
		snprintf(result, sizeof(result), "%s",
		    strerrorname_np(-s->result));
	else
		snprintf(result, sizeof(result), "%d", s->result);
	snprintf(out_text, SEEN_TEXT_MAX, "%s %s %s %s %s", result,
	    mask_field(s->mask[0], mask[0]), mask_field(s->mask[1], mask[1]),
	    state_field(s->state[0]), state_field(s->state[1]));
	return out_text;
}

struct writing {
	const struct table *t;
	FILE *f;
};

static bool write_node(void *arg, const uint8_t *word, int len, uint32_t node)
{
	const struct writing *w = arg;
	const struct node *n = &w->t->nodes[node];
	char letter[ACT_ARGS_MAX];
	char text[SEEN_TEXT_MAX];

	fprintf(w->f, "%d %s %s", len,
	    letter_print(&w->t->abc, word[len - 1], letter),
	    seen_print(&n->seen[0], text));
	if (node_is_racy(n))
		fprintf(w->f, " racy %u/%u %s", n->votes[0], n->total,
		    seen_print(&n->seen[1], text));
	fputc('\n', w->f);
	return true;
}

int table_write(const struct table *t, FILE *f)
{
	struct writing w = {t, f};
	char text[SEEN_TEXT_MAX];

	fprintf(f, "# pollmap table 1\n# kernel %s\n# family %s\n"
		"# actions %s\n# depth %d\n# lookahead %d\n# votes %d\n", t->release,
	    family_name(t->family), t->actions, t->depth, t->lookahead,
	    t->votes);
	fprintf(f, "0 - %s\n", seen_print(&t->nodes[0].seen[0], text));
	table_each(t, write_node, &w);
	return ferror(f) || fflush(f) ? -1 : 0;
}

/* The number of an errno by name; there is no such function in libc. */
static int errno_find(const char *name)
{
	enum { ERRNO_MAX = 200 };

	for (int i = 1; i < ERRNO_MAX; i++) {
		const char *known = strerrorname_np(i);

		if (known && strcmp(known, name) == 0)
			return i;
	}
	return 0;
}

static unsigned read_state(const char *text)
{
	unsigned i = 0;

	while (i < STATES && strcmp(state_field(i), text) != 0)
		i++;
	return i % STATES;
}

/* The fields of one observation, as text. */
struct fields {
	char result[24], mask[2][8], state[2][16];
};

static void read_seen(const struct fields *f, struct seen *out)
{
	out->result = *f->result == 'E' ? -errno_find(f->result)
					: atoi(f->result);
	for (int i = 0; i < 2; i++) {
		out->mask[i] = f->mask[i][0] == '-' ? MASK_CLOSED
		    : (uint16_t)strtoul(f->mask[i], NULL, 16);
		out->state[i] = (uint8_t)read_state(f->state[i]);
	}
}

/* Reads one line. `path` holds the node of every prefix of the word before;
 * those shorter than this word stay. */
static int read_node(struct table *t, const char *line,
    uint32_t path[WORD_MAX + 1])
{
	struct fields f[VARIANTS];
	char name[24];
	unsigned votes = 1, total = 1;
	struct node *n;
	int letter, len;
	int got = sscanf(line, "%d %23s %23s %7s %7s %15s %15s "
	    "racy %u/%u %23s %7s %7s %15s %15s", &len, name,
	    f[0].result, f[0].mask[0], f[0].mask[1], f[0].state[0],
	    f[0].state[1], &votes, &total, f[1].result, f[1].mask[0],
	    f[1].mask[1], f[1].state[0], f[1].state[1]);

	if ((got != 7 && got != 14) || len < 0 || len > t->depth)
		return -1;
	letter = letter_find(&t->abc, name);
	if (len > 0) {
		if (letter < 0 || table_grow(t, path[len - 1]) < 0)
			return -1;
		path[len] = table_child(t, path[len - 1], letter);
		if (!path[len])
			return -1;
	}
	n = &t->nodes[path[len]];
	n->votes[0] = votes;
	n->total = total;
	read_seen(&f[0], &n->seen[0]);
	if (got == 14) {
		n->votes[1] = 1;
		read_seen(&f[1], &n->seen[1]);
	}
	return 0;
}

/* Reads the seven lines of the head. */
static int read_head(FILE *f, struct table *t, char why[WHY_MAX])
{
	char release[RELEASE_MAX], family[16], actions[256];
	int depth, lookahead, votes;

	if (fscanf(f, "# pollmap table 1 # kernel %64s # family %15s "
		"# actions %255s # depth %d # lookahead %d # votes %d ", release, family,
		actions, &depth, &lookahead, &votes) != 6 || family_find(family) < 0 ||
	    depth < 1 || depth > WORD_MAX ||
	    lookahead < 0 || lookahead > depth) {
		snprintf(why, WHY_MAX, "not a table of pollmap");
		return -1;
	}
	if (table_init(t, actions, depth, votes,
		(enum family)family_find(family), why) < 0)
		return -1;
	snprintf(t->release, sizeof(t->release), "%s", release);
	t->lookahead = lookahead;
	return 0;
}

int table_read(struct table *t, const char *path, char out_why[WHY_MAX])
{
	uint32_t nodes[WORD_MAX + 1] = {0};
	char line[LINE_MAX_BYTES];
	FILE *f = fopen(path, "r");
	int ret = 0;

	memset(t, 0, sizeof(*t));
	if (!f) {
		snprintf(out_why, WHY_MAX, "%s", strerror(errno));
		return -1;
	}
	ret = read_head(f, t, out_why);
	for (int n = 8; ret == 0 && fgets(line, sizeof(line), f); n++) {
		ret = read_node(t, line, nodes);
		if (ret < 0)
			snprintf(out_why, WHY_MAX, "line %d: not a line of "
			    "a table: %.80s", n, line);
	}
	fclose(f);
	return ret;
}
