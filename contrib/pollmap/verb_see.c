/*
 * verb_see.c: the verbs that look: readiness, queues, states, errors.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>

#include "verb.h"

static int look(struct call *call, unsigned want, int timeout_ms)
{
	call->out->has_mask = true;
	return ready_ask(call->st->poller, call->fd, want, timeout_ms,
	    &call->out->mask);
}

int do_pol(struct call *call)
{
	return look(call, call->act->mask, 0);
}

int do_wai(struct call *call)
{
	int ms = call->act->number;

	if (ms < 0 || ms > call->st->limit_ms)
		ms = call->st->limit_ms;
	return look(call, call->act->mask, ms);
}

int do_pau(struct call *call)
{
	int ms = call->act->number;
	struct timespec ts;

	if (ms > call->st->limit_ms)
		ms = call->st->limit_ms;
	ts = (struct timespec){ms / 1000, ms % 1000 * 1000000L};
	return nanosleep(&ts, NULL);
}

int do_arm(struct call *call)
{
	static const unsigned modes[] = {
		0, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE};

	return ready_ctl(call->sc, call->side, call->fd,
	    call->act->verb->preset,
	    call->act->mask | modes[call->act->word]);
}

int do_del(struct call *call)
{
	int fd = call->act->word == 0 ? call->sc->dup[call->side] : call->fd;

	return ready_ctl(call->sc, call->side, fd, EPOLL_CTL_DEL, 0);
}

int do_wev(struct call *call)
{
	call->out->has_mask = true;
	return ready_wait(call->sc, call->side, call->act->number,
	    &call->out->mask);
}

int do_queue(struct call *call)
{
	int bytes = 0;
	int ret = ioctl(call->fd, (unsigned long)call->act->verb->preset,
	    &bytes);

	return ret < 0 ? ret : bytes;
}

const char *tcp_state_name(unsigned state)
{
	static const char *const names[] = {
		[TCP_ESTABLISHED] = "ESTABLISHED",
		[TCP_SYN_SENT] = "SYN_SENT",
		[TCP_SYN_RECV] = "SYN_RECV",
		[TCP_FIN_WAIT1] = "FIN_WAIT1",
		[TCP_FIN_WAIT2] = "FIN_WAIT2",
		[TCP_TIME_WAIT] = "TIME_WAIT",
		[TCP_CLOSE] = "CLOSE",
		[TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[TCP_LAST_ACK] = "LAST_ACK",
		[TCP_LISTEN] = "LISTEN",
		[TCP_CLOSING] = "CLOSING",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : NULL;
}

int do_inf(struct call *call)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(call->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return -1;
	call->out->name = call->out->text = tcp_state_name(info.tcpi_state);
	return info.tcpi_state;
}

int do_err(struct call *call)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -1;
	if (err) {
		call->out->name = strerrorname_np(err);
		call->out->text = strerror(err);
	}
	return err;
}
