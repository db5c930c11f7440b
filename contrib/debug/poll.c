/*
 * poll.c: the poll probe. Plays actions on a listener, a client and a server
 * socket and prints what each call returned and what poll says of it.
 *
 * Every -c, -s or -l is one command, a comma list of actions on one socket;
 * all are parsed before anything runs. The delimiters go straight to
 * descriptor 1, where they stand out in a trace, and lines leave one by one,
 * so that they keep their place between them. What a verb does is in verb*.c.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "mask.h"
#include "verb.h"

enum { LIMIT_MS = 2000, LIMIT_MAX_S = 3600 };

enum style { STYLE_PLAIN, STYLE_2017 };

/* One -c, -s or -l. */
struct command {
	enum side side;
	size_t act_count;
	struct act *acts;
};

struct probe {
	struct stage stage;
	enum family family;
	enum style style;
	bool verbose;
	bool bare; /* nothing implicit */
	size_t command_count;
	struct command *commands;
};

static void usage(FILE *f)
{
	fprintf(f,
	    "usage: poll-probe [-veh] [-n] [-t SECONDS] [--style=2017]\n"
	    "           [--family=NAME] [--poller=NAME] {-c|-s|-l} LIST ...\n"
	    "  -c, -s, -l LIST   act on the client, the server, the listener\n"
	    "  -v                print what every action returned\n"
	    "  -n                connect and accept only when told to\n"
	    "  -t SECONDS        the longest wait of one action (2)\n"
	    "  -e, --poller=NAME epoll; or poll, ppoll, select, epoll\n"
	    "  --family=NAME     tcp4, tcp6, unix, socketpair, pipe\n"
	    "  --style=2017      lines as the first such tool printed them\n"
	    "  -h                this help\n"
	    "actions, comma between:\n");
	verbs_help(f);
}

static void *allocate(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p) {
		fprintf(stderr, "poll-probe: no memory\n");
		exit(EX_OSERR);
	}
	return p;
}

/* Prints `text` and ends the program. */
__attribute__((noreturn, format(printf, 1, 2)))
static void refuse(const char *text, ...)
{
	va_list ap;

	va_start(ap, text);
	fprintf(stderr, "poll-probe: ");
	vfprintf(stderr, text, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(EX_USAGE);
}

static void add_command(struct probe *p, enum side side, const char *list)
{
	struct command *cmd = &p->commands[p->command_count++];
	char why[WHY_MAX];
	size_t n;

	cmd->side = side;
	cmd->acts = allocate(strlen(list) / 2 + 1, sizeof(*cmd->acts));
	for (const char *at = list; *at; at += n + (at[n] == ',')) {
		n = act_span(at);
		if (act_parse(at, n, &cmd->acts[cmd->act_count++], why) < 0)
			refuse("-%c %s, action %zu: %s", side_letter(side),
			    list, cmd->act_count, why);
	}
	if (!cmd->act_count)
		refuse("-%c: an empty list of actions", side_letter(side));
}

static int parse_limit(const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s >= 0.001 && s <= LIMIT_MAX_S))
		refuse("-t %s: not a number of seconds from 0.001 to %d", text,
		    LIMIT_MAX_S);
	return (int)(s * 1000);
}

static int parse_name(const char *option, const char *text, int found)
{
	if (found < 0)
		refuse("--%s=%s: not known; poll-probe -h lists them", option,
		    text);
	return found;
}

static void parse_command_line(int argc, char **argv, struct probe *p)
{
	enum { FAMILY = 256, POLLER, STYLE };
	static const struct option longs[] = {
		{"family", required_argument, NULL, FAMILY},
		{"poller", required_argument, NULL, POLLER},
		{"style", required_argument, NULL, STYLE},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "venht:c:s:l:", longs, NULL)) >= 0)
		switch (c) {
		case 'v':
			p->verbose = true;
			break;
		case 'e':
			p->stage.poller = POLLER_EPOLL;
			break;
		case 'n':
			p->bare = true;
			break;
		case 't':
			p->stage.limit_ms = parse_limit(optarg);
			break;
		case 'c':
			add_command(p, SIDE_C, optarg);
			break;
		case 's':
			add_command(p, SIDE_S, optarg);
			break;
		case 'l':
			add_command(p, SIDE_L, optarg);
			break;
		case FAMILY:
			p->family = (enum family)parse_name("family", optarg,
			    family_find(optarg));
			break;
		case POLLER:
			p->stage.poller = (enum poller)parse_name("poller",
			    optarg, poller_find(optarg));
			break;
		case STYLE:
			if (strcmp(optarg, "2017") != 0)
				refuse("--style=%s: only 2017 is known",
				    optarg);
			p->style = STYLE_2017;
			break;
		case 'h':
			usage(stdout);
			exit(EX_OK);
		default:
			exit(EX_USAGE);
		}
	if (optind < argc)
		refuse("'%s' is no option; actions follow -c, -s or -l",
		    argv[optind]);
	if (!p->command_count)
		refuse("nothing to do: no -c, -s or -l; -h shows how");
}

static void print_mask(const struct outcome *out)
{
	char text[MASK_TEXT_MAX];

	printf(" ev=%#x", out->mask);
	if (out->mask)
		printf(" (%s)", mask_print(out->mask, text));
}

/* Runs one action and prints its line. `cmd` counts from 1, `step` too, but
 * what is implicit is step 0. */
static int perform(struct probe *p, size_t cmd, size_t step, enum side side,
    const struct act *act)
{
	int fd = p->stage.scene.fd[side];
	struct outcome out;

	act_run(&p->stage, side, act, &out);
	if (!p->verbose)
		return out.ret;
	printf("cmd #%zu stp #%zu: ", cmd, step);
	if (p->style == STYLE_2017)
		printf("do_%s(%d", act->verb->name, fd);
	else
		printf("%s(%c=%d", act->verb->name, side_letter(side), fd);
	printf("%s%s): ret=%d", act->args[0] ? "," : "", act->args, out.ret);
	if (out.text)
		printf(" (%s)", out.text);
	if (out.sigpipe)
		printf(" SIGPIPE");
	if (out.has_mask)
		print_mask(&out);
	printf("\n");
	return out.ret;
}

static int perform_implicit(struct probe *p, size_t cmd, enum side side,
    const char *verb)
{
	bool verbose = p->verbose;
	char why[WHY_MAX];
	struct act act;
	int ret;

	act_parse(verb, strlen(verb), &act, why);
	/* The old form kept the connect to itself. */
	if (p->style == STYLE_2017 && side == SIDE_C)
		p->verbose = false;
	ret = perform(p, cmd, 0, side, &act);
	p->verbose = verbose;
	return ret;
}

/* Connects before the first -c or -s, accepts before the first -s. */
static void prepare(struct probe *p, size_t cmd, enum side side)
{
	struct scene *sc = &p->stage.scene;

	if (p->bare || side == SIDE_L)
		return;
	if (!sc->connected)
		perform_implicit(p, cmd, SIDE_C, "con");
	if (side == SIDE_S && sc->fd[SIDE_S] < 0)
		perform_implicit(p, cmd, SIDE_L, "acc");
}

static void play(struct probe *p)
{
	for (size_t i = 0; i < p->command_count; i++) {
		const struct command *cmd = &p->commands[i];

		prepare(p, i + 1, cmd->side);
		if (p->stage.scene.fd[cmd->side] < 0) {
			fprintf(stderr, "poll-probe: command %zu: no such "
			    "socket in this family, or not yet\n", i + 1);
			exit(EX_UNAVAILABLE);
		}
		for (size_t k = 0; k < cmd->act_count; k++)
			perform(p, i + 1, k + 1, cmd->side, &cmd->acts[k]);
	}
}

static void mark(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		exit(EX_IOERR);
}

int main(int argc, char **argv)
{
	struct probe p = {.stage = {.limit_ms = LIMIT_MS}};
	int err;

	p.commands = allocate((size_t)argc, sizeof(*p.commands));
	parse_command_line(argc, argv, &p);
	setvbuf(stdout, NULL, _IOLBF, 0);
	act_init();
	err = scene_open(&p.stage.scene, p.family);
	if (err) {
		fprintf(stderr, "poll-probe: cannot open a %s socket: %s\n",
		    family_name(p.family), strerror(-err));
		return EX_OSERR;
	}
	mark("#### BEGIN ####\n");
	play(&p);
	mark("#### END ####\n");
	scene_close(&p.stage.scene);
	return EX_OK;
}
