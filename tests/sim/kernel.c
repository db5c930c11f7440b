/*
 * kernel.c: descriptors, and the calls on sockets.
 */
#include "kernel.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model.h"
#include "workers.h"

struct kernel kernel;
struct file files[FILES_MAX];

/* ---- descriptors ---- */

void kernel_start(const uint32_t *nature)
{
	memset(files, 0, sizeof(files));
	kernel = (struct kernel){
	    .fd_limit = (int)nature[NATURE_FDS],
	    .workers = nature[NATURE_WORKERS],
	    .turn_cost_us = nature[NATURE_TURN_US],
	    .backwards = nature[NATURE_BACKWARDS],
	    .path = {.latency_us = nature[NATURE_LATENCY_US],
		.jitter_us = nature[NATURE_JITTER_US],
		.lost = nature[NATURE_LOST]},
	    .socket_buf = nature[NATURE_BUFFER],
	    .device_delays_ack =
		chance_is(&world.chance, nature[NATURE_DELAYED_ACK]),
	};
	kernel.to_device = kernel.from_device = kernel.path;
	kernel_open_start();
}

int answer(long n)
{
	if (n >= 0)
		return n;
	errno = (int)-n;
	return -1;
}

struct file *file_at(int fd, const char *call)
{
	FORBID(!kernel_has(fd) || files[fd].kind == KIND_FREE, "call",
	    "%s of descriptor %d, which is not open", call, fd);
	return &files[fd];
}

int file_open(enum kind kind)
{
	for (int fd = FILES_FIRST; fd < kernel.fd_limit; fd++)
		if (files[fd].kind == KIND_FREE) {
			files[fd] = (struct file){
			    .kind = kind, .process = kernel.process};
			kernel.fds_open++;
			return fd;
		}
	return -EMFILE;
}

int fault_due(enum call call)
{
	for (int i = 0; i < FAULTS_MAX; i++) {
		struct fault *f = &kernel.faults[i];

		if (f->until_us > world.now_us && f->call == call &&
		    chance_is(&world.chance, f->per_mille)) {
			world_note(2, (uint64_t)f->err);
			return f->err;
		}
	}
	return 0;
}

/* An error that says nothing about the connection. */
static bool is_passing(int err)
{
	return err == EINTR || err == ENOMEM || err == ENOBUFS;
}

static void on_log_writable(void *obj, uint64_t arg)
{
	ready_mark_all(KIND_SINK);
}

void kernel_fault(const struct fault *f)
{
	/* A send that fails for want of memory may leave some behind. */
	if (f->call == CALL_SEND && is_passing(f->err) && f->err != EINTR)
		kernel.short_of_memory = true;
	if (f->call == CALL_LOG)
		world_at(f->until_us, on_log_writable, NULL, 0);
	for (int i = 0; i < FAULTS_MAX; i++)
		if (kernel.faults[i].until_us <= world.now_us) {
			kernel.faults[i] = *f;
			return;
		}
}

bool kernel_log_is_full(void)
{
	for (int i = 0; i < FAULTS_MAX; i++)
		if (kernel.faults[i].call == CALL_LOG &&
		    kernel.faults[i].until_us > world.now_us)
			return true;
	return false;
}

void kernel_calm(void)
{
	memset(kernel.faults, 0, sizeof(kernel.faults));
	on_log_writable(NULL, 0);
}

struct file *tcp_at(int fd, const char *call)
{
	struct file *f = file_at(fd, call);

	FORBID(f->kind != KIND_TCP, "call",
	    "%s of descriptor %d, which is no connection", call, fd);
	return f;
}

/* ---- bytes ---- */

WRAP(ssize_t, recv, int fd, void *buf, size_t len, int flags)
{
	struct file *f = tcp_at(fd, "recv");
	int err = fault_due(CALL_RECV);
	long n;

	FORBID(len == 0, "call", "a recv of nothing");
	FORBID(f->end_told, "call", "a recv after the end was told");
	f->read_turn = kernel.turn;
	if (err && err != EINTR)
		tcp_break(f->tcp, err);
	n = err == EINTR ? -err
			 : tcp_recv(f->tcp, PROXY, buf, len, flags & MSG_PEEK);
	world_note(9, (uint64_t)n);
	if (n <= 0 && n != -EAGAIN && n != -EINTR)
		f->end_told = true;
	kernel.progress |= n != -EAGAIN && !(flags & MSG_PEEK);
	return answer(n);
}

static void set_corked(struct file *f, bool corked)
{
	kernel.corked += corked;
	kernel.corked -= f->corked;
	f->corked = corked;
}

/* The proxy need not remember what became of it. */
static bool is_informational(const char *bytes, size_t len)
{
	return len > 12 && memcmp(bytes, "HTTP/1.1 100", 12) == 0;
}

static long transmit(struct file *f, const void *buf, size_t len, int flags)
{
	int err = fault_due(CALL_SEND);
	long n;

	FORBID(len == 0, "call", "a send of nothing");
	FORBID(
	    f->tcp->end[PROXY].out.fin_written, "call", "a send after the FIN");
	FORBID(f->send_failed, "call", "a send after one that failed");
	FORBID(
	    !(flags & MSG_NOSIGNAL), "call", "a send that may raise SIGPIPE");
	FORBID(f->sent && !f->nodelay, "call",
	    "a second send that waits for the first one's acknowledgement");
	if (err && !is_passing(err))
		tcp_break(f->tcp, err);
	n = is_passing(err) ? -err : tcp_send(f->tcp, PROXY, buf, len);
	world_note(10, (uint64_t)n);
	if (n > 0) {
		if (!f->sent)
			f->tcp->send_turn = kernel.turn;
		f->sent = true;
		/* What falls short is pushed at once (tcp_sendmsg). */
		set_corked(f, (flags & MSG_MORE) && (size_t)n == len);
		kernel.progress = true;
	} else if (n != -EAGAIN && n != -EINTR && n != -ENOMEM &&
		   n != -ENOBUFS && !is_informational(buf, len)) {
		f->send_failed = true;
	}
	return n;
}

WRAP(ssize_t, send, int fd, const void *buf, size_t len, int flags)
{
	return answer(transmit(tcp_at(fd, "send"), buf, len, flags));
}

WRAP(ssize_t, sendmsg, int fd, const struct msghdr *m, int flags)
{
	struct file *f = tcp_at(fd, "sendmsg");
	long n = 0, total = 0;
	size_t i;

	for (i = 0; i < m->msg_iovlen; i++) {
		/* Only the first part meets an error: the rest was taken. */
		n = transmit(
		    f, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len, flags);
		if (n < 0 && total == 0)
			return answer(n);
		if (n < 0 && n != -EAGAIN)
			f->send_failed = false;
		total += n > 0 ? n : 0;
		if (n != (long)m->msg_iov[i].iov_len)
			break;
		f->nodelay |= i + 1 < m->msg_iovlen;
	}
	if (i < m->msg_iovlen)
		set_corked(f, false);
	return total;
}

WRAP(int, shutdown, int fd, int how)
{
	struct file *f;
	int err;

	if (kernel.reaping)
		return 0;
	f = tcp_at(fd, "shutdown");
	FORBID(how != SHUT_WR, "call", "a shutdown of the reading side");
	err = tcp_shut(f->tcp, PROXY);
	world_note(11, (uint64_t)err);
	set_corked(f, false);
	kernel.progress = true;
	return answer(err);
}

/* ---- what a socket is told and asked beside its bytes ---- */

WRAP(int, setsockopt, int fd, int level, int name, const void *value,
    socklen_t len)
{
	struct file *f;
	int n = 0;

	if (kernel.reaping)
		return 0;
	f = file_at(fd, "setsockopt");
	world_note(6, (uint64_t)name);
	memcpy(&n, value, len < sizeof(n) ? len : sizeof(n));
	if (level == SOL_SOCKET && name == SO_LINGER)
		f->linger_reset = n != 0;
	if (level == SOL_SOCKET && name == SO_OOBINLINE)
		f->options.urgent_inline = n != 0;
	if (level == IPPROTO_TCP && name == TCP_NODELAY)
		f->nodelay = n != 0;
	if (level == IPPROTO_TCP && name == TCP_KEEPIDLE)
		f->options.keepalive_us = n * SECOND;
	if (level == IPPROTO_TCP && name == TCP_KEEPINTVL)
		f->options.keepalive_every_us = n * SECOND;
	if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT)
		f->options.user_timeout_us = n * MS;
	if (f->kind == KIND_TCP)
		f->tcp->end[PROXY].options = f->options;
	return 0;
}

WRAP(int, getsockopt, int fd, int level, int name, void *value, socklen_t *len)
{
	struct file *f = tcp_at(fd, "getsockopt");
	struct tcp_info info = {0};
	int err;

	world_note(7, (uint64_t)name);
	if (level == SOL_SOCKET && name == SO_ERROR) {
		err = tcp_error(f->tcp, PROXY);
		memcpy(value, &err, sizeof(err));
		return 0;
	}
	info.tcpi_last_ack_recv =
	    (uint32_t)((world.now_us - f->tcp->end[PROXY].out.last_ack_us) /
		       MS);
	memcpy(value, &info, *len < sizeof(info) ? *len : sizeof(info));
	return 0;
}

WRAP(int, ioctl, int fd, unsigned long request, int *value)
{
	struct file *f;

	if (kernel.reaping)
		return 0;
	f = tcp_at(fd, "ioctl");
	world_note(8, 0);
	if (request != SIOCOUTQ)
		return answer(-EINVAL);
	/* Several that look now and then do not spin together. */
	kernel.progress |= world.now_us - f->look_us >= 20 * MS;
	f->look_us = world.now_us;
	*value = (int)tcp_unacked(f->tcp, PROXY);
	return 0;
}

/* ---- closing ---- */

/* No clock strikes before bytes are read that had arrived. */
static void check_unread(const struct file *f, int fd)
{
	if (!world.calm && kernel.judges_clocks && kernel.firing &&
	    !model_wants_memory() && !model.faulty && f->watched &&
	    (f->mask & POLLIN) && f->read_turn != kernel.turn &&
	    tcp_unread(f->tcp, PROXY) > 0)
		violation("timer-first",
		    "descriptor %d was closed by a clock over bytes", fd);
}

static void release(int fd, bool killed)
{
	struct file *f = &files[fd];

	if (f->kind == KIND_TCP) {
		set_corked(f, false);
		model_on_proxy_close(f->tcp, f->linger_reset && !killed);
		tcp_close(f->tcp, PROXY, f->linger_reset);
	}
	if (f->pipe)
		f->pipe->ends--;
	if (f->kind == KIND_LISTENER)
		kernel_listener_closed(fd);
	ready_forget(fd);
	f->kind = KIND_FREE;
	kernel.fds_open--;
}

WRAP(int, close, int fd)
{
	if (!kernel_has(fd))
		return __real_close(fd);
	if (kernel.reaping)
		return 0;
	world_note(12, (uint64_t)fd);
	kernel.progress = true;
	if (file_at(fd, "close")->kind == KIND_TCP)
		check_unread(&files[fd], fd);
	release(fd, false);
	return 0;
}

void kernel_close_all(int process)
{
	for (int fd = FILES_FIRST; fd < kernel.fd_limit; fd++)
		if (files[fd].kind != KIND_FREE && files[fd].process == process)
			release(fd, true);
}

unsigned int file_poll(const struct file *f)
{
	switch (f->kind) {
	case KIND_LISTENER:
		return kernel_has_waiting() ? POLLIN : 0;
	case KIND_LINE:
		return workers_unread((int)(f - files)) > 0 ? POLLIN : 0;
	case KIND_SIGNAL:
		return kernel.signal ? POLLIN : 0;
	case KIND_SINK:
		return kernel_log_is_full() ? 0 : POLLOUT;
	case KIND_TCP:
		return tcp_poll(f->tcp, PROXY);
	default:
		return 0;
	}
}
