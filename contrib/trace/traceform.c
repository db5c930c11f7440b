/*
 * traceform: prints a trace made by strace in its canonical form.
 *
 * Exit 1 when no line of it was strace's; lines lost among others are
 * counted on stderr and in the heading.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "canon.h"

static const char help[] =
    "usage: traceform [OPTION]... [TRACE]\n"
    "Prints a trace made by strace (default: standard input) in a form that\n"
    "is the same in every run: one call a line, descriptors as roles.\n"
    "\n"
    "  -r, --ready TEXT      only what follows a write of TEXT;\n"
    "                        @wait: from the first wait on;\n"
    "                        @listen: after the first listen\n"
    "  -a, --address A=NAME  call the address A (127.0.0.1:80) NAME\n"
    "  -p, --stream N=FILE   name the bytes of FILE as stream N\n"
    "  -l, --learn           name bytes by who reads them first\n"
    "  -w, --timer NAME=MS   call waits of at most MS milliseconds NAME\n"
    "  -n, --net             nothing about files, memory and the like\n"
    "  -t, --times           \"@SECONDS \" before each line\n"
    "  -h, --help            this text\n"
    "\n"
    "Make traces with: strace -f -v -s 512 -e signal=none -o TRACE COMMAND\n";

/* `why` may be NULL, where it has been said. */
static void usage(const char *why, const char *text)
{
	if (why)
		fprintf(stderr, "traceform: %s: %s\n", text, why);
	fprintf(stderr,
	    "usage: traceform [-lnt] [-r TEXT] [-a ADDRESS=NAME]... "
	    "[-p NAME=FILE]... [-w NAME=MS]... [TRACE]\n");
	exit(64);
}

/* The whole of `f`, which is `path`, from malloc. */
static char *slurp(FILE *f, const char *path, size_t *out_len)
{
	char *text = NULL;
	size_t size = 0, n;
	char block[65536];

	*out_len = 0;
	while ((n = fread(block, 1, sizeof(block), f)) > 0) {
		if (*out_len + n > size) {
			size = 2 * (*out_len + n);
			text = role_grow(text, size);
		}
		memcpy(text + *out_len, block, n);
		*out_len += n;
	}
	if (ferror(f)) {
		perror(path);
		exit(66);
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
	text = slurp(f, path, out_len);
	fclose(f);
	return text;
}

/* Cuts "a=b" at its last '='; the left part ends there. */
static char *split(char *pair)
{
	char *at = strrchr(pair, '=');

	if (!at)
		usage("expected two words with = between", pair);
	*at = '\0';
	return at + 1;
}

static void add_stream(struct stream_set *set, char *pair)
{
	char *path = split(pair);
	size_t len;
	char *bytes = slurp_path(path, &len);

	stream_add(set, pair, bytes, len);
}

static void add_name(struct canon *c, char *pair)
{
	struct canon_name *n = &c->addresses[c->address_count];

	if (c->address_count++ == CANON_NAMES_MAX)
		usage("one address too many", pair);
	n->name = split(pair);
	n->key = pair;
}

static void add_timer(struct canon *c, char *pair)
{
	const char *value = split(pair);
	struct canon_name new = {.name = pair};
	size_t i = c->timer_count++;
	char *end;

	new.ms = strtoll(value, &end, 10);
	if (i == CANON_NAMES_MAX || new.ms <= 0 || *end != '\0')
		usage("expected milliseconds, of 32 timers at most", value);
	for (; i > 0 && c->timers[i - 1].ms > new.ms; i--)
		c->timers[i] = c->timers[i - 1];
	c->timers[i] = new;
}

static void run(struct canon *c, const char *text, size_t len)
{
	for (int pass = 0; pass < 2; pass++) {
		const char *at = text, *end = text + len;

		while (at < end) {
			const char *nl = memchr(at, '\n', (size_t)(end - at));
			size_t n = (size_t)((nl ? nl : end) - at);

			if (pass == 0)
				canon_seed(c, at, n);
			else
				canon_line(c, at, n);
			at += n + 1;
		}
	}
}

/* What the promises must know and no call after the start-up says. */
static void print_heading(const struct canon *c)
{
	printf("# traceform begins=%s sigpipe=%s lost=%zu streams=%s%s\n",
	    c->from_exec ? "exec" : "later",
	    c->sigpipe_ignored ? "ignored"
	    : c->from_exec     ? "default"
			       : "unknown",
	    c->lost, c->learn ? "learnt" : "named",
	    c->io_uring ? " io_uring=yes" : "");
}

static void take_options(struct canon *c, int argc, char **argv)
{
	static const struct option longs[] = {{"ready", 1, NULL, 'r'},
	    {"address", 1, NULL, 'a'}, {"stream", 1, NULL, 'p'},
	    {"learn", 0, NULL, 'l'}, {"timer", 1, NULL, 'w'},
	    {"net", 0, NULL, 'n'}, {"times", 0, NULL, 't'},
	    {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int opt;

	while ((opt = getopt_long(argc, argv, "r:a:p:w:lnth", longs, NULL)) !=
	       -1) {
		switch (opt) {
		case 'r':
			c->ready = optarg;
			break;
		case 'a':
			add_name(c, optarg);
			break;
		case 'p':
			add_stream(c->streams, optarg);
			break;
		case 'w':
			add_timer(c, optarg);
			break;
		case 'l':
			c->learn = true;
			break;
		case 'n':
			c->net_only = true;
			break;
		case 't':
			c->times = true;
			break;
		case 'h':
			fputs(help, stdout);
			exit(0);
		default:
			usage(NULL, NULL);
		}
	}
}

int main(int argc, char **argv)
{
	struct stream_set streams = {NULL, 0};
	struct canon *c = canon_new(stdout, &streams);
	size_t len = 0;
	bool nothing;
	char *text;

	if (!c)
		return 71;
	take_options(c, argc, argv);
	if (argc - optind > 1)
		usage("one trace is enough", argv[optind + 1]);
	text = optind < argc ? slurp_path(argv[optind], &len)
			     : slurp(stdin, "standard input", &len);
	run(c, text, len);
	print_heading(c);
	canon_flush(c);
	if (c->lost)
		fprintf(stderr,
		    "traceform: %zu of %zu lines not understood, "
		    "the first is line %zu\n",
		    c->lost, c->lines, c->first_lost);
	nothing = c->lost > 0 && c->lost == c->lines;
	free(text);
	canon_free(c);
	stream_fini(&streams);
	return nothing ? 1 : 0;
}
