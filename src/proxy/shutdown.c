/*
 * shutdown.c: what concerns the whole process while it runs.
 */
#include "proxy/shutdown.h"

#include <inttypes.h>
#include <signal.h>

#include "base/bug.h"
#include "proxy/conn.h"
#include "proxy/proxy.h"

static void say_counters(struct proxy *px)
{
	log_say(&px->log, LOG_LEVEL_INFO,
	    "accepted=%" PRIu64 " live=%zu chunks=%zu/%zu queue=%u sources=%zu"
	    " slots=%u",
	    px->accepted, px->live_count, px->arena.taken, px->arena.count,
	    px->queue.count, px->clients.count, px->device.in_use);
	for (enum cause c = CAUSE_NONE; c < CAUSE_COUNT; c++)
		if (px->ended[c] > 0)
			log_say(&px->log, LOG_LEVEL_INFO, "ended %s=%" PRIu64,
			    cause_row(c)->word, px->ended[c]);
}

static void end_all(struct proxy *px, enum cause cause)
{
	proxy_close_all(px, cause);
	ev_loop_stop(px->loop);
}

static void on_drain_over(struct ev_loop *loop, struct ev_timer *t)
{
	(void)loop;
	end_all(container_of(t, struct life, drain)->px, CAUSE_SHUTDOWN);
}

static void on_empty(struct proxy *px)
{
	ev_loop_stop(px->loop);
}

static void drain(struct life *life)
{
	struct proxy *px = life->px;
	int64_t drain_ms = px->conf->life.drain_ms;

	life->draining = true;
	log_say(&px->log, LOG_LEVEL_INFO,
	    "draining: no more clients, %zu may finish within %" PRId64 " s",
	    px->live_count, drain_ms / 1000);
	for (size_t i = 0; i < px->listener_count; i++)
		listener_close(&px->listeners[i], px->loop);
	px->on_empty = on_empty;
	if (px->live_count == 0)
		on_empty(px);
	else
		ev_timer_set(px->loop, &life->drain,
		    ev_now(px->loop) + drain_ms);
}

static void on_signal(void *arg, int signal)
{
	struct life *life = arg;

	if (signal == SIGUSR1)
		say_counters(life->px);
	else if (life->draining)
		end_all(life->px, CAUSE_FORCED);
	else
		drain(life);
}

int life_start(struct life *life, struct proxy *px)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, 0};

	*life = (struct life){.px = px};
	ev_timer_init(&life->drain, on_drain_over);
	signal(SIGPIPE, SIG_IGN);
	return ev_signal_start(px->loop, signals, on_signal, life);
}
