/*
 * kernel_wait.c: waiting, the clock, pipes and signals.
 *
 * The only place where the world goes on. What may be ready is kept as a bit
 * for each descriptor: set by whatever changes one, cleared when a look finds
 * that it is not ready.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"
#include "model.h"
#include "workers.h"

enum {
	PIPES_MAX = 64,
	VAIN_MAX = 12,
	SIGNAL_US = 100,
};

static struct pipe_buffer pipes[PIPES_MAX];

void ready_mark(int fd)
{
	kernel.maybe_ready[fd / 64] |= UINT64_C(1) << fd % 64;
}

void ready_forget(int fd)
{
	kernel.maybe_ready[fd / 64] &= ~(UINT64_C(1) << fd % 64);
}

void ready_mark_all(enum kind kind)
{
	for (int fd = FILES_FIRST; fd < kernel.fd_limit; fd++)
		if (files[fd].kind == kind)
			ready_mark(fd);
}

void kernel_signal(int signal)
{
	kernel.signal = signal;
	ready_mark_all(KIND_SIGNAL);
}

/* ---- epoll ---- */

WRAP(int, epoll_create1, int flags)
{
	kernel.last_epoll_fd = file_open(KIND_EPOLL);
	return answer(kernel.last_epoll_fd);
}

WRAP(int, epoll_ctl, int epfd, int op, int fd, struct epoll_event *e)
{
	struct file *f;
	int err;

	if (kernel.reaping)
		return 0;
	f = file_at(fd, "epoll_ctl");
	err = fault_due(CALL_EPOLL_CTL);
	world_note(13, e->events);
	FORBID((op == EPOLL_CTL_ADD) == f->watched, "call",
	    "ADD of a watched socket, or MOD or DEL of an unwatched one");
	if (op == EPOLL_CTL_MOD && e->events == f->mask &&
	    e->data.u64 == f->data)
		violation("call", "a MOD that changes nothing");
	/* Only a new entry needs memory. */
	if (err && op == EPOLL_CTL_ADD)
		return answer(-err);
	f->watched = op != EPOLL_CTL_DEL;
	f->mask = f->watched ? e->events : 0;
	f->data = e->data.u64;
	f->epfd = epfd;
	kernel.progress = true;
	ready_mark(fd);
	return 0;
}

static int look_at(int epfd, int fd, struct epoll_event *e, int count, int max)
{
	const struct file *f = &files[fd];
	unsigned int events =
	    f->watched ? file_poll(f) & (f->mask | EPOLLERR | EPOLLHUP) : 0;

	if (events == 0) {
		ready_forget(fd);
		return count;
	}
	if (count == max || f->epfd != epfd)
		return count;
	e[count].events = events;
	e[count].data.u64 = f->data;
	return count + 1;
}

static int ready_events(int epfd, struct epoll_event *e, int max)
{
	int count = 0;

	for (int k = 0; k < WORDS; k++) {
		int w = kernel.backwards ? WORDS - 1 - k : k;
		uint64_t bits = kernel.maybe_ready[w];

		while (bits) {
			int bit = kernel.backwards ? 63 - __builtin_clzll(bits)
						   : __builtin_ctzll(bits);

			bits &= ~(UINT64_C(1) << bit);
			count = look_at(epfd, w * 64 + bit, e, count, max);
		}
	}
	return count;
}

bool kernel_is_ready(int epfd)
{
	struct epoll_event e;

	return ready_events(epfd, &e, 1) > 0;
}

static void judge_turn(void)
{
	FORBID(kernel.corked > 0 && !kernel.short_of_memory, "call",
	    "bytes sent with MSG_MORE, and nothing followed");
	kernel.vain = kernel.progress ? 0 : kernel.vain + 1;
	kernel.progress = false;
	FORBID(kernel.vain > VAIN_MAX, "spin", "%d turns without a change",
	    VAIN_MAX);
}

/* The world goes on until something is ready, the deadline, or a signal that
 * interrupts. */
static int sleep_until(
    int epfd, int64_t deadline_us, struct epoll_event *e, int max)
{
	/* Who has much to do does not keep the core from the others. */
	bool shares = kernel.workers && kernel.turn_cost_us > 0;
	int64_t next_us;
	int count;

	for (;;) {
		world_run_due();
		if (world.now_us >= kernel.paused_until_us) {
			if (shares)
				(void)workers_run_others(epfd);
			shares = false;
			count = ready_events(epfd, e, max);
			if (count > 0 || world.now_us >= deadline_us)
				return count;
			if (kernel.workers && workers_run_others(epfd))
				continue;
		}
		next_us = world_next_us();
		if (kernel.workers && world.now_us >= kernel.paused_until_us &&
		    workers_next_us(epfd) < next_us)
			next_us = workers_next_us(epfd);
		FORBID(next_us == INT64_MAX && deadline_us == INT64_MAX,
		    "waits", "the proxy sleeps for ever");
		if (next_us > deadline_us &&
		    world.now_us >= kernel.paused_until_us)
			next_us = deadline_us;
		if (kernel.paused_until_us > world.now_us &&
		    next_us > kernel.paused_until_us)
			next_us = kernel.paused_until_us;
		if (next_us > world.now_us) {
			kernel.vain = 0;
			world.now_us = next_us;
		}
	}
}

/* A guest does not sleep, and has one turn at a time. */
static int look_once(
    int epfd, int64_t deadline_us, struct epoll_event *e, int max)
{
	int count = ready_events(epfd, e, max);

	if (count == 0 && deadline_us > world.now_us)
		workers_sleeps(epfd, deadline_us);
	else if (kernel.turn_cost_us > 0)
		workers_yields(epfd);
	return count;
}

WRAP(int, epoll_wait, int epfd, struct epoll_event *e, int max, int timeout_ms)
{
	int64_t deadline_us =
	    timeout_ms < 0 ? INT64_MAX : world.now_us + timeout_ms * MS;
	int64_t signal_us;
	int count, err = fault_due(CALL_EPOLL_WAIT);

	if (kernel.workers)
		deadline_us = workers_deadline(epfd, deadline_us);
	judge_turn();
	model_turn();
	kernel.turn++;
	if (kernel.turn_cost_us > 0)
		world.now_us +=
		    chance_below(&world.chance, kernel.turn_cost_us);
	/* A signal interrupts only a sleep: what is ready is told first, and a
	 * wait of 0 ms never ends so (ep_poll). */
	signal_us = world.now_us + SIGNAL_US;
	if (deadline_us <= signal_us)
		err = 0;
	if (kernel.workers && workers_is_guest(epfd))
		return look_once(epfd, deadline_us, e, max);
	count = sleep_until(epfd, err ? signal_us : deadline_us, e, max);
	world_note(14, (uint64_t)count);
	if (err && count == 0) {
		kernel.progress = true;
		return answer(-err);
	}
	return count;
}

WRAP(void, ev_timer_fire, void *loop)
{
	kernel.firing = true;
	__real_ev_timer_fire(loop);
	kernel.firing = false;
}

/* ---- the clock, and numbers that nobody knows ---- */

WRAP(int, clock_gettime, clockid_t clock, struct timespec *t)
{
	int64_t us = world.now_us;

	if (clock == CLOCK_REALTIME)
		us += INT64_C(1700000000) * 1000 * MS;
	t->tv_sec = us / (1000 * MS);
	t->tv_nsec = us % (1000 * MS) * 1000;
	return 0;
}

WRAP(ssize_t, getrandom, void *buf, size_t len, unsigned int flags)
{
	for (size_t i = 0; i < len; i++)
		((unsigned char *)buf)[i] =
		    (unsigned char)chance_next(&world.chance);
	return (ssize_t)len;
}

WRAP(pid_t, getpid, void)
{
	return 4711;
}

/* ---- signals ---- */

WRAP(int, signalfd, int fd, const sigset_t *set, int flags)
{
	return answer(file_open(KIND_SIGNAL));
}

WRAP(int, sigprocmask, int how, const sigset_t *set, sigset_t *old)
{
	return 0;
}

WRAP(ssize_t, read, int fd, void *buf, size_t len)
{
	struct signalfd_siginfo info = {0};

	if (!kernel_has(fd))
		return __real_read(fd, buf, len);
	info.ssi_signo = (uint32_t)kernel.signal;
	kernel.signal = 0;
	kernel.progress = true;
	memcpy(buf, &info, len < sizeof(info) ? len : sizeof(info));
	return sizeof(info);
}

/* ---- pipes ---- */

WRAP(int, pipe2, int fds[2], int flags)
{
	struct pipe_buffer *p = pipes;
	int err = fault_due(CALL_PIPE);

	while (p < pipes + PIPES_MAX && p->ends > 0)
		p++;
	if (p == pipes + PIPES_MAX)
		err = ENFILE;
	if (kernel.fd_limit - FILES_FIRST < (int)kernel.fds_open + 2)
		err = EMFILE;
	if (err)
		return answer(-err);
	fds[0] = file_open(KIND_PIPE_READ);
	fds[1] = file_open(KIND_PIPE_WRITE);
	p->bytes = p->start = 0;
	p->ends = 2;
	files[fds[0]].pipe = files[fds[1]].pipe = p;
	return 0;
}

WRAP(int, fcntl, int fd, int cmd, long arg)
{
	return kernel_has(fd) ? 0 : __real_fcntl(fd, cmd, arg);
}

/* What it is called where files may be large. */
extern __typeof__(__wrap_fcntl) __wrap_fcntl64
    __attribute__((alias("__wrap_fcntl")));

static long fill(struct file *f, struct pipe_buffer *p, size_t len)
{
	long n;

	FORBID(p->bytes > 0, "call", "a pipe is filled that holds bytes");
	p->start = 0;
	f->read_turn = kernel.turn;
	/* As if it were the end (tcp_read_sock). */
	if (tcp_at_mark(f->tcp, PROXY))
		return 0;
	n = tcp_recv(f->tcp, PROXY, p->buf,
	    len < sizeof(p->buf) ? len : sizeof(p->buf), false);
	if (n > 0)
		p->bytes = (size_t)n;
	return n;
}

static long drain(struct pipe_buffer *p, struct file *f, size_t len)
{
	long n;

	FORBID(len > p->bytes, "call", "more is spliced than the pipe holds");
	if (f->sent && !f->nodelay)
		f->nodelay = true; /* splice pushes by itself */
	n = tcp_send(f->tcp, PROXY, p->buf + p->start, len);
	if (n > 0) {
		p->start += (size_t)n;
		p->bytes -= (size_t)n;
		if (!f->sent)
			f->tcp->send_turn = kernel.turn;
		f->sent = true;
	}
	if (n < 0 && n != -EAGAIN)
		f->send_failed = true;
	return n;
}

WRAP(ssize_t, splice, int from, off_t *from_at, int to, off_t *to_at,
    size_t len, unsigned int flags)
{
	struct file *f = file_at(from, "splice"), *g = file_at(to, "splice");
	int err = fault_due(CALL_SPLICE);
	long n;

	n = err			  ? -err
	    : f->kind == KIND_TCP ? fill(f, g->pipe, len)
				  : drain(f->pipe, g, len);
	world_note(15, (uint64_t)n);
	kernel.progress |= n != -EAGAIN;
	return answer(n);
}
