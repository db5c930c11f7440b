/*
 * verb.c: the table of verbs, and what surrounds the running of one: parsing,
 * the time limit, the report. See verb.h.
 *
 * The limit is an interval timer: once it has gone off it goes off again every
 * few milliseconds, so that a call entered just after the first signal is
 * interrupted as well.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "mask.h"
#include "verb.h"

enum { NUMBER_MAX = 1 << 20, AGAIN_US = 5000 };

/* name, function, arguments, words, default, preset, traits, help */
static const struct verb verbs[] = {
	{"con", do_con, ARGS_WORD, "nb again self", 0, 0, VERB_WAITS,
	    "connect (implicit before the first -c or -s); nb: do not wait; "
	    "self: to itself"},
	{"dis", do_dis, ARGS_NONE, NULL, 0, 0, 0,
	    "connect to AF_UNSPEC: forget the peer"},
	{"acc", do_acc, ARGS_WORD, "nb", 0, 0, VERB_WAITS | VERB_LOOSE,
	    "accept (implicit before the first -s); nb: do not wait"},
	{"lis", do_lis, ARGS_NUMBER, NULL, 1000, 0, 0,
	    "listen again, with backlog N"},
	{"snd", do_snd, ARGS_NUMBER, NULL, 3, 0, 0,
	    "send \"foo\", or N bytes"},
	{"mor", do_snd, ARGS_NUMBER, NULL, 3, MSG_MORE, 0,
	    "the same with MSG_MORE"},
	{"zcp", do_zcp, ARGS_NUMBER, NULL, 3, MSG_ZEROCOPY, 0,
	    "the same with MSG_ZEROCOPY"},
	{"oob", do_snd, ARGS_NONE, NULL, 1, MSG_OOB, 0,
	    "send one urgent byte"},
	{"fil", do_fil, ARGS_NONE, NULL, 0, 0, VERB_LOOSE,
	    "send until no more is taken; the sum"},
	{"rcv", do_rcv, ARGS_NUMBER, NULL, 10, 0, 0,
	    "receive at most 10 bytes, or N"},
	{"pek", do_rcv, ARGS_NUMBER, NULL, 10, MSG_PEEK, 0,
	    "the same, but leave them there"},
	{"drn", do_drn, ARGS_NONE, NULL, 0, 0, VERB_WAITS,
	    "receive until the end of the stream; the sum"},
	{"rcvoob", do_rcv, ARGS_NONE, NULL, 1, MSG_OOB, 0,
	    "receive the urgent byte"},
	{"erq", do_erq, ARGS_NONE, NULL, 0, 0, 0,
	    "read one entry of the error queue"},
	{"spl", do_spl, ARGS_NUMBER, NULL, 65536, 0, VERB_WAITS,
	    "splice at most N bytes from the socket into a pipe"},
	{"spo", do_spo, ARGS_NUMBER, NULL, 65536, 0, VERB_WAITS,
	    "splice at most N bytes from that pipe to the socket"},
	{"shr", do_shut, ARGS_NONE, NULL, 0, SHUT_RD, 0,
	    "shutdown SHUT_RD"},
	{"shw", do_shut, ARGS_NONE, NULL, 0, SHUT_WR, 0,
	    "shutdown SHUT_WR"},
	{"shb", do_shut, ARGS_NONE, NULL, 0, SHUT_RDWR, 0,
	    "shutdown SHUT_RDWR"},
	{"lin", do_opt, ARGS_NONE, NULL, 0, OPTION_LINGER, 0,
	    "linger 0: close will send a reset"},
	{"clo", do_clo, ARGS_WORD, "dup", 0, 0, VERB_WAITS,
	    "close; dup: the duplicate"},
	{"rst", do_rst, ARGS_NONE, NULL, 0, 0, 0, "lin and clo in one"},
	{"dup", do_dup, ARGS_NONE, NULL, 0, 0, VERB_LOOSE,
	    "duplicate the descriptor"},
	{"pol", do_pol, ARGS_MASK, NULL, 0, 0, 0,
	    "what is ready of in, out, rdhup, or of the flags given; 0; all"},
	{"wai", do_wai, ARGS_WAIT, NULL, NO_NUMBER, 0, 0,
	    "the same, but wait for one of them, at most N ms"},
	{"pau", do_pau, ARGS_NUMBER, NULL, 10, 0, 0, "pause for N ms, at most the limit"},
	{"arm", do_arm, ARGS_ARM, "lt et one exc", 0, EPOLL_CTL_ADD, 0,
	    "add to the epoll set: level, edge, one-shot, exclusive; flags"},
	{"mod", do_arm, ARGS_ARM, "lt et one exc", 0, EPOLL_CTL_MOD, 0,
	    "change what the epoll set waits for"},
	{"del", do_del, ARGS_WORD, "dup", 0, 0, 0,
	    "remove from the epoll set; dup: by the duplicate's number"},
	{"wev", do_wev, ARGS_NUMBER, NULL, 6, 0, 0,
	    "collect at most N events of the epoll set, show one's own"},
	{"inq", do_queue, ARGS_NONE, NULL, 0, SIOCINQ, 0,
	    "bytes to read"},
	{"outq", do_queue, ARGS_NONE, NULL, 0, SIOCOUTQ, VERB_LOOSE,
	    "bytes the peer has not acknowledged"},
	{"unsent", do_queue, ARGS_NONE, NULL, 0, SIOCOUTQNSD, VERB_LOOSE,
	    "bytes not sent yet"},
	{"inf", do_inf, ARGS_NONE, NULL, 0, 0, 0, "the TCP state"},
	{"err", do_err, ARGS_NONE, NULL, 0, 0, 0,
	    "SO_ERROR: take the pending error"},
	{"opt", do_opt, ARGS_OPTION, NULL, NO_NUMBER, 0, 0,
	    "read an option, or with a number set it: opt(linger,0)"},
	{"nod", do_opt, ARGS_NUMBER, NULL, 1, OPTION_NODELAY, 0,
	    "TCP_NODELAY"},
	{"crk", do_opt, ARGS_NUMBER, NULL, 1, OPTION_CORK, 0,
	    "TCP_CORK on"},
	{"unc", do_opt, ARGS_NUMBER, NULL, 0, OPTION_CORK, 0,
	    "TCP_CORK off"},
	{"kal", do_opt, ARGS_NUMBER, NULL, 1, OPTION_KEEPALIVE, 0,
	    "SO_KEEPALIVE"},
	{"inl", do_opt, ARGS_NUMBER, NULL, 1, OPTION_OOBINLINE, 0,
	    "SO_OOBINLINE"},
	{"low", do_opt, ARGS_NUMBER, NULL, 16384, OPTION_NOTSENT_LOWAT, 0,
	    "TCP_NOTSENT_LOWAT of N"},
	{"nbl", do_opt, ARGS_NUMBER, NULL, 1, OPTION_NONBLOCK, 0,
	    "O_NONBLOCK"},
	{"buf", do_buf, ARGS_NUMBER, NULL, 4096, 0, 0,
	    "SO_SNDBUF and SO_RCVBUF of N"},
	{"drop", do_drop, ARGS_NONE, NULL, 0, 0, 0,
	    "from now on lose every packet that arrives here"},
	{"pass", do_pass, ARGS_NONE, NULL, 0, 0, 0, "undo drop"},
	{"ctm", do_ctm, ARGS_NUMBER, NULL, 200, 0, 0,
	    "drop, send, and wait for TCP_USER_TIMEOUT of N ms to strike"},
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static volatile sig_atomic_t sigpipes;

static const char *verbs_names(char *out_text, size_t size)
{
	size_t n = 0;

	for (int i = 0; i < VERBS && n < size; i++)
		n += (size_t)snprintf(out_text + n, size - n, "%s%s",
		    i ? " " : "", verbs[i].name);
	return out_text;
}

void verbs_help(FILE *f)
{
	static const char *const args[] = {
		[ARGS_NONE] = "",
		[ARGS_NUMBER] = "(N)",
		[ARGS_WORD] = "(WORD)",
		[ARGS_MASK] = "(FLAGS)",
		[ARGS_WAIT] = "(N,FLAGS)",
		[ARGS_ARM] = "(MODE,FLAGS)",
		[ARGS_OPTION] = "(NAME,N)",
	};

	for (int i = 0; i < VERBS; i++)
		fprintf(f, "  %s%-*s %s\n", verbs[i].name,
		    17 - (int)strlen(verbs[i].name), args[verbs[i].args],
		    verbs[i].help);
}

size_t act_span(const char *list)
{
	size_t n = 0;
	bool inside = false;

	for (; list[n] && (inside || list[n] != ','); n++)
		inside = list[n] != ')' && (inside || list[n] == '(');
	return n;
}

/* The place of `word` in `words`, or NO_WORD. */
static int word_find(const char *words, const char *word)
{
	size_t len = strlen(word);
	int i = 0;

	for (const char *w = words; *w; i++) {
		size_t n = strcspn(w, " ");

		if (n == len && memcmp(w, word, n) == 0)
			return i;
		w += n;
		w += strspn(w, " ");
	}
	return NO_WORD;
}

static int parse_number(const char *text, struct act *out,
    char out_why[WHY_MAX])
{
	int least = out->verb->args == ARGS_OPTION ? -1 : 0;
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < least || n > NUMBER_MAX) {
		snprintf(out_why, WHY_MAX, "'%s' is not a number from %d to %d",
		    text, least, NUMBER_MAX);
		return -1;
	}
	out->number = (int)n;
	return 0;
}

static int parse_flag(const char *text, struct act *out, char out_why[WHY_MAX])
{
	unsigned bit = strcmp(text, "all") == 0 ? MASK_ALL : mask_bit(text);

	if (!bit && strcmp(text, "0") != 0) {
		snprintf(out_why, WHY_MAX, "unknown flag '%s'; flags: in pri "
		    "out err hup rdhup, 0 for none, all", text);
		return -1;
	}
	out->mask |= bit;
	return 0;
}

static int parse_word(const char *text, struct act *out, char out_why[WHY_MAX])
{
	out->word = word_find(out->verb->words, text);
	if (out->word >= 0)
		return 0;
	snprintf(out_why, WHY_MAX, "%s knows no '%s', but: %s",
	    out->verb->name, text, out->verb->words);
	return -1;
}

static int parse_option(const char *text, struct act *out,
    char out_why[WHY_MAX])
{
	size_t n = 0;

	for (int i = 0; i < OPTIONS; i++)
		if (strcmp(option_name(i), text) == 0) {
			out->option = i;
			return 0;
		}
	n = (size_t)snprintf(out_why, WHY_MAX, "unknown option '%s'; options:",
	    text);
	for (int i = 0; i < OPTIONS && n < WHY_MAX; i++)
		n += (size_t)snprintf(out_why + n, WHY_MAX - n, " %s",
		    option_name(i));
	return -1;
}

/* The `nth` argument, counted from 0. */
static int parse_arg(const char *text, int nth, struct act *out,
    char out_why[WHY_MAX])
{
	switch (out->verb->args) {
	case ARGS_NUMBER:
		if (nth == 0)
			return parse_number(text, out, out_why);
		break;
	case ARGS_WORD:
		if (nth == 0)
			return parse_word(text, out, out_why);
		break;
	case ARGS_MASK:
		return parse_flag(text, out, out_why);
	case ARGS_WAIT:
		return nth == 0 ? parse_number(text, out, out_why)
				: parse_flag(text, out, out_why);
	case ARGS_ARM:
		return nth == 0 ? parse_word(text, out, out_why)
				: parse_flag(text, out, out_why);
	case ARGS_OPTION:
		if (nth < 2)
			return nth == 0 ? parse_option(text, out, out_why)
					: parse_number(text, out, out_why);
		break;
	case ARGS_NONE:
		break;
	}
	snprintf(out_why, WHY_MAX, "%s takes no argument '%s'",
	    out->verb->name, text);
	return -1;
}

/* Cuts the brackets off `text` (in place) and parses what they hold. */
static int parse_args(char *text, struct act *out, char out_why[WHY_MAX])
{
	size_t len = strlen(text);
	char *save = NULL;
	int nth = 0;

	if (len < 2 || text[len - 1] != ')' || len >= ACT_ARGS_MAX) {
		snprintf(out_why, WHY_MAX,
		    "'%s%s': a closing bracket is missing, or too much is "
		    "between them", out->verb->name, text);
		return -1;
	}
	text[len - 1] = '\0';
	memcpy(out->args, text + 1, len - 1);
	for (char *arg = strtok_r(text + 1, ", ", &save); arg;
	    arg = strtok_r(NULL, ", ", &save))
		if (parse_arg(arg, nth++, out, out_why) < 0)
			return -1;
	return nth;
}

int act_parse(const char *text, size_t len, struct act *out,
    char out_why[WHY_MAX])
{
	char word[64 + ACT_ARGS_MAX];
	char names[WHY_MAX / 2];
	int given = 0;
	size_t n;

	snprintf(word, sizeof(word), "%.*s", (int)len, text);
	n = strcspn(word, "(");
	memset(out, 0, sizeof(*out));
	for (int i = 0; i < VERBS; i++)
		if (strlen(verbs[i].name) == n &&
		    memcmp(verbs[i].name, word, n) == 0)
			out->verb = &verbs[i];
	if (!out->verb) {
		snprintf(out_why, WHY_MAX, "unknown verb '%.*s'; verbs: %s",
		    (int)n, word, verbs_names(names, sizeof(names)));
		return -1;
	}
	out->number = out->verb->number;
	out->option = out->verb->preset;
	out->word = NO_WORD;
	if (word[n])
		given = parse_args(word + n, out, out_why);
	if (given < 0)
		return -1;
	if (given == 0 && (out->verb->args == ARGS_ARM ||
		out->verb->args == ARGS_OPTION)) {
		snprintf(out_why, WHY_MAX, "%s needs an argument: %s",
		    out->verb->name, out->verb->help);
		return -1;
	}
	/* Flags not named at all are the usual ones; "0" names none. */
	if (given == 0 || (given == 1 && out->verb->args != ARGS_MASK))
		out->mask = MASK_USUAL;
	return 0;
}

static void on_sigpipe(int sig)
{
	(void)sig;
	sigpipes = 1;
}

static void on_sigalrm(int sig)
{
	(void)sig;
}

void act_init(void)
{
	/* No SA_RESTART: the alarm is there to end a call. */
	struct sigaction sa = {.sa_handler = on_sigalrm};

	sigaction(SIGALRM, &sa, NULL);
	sa.sa_handler = on_sigpipe;
	sigaction(SIGPIPE, &sa, NULL);
}

static void limit_set(int ms)
{
	struct itimerval it = {
		.it_value = {ms / 1000, ms % 1000 * 1000L},
		.it_interval = {0, ms ? AGAIN_US : 0},
	};

	setitimer(ITIMER_REAL, &it, NULL);
}

void act_run(struct stage *st, enum side side, const struct act *act,
    struct outcome *out)
{
	struct call call = {st, &st->scene, side, st->scene.fd[side], act, out};

	*out = (struct outcome){.ret = -1};
	sigpipes = 0;
	if (act->verb->traits & VERB_WAITS)
		limit_set(st->limit_ms);
	errno = 0;
	out->ret = act->verb->run(&call);
	out->err = errno;
	if (act->verb->traits & VERB_WAITS)
		limit_set(0);
	out->sigpipe = sigpipes;
	if (out->ret != -1)
		return;
	if (out->err == EINTR && (act->verb->traits & VERB_WAITS))
		out->err = ETIME;
	out->name = strerrorname_np(out->err);
	out->text = strerror(out->err);
}
