/*
 * pollmap.c: enum walks every word up to a depth, as often as there are
 * votes; diff tells where two tables part; why finds the shortest words that
 * lead to a mask. Reducing a table to its automaton is in reduce.c.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "pollmap.h"
#include "reduce.h"
#include "table.h"

enum { CHECK_WORDS = 5000, VOTES_MAX = 99 };

#define ACTIONS_USUAL "snd,rcv(65536),shw,shr,clo,rst"

struct enumeration {
	struct table table;
	struct walk walk;
	uint8_t word[WORD_MAX];
	unsigned long walked;
};

static int walk_one(struct enumeration *e, int len)
{
	struct seen seen[WORD_MAX + 1];
	int ret = walk_word(&e->walk, e->word, len, seen);

	e->walked++;
	return ret ? ret : table_vote(&e->table, e->word, len, seen);
}

/* Walks all words of `depth` letters that begin with the first `len` letters
 * of `e->word`, or fewer if then both sides are closed; `open` are those still
 * open. */
static int walk_all(struct enumeration *e, int len, int depth, unsigned open)
{
	const struct alphabet *abc = &e->table.abc;
	int ret = 0;

	if (len == depth || !open)
		return walk_one(e, len);
	for (int letter = 0; ret == 0 && letter < 2 * abc->count; letter++) {
		unsigned side = 1U << letter_side(abc, letter);

		if (!(open & side))
			continue;
		e->word[len] = (uint8_t)letter;
		ret = walk_all(e, len + 1, depth,
		    letter_closes(abc, letter) ? open & ~side : open);
	}
	return ret;
}

struct summary {
	const struct table *t;
	unsigned long words, racy;
	unsigned distinct;
	struct seen kinds[256]; /* different masks and states */
};

static bool summarize(void *arg, const uint8_t *word, int len, uint32_t node)
{
	struct summary *s = arg;
	const struct node *n = &s->t->nodes[node];
	struct seen kind = n->seen[0];
	unsigned i = 0;

	(void)word;
	(void)len;
	s->words++;
	s->racy += node_is_racy(n);
	kind.result = 0;
	while (i < s->distinct && !seen_equal(&s->kinds[i], &kind))
		i++;
	if (i == s->distinct && i < sizeof(s->kinds) / sizeof(s->kinds[0]))
		s->kinds[s->distinct++] = kind;
	return true;
}

static void print_summary(const struct enumeration *e)
{
	struct summary s = {.t = &e->table};

	table_each(&e->table, summarize, &s);
	fprintf(stderr, "depth %d: %lu sequences, %lu lines, %lu racy, "
	    "%u masks with states\n", e->table.depth, e->walked,
	    s.words, s.racy, s.distinct);
}

/* For reduce_table(): all words that begin with `word` and are `lookahead`
 * letters longer. */
static int walk_on(void *arg, const uint8_t *word, int len, int lookahead)
{
	struct enumeration *e = arg;
	unsigned open = 3;
	int ret = 0;

	for (int i = 0; i < len; i++) {
		e->word[i] = word[i];
		if (letter_closes(&e->table.abc, word[i]))
			open &= ~(1U << letter_side(&e->table.abc, word[i]));
	}
	if (len + lookahead > e->table.depth)
		e->table.depth = len + lookahead;
	if (e->table.depth > WORD_MAX)
		return -ERANGE;
	for (int i = 0; ret == 0 && i < e->table.votes; i++)
		ret = walk_all(e, len, len + lookahead, open);
	return ret;
}

static int walk_states(struct enumeration *e)
{
	struct automaton *a = malloc(sizeof(*a));
	int ret = -ENOMEM;

	if (a)
		ret = reduce_table(&e->table, e->table.lookahead, walk_on, e, a);
	if (ret == 0)
		fprintf(stderr, "%d states\n", a->count);
	free(a);
	return ret;
}

static int enumerate(struct enumeration *e)
{
	int ret = walk_open(&e->walk, e->table.family);

	e->walk.abc = e->table.abc;
	if (ret == 0)
		ret = e->table.lookahead ? walk_states(e)
					 : walk_on(e, NULL, 0, e->table.depth);
	walk_close(&e->walk);
	if (ret == -ERANGE)
		fprintf(stderr, "pollmap enum: more than %d states: does an "
		    "action count something?\n", STATES_MAX);
	else if (ret < 0)
		fprintf(stderr, "pollmap enum: after %lu sequences: %s\n",
		    e->walked, strerror(-ret));
	return ret;
}

static int write_table(const struct table *t, const char *path)
{
	FILE *f = path ? fopen(path, "w") : stdout;

	if (!f || table_write(t, f) < 0 || (path && fclose(f) != 0)) {
		fprintf(stderr, "pollmap enum: %s: %s\n",
		    path ? path : "standard output", strerror(errno));
		return EX_IOERR;
	}
	return EX_OK;
}

static int enum_usage(void)
{
	fprintf(stderr, "usage: pollmap enum [-d DEPTH | -k LOOKAHEAD] "
	    "[-v VOTES] [-a ACTIONS] [-f FAMILY] [-o FILE]\n"
	    "  depth 1 to %d (4), votes 1 to %d (3), actions %s,\n"
	    "  lookahead: walk on only from states that differ so far\n"
	    "  family tcp4, tcp6, unix or socketpair\n", DEPTH_MAX,
	    VOTES_MAX, ACTIONS_USUAL);
	return EX_USAGE;
}

static const struct option long_options[] = {
	{"depth", required_argument, NULL, 'd'},
	{"lookahead", required_argument, NULL, 'k'},
	{"votes", required_argument, NULL, 'v'},
	{"actions", required_argument, NULL, 'a'},
	{"family", required_argument, NULL, 'f'},
	{"output", required_argument, NULL, 'o'},
	{NULL, 0, NULL, 0},
};

struct enum_options {
	int depth, lookahead, votes;
	int family;
	const char *actions;
	const char *path; /* NULL: standard output */
};

static bool parse_enum_option(int c, const char *text, struct enum_options *o)
{
	switch (c) {
	case 'd':
		o->depth = atoi(text);
		return o->depth >= 1 && o->depth <= DEPTH_MAX;
	case 'k':
		o->lookahead = atoi(text);
		return o->lookahead >= 1 && o->lookahead <= DEPTH_MAX;
	case 'v':
		o->votes = atoi(text);
		return o->votes >= 1 && o->votes <= VOTES_MAX;
	case 'f':
		o->family = family_find(text);
		return o->family >= 0 && o->family != FAMILY_PIPE;
	case 'a':
		o->actions = text;
		return true;
	case 'o':
		o->path = text;
		return true;
	default:
		return false;
	}
}

int enum_main(int argc, char **argv)
{
	static struct enumeration e;
	struct enum_options o = {.depth = 4, .votes = 3,
		.family = FAMILY_TCP4, .actions = ACTIONS_USUAL};
	char why[WHY_MAX];
	int c;

	while ((c = getopt_long(argc, argv, "d:k:v:a:f:o:", long_options,
		    NULL)) >= 0)
		if (!parse_enum_option(c, optarg, &o))
			return enum_usage();
	if (optind < argc)
		return enum_usage();
	if (table_init(&e.table, o.actions, o.lookahead ? 0 : o.depth, o.votes,
		(enum family)o.family, why) < 0) {
		fprintf(stderr, "pollmap enum: -a %s: %s\n", o.actions, why);
		return EX_USAGE;
	}
	e.table.lookahead = o.lookahead;
	c = enumerate(&e) < 0 ? EX_OSERR : write_table(&e.table, o.path);
	if (c == EX_OK)
		print_summary(&e);
	table_fini(&e.table);
	return c;
}

static int read_or_complain(const char *command, const char *path,
    struct table *out)
{
	char why[WHY_MAX];

	if (table_read(out, path, why) == 0)
		return 0;
	fprintf(stderr, "pollmap %s: %s: %s\n", command, path, why);
	table_fini(out);
	return -1;
}

static void print_word(const struct alphabet *abc, const uint8_t *word, int len)
{
	char letter[ACT_ARGS_MAX];

	for (int i = 0; i < len; i++)
		printf("%s%s", i ? " " : "",
		    letter_print(abc, word[i], letter));
}

struct difference {
	const struct table *a, *b;
	uint32_t path[WORD_MAX + 1]; /* in `b` */
	unsigned long compared, racy, parted;
};

static bool compare_node(void *arg, const uint8_t *word, int len, uint32_t node)
{
	struct difference *d = arg;
	const struct node *a = &d->a->nodes[node];
	char text[2][SEEN_TEXT_MAX];
	const struct node *b;

	d->path[len] = table_child(d->b, d->path[len - 1], word[len - 1]);
	b = &d->b->nodes[d->path[len]];
	if (!d->path[len] || !b->total)
		return false;
	d->compared++;
	if (node_is_racy(a) || node_is_racy(b)) {
		d->racy++;
		return true;
	}
	if (seen_equal(&a->seen[0], &b->seen[0]))
		return true;
	d->parted++;
	print_word(&d->a->abc, word, len);
	printf(": %s | %s\n", seen_print(&a->seen[0], text[0]),
	    seen_print(&b->seen[0], text[1]));
	return false;
}

int diff_main(int argc, char **argv)
{
	struct table a, b;
	struct difference d = {.a = &a, .b = &b};

	if (argc != 3) {
		fprintf(stderr, "usage: pollmap diff TABLE TABLE\n");
		return EX_USAGE;
	}
	if (read_or_complain("diff", argv[1], &a) < 0)
		return EX_DATAERR;
	if (read_or_complain("diff", argv[2], &b) < 0) {
		table_fini(&a);
		return EX_DATAERR;
	}
	if (strcmp(a.actions, b.actions) != 0) {
		fprintf(stderr, "pollmap diff: the actions differ: %s, %s\n",
		    a.actions, b.actions);
		d.parted = 1;
	} else {
		table_each(&a, compare_node, &d);
		printf("%lu sequences compared, %lu racy, %lu part\n",
		    d.compared, d.racy, d.parted);
	}
	table_fini(&a);
	table_fini(&b);
	return d.parted != 0;
}

static int reduce_usage(void)
{
	fprintf(stderr, "usage: pollmap reduce {--md | --dot | --c | "
	    "--check[=WORDS]} TABLE\n"
	    "  the table is one of \"pollmap enum -k LOOKAHEAD\"\n");
	return EX_USAGE;
}

/* Random words, a little longer than any in the table. */
static int check(const struct automaton *a, int words)
{
	int len = a->table->depth + 2;
	int departed = automaton_check(a, words, len, 1);

	if (departed < 0) {
		fprintf(stderr, "pollmap reduce: %s\n",
		    strerror(-departed));
		return EX_OSERR;
	}
	printf("%d states; %d random words of up to %d letters, %d differ\n",
	    a->count, words, len, departed);
	return departed != 0;
}

static int reduce_to(const char *form, const struct automaton *a)
{
	int words = CHECK_WORDS;

	if (strcmp(form, "--check") == 0 ||
	    sscanf(form, "--check=%d", &words) == 1)
		return check(a, words);
	if (strcmp(form, "--md") == 0)
		automaton_md(a);
	else if (strcmp(form, "--dot") == 0)
		automaton_dot(a);
	else if (strcmp(form, "--c") == 0)
		automaton_c(a);
	else
		return reduce_usage();
	return EX_OK;
}

int reduce_main(int argc, char **argv)
{
	static struct automaton a;
	struct table t;
	int ret;

	if (argc != 3)
		return reduce_usage();
	if (read_or_complain("reduce", argv[2], &t) < 0)
		return EX_DATAERR;
	ret = reduce_table(&t, t.lookahead ? t.lookahead : 1, NULL, NULL, &a);
	if (ret < 0)
		fprintf(stderr, "pollmap reduce: %s: %s\n", argv[2],
		    ret == -ERANGE ? "the words are too short to tell; make "
				     "the table with enum -k"
				   : strerror(-ret));
	ret = ret < 0 ? EX_DATAERR : reduce_to(argv[1], &a);
	table_fini(&t);
	return ret;
}

struct search {
	const struct table *t;
	unsigned mask;
	int len; /* only words as long as this */
	unsigned long found;
};

static bool match_node(void *arg, const uint8_t *word, int len, uint32_t node)
{
	struct search *s = arg;
	const struct seen *seen = &s->t->nodes[node].seen[0];
	int side = seen->mask[1] == s->mask;

	if (len < s->len)
		return true;
	if (seen->mask[side] != s->mask)
		return false;
	s->found++;
	print_word(&s->t->abc, word, len);
	printf(": the %s\n", side ? "server" : "client");
	return false;
}

int why_main(int argc, char **argv)
{
	struct table t;
	struct search s = {.t = &t};
	char *end = NULL;

	if (argc == 3)
		s.mask = (unsigned)strtoul(argv[1], &end, 16);
	if (!end || *end) {
		fprintf(stderr, "usage: pollmap why MASK TABLE\n");
		return EX_USAGE;
	}
	if (read_or_complain("why", argv[2], &t) < 0)
		return EX_DATAERR;
	for (s.len = 1; s.len <= t.depth && !s.found; s.len++)
		table_each(&t, match_node, &s);
	if (!s.found)
		printf("no sequence in this table\n");
	table_fini(&t);
	return s.found == 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*main)(int argc, char **argv);
	} commands[] = {
		{"enum", enum_main},
		{"reduce", reduce_main},
		{"diff", diff_main},
		{"why", why_main},
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0)
			return commands[i].main(argc - 1, argv + 1);
	fprintf(stderr, "usage: pollmap {enum | reduce | diff | why} ...\n");
	return EX_USAGE;
}
