/*
 * run.c: does what main.c of the proxy does, which is not linked, in the same
 * order: starts it, lets the plan happen, and looks at what is left.
 *
 *   until end_ms   the plan's actions
 *   then           all faults stop; nobody may wait for ever
 *   then           everybody leaves; every counter returns to its baseline
 *   then           one more client, who is served; TERM; the end
 */
#include <arpa/inet.h>
#include <signal.h>
#include <string.h>

#include "workers.h"
#include "keeper/sockets.h"
#include "kernel.h"
#include "master.h"
#include "model.h"
#include "proxy/proxy.h"
#include "proxy/shutdown.h"
#include "settings/conf_load.h"

enum {
	STAGE_MAX_MS = 2 * 24 * 3600 * 1000,
	LAST_MS = 60 * 1000,
	ACTOR_WAKE_US = 20,
	DEVICE_WAKE_US = 30,
};

static struct proxy proxy;
static struct stats_block stats;
static struct sockets sockets;
static struct conf conf;
static struct shutdown process;
static const struct plan *plan;
static uint64_t replies_before;
static FILE *nowhere;

/* Before the device's own address one that refuses, and one where nobody
 * answers. */
static void add_addresses(struct device_link_conf *link, uint32_t which)
{
	struct addr own = link->device[0];

	for (uint32_t i = 1; i <= 2; i++) {
		if (!(which & i))
			continue;
		link->device[link->device_count - 1].u.in.sin_addr.s_addr =
		    htonl(DEVICE_IP + i);
		link->device[link->device_count++] = own;
	}
}

/* What comes from elsewhere than the settings. */
static void add_nature(const struct plan *p, struct conf *c)
{
	if (p->nature[NATURE_ADDRESSES] > 0)
		add_addresses(&c->link, p->nature[NATURE_ADDRESSES]);
	if (p->nature[NATURE_BUSY] && c->request.kind != GATE_HTTP &&
	    c->request.kind != GATE_MODBUS) {
		c->busy_text = strdup("Please come again later.\n");
		c->http_error.busy = c->busy_text;
		c->http_error.busy_bytes = strlen(c->busy_text);
	}
}

bool plan_load(const struct plan *p, struct conf *out)
{
	static const char *const fixed[] = {
	    "sallyport", "--listen=127.0.0.1:8001", "--device=10.0.0.2:8080"};
	enum { FIXED = sizeof(fixed) / sizeof(*fixed) };
	static char texts[PLAN_SETTINGS_MAX + FIXED][2 * PLAN_TEXT_MAX + 4];
	char *args[PLAN_SETTINGS_MAX + FIXED + 1] = {NULL};
	int count = 0, status;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	for (; count < FIXED; count++)
		args[count] = strcpy(texts[count], fixed[count]);
	for (int i = 0; i < p->setting_count; i++, count++) {
		args[count] = texts[count];
		snprintf(args[count], sizeof(*texts), "--%s=%s",
		    p->settings[i].name, p->settings[i].value);
	}
	if (conf_load(
		count, args, world.tell ? stderr : nowhere, out, &status)) {
		add_nature(p, out);
		return true;
	}
	conf_free(out);
	return false;
}

/* ---- what happens ---- */

static void on_wake(void *obj, uint64_t number)
{
	struct tcp *t = obj;

	if (t->number != number)
		return;
	t->wake_due = false;
	if (!t->end[PEER].closed)
		t->on_wake(t->peer);
}

static void on_change(struct tcp *t, int end)
{
	if (end == PEER && t->peer && !t->wake_due) {
		t->wake_due = true;
		world_after(t->to_device ? DEVICE_WAKE_US : ACTOR_WAKE_US,
		    on_wake, t, t->number);
	}
	if (end == PROXY && t->fd > 0)
		ready_mark(t->fd);
	if (end == PROXY && !t->to_device)
		actor_heard(t);
}

static void on_crowd(void *obj, uint64_t arg)
{
	const struct action *a = obj;
	struct chance c = {a->seed + arg};
	uint32_t address, span_us;

	if (world.calm || arg >= (uint64_t)a->b * a->c * 60)
		return;
	address = chance_below(&c, 200);
	(void)client_open(a->a, address, chance_next(&c));
	span_us = chance_below(&c, 2000 * MS / a->b) + 1;
	world_after(span_us, on_crowd, obj, arg + 1);
}

static void on_power(void *obj, uint64_t arg)
{
	const struct action *a = obj;

	if (world.calm || arg >= a->c)
		return;
	device_suffer(TROUBLE_OFF, a->b * MS);
	world_after(a->d * MS, on_power, obj, arg + 1);
}

static void on_fault(const struct action *a)
{
	struct fault f = {
	    (enum call)a->a, (int)a->b, a->c, world.now_us + a->d * MS};

	model.faulty = true;
	TELL("calls fail: number %u with errno %u", a->a, a->b);
	kernel_fault(&f);
}

static void act(void *obj, uint64_t arg)
{
	const struct action *a = obj;

	if (kernel.workers ? a->kind == ACT_SIGNAL
			   : a->kind == ACT_RELOAD || a->kind == ACT_KILL ||
				 a->kind == ACT_ORDER)
		return;
	switch (a->kind) {
	case ACT_CLIENT:
		(void)client_open(a->a, a->b, a->seed);
		break;
	case ACT_MASTER:
		if (model.talks != TALKS_HTTP)
			(void)master_open(a->a, a->b, a->seed);
		break;
	case ACT_DEVICE:
		device_suffer((enum device_trouble)a->a, a->b * MS);
		break;
	case ACT_FAULT:
		on_fault(a);
		break;
	case ACT_PAUSE:
		TELL("the proxy is stopped for %u ms", a->b);
		model.stopped = true;
		kernel.paused_until_us = world.now_us + a->b * MS;
		break;
	case ACT_RELOAD:
		TELL("a reload, slots %u", a->b);
		workers_reload(a->b);
		break;
	case ACT_KILL:
		workers_kill();
		break;
	case ACT_SIGNAL:
		TELL("the proxy gets signal %u", a->a);
		model.draining |= a->a == SIGTERM;
		kernel_signal((int)a->a);
		break;
	case ACT_CROWD:
		on_crowd(obj, 0);
		break;
	case ACT_POWER:
		on_power(obj, 0);
		break;
	case ACT_ORDER:
		workers_order((enum order)a->a, a->b);
		break;
	}
}

/* ---- the end ---- */

static void on_last(void *obj, uint64_t arg)
{
	if (!model.draining)
		model_check_last(replies_before);
	model.draining = true;
	TELL("TERM");
	if (kernel.workers && plan->seed % 4 == 0)
		workers_orphan();
	else if (kernel.workers)
		workers_drain();
	else
		kernel_signal(SIGTERM);
}

static void on_all_left(void *obj, uint64_t arg)
{
	if (!model.draining) {
		model_check_baseline();
		replies_before = model.replies_seen;
		if (model.talks == TALKS_HTTP)
			(void)client_open(1, 250, plan->seed);
		else
			(void)master_open(0, 250, plan->seed);
	}
	world_after(
	    (LAST_MS + conf.slots.connect_gap_ms + conf.link.settle_ms) * MS,
	    on_last, NULL, 0);
}

/* Longer than all timers together; those that are off do not count. */
static int64_t all_timers_ms(void)
{
	const struct conn_conf *c = &conf.conn;
	int64_t ms =
	    conf.request.timeout_ms + conf.queue.timeout_ms +
	    conf.link.connect_timeout_ms * (conf.link.connect_retry + 2) +
	    c->idle_ms + c->fin_ms + c->linger_ms + c->send_ms +
	    c->first_byte_ms + c->reply_ms + c->request_ms +
	    c->stream_timeout_ms + c->keep_reply_ms + conf.health.probe_max_ms +
	    conf.slots.connect_gap_ms + conf.link.settle_ms +
	    conf.clients.request_limit_ms + 1200 * 1000;

	return ms > STAGE_MAX_MS ? STAGE_MAX_MS : ms;
}

static void on_waited(void *obj, uint64_t arg)
{
	if (!model.draining) {
		model_check_nobody_waits();
		model_check_no_master_waits();
	}
	TELL("everybody leaves");
	clients_leave();
	masters_leave();
	world_after(all_timers_ms() * MS, on_all_left, NULL, 0);
}

static void on_calm(void *obj, uint64_t arg)
{
	TELL("all is calm");
	world.calm = true;
	kernel_calm();
	device_heal();
	if (kernel.workers)
		workers_order(ORDER_RELEASE, 0);
	world_after(all_timers_ms() * MS, on_waited, NULL, 0);
}

/* ---- a run ---- */

static void make_world(void)
{
	world_start(plan->seed);
	tcp_start();
	clients_start();
	masters_start();
	talk_start();
	site_start();
	device_start();
	kernel_start(plan->nature);
	tcp_on_change = on_change;
	tcp_on_syn = device_on_syn;
}

/* Without a keeper, as with --single. */
static void start_proxy(void)
{
	int err;

	memset(&proxy, 0, sizeof(proxy));
	memset(&stats, 0, sizeof(stats));
	proxy.stats = &stats;
	err = workers_open_proxy(&proxy, &conf, &process);
	if (err == 0)
		err = shutdown_take_signals(&process);
	if (err == 0)
		err = -sockets_open(&sockets, &conf, NULL, NULL, stderr);
	FORBID(err, "start", "the proxy does not start: %s", strerror(-err));
	for (size_t i = 0; i < sockets.count; i++)
		listener_init(
		    &proxy.listeners[proxy.listener_count++], sockets.at[i].fd);
	proxy_start(&proxy);
}

uint64_t plan_run(const struct plan *p)
{
	plan = p;
	if (!plan_load(p, &conf))
		return 0;
	make_world();
	model_start(p, &conf, &proxy);
	if (kernel.workers)
		workers_start(&conf);
	else
		start_proxy();
	for (int i = 0; i < p->action_count; i++)
		world_after(
		    p->actions[i].at_ms * MS, act, (void *)&p->actions[i], 0);
	world_after(p->end_ms * MS, on_calm, NULL, 0);
	if (kernel.workers) {
		workers_run();
	} else {
		FORBID(ev_loop_run(proxy.loop) < 0, "waits", "waiting failed");
		proxy_fini(&proxy);
		log_close(&proxy.log);
	}
	FORBID(kernel.fds_open > 0, "baseline", "%u descriptors are left open",
	    kernel.fds_open);
	conf_free(&conf);
	return world.digest;
}
