/*
 * workers.c: who lives, from its start to its end, and whose turn it is.
 */
#include "workers.h"

#include <setjmp.h>
#include <string.h>

#include "keeper/sockets.h"
#include "kernel.h"
#include "model.h"

struct member workers[WORKERS];
struct keeper keeper;
static struct stats stats;
static struct sockets sockets;
static struct conf in_force;
static unsigned int next_slots;	 /* of who is started next */
static unsigned int ended_slots; /* the most of who ended lately */
static int64_t ended_us;
static struct member *host; /* the simulation stands in its sleep */
static jmp_buf host_killed;
static uint32_t next_number;

static struct member *find(int epfd)
{
	for (struct member *w = workers; w < workers + WORKERS; w++)
		if (w->alive && w->epoll_fd == epfd)
			return w;
	return NULL;
}

/* ---- the beginning ---- */

static int share_listener(void)
{
	const struct file *keepers = &files[sockets.at[0].fd];
	int fd = file_open(KIND_LISTENER);

	if (fd >= 0) {
		files[fd].nodelay = keepers->nodelay;
		files[fd].options = keepers->options;
		ready_mark(fd);
	}
	return fd;
}

int workers_open_proxy(
    struct proxy *px, const struct conf *conf, struct shutdown *end)
{
	int err = log_open(&px->log, &conf->log);

	if (err == 0)
		err = proxy_init(px, conf, (size_t)kernel.fd_limit);
	if (err < 0)
		return err;
	access_start(&px->access, &px->log, px->loop);
	shutdown_init(end, px);
	return 0;
}

static int open_worker(struct member *w)
{
	struct proxy *px = &w->px;
	int err;

	px->stats = stats_take(&stats, (int32_t)w->number);
	px->next_connect_ms = &stats.next_connect_ms;
	err = workers_open_proxy(px, &w->conf, &w->shutdown);
	if (err < 0)
		return err;
	w->epoll_fd = kernel.last_epoll_fd;
	w->line_fd = file_open(KIND_LINE);
	listener_init(&px->listeners[0], share_listener());
	px->listener_count = 1;
	w->worker = (struct worker){
	    .px = px, .shutdown = &w->shutdown, .conf = &w->conf};
	worker_start(&w->worker, w->line_fd);
	return 0;
}

static void spawn(void *obj, uint64_t arg)
{
	struct member *w = workers;
	int before = kernel.process, err;

	if (model.draining || keeper.coming)
		return;
	while (w < workers + WORKERS &&
	       (w->alive || process_of(w)->phase != PROCESS_NONE))
		w++;
	if (w == workers + WORKERS)
		return;
	memset(w, 0, sizeof(*w));
	w->alive = true;
	w->number = next_number++;
	w->conf = in_force;
	w->conf.slots.slots = next_slots;
	w->deadline_us = world.now_us;
	w->epoll_fd = w->line_fd = -1;
	*process_of(w) = (struct process){
	    .phase = PROCESS_STARTING,
	    .pid = (pid_t)w->number,
	    .line = KEEPER_END + (int)(w - workers),
	};
	keeper.coming = process_of(w);
	TELL("worker %u is started", w->number);
	kernel.process = (int)w->number;
	err = open_worker(w);
	process_of(w)->stats = w->px.stats;
	kernel.process = before;
	FORBID(
	    err < 0, "start", "the proxy does not start: %s", strerror(-err));
}

void workers_start(struct conf *c)
{
	in_force = *c;
	next_slots = c->slots.slots;
	ended_us = 0;
	ended_slots = 0;
	host = NULL;
	next_number = 1;
	keeper_gone = false;
	memset(&stats, 0, sizeof(stats));
	for (struct member *w = workers; w < workers + WORKERS; w++)
		w->alive = false;
	memset(&keeper, 0, sizeof(keeper));
	keeper.conf = &in_force;
	kernel.process = 0;
	FORBID(sockets_open(&sockets, c, NULL, NULL, stderr) != 0, "start",
	    "the proxy does not listen");
	spawn(NULL, 0);
}

/* ---- the end of one ---- */

/* May a connect of the worker that had most slots of those that ended lately
 * still be on its way? */
static bool is_on_its_way(void)
{
	return world.now_us < ended_us + model.patience_us;
}

static void note_slots(unsigned int slots)
{
	if (is_on_its_way() && slots < ended_slots)
		return;
	ended_us = world.now_us;
	ended_slots = slots;
}

static void on_ended(void *obj, uint64_t unused)
{
	struct process *m = obj, gone = *m;

	m->phase = PROCESS_NONE;
	next_slots = in_force.slots.slots;
	note_slots(worker_of(m)->conf.slots.slots);
	stats_give(&stats, m->stats);
	if (m == keeper.newest)
		keeper.newest = NULL;
	if (m == keeper.coming)
		keeper.coming = NULL;
	if (model.draining)
		return;
	handover_ended(&keeper, &gone);
	if (!keeper.newest && !keeper.coming)
		spawn(NULL, 0);
}

static void finish(struct member *w)
{
	TELL("worker %u has ended", w->number);
	ev_io_close(w->px.loop, &w->worker.line);
	proxy_fini(&w->px);
	log_close(&w->px.log);
	w->alive = false;
	world_after(ENDED_US, on_ended, process_of(w), 0);
}

void workers_kill(void)
{
	struct member *w;

	if (!keeper.newest || keeper.newest->phase != PROCESS_SERVING ||
	    !worker_of(keeper.newest)->alive)
		return;
	w = worker_of(keeper.newest);
	TELL("worker %u is killed", w->number);
	model.stopped = model.killed = true;
	kernel_close_all((int)w->number);
	w->alive = false;
	kernel.reaping = true;
	w->px.hooks = NULL;
	proxy_fini(&w->px);
	kernel.reaping = false;
	world_after(ENDED_US, on_ended, process_of(w), 1);
	if (w == host)
		longjmp(host_killed, 1);
}

/* ---- turns ---- */

/* A sleep goes on; after a turn another begins. */
static void resume(struct member *w)
{
	w->resumed = !w->yielded;
	w->yielded = false;
}

static void run_guest(struct member *w)
{
	struct proxy *px = model.px;
	int before = kernel.process;
	int err;

	model.px = &w->px;
	kernel.process = (int)w->number;
	w->idle = false;
	resume(w);
	err = ev_loop_run(w->px.loop);
	FORBID(err < 0, "waits", "waiting failed");
	if (!w->idle)
		finish(w);
	model.px = px;
	kernel.process = before;
}

/* The program itself wants to end, whatever it waits for. */
WRAP(void, ev_loop_stop, struct ev_loop *loop)
{
	for (struct member *w = workers; w < workers + WORKERS; w++)
		if (w->alive && w->px.loop == loop)
			w->idle = false;
	__real_ev_loop_stop(loop);
}

int64_t workers_deadline(int epfd, int64_t deadline_us)
{
	struct member *w = find(epfd);

	if (!w->resumed)
		return deadline_us;
	w->resumed = false;
	return w->deadline_us;
}

bool workers_is_guest(int epfd)
{
	return host && host->epoll_fd != epfd;
}

void workers_sleeps(int epfd, int64_t deadline_us)
{
	struct member *w = find(epfd);

	w->deadline_us = deadline_us;
	w->idle = true;
	__real_ev_loop_stop(w->px.loop);
}

void workers_yields(int epfd)
{
	struct member *w = find(epfd);

	workers_sleeps(epfd, world.now_us);
	w->yielded = true;
}

bool workers_run_others(int epfd)
{
	bool any = false;

	for (struct member *w = workers; w < workers + WORKERS; w++)
		if (w->alive && w->epoll_fd != epfd &&
		    (w->deadline_us <= world.now_us ||
			kernel_is_ready(w->epoll_fd))) {
			run_guest(w);
			any = true;
		}
	return any;
}

int64_t workers_next_us(int epfd)
{
	int64_t next_us = INT64_MAX;

	for (struct member *w = workers; w < workers + WORKERS; w++)
		if (w->alive && w->epoll_fd != epfd && w->deadline_us < next_us)
			next_us = w->deadline_us;
	return next_us;
}

static struct member *next_host(void)
{
	for (struct member *w = workers; w < workers + WORKERS; w++)
		if (w->alive)
			return w;
	return NULL;
}

static void host_one(void)
{
	int err;

	if (setjmp(host_killed) != 0)
		return;
	resume(host);
	err = ev_loop_run(host->px.loop);
	FORBID(err < 0, "waits", "waiting failed");
	finish(host);
}

void workers_run(void)
{
	while ((host = next_host())) {
		model.px = &host->px;
		kernel.process = (int)host->number;
		host_one();
		/* Somebody may have to be started first. */
		while (!next_host() && !model.draining) {
			world.now_us = world_next_us();
			world_run_due();
		}
	}
	kernel.process = 0;
	sockets_close(&sockets, NULL);
}

/* ---- what is done to them ---- */

void workers_sum(struct stats_block *out)
{
	stats_sum(&stats, keeper.newest ? keeper.newest->stats : NULL, out);
}

unsigned int workers_retired(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < WORKERS; i++)
		n += keeper.processes[i].phase >= PROCESS_RETIRING;
	return n;
}

static void on_drain_over(void *obj, uint64_t arg)
{
	/* Whoever is still there is ended now. */
	if (workers_retired() > 0)
		model.stopped = true;
}

unsigned int workers_slots(void)
{
	unsigned int most = in_force.slots.slots;

	if (is_on_its_way() && ended_slots > most)
		most = ended_slots;
	for (struct member *w = workers; w < workers + WORKERS; w++)
		if (w->alive && w->conf.slots.slots > most)
			most = w->conf.slots.slots;
	return most;
}

void workers_reload(unsigned int slots)
{
	if (keeper.coming || !keeper.newest ||
	    !worker_of(keeper.newest)->alive ||
	    keeper.newest->phase != PROCESS_SERVING ||
	    workers_retired() >= RETIRED_MAX)
		return;
	model.reloaded = true;
	/* Memory is enough for those of the plan. */
	if (slots > 0 && slots <= model.conf->slots.slots)
		next_slots = slots;
	world_after(in_force.shutdown.drain_ms * MS, on_drain_over, NULL, 0);
	spawn(NULL, 0);
}

void workers_drain(void)
{
	for (struct member *w = workers; w < workers + WORKERS; w++)
		if (w->alive && process_of(w)->phase < PROCESS_RETIRING)
			(void)line_tell(process_of(w)->line, LINE_DRAIN, 0);
}
