/*
 * kernel.c: descriptors, and the calls on sockets.
 */
#include "kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "workers.h"
#include "world.h"

enum { ACCEPT_QUEUE = 256, DEVICE_PORT = 8080, LISTEN_PORT = 8001 };

void model_on_proxy_connect(void);
void model_on_proxy_close(struct tcp *t, bool reset);
bool model_wants_memory(void);
bool model_is_faulty(void);

struct kernel kernel;
struct file files[FILES_MAX];

static struct tcp *waiting[ACCEPT_QUEUE];
static unsigned int waiting_first, waiting_count;
static int listener_fd;
static uint16_t next_port;

/* ---- descriptors ---- */

void kernel_start(int fd_limit)
{
	memset(files, 0, sizeof(files));
	kernel = (struct kernel){.fd_limit = fd_limit,
	    .device_buf = TCP_BUF_MAX,
	    .client_buf = TCP_BUF_MAX};
	waiting_count = 0;
	listener_fd = -1;
	next_port = 20000;
	kernel_wait_start();
}

long answer(long n)
{
	if (n >= 0)
		return n;
	errno = (int)-n;
	return -1;
}

struct file *file_at(int fd, const char *call)
{
	if (!kernel_has(fd) || files[fd].kind == KIND_FREE)
		violation(
		    "call", "%s of descriptor %d, which is not open", call, fd);
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

void kernel_fault(const struct fault *f)
{
	/* A send that fails for want of memory may leave some behind. */
	if (f->call == CALL_SEND && f->err != EINTR)
		kernel.short_of_memory_us = world.now_us;
	for (int i = 0; i < FAULTS_MAX; i++)
		if (kernel.faults[i].until_us <= world.now_us) {
			kernel.faults[i] = *f;
			return;
		}
}

void kernel_calm(void)
{
	memset(kernel.faults, 0, sizeof(kernel.faults));
}

struct file *tcp_at(int fd, const char *call)
{
	struct file *f = file_at(fd, call);

	if (f->kind != KIND_TCP)
		violation("call", "%s of descriptor %d, which is no connection",
		    call, fd);
	return f;
}

/* ---- making sockets ---- */

int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	int err = fault_due(CALL_SOCKET);

	(void)family, (void)type, (void)protocol;
	world_note(3, 0);
	return (int)answer(err ? -err : file_open(KIND_SOCKET));
}

int __wrap_bind(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *a, socklen_t len)
{
	(void)a, (void)len;
	(void)file_at(fd, "bind");
	return 0;
}

int __wrap_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog)
{
	(void)backlog;
	file_at(fd, "listen")->kind = KIND_LISTENER;
	listener_fd = fd;
	return 0;
}

bool kernel_offer(struct tcp *t)
{
	if (listener_fd < 0 || waiting_count == ACCEPT_QUEUE)
		return false;
	waiting[(waiting_first + waiting_count++) % ACCEPT_QUEUE] = t;
	ready_mark(listener_fd);
	/* Every worker's copy of it. */
	for (int fd = FILES_FIRST; kernel.workers && fd < kernel.fd_limit; fd++)
		if (files[fd].kind == KIND_LISTENER)
			ready_mark(fd);
	return true;
}

static void put_address(
    uint32_t ip, uint16_t port, struct sockaddr *a, socklen_t *len)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	in.sin_addr.s_addr = htonl(ip);
	in.sin_port = htons(port);
	memcpy(a, &in, *len < sizeof(in) ? *len : sizeof(in));
	*len = sizeof(in);
}

static void attach(int fd, struct tcp *t)
{
	files[fd].kind = KIND_TCP;
	files[fd].tcp = t;
	t->end[PROXY].owner = (uint32_t)fd;
	ready_mark(fd);
}

int __wrap_accept4(int fd, struct sockaddr *a, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *a, socklen_t *len, int flags)
{
	struct file *l = file_at(fd, "accept");
	int err = fault_due(CALL_ACCEPT), made;
	struct tcp *t;

	(void)flags;
	world_note(4, waiting_count);
	if (waiting_count == 0)
		return (int)answer(-EAGAIN);
	if (err && err != ECONNABORTED)
		return (int)answer(-err);
	made = err ? 0 : file_open(KIND_TCP);
	if (made < 0)
		return (int)answer(made);
	t = waiting[waiting_first];
	waiting_first = (waiting_first + 1) % ACCEPT_QUEUE;
	waiting_count--;
	kernel.progress = true;
	/* The client has left before it was accepted. */
	if (err) {
		tcp_close(t, PROXY, true);
		return (int)answer(-err);
	}
	put_address(t->address, t->port, a, len);
	attach(made, t);
	files[made].nodelay = l->nodelay;
	t->end[PROXY].keepalive_us = l->keepalive_s * 1000 * US_PER_MS;
	t->end[PROXY].keepalive_every_us =
	    l->keepalive_every_s * 1000 * US_PER_MS;
	return made;
}

int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len)
{
	struct file *f = file_at(fd, "connect");
	int err = fault_due(CALL_CONNECT);
	struct tcp *t;

	(void)a, (void)len;
	world_note(5, 0);
	if (f->kind != KIND_SOCKET)
		violation("call", "a second connect of descriptor %d", fd);
	model_on_proxy_connect();
	if (err && err != EINTR)
		return (int)answer(-err);
	kernel.progress = true;
	t = tcp_new(&kernel.from_device, &kernel.to_device, kernel.device_buf,
	    kernel.device_buf);
	t->to_device = true;
	t->delayed_ack = kernel.device_delays_ack;
	t->port = ++next_port;
	attach(fd, t);
	tcp_connect(t);
	if (t->end[PROXY].state == TCP_IS_DEAD) {
		files[fd].end_told = true;
		return (int)answer(-tcp_error(t, PROXY));
	}
	return (int)answer(err ? -EINTR : -EINPROGRESS);
}

int __wrap_getsockname(int fd, struct sockaddr *a, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *a, socklen_t *len)
{
	struct file *f = file_at(fd, "getsockname");

	put_address(0x7f000001,
	    f->kind == KIND_TCP && f->tcp->to_device ? f->tcp->port
						     : LISTEN_PORT,
	    a, len);
	return 0;
}

int __wrap_getpeername(int fd, struct sockaddr *a, socklen_t *len);
int __wrap_getpeername(int fd, struct sockaddr *a, socklen_t *len)
{
	struct file *f = tcp_at(fd, "getpeername");

	if (f->tcp->to_device)
		put_address(0x7f000002, DEVICE_PORT, a, len);
	else
		put_address(f->tcp->address, f->tcp->port, a, len);
	return 0;
}

/* ---- bytes ---- */

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	struct file *f = tcp_at(fd, "recv");
	int err = fault_due(CALL_RECV);
	long n;

	if (len == 0)
		violation("call", "a recv of nothing");
	if (f->end_told)
		violation("call", "a recv after the end was told");
	f->read_turn = kernel.turn;
	n = err ? -err : tcp_recv(f->tcp, PROXY, buf, len, flags & MSG_PEEK);
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

static long transmit(struct file *f, const void *buf, size_t len, int flags)
{
	int err = fault_due(CALL_SEND);
	long n;

	if (len == 0)
		violation("call", "a send of nothing");
	if (f->tcp->end[PROXY].out.fin_written)
		violation("call", "a send after the FIN");
	if (f->send_failed)
		violation("call", "a send after one that failed");
	if (!(flags & MSG_NOSIGNAL))
		violation("call", "a send that may raise SIGPIPE");
	if (f->sent && !f->nodelay)
		violation("call", "a second send that waits for the first "
				  "one's acknowledgement");
	n = err ? -err : tcp_send(f->tcp, PROXY, buf, len);
	world_note(10, (uint64_t)n);
	if (n > 0) {
		if (!f->sent)
			f->tcp->send_turn = kernel.turn;
		f->sent = true;
		/* What falls short is pushed at once (tcp_sendmsg). */
		set_corked(f, (flags & MSG_MORE) && (size_t)n == len);
		kernel.progress = true;
	} else if (n != -EAGAIN && n != -EINTR && n != -ENOMEM &&
		   n != -ENOBUFS) {
		f->send_failed = true;
	}
	return n;
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	return answer(transmit(tcp_at(fd, "send"), buf, len, flags));
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
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

int __wrap_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how)
{
	struct file *f;
	int err;

	if (kernel.reaping)
		return 0;
	f = tcp_at(fd, "shutdown");

	if (how != SHUT_WR)
		violation("call", "a shutdown of the reading side");
	err = tcp_shut(f->tcp, PROXY);
	world_note(11, (uint64_t)err);
	set_corked(f, false);
	kernel.progress = true;
	return (int)answer(err);
}

/* ---- closing ---- */

/* No clock strikes before bytes are read that had arrived. */
static void check_unread(const struct file *f, int fd)
{
	if (kernel.firing && f->watched && (f->mask & POLLIN) &&
	    f->read_turn != kernel.turn && tcp_unread(f->tcp, PROXY) > 0)
		violation("timer-first",
		    "descriptor %d was closed by a clock over %u bytes that "
		    "had arrived",
		    fd, (unsigned int)tcp_unread(f->tcp, PROXY));
}

static void close_tcp(struct file *f, int fd)
{
	if (!world.calm && kernel.judges_clocks && !model_wants_memory() &&
	    !model_is_faulty())
		check_unread(f, fd);
	set_corked(f, false);
	model_on_proxy_close(f->tcp, f->linger_reset);
	tcp_close(f->tcp, PROXY, f->linger_reset);
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	struct file *f;

	if (!kernel_has(fd))
		return __real_close(fd);
	if (kernel.reaping)
		return 0;
	f = file_at(fd, "close");
	world_note(12, (uint64_t)fd);
	kernel.progress = true;
	if (f->kind == KIND_TCP)
		close_tcp(f, fd);
	if (f->kind == KIND_PIPE_READ || f->kind == KIND_PIPE_WRITE)
		pipe_close_end(f->pipe);
	if (f->kind == KIND_LISTENER && fd == listener_fd) {
		listener_fd = -1;
		for (; waiting_count > 0; waiting_count--) {
			tcp_close(waiting[waiting_first], PROXY, true);
			waiting_first = (waiting_first + 1) % ACCEPT_QUEUE;
		}
	}
	ready_forget(fd);
	f->kind = KIND_FREE;
	kernel.fds_open--;
	return 0;
}

void kernel_close_all(int process)
{
	for (int fd = FILES_FIRST; fd < kernel.fd_limit; fd++) {
		struct file *f = &files[fd];

		if (f->kind == KIND_FREE || f->process != process)
			continue;
		if (f->kind == KIND_TCP) {
			set_corked(f, false);
			model_on_proxy_close(f->tcp, false);
			tcp_close(f->tcp, PROXY, f->linger_reset);
		}
		if (f->kind == KIND_PIPE_READ || f->kind == KIND_PIPE_WRITE)
			pipe_close_end(f->pipe);
		ready_forget(fd);
		f->kind = KIND_FREE;
		kernel.fds_open--;
	}
}

unsigned int file_poll(const struct file *f)
{
	switch (f->kind) {
	case KIND_LISTENER:
		return waiting_count > 0 ? POLLIN : 0;
	case KIND_LINE:
		return workers_unread((int)(f - files)) > 0 ? POLLIN : 0;
	case KIND_SIGNAL:
		return kernel.signal ? POLLIN : 0;
	case KIND_TCP:
		return tcp_poll(f->tcp, PROXY);
	default:
		return 0;
	}
}
