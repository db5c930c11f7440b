/*
 * kernel_open.c: how connections begin: the accept queue, connects, and whose
 * the addresses are.
 */
#include "kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "model.h"

enum { ACCEPT_QUEUE = 256, DEVICE_PORT = 8080, LISTEN_PORT = 8001 };

static struct tcp *waiting[ACCEPT_QUEUE];
static unsigned int waiting_first, waiting_count;
static int listener_fd;
static uint16_t next_port;

void kernel_open_start(void)
{
	waiting_count = 0;
	listener_fd = -1;
	next_port = 20000;
}

bool kernel_has_waiting(void)
{
	return waiting_count > 0;
}

void kernel_listener_closed(int fd)
{
	if (fd != listener_fd)
		return;
	listener_fd = -1;
	for (; waiting_count > 0; waiting_count--) {
		tcp_close(waiting[waiting_first], PROXY, true);
		waiting_first = (waiting_first + 1) % ACCEPT_QUEUE;
	}
}

WRAP(int, socket, int family, int type, int protocol)
{
	int err = fault_due(CALL_SOCKET);

	world_note(3, 0);
	return answer(err ? -err : file_open(KIND_SOCKET));
}

WRAP(int, bind, int fd, const struct sockaddr *a, socklen_t len)
{
	int err = fault_due(CALL_BIND);

	(void)file_at(fd, "bind");
	return answer(-err);
}

WRAP(int, listen, int fd, int backlog)
{
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
	if (kernel.workers)
		ready_mark_all(KIND_LISTENER);
	return true;
}

/* As its family has it. */
static void put_address(enum tcp_family family, uint32_t ip, uint16_t port,
    struct sockaddr *a, socklen_t *len)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(ip)};
	struct sockaddr_in6 in6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(port)};
	uint8_t *six = in6.sin6_addr.s6_addr;
	bool is_six = family == FAMILY_MAPPED || family == FAMILY_V6;
	socklen_t bytes = is_six ? sizeof(in6) : sizeof(in);

	if (family == FAMILY_UNIX) {
		in.sin_family = AF_UNIX;
		bytes = sizeof(in.sin_family);
	} else if (family == FAMILY_MAPPED) {
		six[10] = six[11] = 0xff;
		memcpy(six + 12, &in.sin_addr, 4);
	} else if (family == FAMILY_V6) {
		memcpy(six, "\x20\x01\x0d\xb8", 4);
		six[5] = (uint8_t)ip;
		six[15] = 1;
	}
	memcpy(a, is_six ? (void *)&in6 : &in, *len < bytes ? *len : bytes);
	*len = bytes;
}

static void attach(int fd, struct tcp *t)
{
	files[fd].kind = KIND_TCP;
	files[fd].tcp = t;
	t->fd = fd;
	ready_mark(fd);
}

WRAP(int, accept4, int fd, struct sockaddr *a, socklen_t *len, int flags)
{
	struct file *l = file_at(fd, "accept");
	int err = fault_due(CALL_ACCEPT), made;
	struct tcp *t;

	world_note(4, waiting_count);
	if (waiting_count == 0)
		return answer(-EAGAIN);
	if (err && err != ECONNABORTED)
		return answer(-err);
	made = err ? 0 : file_open(KIND_TCP);
	if (made < 0)
		return answer(made);
	t = waiting[waiting_first];
	waiting_first = (waiting_first + 1) % ACCEPT_QUEUE;
	waiting_count--;
	kernel.progress = true;
	/* The client has left before it was accepted. */
	if (err) {
		tcp_close(t, PROXY, true);
		return answer(-err);
	}
	put_address(t->family, t->address, t->port, a, len);
	attach(made, t);
	files[made].nodelay = l->nodelay;
	t->end[PROXY].options = l->options;
	return made;
}

WRAP(int, connect, int fd, const struct sockaddr *a, socklen_t len)
{
	struct file *f = file_at(fd, "connect");
	int err = fault_due(CALL_CONNECT), late = fault_due(CALL_CONNECTING);
	const struct sockaddr_in *to = (const void *)a;
	struct tcp *t;

	world_note(5, 0);
	FORBID(f->kind != KIND_SOCKET, "call",
	    "a second connect of descriptor %d", fd);
	model_on_proxy_connect();
	if (err && err != EINTR)
		return answer(-err);
	kernel.progress = true;
	t = tcp_new(&kernel.from_device, &kernel.to_device, kernel.socket_buf);
	t->to_device = true;
	t->delayed_ack = kernel.device_delays_ack;
	t->port = ++next_port;
	t->address = ntohl(to->sin_addr.s_addr);
	attach(fd, t);
	t->end[PROXY].options = f->options;
	if (late)
		tcp_connect_in_vain(t, late);
	else
		tcp_connect(t);
	if (t->end[PROXY].state == TCP_IS_DEAD) {
		files[fd].end_told = true;
		return answer(-tcp_error(t, PROXY));
	}
	return answer(err ? -EINTR : -EINPROGRESS);
}

WRAP(int, getsockname, int fd, struct sockaddr *a, socklen_t *len)
{
	struct file *f = file_at(fd, "getsockname");
	bool to_device = f->kind == KIND_TCP && f->tcp->to_device;

	put_address(FAMILY_V4, 0x7f000001,
	    to_device ? f->tcp->port : LISTEN_PORT, a, len);
	return 0;
}

WRAP(int, getpeername, int fd, struct sockaddr *a, socklen_t *len)
{
	const struct tcp *t = tcp_at(fd, "getpeername")->tcp;

	put_address(t->family, t->address, t->to_device ? DEVICE_PORT : t->port,
	    a, len);
	return 0;
}
