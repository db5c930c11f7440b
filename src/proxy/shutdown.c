/*
 * shutdown.c: what concerns the whole process while it runs: signals, and the
 * way to the exit.
 */
#include "proxy/shutdown.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/bug.h"
#include "proxy/proxy.h"

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

void shutdown_force(struct shutdown *s)
{
	end_all(s->px, CAUSE_FORCED);
}

void shutdown_drain(struct shutdown *s, const char *why)
{
	struct proxy *px = s->px;
	int64_t drain_ms = px->conf->shutdown.drain_ms;

	if (s->draining) {
		shutdown_force(s);
		return;
	}
	s->draining = true;
	log_message(&px->log, LOG_LEVEL_INFO,
	    "%s: no more clients, %zu may finish within %" PRId64 " s", why,
	    px->live_count, drain_ms / 1000);
	if (s->on_drain)
		s->on_drain(s->arg);
	for (size_t i = 0; i < px->listener_count; i++)
		listener_close(&px->listeners[i], px->loop);
	if (px->protections)
		probe_stop(&px->probe);
	px->on_empty = on_empty;
	conn_serve_soon(px);
	if (proxy_is_empty(px))
		on_empty(px);
	else
		ev_timer_set(px->loop, &s->drain, ev_now(px->loop) + drain_ms);
}

static void reopen_log(struct proxy *px)
{
	int err = px->conf->jail.sandbox == SANDBOX_OFF
		      ? access_reopen(&px->access)
		      : -EPERM;

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

	if (signal == SIGUSR1) {
		proxy_count(s->px);
		stats_report(s->px->stats, &s->px->log);
	} else if (signal == SIGHUP) {
		reopen_log(s->px);
	} else {
		shutdown_drain(s, "draining");
	}
}

void shutdown_init(struct shutdown *s, struct proxy *px)
{
	*s = (struct shutdown){.px = px};
	ev_timer_init(&s->drain, on_drain_over);
	signal(SIGPIPE, SIG_IGN);
}

int shutdown_take_signals(struct shutdown *s)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP, 0};

	return ev_signal_start(s->px->loop, signals, on_signal, s);
}
