/*
 * verb_opt.c: the verbs that set and read options, and those that use one to
 * make the network fail: a socket filter that accepts nothing loses every
 * packet for its socket, and needs neither privilege nor firewall.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "verb.h"

static const struct {
	const char *name;
	int level;
	int option;
} options[OPTIONS] = {
	[OPTION_NODELAY] = {"nodelay", IPPROTO_TCP, TCP_NODELAY},
	[OPTION_CORK] = {"cork", IPPROTO_TCP, TCP_CORK},
	[OPTION_KEEPALIVE] = {"keepalive", SOL_SOCKET, SO_KEEPALIVE},
	[OPTION_USER_TIMEOUT] = {"usertimeout", IPPROTO_TCP, TCP_USER_TIMEOUT},
	[OPTION_NOTSENT_LOWAT] = {"notsent", IPPROTO_TCP, TCP_NOTSENT_LOWAT},
	[OPTION_DEFER_ACCEPT] = {"defer", IPPROTO_TCP, TCP_DEFER_ACCEPT},
	[OPTION_OOBINLINE] = {"oobinline", SOL_SOCKET, SO_OOBINLINE},
	[OPTION_RCVLOWAT] = {"rcvlowat", SOL_SOCKET, SO_RCVLOWAT},
	[OPTION_RCVBUF] = {"rcvbuf", SOL_SOCKET, SO_RCVBUF},
	[OPTION_SNDBUF] = {"sndbuf", SOL_SOCKET, SO_SNDBUF},
	[OPTION_LINGER] = {"linger", SOL_SOCKET, SO_LINGER},
	[OPTION_NONBLOCK] = {"nonblock", 0, 0},
};

const char *option_name(enum sockopt option)
{
	return options[option].name;
}

static int nonblock(int fd, int value)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || value == NO_NUMBER)
		return flags < 0 ? -1 : !!(flags & O_NONBLOCK);
	flags &= ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, value ? flags | O_NONBLOCK : flags);
}

static int linger(struct call *call)
{
	int value = call->act->number;
	struct linger l = {.l_onoff = value >= 0, .l_linger = value};
	socklen_t len = sizeof(l);

	if (value != NO_NUMBER)
		return setsockopt(call->fd, SOL_SOCKET, SO_LINGER, &l, len);
	if (getsockopt(call->fd, SOL_SOCKET, SO_LINGER, &l, &len) < 0)
		return -1;
	call->out->name = call->out->text = l.l_onoff ? "on" : "off";
	return l.l_linger;
}

/* Reads the option if there is no number, else sets it. */
int do_opt(struct call *call)
{
	int option = call->act->option;
	int value = call->act->number;
	socklen_t len = sizeof(value);

	if (option == OPTION_NONBLOCK)
		return nonblock(call->fd, value);
	if (option == OPTION_LINGER)
		return linger(call);
	if (value != NO_NUMBER)
		return setsockopt(call->fd, options[option].level,
		    options[option].option, &value, len);
	if (getsockopt(call->fd, options[option].level, options[option].option,
		&value, &len) < 0)
		return -1;
	return value;
}

int do_buf(struct call *call)
{
	int n = call->act->number;

	if (setsockopt(call->fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n)) < 0)
		return -1;
	return setsockopt(call->fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof(n));
}

int do_drop(struct call *call)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = {1, &nothing};

	return setsockopt(call->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
	    sizeof(prog));
}

int do_pass(struct call *call)
{
	const int unused = 0;

	return setsockopt(call->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused,
	    sizeof(unused));
}

int do_ctm(struct call *call)
{
	int ms = call->act->number;

	if (do_drop(call) < 0)
		return -1;
	if (setsockopt(call->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms,
		sizeof(ms)) < 0)
		return -1;
	if (send(call->fd, "foo", 3, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -1;
	call->out->has_mask = true;
	return ready_ask(POLLER_POLL, call->fd, 0, call->st->limit_ms,
	    &call->out->mask);
}
