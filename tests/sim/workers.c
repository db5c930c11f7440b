/*
 * workers.c: workers, their lines to the keeper, and what the keeper does with
 * what they say.
 */
#include "workers.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include "keeper/inside.h"
#include "keeper/sockets.h"
#include "kernel.h"
#include "model.h"
#include "proxy/proxy.h"
#include "proxy/shutdown.h"
#include "proxy/worker.h"
#include "sys/line.h"
#include "world.h"

enum {
	WORKERS = PROCESS_MAX,
	INBOX = 64,
	SAID_MAX = 256,
	KEEPER_END = 1 << 20,
	ENDED_US = 100, /* behind what was said last */
};

struct workers_worker {
	bool alive;
	bool resumed; /* its first wait goes on where it was left */
	bool idle;    /* it stopped its loop only for want of anything to do */
	struct proxy px;
	struct shutdown shutdown;
	struct worker worker;
	struct stats_block stats;
	int epoll_fd, line_fd;
	int64_t deadline_us; /* its next look */
	uint32_t number;     /* of this use */
	struct line_message inbox[INBOX];
	unsigned int first, count;
};

static struct workers_worker workers[WORKERS];
static struct keeper keeper;
static struct sockets sockets;
static struct conf *conf;
static int fd_limit;
static struct workers_worker *host; /* the simulation stands in its sleep */
static jmp_buf host_killed;
static uint32_t next_number;

static struct workers_worker *worker_of(const struct process *m)
{
	return &workers[m - keeper.processes];
}

static struct process *process_of(const struct workers_worker *w)
{
	return &keeper.processes[w - workers];
}

static struct workers_worker *find(int epfd)
{
	for (struct workers_worker *w = workers; w < workers + WORKERS; w++)
		if (w->alive && w->epoll_fd == epfd)
			return w;
	return NULL;
}

/* ---- lines: src/sys/line.c is not linked ---- */

int line_open(int out_fds[2])
{
	(void)out_fds;
	return -EMFILE;
}

/* What the keeper says of it to others. */
void __wrap_process_serves(struct keeper *k, struct process *m);
void __wrap_process_serves(struct keeper *k, struct process *m)
{
	(void)k;
	TELL("worker %d serves, with %u slots", (int)m->pid, m->slots);
}

static void take_over(struct process *m)
{
	struct process *before = keeper.newest;

	if (m != keeper.coming)
		return;
	keeper.coming = NULL;
	keeper.newest = m;
	if (before) {
		before->phase = PROCESS_RETIRING;
		(void)line_tell(before->line, LINE_RETIRE, 0);
	} else {
		handover_go(&keeper, m);
	}
}

struct said {
	struct workers_worker *from;
	uint32_t number;
	struct line_message m;
};

static struct said on_the_way[SAID_MAX];
static unsigned int next_said;

/* A worker's word has come to the keeper. */
static void on_said(void *obj, uint64_t arg)
{
	struct said *s = obj;

	(void)arg;
	/* Also what it said last. */
	if (s->from->number == s->number) {
		TELL("worker %u says %u, count %u", s->number, s->m.kind,
		    s->m.count);
		if (s->m.kind == LINE_READY)
			take_over(process_of(s->from));
		else
			handover_said(&keeper, process_of(s->from), &s->m);
	}
}

static void on_told(void *obj, uint64_t arg)
{
	struct said *s = obj;
	struct workers_worker *w = s->from;

	(void)arg;
	if (w->alive && w->number == s->number && w->count < INBOX) {
		w->inbox[(w->first + w->count++) % INBOX] = s->m;
		ready_mark(w->line_fd);
	}
}

int line_send(int fd, const struct line_message *m, int passed_fd)
{
	struct said *s;
	struct workers_worker *w = workers;
	/* In order, each way. */
	int64_t span_us = 50;

	(void)passed_fd;
	if (kernel.reaping)
		return 0;
	while (w < workers + WORKERS && w->line_fd != fd &&
	       w - workers != fd - KEEPER_END)
		w++;
	if (w == workers + WORKERS || !w->alive)
		return -EPIPE;
	s = &on_the_way[next_said++ % SAID_MAX];
	*s = (struct said){.from = w, .number = w->number};
	memcpy(&s->m, m, offsetof(struct line_message, bytes) + m->length);
	world_note(60, m->kind);
	kernel.progress = true;
	world_after(span_us, fd >= KEEPER_END ? on_told : on_said, s, 0);
	return 0;
}

int line_tell(int fd, enum line_kind kind, uint32_t count)
{
	struct line_message m = {.kind = kind, .count = count};

	return line_send(fd, &m, -1);
}

int line_receive(int fd, struct line_message *out, int *out_fd)
{
	for (struct workers_worker *w = workers; w < workers + WORKERS; w++) {
		if (!w->alive || w->line_fd != fd || w->count == 0)
			continue;
		*out = w->inbox[w->first];
		*out_fd = -1;
		w->first = (w->first + 1) % INBOX;
		w->count--;
		kernel.progress = true;
		return 0;
	}
	return -EAGAIN;
}

unsigned int workers_unread(int fd)
{
	for (struct workers_worker *w = workers; w < workers + WORKERS; w++)
		if (w->alive && w->line_fd == fd)
			return w->count;
	return 0;
}

/* ---- the beginning ---- */

static int share_listener(void)
{
	int fd = file_open(KIND_LISTENER);

	if (fd >= 0) {
		files[fd].nodelay = files[sockets.at[0].fd].nodelay;
		files[fd].keepalive_s = files[sockets.at[0].fd].keepalive_s;
		files[fd].keepalive_every_s =
		    files[sockets.at[0].fd].keepalive_every_s;
		ready_mark(fd);
	}
	return fd;
}

static int open_worker(struct workers_worker *w)
{
	struct proxy *px = &w->px;
	int err;

	px->stats = &w->stats;
	err = log_open(&px->log, &conf->log);
	if (err == 0)
		err = proxy_init(px, conf, (size_t)fd_limit);
	if (err < 0)
		return err;
	access_start(&px->access, &px->log, px->loop);
	shutdown_init(&w->shutdown, px);
	w->epoll_fd = kernel.last_epoll_fd;
	w->line_fd = file_open(KIND_LINE);
	listener_init(&px->listeners[0], share_listener());
	px->listener_count = 1;
	w->worker =
	    (struct worker){.px = px, .shutdown = &w->shutdown, .conf = conf};
	worker_start(&w->worker, w->line_fd);
	return 0;
}

static void spawn(void *obj, uint64_t arg)
{
	struct workers_worker *w = workers;
	int before = kernel.process, err;

	(void)obj, (void)arg;
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
	w->deadline_us = world.now_us;
	w->epoll_fd = w->line_fd = -1;
	*process_of(w) = (struct process){
	    .phase = PROCESS_STARTING,
	    .pid = (pid_t)w->number,
	    .line = KEEPER_END + (int)(w - workers),
	    .stats = &w->stats,
	};
	keeper.coming = process_of(w);
	TELL("worker %u is started", w->number);
	kernel.process = (int)w->number;
	err = open_worker(w);
	kernel.process = before;
	if (err < 0)
		violation(
		    "start", "the proxy does not start: %s", strerror(-err));
}

void workers_start(struct conf *c, int limit)
{
	conf = c;
	fd_limit = limit;
	host = NULL;
	next_number = 1;
	for (struct workers_worker *w = workers; w < workers + WORKERS; w++)
		w->alive = false;
	memset(&keeper, 0, sizeof(keeper));
	keeper.conf = c;
	kernel.process = 0;
	if (sockets_open(&sockets, c, NULL, NULL, stderr) != 0)
		violation("start", "the proxy does not listen");
	spawn(NULL, 0);
}

/* ---- the end of one ---- */

static void on_ended(void *obj, uint64_t unused)
{
	struct process *m = obj, gone = *m;

	(void)unused;
	m->phase = PROCESS_NONE;
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

static void finish(struct workers_worker *w)
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
	struct workers_worker *w;

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

static void run_guest(struct workers_worker *w)
{
	struct proxy *px = model.px;
	int before = kernel.process;
	int err;

	model.px = &w->px;
	kernel.process = (int)w->number;
	w->idle = false;
	w->resumed = true;
	err = ev_loop_run(w->px.loop);
	if (err < 0)
		violation("waits", "waiting failed");
	if (!w->idle)
		finish(w);
	model.px = px;
	kernel.process = before;
}

void __real_ev_loop_stop(struct ev_loop *loop);

int64_t workers_deadline(int epfd, int64_t deadline_us)
{
	struct workers_worker *w = find(epfd);

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
	struct workers_worker *w = find(epfd);

	w->deadline_us = deadline_us;
	w->idle = true;
	__real_ev_loop_stop(w->px.loop);
}

/* The program itself wants to end, whatever it waits for. */
void __wrap_ev_loop_stop(struct ev_loop *loop);
void __wrap_ev_loop_stop(struct ev_loop *loop)
{
	for (struct workers_worker *w = workers; w < workers + WORKERS; w++)
		if (w->alive && w->px.loop == loop)
			w->idle = false;
	__real_ev_loop_stop(loop);
}

bool workers_run_others(int epfd)
{
	bool any = false;

	for (struct workers_worker *w = workers; w < workers + WORKERS; w++)
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

	for (struct workers_worker *w = workers; w < workers + WORKERS; w++)
		if (w->alive && w->epoll_fd != epfd && w->deadline_us < next_us)
			next_us = w->deadline_us;
	return next_us;
}

static struct workers_worker *next_host(void)
{
	for (struct workers_worker *w = workers; w < workers + WORKERS; w++)
		if (w->alive)
			return w;
	return NULL;
}

static void host_one(void)
{
	int err;

	if (setjmp(host_killed) != 0)
		return;
	host->resumed = true;
	err = ev_loop_run(host->px.loop);
	if (err < 0)
		violation("waits", "waiting failed");
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

unsigned int workers_retired(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < WORKERS; i++)
		n += keeper.processes[i].phase >= PROCESS_RETIRING;
	return n;
}

static void on_drain_over(void *obj, uint64_t arg)
{
	(void)obj, (void)arg;
	/* Whoever is still there is ended now. */
	if (workers_retired() > 0)
		model.stopped = true;
}

void workers_reload(void)
{
	if (keeper.coming || !keeper.newest ||
	    !worker_of(keeper.newest)->alive ||
	    keeper.newest->phase != PROCESS_SERVING ||
	    workers_retired() >= RETIRED_MAX)
		return;
	model.reloaded = true;
	world_after(
	    conf->shutdown.drain_ms * US_PER_MS, on_drain_over, NULL, 0);
	spawn(NULL, 0);
}

void workers_drain(void)
{
	for (struct workers_worker *w = workers; w < workers + WORKERS; w++)
		if (w->alive && process_of(w)->phase < PROCESS_RETIRING)
			(void)line_tell(process_of(w)->line, LINE_DRAIN, 0);
}
