/*
 * votes.c: proves the voting of tables: what most walks saw counts, in
 * whatever order they came, and what not all saw is racy, in the text too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../contrib/pollmap/pollmap.h"

static int failed;

static void expect(bool ok, const char *what)
{
	if (ok)
		return;
	printf("FAIL: %s\n", what);
	failed = 1;
}

/* The node of the sequence "c.snd" after walks with these results. */
static const struct node *after(struct table *t, const int *results, int count)
{
	const uint8_t sequence[] = {0};
	char why[TEXT_MAX];
	struct subject s;

	expect(subject_init(&s, "connection", "tcp4", false, "snd", why) == 0,
	    why);
	expect(table_init(t, &s, 1, count) == 0, "table_init");
	for (int i = 0; i < count; i++) {
		struct seen seen[2] = {{0}, {.result = results[i]}};

		expect(table_vote(t, sequence, 1, 0, seen) == 0, "table_vote");
	}
	return &t->nodes[table_child(t, 0, 0)];
}

static void try_votes(const int *results, int count, int most, bool racy)
{
	struct table t;
	const struct node *n = after(&t, results, count);

	expect(n->total == (uint32_t)count, "every vote counts");
	expect(n->seen[0].result == most, "most votes decide");
	expect(node_is_racy(n) == racy, "racy if not all agree");
	table_fini(&t);
}

static void try_text(const int *results, int count, const char *wanted)
{
	struct table t;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	after(&t, results, count);
	expect(f && table_write(&t, f) == 0, "table_write");
	if (f)
		fclose(f);
	expect(text && strstr(text, wanted), wanted);
	free(text);
	table_fini(&t);
}

/* What many sequences begin with is not looked at each time. */
static void try_known(void)
{
	const uint8_t sequence[] = {0, 0};
	struct seen seen[2] = {{0}, {.result = 3}};
	struct table t;

	after(&t, (int[]){3}, 1);
	expect(table_known(&t, sequence, 2) == 0, "once is not enough");
	for (int i = 0; i < 3; i++)
		table_vote(&t, sequence, 1, 0, seen);
	expect(table_known(&t, sequence, 2) == 2, "four times are enough");
	expect(table_known(&t, sequence, 1) == 1, "the last is looked at");
	seen[1].result = 2;
	table_vote(&t, sequence, 1, 1, seen);
	expect(t.nodes[0].total == 4, "what is left out has no vote");
	expect(table_known(&t, sequence, 2) == 1, "what is racy is not known");
	table_fini(&t);
}

int main(void)
{
	try_votes((int[]){3, 3, 3}, 3, 3, false);
	try_votes((int[]){3, 3, 2}, 3, 3, true);
	try_votes((int[]){2, 3, 3}, 3, 3, true);
	try_votes((int[]){2, 3, 2, 3, 3}, 5, 3, true);
	try_votes((int[]){1, 2, 4, 2, 2}, 5, 2, true);
	try_text((int[]){2, 3, 3}, 3, "1 c.snd 3 0 0 - - racy 2/3 2 0 0 - -\n");
	try_text((int[]){3, 3}, 2, "1 c.snd 3 0 0 - -\n");
	try_known();
	return failed;
}
