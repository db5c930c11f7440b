/*
 * verb_io.c: the verbs that connect, move bytes, and end things.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "verb.h"

enum { FILL_MAX = 1 << 28, BLOCK = 1 << 16, BIGGEST = 1 << 20 };

int do_con(struct call *call)
{
	enum { NB, AGAIN, SELF };
	struct sockaddr_storage to = call->sc->addr;
	socklen_t len = call->sc->addr_len;

	call->sc->connected = true;
	if (call->act->word == NB)
		fcntl(call->fd, F_SETFL, fcntl(call->fd, F_GETFL) | O_NONBLOCK);
	if (call->act->word == SELF) {
		((struct sockaddr_in *)&to)->sin_port = 0;
		if (bind(call->fd, (struct sockaddr *)&to, len) < 0)
			return -1;
		if (getsockname(call->fd, (struct sockaddr *)&to, &len) < 0)
			return -1;
	}
	return connect(call->fd, (struct sockaddr *)&to, len);
}

int do_dis(struct call *call)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	return connect(call->fd, &none, sizeof(none));
}

/* Always the listener's, whoever asks. */
int do_acc(struct call *call)
{
	int fd = call->sc->fd[SIDE_L];
	int ret;

	if (call->act->word == 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	ret = accept(fd, NULL, NULL);
	if (ret >= 0 && !call->sc->open[SIDE_S])
		scene_set(call->sc, SIDE_S, ret);
	return ret;
}

int do_lis(struct call *call)
{
	return listen(call->fd, call->act->number);
}

/* Sends "foofoofoo...". */
static int send_some(struct call *call, size_t len)
{
	static char payload[BIGGEST];

	if (!payload[0])
		for (size_t i = 0; i < sizeof(payload); i++)
			payload[i] = "foo"[i % 3];
	if (call->sc->family == FAMILY_PIPE)
		return (int)write(call->fd, payload, len);
	return (int)send(call->fd, payload, len,
	    MSG_NOSIGNAL | MSG_DONTWAIT | call->act->verb->preset);
}

int do_snd(struct call *call)
{
	return send_some(call, (size_t)call->act->number);
}

int do_zcp(struct call *call)
{
	const int one = 1;

	if (setsockopt(call->fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		return -1;
	return do_snd(call);
}

int do_fil(struct call *call)
{
	int total = 0;
	int ret;

	do {
		ret = send_some(call, BLOCK);
		if (ret > 0)
			total += ret;
	} while (ret > 0 && total < FILL_MAX);
	return total ? total : ret;
}

static int receive(struct call *call, size_t len, int flags)
{
	static char buf[BIGGEST];

	if (call->sc->family == FAMILY_PIPE)
		return (int)read(call->fd, buf, len);
	return (int)recv(call->fd, buf, len, flags);
}

int do_rcv(struct call *call)
{
	return receive(call, (size_t)call->act->number,
	    MSG_DONTWAIT | call->act->verb->preset);
}

int do_drn(struct call *call)
{
	struct pollfd p = {.fd = call->fd, .events = POLLIN};
	int total = 0;
	int ret;

	do {
		ret = receive(call, BLOCK, 0);
		if (ret > 0)
			total += ret;
		else if (ret < 0 && errno == EAGAIN)
			ret = poll(&p, 1, -1);
	} while (ret > 0);
	return ret < 0 ? ret : total;
}

int do_erq(struct call *call)
{
	char control[256];
	struct msghdr msg = {
		.msg_control = control, .msg_controllen = sizeof(control)};

	return (int)recvmsg(call->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
}

/* From `from` to `to`; -1 is that end of the scene's pipe. */
static int splice_some(struct call *call, int from, int to)
{
	int *conduit = call->sc->conduit;

	if (conduit[0] < 0 && pipe2(conduit, O_CLOEXEC) < 0)
		return -1;
	return (int)splice(from < 0 ? conduit[0] : from, NULL,
	    to < 0 ? conduit[1] : to, NULL, (size_t)call->act->number,
	    SPLICE_F_NONBLOCK);
}

int do_spl(struct call *call)
{
	return splice_some(call, call->fd, -1);
}

int do_spo(struct call *call)
{
	return splice_some(call, -1, call->fd);
}

int do_shut(struct call *call)
{
	return shutdown(call->fd, call->act->verb->preset);
}

int do_clo(struct call *call)
{
	struct scene *sc = call->sc;
	int fd = sc->dup[call->side];

	if (call->act->word == 0) {
		sc->dup[call->side] = -1;
		return close(fd);
	}
	sc->open[call->side] = false;
	return close(call->fd);
}

int do_rst(struct call *call)
{
	const struct linger abort_it = {.l_onoff = 1};

	if (setsockopt(call->fd, SOL_SOCKET, SO_LINGER, &abort_it,
		sizeof(abort_it)) < 0)
		return -1;
	return do_clo(call);
}

int do_dup(struct call *call)
{
	int *dup_fd = &call->sc->dup[call->side];

	if (*dup_fd < 0)
		*dup_fd = dup(call->fd);
	return *dup_fd;
}
