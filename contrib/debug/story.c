/*
 * story.c: see story.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "story.h"

enum { LOOK_AGAIN_MS = 2, WITHIN_MAX_MS = 60000, ACTION_MAX = 160 };

static int parse_within(const char *text, struct step *out,
    char out_why[WHY_MAX])
{
	char *end;
	long ms = strtol(text, &end, 10);

	if (end == text || *end || ms < 0 || ms > WITHIN_MAX_MS) {
		snprintf(out_why, WHY_MAX, "'@%s': not a number of ms up to %d",
		    text, WITHIN_MAX_MS);
		return -1;
	}
	out->within_ms = (int)ms;
	return 0;
}

/* One action with its expectation; `text` is cut up. */
static int parse_step(char *text, struct step *out, char out_why[WHY_MAX])
{
	char *close = strchr(text, ')');
	char *within = strrchr(text, '@');
	char *want = strchr(close ? close : text, '=');

	if (within) {
		*within = '\0';
		if (parse_within(within + 1, out, out_why) < 0)
			return -1;
	}
	if (want) {
		*want = '\0';
		if (want_parse(want + 1, &out->want, out_why) < 0)
			return -1;
	}
	return act_parse(text, strlen(text), &out->act, out_why);
}

/* Adds the first `len` bytes of `text`, without the blanks around them. */
static int add_step(struct command *cmd, const char *text, size_t len,
    char out_why[WHY_MAX])
{
	char action[ACTION_MAX];

	for (; len && isspace((unsigned char)*text); len--)
		text++;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (len >= sizeof(action)) {
		snprintf(out_why, WHY_MAX, "'%.*s': too long an action",
		    (int)len, text);
		return -1;
	}
	memcpy(action, text, len);
	action[len] = '\0';
	return parse_step(action, &cmd->steps[cmd->step_count++], out_why);
}

int story_add(struct story *story, enum side side, const char *list, int line,
    char out_why[WHY_MAX])
{
	struct command *more = reallocarray(story->commands,
	    story->command_count + 1, sizeof(*more));
	struct command *cmd;
	size_t n;

	if (!more)
		return -ENOMEM;
	story->commands = more;
	cmd = &more[story->command_count];
	*cmd = (struct command){.side = side, .line = line};
	cmd->steps = calloc(strlen(list) / 2 + 1, sizeof(*cmd->steps));
	if (!cmd->steps)
		return -ENOMEM;
	story->command_count++;
	for (const char *at = list; *at; at += n + (at[n] == ',')) {
		n = act_span(at);
		if (add_step(cmd, at, n, out_why) < 0)
			return -EINVAL;
	}
	if (!cmd->step_count) {
		snprintf(out_why, WHY_MAX, "an empty list of actions");
		return -EINVAL;
	}
	return 0;
}

void story_fini(struct story *story)
{
	for (size_t i = 0; i < story->command_count; i++)
		free(story->commands[i].steps);
	free(story->commands);
	memset(story, 0, sizeof(*story));
}

/* A story being played. */
struct play {
	struct stage *st;
	void (*on_event)(void *arg, const struct event *ev);
	void *arg;
	unsigned seen[SIDES]; /* the flags last seen */
	int unmet;
};

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void perform(struct play *play, struct event *ev, int within_ms)
{
	const struct timespec pause = {0, LOOK_AGAIN_MS * 1000000L};
	long until = now_ms() + within_ms;

	ev->fd = play->st->scene.fd[ev->side];
	for (;;) {
		act_run(play->st, ev->side, ev->act, &ev->out);
		ev->met = want_met(ev->want, &ev->out, play->seen[ev->side]);
		if (ev->met || now_ms() >= until)
			break;
		nanosleep(&pause, NULL);
	}
	if (ev->out.has_mask)
		play->seen[ev->side] = ev->out.mask;
	play->unmet += !ev->met;
	play->on_event(play->arg, ev);
}

static void perform_implicit(struct play *play, struct event ev,
    enum side side, const char *verb)
{
	struct want any = {.kind = WANT_ANY};
	char why[WHY_MAX];
	struct act act;

	act_parse(verb, strlen(verb), &act, why);
	ev.side = side;
	ev.act = &act;
	ev.want = &any;
	perform(play, &ev, 0);
}

/* Connects before the first -c or -s, accepts before the first -s. */
static void prepare(struct play *play, struct event ev)
{
	const struct scene *sc = &play->st->scene;

	if (ev.side == SIDE_L)
		return;
	if (!sc->connected)
		perform_implicit(play, ev, SIDE_C, "con");
	if (ev.side == SIDE_S && sc->fd[SIDE_S] < 0)
		perform_implicit(play, ev, SIDE_L, "acc");
}

int story_play(const struct story *story, struct stage *st,
    void (*on_event)(void *arg, const struct event *ev), void *arg)
{
	struct play play = {.st = st, .on_event = on_event, .arg = arg};

	for (size_t i = 0; i < story->command_count; i++) {
		const struct command *cmd = &story->commands[i];
		struct event ev = {
			.cmd = i + 1, .side = cmd->side, .line = cmd->line};

		if (!story->bare)
			prepare(&play, ev);
		if (st->scene.fd[cmd->side] < 0)
			return -1;
		for (size_t k = 0; k < cmd->step_count; k++) {
			ev.step = k + 1;
			ev.act = &cmd->steps[k].act;
			ev.want = &cmd->steps[k].want;
			perform(&play, &ev, cmd->steps[k].within_ms);
		}
	}
	return play.unmet;
}
