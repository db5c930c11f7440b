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
#include "pollmap.h"
#include "script.h"
#include "story.h"

enum { LIMIT_MS = 2000, LIMIT_MAX_S = 3600 };

enum style { STYLE_PLAIN, STYLE_2017, STYLE_SCRIPT };

struct probe {
	struct stage stage;
	enum family family;
	enum style style;
	bool verbose;
	struct story story;
};

static void usage(FILE *f)
{
	fprintf(f,
	    "usage: poll-probe [-veh] [-n] [-t SECONDS] [--style=2017]\n"
	    "           [--emit-script] [--family=NAME] [--poller=NAME]\n"
	    "           {-c|-s|-l} LIST ...\n"
	    "  -c, -s, -l LIST   act on the client, the server, the listener\n"
	    "  -v                print what every action returned\n"
	    "  -n                connect and accept only when told to\n"
	    "  -t SECONDS        the longest wait of one action (2)\n"
	    "  -e, --poller=NAME epoll; or poll, ppoll, select, epoll\n"
	    "  --family=NAME     tcp4, tcp6, unix, socketpair, pipe\n"
	    "  --style=2017      lines as the first such tool printed them\n"
	    "  --emit-script     a script that expects what was seen\n"
	    "  -h                this help\n"
	    "       poll-probe run SCRIPT ...\n"
	    "       poll-probe {enum | reduce | diff | why} ...\n"
	    "actions, comma between, perhaps with =WANT behind:\n");
	verbs_help(f);
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
	char why[WHY_MAX] = "no memory";

	if (story_add(&p->story, side, list, 0, why) < 0)
		refuse("-%c %s: %s", side_letter(side), list, why);
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

/* NOLINTNEXTLINE(readability-function-size): half of it is the table */
enum { OPT_FAMILY = 256, OPT_POLLER, OPT_STYLE, OPT_EMIT };

static const struct option long_options[] = {
	{"family", required_argument, NULL, OPT_FAMILY},
	{"poller", required_argument, NULL, OPT_POLLER},
	{"style", required_argument, NULL, OPT_STYLE},
	{"emit-script", no_argument, NULL, OPT_EMIT},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void parse_option(int c, const char *text, struct probe *p)
{
	switch (c) {
	case 'v':
		p->verbose = true;
		break;
	case 'e':
		p->stage.poller = POLLER_EPOLL;
		break;
	case 'n':
		p->story.bare = true;
		break;
	case 't':
		p->stage.limit_ms = parse_limit(text);
		break;
	case OPT_FAMILY:
		p->family = (enum family)parse_name("family", text,
		    family_find(text));
		break;
	case OPT_POLLER:
		p->stage.poller = (enum poller)parse_name("poller", text,
		    poller_find(text));
		break;
	case OPT_STYLE:
		if (strcmp(text, "2017") != 0)
			refuse("--style=%s: only 2017 is known", text);
		p->style = STYLE_2017;
		break;
	case OPT_EMIT:
		p->style = STYLE_SCRIPT;
		break;
	case 'h':
		usage(stdout);
		exit(EX_OK);
	default:
		exit(EX_USAGE);
	}
}

static void parse_command_line(int argc, char **argv, struct probe *p)
{
	int c;

	while ((c = getopt_long(argc, argv, "venht:c:s:l:", long_options,
		    NULL)) >= 0)
		if (c == 'c' || c == 's' || c == 'l')
			add_command(p, (enum side)side_find(c), optarg);
		else
			parse_option(c, optarg, p);
	if (optind < argc)
		refuse("'%s' is no option; actions follow -c, -s or -l",
		    argv[optind]);
	if (!p->story.command_count)
		refuse("nothing to do: no -c, -s or -l; -h shows how");
}

static void print_mask(const struct outcome *out)
{
	char text[MASK_TEXT_MAX];

	printf(" ev=%#x", out->mask);
	if (out->mask)
		printf(" (%s)", mask_print(out->mask, text));
}

/* Prints the line of one event. */
static void on_event(void *arg, const struct event *ev)
{
	const struct probe *p = arg;
	const struct act *act = ev->act;

	/* The old form kept the implicit connect to itself. */
	if (p->style == STYLE_2017 && ev->step == 0 && ev->side == SIDE_C)
		return;
	printf("cmd #%zu stp #%zu: ", ev->cmd, ev->step);
	if (p->style == STYLE_2017)
		printf("do_%s(%d", act->verb->name, ev->fd);
	else
		printf("%s(%c=%d", act->verb->name, side_letter(ev->side),
		    ev->fd);
	printf("%s%s): ret=%d", act->args[0] ? "," : "", act->args,
	    ev->out.ret);
	if (ev->out.text)
		printf(" (%s)", ev->out.text);
	if (ev->out.sigpipe)
		printf(" SIGPIPE");
	if (ev->out.has_mask)
		print_mask(&ev->out);
	printf("%s%s\n", ev->met ? "" : " instead of ",
	    ev->met ? "" : ev->want->text);
}

/* The same as a line of a script. */
static void on_event_emit(void *arg, const struct event *ev)
{
	char want[WANT_TEXT_MAX];
	size_t *cmd = arg;

	if (ev->step == 0)
		return;
	if (*cmd == ev->cmd)
		printf(", ");
	else
		printf("%s%c: ", *cmd ? "\n" : "", side_letter(ev->side));
	*cmd = ev->cmd;
	printf("%s%s%s%s=%s", ev->act->verb->name, ev->act->args[0] ? "(" : "",
	    ev->act->args, ev->act->args[0] ? ")" : "",
	    want_print(ev->act, &ev->out, want));
}

static void on_event_silent(void *arg, const struct event *ev)
{
	(void)arg;
	(void)ev;
}

static void mark(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		exit(EX_IOERR);
}

static int play(struct probe *p)
{
	int unmet;

	mark("#### BEGIN ####\n");
	unmet = story_play(&p->story, &p->stage,
	    p->verbose ? on_event : on_event_silent, p);
	mark("#### END ####\n");
	return unmet;
}

static int emit(struct probe *p)
{
	size_t cmd = 0;
	int unmet;

	printf("name unnamed\nfamily %s\npoller %s\n%s",
	    family_name(p->family), poller_name(p->stage.poller),
	    p->story.bare ? "implicit off\n" : "");
	unmet = story_play(&p->story, &p->stage, on_event_emit, &cmd);
	printf("\n");
	return unmet;
}

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} subcommands[] = {
	{"run", script_main},
	{"enum", enum_main},
	{"reduce", reduce_main},
	{"diff", diff_main},
	{"why", why_main},
};

enum { SUBCOMMANDS = sizeof(subcommands) / sizeof(subcommands[0]) };

int main(int argc, char **argv)
{
	struct probe p = {.stage = {.limit_ms = LIMIT_MS}};
	int unmet;
	int err;

	for (int i = 0; argc > 1 && i < SUBCOMMANDS; i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return subcommands[i].main(argc - 1, argv + 1);
	parse_command_line(argc, argv, &p);
	setvbuf(stdout, NULL, _IOLBF, 0);
	act_init();
	err = scene_open(&p.stage.scene, p.family);
	if (err) {
		fprintf(stderr, "poll-probe: cannot open a %s socket: %s\n",
		    family_name(p.family), strerror(-err));
		return EX_OSERR;
	}
	unmet = p.style == STYLE_SCRIPT ? emit(&p) : play(&p);
	if (unmet < 0)
		fprintf(stderr, "poll-probe: stopped: there is no such socket "
		    "in this family, or not yet\n");
	scene_close(&p.stage.scene);
	story_fini(&p.story);
	return unmet < 0 ? EX_UNAVAILABLE : unmet > 0;
}
