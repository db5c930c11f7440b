/*
 * shutdown.c: what concerns the whole process while it runs: signals, and the
 * way to the exit.
 */
#include "proxy/shutdown.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/bug.h"
#include "proxy/proxy.h"

static void report_counters(struct proxy *px)
{
	const struct chunk_arena *a = &px->env.budget.arena;

	log_message(&px->log, LOG_LEVEL_INFO,
	    "accepted=%" PRIu64 " live=%zu chunks=%zu/%zu queue=%u sources=%zu"
	    " slots=%u",
	    px->accepted, px->live_count, a->taken, a->count,
	    px->scheduler.queue.count, px->clients.count,
	    px->scheduler.slots.taken);
	for (enum cause c = CAUSE_NONE; c < CAUSE_COUNT; c++)
		if (px->ended[c] > 0)
			log_message(&px->log, LOG_LEVEL_INFO,
			    "ended %s=%" PRIu64, cause_row(c)->word,
			    px->ended[c]);
}

static void end_all(struct proxy *px, enum cause cause)
{
	proxy_close_all(px, cause);
	ev_loop_stop(px->loop);
}

static void on_drain_over(struct ev_loop *loop, struct ev_timer *t)
{
	(void)loop;
	end_all(container_of(t, struct shutdown, drain)->px, CAUSE_SHUTDOWN);
}

static void on_empty(struct proxy *px)
{
	ev_loop_stop(px->loop);
}

static void drain(struct shutdown *s)
{
	struct proxy *px = s->px;
	int64_t drain_ms = px->conf->shutdown.drain_ms;

	s->draining = true;
	log_message(&px->log, LOG_LEVEL_INFO,
	    "draining: no more clients, %zu may finish within %" PRId64 " s",
	    px->live_count, drain_ms / 1000);
	for (size_t i = 0; i < px->listener_count; i++)
		listener_close(&px->listeners[i], px->loop);
	if (px->protections)
		probe_stop(&px->probe);
	px->on_empty = on_empty;
	if (proxy_is_empty(px))
		on_empty(px);
	else
		ev_timer_set(px->loop, &s->drain,
		    ev_now(px->loop) + drain_ms);
}

static void reopen_log(struct proxy *px)
{
	int err = access_reopen(&px->access);

	if (err < 0)
		log_message(&px->log, LOG_LEVEL_ERROR,
		    "the log could not be reopened: %s; the old file is kept",
		    strerror(-err));
	else
		log_message(&px->log, LOG_LEVEL_INFO, "log reopened");
}

static void on_signal(void *arg, int signal)
{
	struct shutdown *s = arg;

	if (signal == SIGUSR1)
		report_counters(s->px);
	else if (signal == SIGHUP)
		reopen_log(s->px);
	else if (s->draining)
		end_all(s->px, CAUSE_FORCED);
	else
		drain(s);
}

int shutdown_start(struct shutdown *s, struct proxy *px)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP, 0};

	*s = (struct shutdown){.px = px};
	ev_timer_init(&s->drain, on_drain_over);
	signal(SIGPIPE, SIG_IGN);
	return ev_signal_start(px->loop, signals, on_signal, s);
}
