/*
 * control.c: one line asked on the control socket, one reply.
 */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "keeper/control_words.h"
#include "keeper/facts.h"
#include "keeper/report.h"

/* Who may open the socket may read; to act one is root or who we are. */
static bool may_act(const struct responder_peer *p)
{
	return p->uid == 0 || p->uid == geteuid();
}

static void say(struct text *reply, const struct control_order *o,
    const char *error, const char *done)
{
	if (o->json)
		text_printf(reply, "{\"ok\":%s,\"msg\":\"%s\"}\n",
		    error ? "false" : "true", error ? error : done);
	else
		text_printf(reply, "%s%s\n",
		    error ? "error: " : "ok: ", error ? error : done);
}

static void tell(struct keeper *k, enum line_kind kind, uint32_t count)
{
	const struct line_message m = {.kind = kind, .count = count};

	process_tell_all(k, &m);
}

static const char *hold(struct keeper *k, bool on)
{
	/* Without a worker the next one is told. */
	if (k->newest && !k->newest->stats->is_protected)
		return "these settings only relay: there is nothing to hold";
	k->report.held = on;
	tell(k, LINE_HOLD, on);
	return NULL;
}

static void act(struct keeper *k, const struct control_order *o, pid_t self,
    struct text *reply)
{
	switch (o->word) {
	case CONTROL_HOLD:
		say(reply, o, hold(k, true),
		    "held: clients are answered 503 until it is released");
		break;
	case CONTROL_RELEASE:
	case CONTROL_RESET_HEALTH:
		say(reply, o, hold(k, false),
		    "the device is up until it "
		    "proves otherwise");
		break;
	case CONTROL_RELOAD:
		(void)kill(self, SIGHUP);
		say(reply, o, NULL,
		    "reload asked for: the log and status "
		    "tell what becomes of it");
		break;
	case CONTROL_UPGRADE:
		(void)kill(self, SIGUSR2);
		say(reply, o, NULL,
		    "upgrade asked for: the log and status "
		    "tell what becomes of it");
		break;
	case CONTROL_LOG_LEVEL:
		k->log.level = (enum log_level)o->level;
		tell(k, LINE_LEVEL, (uint32_t)o->level);
		say(reply, o, NULL, "the log has that level until a reload");
		break;
	default:
		break;
	}
}

static void show(
    struct keeper *k, const struct control_order *o, struct text *reply)
{
	struct facts_texts texts;
	struct status_facts f;

	facts_gather(k, &f, &texts);
	switch (o->word) {
	case CONTROL_HELP:
		text_printf(reply, "%s", control_help);
		break;
	case CONTROL_STATUS:
		if (o->json)
			status_json(&f, reply);
		else
			status_text(&f, reply);
		break;
	case CONTROL_CONNS:
		(o->json ? conns_json : conns_text)(&f, reply);
		break;
	case CONTROL_METRICS:
		metrics_text(&f, reply);
		break;
	default:
		say(reply, o, o->wrong, NULL);
		break;
	}
}

static uint64_t forced(const struct keeper *k)
{
	struct stats_block sum;

	stats_sum(k->stats, NULL, &sum);
	return sum.ended[CAUSE_FORCED];
}

/* Once the worker has looked anew it has ended them, too. */
static enum responder_verdict end_client(struct keeper *k,
    const struct control_order *o, struct responder_peer *p, struct text *reply)
{
	struct line_message m = {
	    .kind = LINE_CLOSE, .length = sizeof(o->client)};
	char done[64];
	struct text t = {.bytes = done, .size = sizeof(done)};
	bool is_late = responder_is_late(p, keeper_now_ms());

	if (p->later_ms == 0) {
		p->note = forced(k);
		memcpy(m.bytes, &o->client, m.length);
		process_tell_all(k, &m);
		if (facts_look_anew(k))
			return RESPONDER_LATER;
	} else if (!facts_are_fresh(k) && !is_late) {
		return RESPONDER_LATER;
	}
	text_printf(&t, "connections ended: %" PRIu64, forced(k) - p->note);
	(void)text_end(&t);
	say(reply, o,
	    forced(k) > p->note ? NULL
	    : is_late		? "the worker has not answered yet"
				: "no connection of that client",
	    done);
	return RESPONDER_ANSWERED;
}

/* Is it one that shows who is there? */
static bool looks(enum control_word word)
{
	return word == CONTROL_STATUS || word == CONTROL_CONNS;
}

enum responder_verdict control_answer(
    void *keeper, struct responder_peer *p, struct text *reply)
{
	const char *end = memchr(p->asked, '\n', p->len);
	struct control_order o;

	if (!end)
		return RESPONDER_MORE;
	o = control_read(p->asked, (size_t)(end - p->asked));
	if (looks(o.word) && !facts_are_fresh(keeper) &&
	    !responder_is_late(p, keeper_now_ms()))
		return RESPONDER_LATER;
	if (!control_acts(o.word))
		show(keeper, &o, reply);
	else if (!may_act(p))
		say(reply, &o, "only root and the user of this proxy may",
		    NULL);
	else if (o.word == CONTROL_END)
		return end_client(keeper, &o, p, reply);
	else
		act(keeper, &o, getpid(), reply);
	return RESPONDER_ANSWERED;
}
