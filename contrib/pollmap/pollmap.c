/*
 * pollmap.c: the commands. enum runs every sequence up to a depth, as often as
 * there are votes; reduce makes the automaton of a table; diff shows where two
 * tables part; why finds the shortest sequences that lead to a mask.
 */
#include "pollmap.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { CHECK_SEQUENCES = 5000, VOTES_MAX = 99 };

struct enumeration {
	struct table table;
	struct walk walk;
	uint8_t sequence[SEQUENCE_MAX];
	unsigned long walked;
};

static int walk_one(struct enumeration *e, int len)
{
	struct seen seen[SEQUENCE_MAX + 1];
	int from = table_known(&e->table, e->sequence, len);
	int ret = walk_sequence(&e->walk, e->sequence, len, from, seen);

	e->walked++;
	return ret ? ret : table_vote(&e->table, e->sequence, len, from, seen);
}

/* Walks all sequences of `depth` actions that begin with the first `len`
 * actions of `e->sequence`, or fewer if then both sides are closed; `open` are
 * those still open. */
static int walk_all(struct enumeration *e, int len, int depth, unsigned open)
{
	const struct subject *s = &e->table.subject;
	int ret = 0;

	if (len == depth || !open)
		return walk_one(e, len);
	for (int i = 0; ret == 0 && i < s->action_count; i++) {
		unsigned end = 1U << s->action[i].end;

		if (!(open & end))
			continue;
		e->sequence[len] = (uint8_t)i;
		ret = walk_all(e, len + 1, depth,
		    s->action[i].verb->closes ? open & ~end : open);
	}
	return ret;
}

struct summary {
	const struct table *t;
	unsigned long sequences, racy;
	unsigned distinct;
	struct seen kinds[256]; /* different masks and states */
};

static bool summarize(
    void *arg, const uint8_t *sequence, int len, uint32_t node)
{
	struct summary *s = arg;
	const struct node *n = &s->t->nodes[node];
	struct seen kind = n->seen[0];
	unsigned i = 0;

	(void)sequence;
	(void)len;
	s->sequences++;
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
	fprintf(stderr,
	    "depth %d: %lu sequences, %lu lines, %lu racy, "
	    "%u masks with states\n",
	    e->table.depth, e->walked, s.sequences, s.racy, s.distinct);
}

/* For reduce_table(): all sequences that begin with `sequence` and are
 * `lookahead` actions longer. */
static int walk_on(void *arg, const uint8_t *sequence, int len, int lookahead)
{
	struct enumeration *e = arg;
	unsigned open = subject_ends(&e->table.subject);
	int ret = 0;

	for (int i = 0; i < len; i++) {
		const struct action *a = &e->table.subject.action[sequence[i]];

		if (a->verb->closes)
			open &= ~(1U << a->end);
		e->sequence[i] = sequence[i];
	}
	if (len + lookahead > e->table.depth)
		e->table.depth = len + lookahead;
	if (e->table.depth > SEQUENCE_MAX)
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
		ret =
		    reduce_table(&e->table, e->table.lookahead, walk_on, e, a);
	if (ret == 0)
		fprintf(stderr, "%d states\n", a->count);
	free(a);
	return ret;
}

static int enumerate(struct enumeration *e)
{
	int ret = walk_open(&e->walk, &e->table.subject);

	if (ret == 0)
		ret = e->table.lookahead ? walk_states(e)
					 : walk_on(e, NULL, 0, e->table.depth);
	walk_close(&e->walk);
	if (ret == -ERANGE)
		fprintf(stderr,
		    "pollmap enum: more than %d states: does an "
		    "action count something?\n",
		    STATES_MAX);
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
	fprintf(stderr,
	    "usage: pollmap enum [-d DEPTH | -k LOOKAHEAD] [-v VOTES]\n"
	    "           [-s START] [-f FAMILY] [-a ACTIONS] [-e] [-o FILE]\n"
	    "  depth 1 to %d (4), votes 1 to %d (3)\n"
	    "  lookahead: walk on only from states that differ so far\n"
	    "  start     %s\n"
	    "  family    %s\n"
	    "  actions   as snd (on both ends) or c.snd; each start has its "
	    "own\n"
	    "  -e        note the edges too, as epoll reports them with "
	    "EPOLLET\n",
	    DEPTH_MAX, VOTES_MAX, kind_names(), family_names());
	return EX_USAGE;
}

static const struct option long_options[] = {
    {"depth", required_argument, NULL, 'd'},
    {"lookahead", required_argument, NULL, 'k'},
    {"votes", required_argument, NULL, 'v'},
    {"actions", required_argument, NULL, 'a'},
    {"start", required_argument, NULL, 's'},
    {"family", required_argument, NULL, 'f'},
    {"edges", no_argument, NULL, 'e'},
    {"output", required_argument, NULL, 'o'},
    {NULL, 0, NULL, 0},
};

struct enum_options {
	int depth, lookahead, votes;
	bool edges;
	const char *start, *family;
	const char *actions; /* NULL: the usual ones */
	const char *path;    /* NULL: standard output */
};

static bool parse_enum_option(int c, const char *text, struct enum_options *o)
{
	int *number = c == 'd'	 ? &o->depth
		      : c == 'k' ? &o->lookahead
				 : &o->votes;

	switch (c) {
	case 'd':
	case 'k':
	case 'v':
		*number = atoi(text);
		return *number >= 1 &&
		       *number <= (c == 'v' ? VOTES_MAX : DEPTH_MAX);
	case 's':
		o->start = text;
		return true;
	case 'f':
		o->family = text;
		return true;
	case 'a':
		o->actions = text;
		return true;
	case 'e':
		o->edges = true;
		return true;
	case 'o':
		o->path = text;
		return true;
	default:
		return false;
	}
}

static int enum_main(int argc, char **argv)
{
	static struct enumeration e;
	struct enum_options o = {
	    .depth = 4, .votes = 3, .start = "connection", .family = "tcp4"};
	struct subject s;
	char why[TEXT_MAX];
	int c;

	while ((c = getopt_long(
		    argc, argv, "d:k:v:a:s:f:eo:", long_options, NULL)) >= 0)
		if (!parse_enum_option(c, optarg, &o))
			return enum_usage();
	if (optind < argc)
		return enum_usage();
	if (subject_init(&s, o.start, o.family, o.edges, o.actions, why) < 0) {
		fprintf(stderr, "pollmap enum: %s\n", why);
		return EX_USAGE;
	}
	if (table_init(&e.table, &s, o.lookahead ? 0 : o.depth, o.votes) < 0)
		return EX_OSERR;
	e.table.lookahead = o.lookahead;
	c = enumerate(&e) < 0 ? EX_OSERR : write_table(&e.table, o.path);
	if (c == EX_OK)
		print_summary(&e);
	table_fini(&e.table);
	return c;
}

static int read_or_report(
    const char *command, const char *path, struct table *out)
{
	char why[TEXT_MAX];

	if (table_read(out, path, why) == 0)
		return 0;
	fprintf(stderr, "pollmap %s: %s: %s\n", command, path, why);
	table_fini(out);
	return -1;
}

static void print_sequence(
    const struct subject *s, const uint8_t *sequence, int len)
{
	char name[NAME_MAX_BYTES];

	for (int i = 0; i < len; i++)
		printf(
		    "%s%s", i ? " " : "", action_print(s, sequence[i], name));
}

struct difference {
	const struct table *a, *b;
	uint32_t path[SEQUENCE_MAX + 1]; /* in `b` */
	unsigned long compared, racy, parted;
};

static bool compare_node(
    void *arg, const uint8_t *sequence, int len, uint32_t node)
{
	struct difference *d = arg;
	const struct node *a = &d->a->nodes[node];
	char text[2][SEEN_TEXT_MAX];
	const struct node *b;

	d->path[len] = table_child(d->b, d->path[len - 1], sequence[len - 1]);
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
	print_sequence(&d->a->subject, sequence, len);
	printf(": %s | %s\n", seen_print(&a->seen[0], text[0]),
	    seen_print(&b->seen[0], text[1]));
	return false;
}

static int diff_main(int argc, char **argv)
{
	struct table a, b;
	struct difference d = {.a = &a, .b = &b};

	if (argc != 3) {
		fprintf(stderr, "usage: pollmap diff TABLE TABLE\n");
		return EX_USAGE;
	}
	if (read_or_report("diff", argv[1], &a) < 0)
		return EX_DATAERR;
	if (read_or_report("diff", argv[2], &b) < 0) {
		table_fini(&a);
		return EX_DATAERR;
	}
	if (strcmp(a.subject.text, b.subject.text) != 0) {
		fprintf(stderr, "pollmap diff: the actions differ: %s, %s\n",
		    a.subject.text, b.subject.text);
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
	fprintf(stderr,
	    "usage: pollmap reduce {--md | --dot | --c | "
	    "--csv | --json | --check[=COUNT]} TABLE\n"
	    "  the table is one of \"pollmap enum -k LOOKAHEAD\"\n");
	return EX_USAGE;
}

/* Random sequences, a little longer than any in the table. */
static int check(const struct automaton *a, int sequences)
{
	int len = a->table->depth + 2;
	int departed = automaton_check(a, sequences, len, 1);

	if (departed < 0) {
		fprintf(stderr, "pollmap reduce: %s\n", strerror(-departed));
		return EX_OSERR;
	}
	printf(
	    "%d states; %d random sequences of up to %d actions, %d differ\n",
	    a->count, sequences, len, departed);
	return departed != 0;
}

static int reduce_to(const char *form, const struct automaton *a)
{
	int count = CHECK_SEQUENCES;

	if (strcmp(form, "--check") == 0 ||
	    sscanf(form, "--check=%d", &count) == 1)
		return check(a, count);
	if (strncmp(form, "--", 2) != 0 || automaton_print(a, form + 2) < 0)
		return reduce_usage();
	return EX_OK;
}

static int reduce_main(int argc, char **argv)
{
	static struct automaton a;
	struct table t;
	int ret;

	if (argc != 3)
		return reduce_usage();
	if (read_or_report("reduce", argv[2], &t) < 0)
		return EX_DATAERR;
	ret = reduce_table(&t, t.lookahead ? t.lookahead : 1, NULL, NULL, &a);
	if (ret < 0)
		fprintf(stderr, "pollmap reduce: %s: %s\n", argv[2],
		    ret == -ERANGE
			? "the sequences are too short to tell; make "
			  "the table with enum -k"
			: strerror(-ret));
	ret = ret < 0 ? EX_DATAERR : reduce_to(argv[1], &a);
	table_fini(&t);
	return ret;
}

struct search {
	const struct table *t;
	unsigned mask;
	int len; /* only sequences as long as this */
	unsigned long found;
};

static const char *side_name(const struct table *t, int end)
{
	for (int i = 0; i < t->subject.action_count; i++)
		if (t->subject.action[i].end == end)
			return t->subject.action[i].side == SIDE_C ? "client"
			       : t->subject.action[i].side == SIDE_S
				   ? "server"
				   : "listener";
	return "other end";
}

static bool match_node(
    void *arg, const uint8_t *sequence, int len, uint32_t node)
{
	struct search *s = arg;
	const struct seen *seen = &s->t->nodes[node].seen[0];
	int side = seen->mask[1] == s->mask;

	if (len < s->len)
		return true;
	if (seen->mask[side] != s->mask)
		return false;
	s->found++;
	print_sequence(&s->t->subject, sequence, len);
	printf(": the %s\n", side_name(s->t, side));
	return false;
}

static int why_main(int argc, char **argv)
{
	struct table t;
	struct search s = {.t = &t};
	int mask = argc == 3 ? mask_parse(argv[1]) : -1;

	if (mask < 0) {
		fprintf(stderr, "usage: pollmap why MASK TABLE\n"
				"  MASK as 201d or 'IN OUT ERR HUP RDHUP'\n");
		return EX_USAGE;
	}
	s.mask = (unsigned)mask;
	if (read_or_report("why", argv[2], &t) < 0)
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
	    {"race", race_main},
	};
	bool asked;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0)
			return commands[i].main(argc - 1, argv + 1);
	asked = argc > 1 &&
		(strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
	fprintf(asked ? stdout : stderr,
	    "usage: pollmap {enum | reduce | diff | why | race} ...\n"
	    "  enum    run every sequence of actions: a table of what poll "
	    "says\n"
	    "  reduce  print the automaton of a table\n"
	    "  diff    compare two tables\n"
	    "  why     print the shortest way to a mask\n"
	    "  race    count the masks met while another processor acts\n"
	    "A command with a wrong option prints its own usage; "
	    "contrib/pollmap/"
	    "README.md\nhas examples.\n");
	return asked ? 0 : EX_USAGE;
}
