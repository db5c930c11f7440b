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
#include "world.h"

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

static void put_address(
    uint32_t ip, uint16_t port, struct sockaddr *a, socklen_t *len)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	in.sin_addr.s_addr = htonl(ip);
	in.sin_port = htons(port);
	memcpy(a, &in, *len < sizeof(in) ? *len : sizeof(in));
	*len = sizeof(in);
}

static void put_address6(
    const struct tcp *t, struct sockaddr *a, socklen_t *len)
{
	struct sockaddr_in6 in = {
	    .sin6_family = AF_INET6, .sin6_port = htons(t->port)};
	uint8_t *ip = in.sin6_addr.s6_addr;

	if (t->family == FAMILY_MAPPED) {
		ip[10] = ip[11] = 0xff;
		for (int i = 0; i < 4; i++)
			ip[12 + i] = (uint8_t)(t->address >> (24 - 8 * i));
	} else {
		memcpy(ip, "\x20\x01\x0d\xb8", 4);
		ip[5] = (uint8_t)t->address;
		ip[15] = 1;
	}
	memcpy(a, &in, *len < sizeof(in) ? *len : sizeof(in));
	*len = sizeof(in);
}

/* The client's, as its family has it. */
static void put_client(const struct tcp *t, struct sockaddr *a, socklen_t *len)
{
	switch (t->family) {
	case FAMILY_V4:
		put_address(t->address, t->port, a, len);
		break;
	case FAMILY_UNIX:
		a->sa_family = AF_UNIX;
		*len = sizeof(a->sa_family);
		break;
	case FAMILY_MAPPED:
	case FAMILY_V6:
		put_address6(t, a, len);
		break;
	}
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
	put_client(t, a, len);
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

	put_address(0x7f000001,
	    f->kind == KIND_TCP && f->tcp->to_device ? f->tcp->port
						     : LISTEN_PORT,
	    a, len);
	return 0;
}

WRAP(int, getpeername, int fd, struct sockaddr *a, socklen_t *len)
{
	struct file *f = tcp_at(fd, "getpeername");

	if (f->tcp->to_device)
		put_address(f->tcp->address, DEVICE_PORT, a, len);
	else
		put_client(f->tcp, a, len);
	return 0;
}
