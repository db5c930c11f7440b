/*
 * tracefmt: prints a trace made by strace in its canonical form.
 *
 *   tracefmt [-r READY] [-a ADDRESS=NAME]... [-p NAME=FILE]... [TRACE]
 *
 * -r prints only what follows a write of READY; -a gives an address a name;
 * -p names the bytes of FILE as a stream. Exit 1 with the line's number when
 * a line is not strace's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "canon.h"

static void usage(void)
{
	fprintf(stderr, "usage: tracefmt [-r READY] [-a ADDRESS=NAME]... "
			"[-p NAME=FILE]... [TRACE]\n");
	exit(64);
}

/* The whole of `f`, from malloc. */
static char *slurp(FILE *f, size_t *out_len)
{
	char *text = NULL;
	size_t size = 0, n;
	char block[65536];

	*out_len = 0;
	while ((n = fread(block, 1, sizeof(block), f)) > 0) {
		if (*out_len + n > size) {
			size = 2 * (*out_len + n);
			text = realloc(text, size);
		}
		if (!text)
			exit(71);
		memcpy(text + *out_len, block, n);
		*out_len += n;
	}
	return text;
}

static char *slurp_path(const char *path, size_t *out_len)
{
	FILE *f = fopen(path, "r");
	char *text;

	if (!f) {
		perror(path);
		exit(66);
	}
	text = slurp(f, out_len);
	fclose(f);
	return text;
}

/* Cuts "a=b" at its last '='; the left part ends there. */
static char *split(char *pair)
{
	char *at = strrchr(pair, '=');

	if (!at)
		usage();
	*at = '\0';
	return at + 1;
}

static void add_stream(struct stream_set *set, char *pair)
{
	char *path = split(pair);
	size_t len;
	char *bytes = slurp_path(path, &len);

	if (stream_add(set, pair, bytes, len) < 0)
		usage();
}

static void add_name(struct canon *c, char *pair)
{
	if (c->name_count == CANON_NAMES_MAX)
		usage();
	c->names[c->name_count].name = split(pair);
	c->names[c->name_count++].address = pair;
}

/* Both passes. Returns the number of the first line that made no sense, or
 * 0. */
static size_t run(struct canon *c, const char *text, size_t len)
{
	for (int pass = 0; pass < 2; pass++) {
		const char *at = text, *end = text + len;

		for (size_t number = 1; at < end; number++) {
			const char *nl = memchr(at, '\n', (size_t)(end - at));
			size_t n = (size_t)((nl ? nl : end) - at);

			if (pass == 0)
				canon_seed(c, at, n);
			else if (canon_line(c, at, n) < 0)
				return number;
			at += n + 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct stream_set streams = {0};
	struct canon *c = canon_new(stdout, &streams);
	size_t len, bad;
	char *text;
	int opt;

	if (!c)
		return 71;
	while ((opt = getopt(argc, argv, "r:a:p:")) != -1) {
		if (opt == 'r')
			c->ready = optarg;
		else if (opt == 'a')
			add_name(c, optarg);
		else if (opt == 'p')
			add_stream(&streams, optarg);
		else
			usage();
	}
	text = optind < argc ? slurp_path(argv[optind], &len) :
			       slurp(stdin, &len);
	bad = run(c, text, len);
	if (bad)
		fprintf(stderr, "tracefmt: line %zu is not strace's\n", bad);
	free(text);
	stream_fini(&streams);
	canon_free(c);
	return bad ? 1 : 0;
}
