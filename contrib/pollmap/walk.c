/*
 * walk.c: running sequences of actions on fresh sockets.
 *
 * Speed matters: a depth of six means half a million connections. Where
 * nothing acts on the listener it stays. Both ends leave by reset where the
 * sequence did not close them, so that few TIME_WAITs remain, and now and then
 * the listener moves to another port, so that those do not exhaust the
 * client's.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "pollmap.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { LISTENER_SEQUENCES = 4096, BACKLOG = 1000 };

static const struct {
	const char *name;
	int domain, type, protocol;
	bool pair; /* connected from the start, no listener */
} families[] = {
    {"tcp4", AF_INET, SOCK_STREAM, 0, false},
    {"tcp6", AF_INET6, SOCK_STREAM, 0, false},
    {"mptcp", AF_INET, SOCK_STREAM, IPPROTO_MPTCP, false},
    {"unix", AF_UNIX, SOCK_STREAM, 0, false},
    {"seqpacket", AF_UNIX, SOCK_SEQPACKET, 0, false},
    {"socketpair", AF_UNIX, SOCK_STREAM, 0, true},
    {"dgram", AF_UNIX, SOCK_DGRAM, 0, true},
    {"udp", AF_INET, SOCK_DGRAM, 0, true},
};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

/* Every kind of start. */
static const struct kind {
	const char *name;
	enum side ends[ENDS];
	const char *actions; /* the usual ones */
	bool connected;	     /* the two ends are */
	bool own_listener;   /* one for each sequence */
	int backlog;
	int buffer; /* SO_SNDBUF and SO_RCVBUF, 0: as they are */
} kinds[] = {
    {"connection", {SIDE_C, SIDE_S}, "snd,rcv,shw,shr,clo,rst", true, false,
	BACKLOG, 0},
    {"urgent", {SIDE_C, SIDE_S}, "c.snd,c.oob,c.shw,s.rcv,s.roob,s.clo", true,
	false, BACKLOG, 0},
    {"full", {SIDE_C, SIDE_S},
	"c.fil,c.shw,c.rcv,c.clo,s.drn,s.shw,s.shr,s.clo,s.rst", true, false,
	BACKLOG, 4096},
    {"connect", {SIDE_C, SIDE_L},
	"c.con,c.snd,c.rcv,c.err,c.shw,c.clo,l.acc,l.clo", false, true, BACKLOG,
	0},
    /* The one place of its queue is taken: a SYN gets no answer. */
    {"connecting", {SIDE_C, SIDE_L},
	"c.con,c.snd,c.rcv,c.err,c.shw,c.shr,c.shb,c.dis,c.clo", false, false,
	0, 0},
    {"listener", {SIDE_L, SIDE_C}, "l.cli,l.acc,l.shr,l.shw,l.lis,l.clo", false,
	true, BACKLOG, 0},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const struct kind *kind_of(const struct walk *w)
{
	return &kinds[w->subject->kind];
}

int walk_socket(const struct walk *w)
{
	int f = w->subject->family;

	return socket(
	    families[f].domain, families[f].type, families[f].protocol);
}

static int error(char why[TEXT_MAX], const char *what, const char *text)
{
	snprintf(why, TEXT_MAX, "%s '%.100s'", what, text);
	return -1;
}

/* Adds "snd" (on both ends) or "c.snd" (on one), if it is of `end`. */
static int add_action(
    struct subject *s, const char *text, int end, char why[TEXT_MAX])
{
	static const char letters[SIDES + 1] = "lcs";
	const char *name = text[0] && text[1] == '.' ? text + 2 : text;
	const struct verb *verb = verb_find(name);

	enum side side = kinds[s->kind].ends[end];
	char own[NAME_MAX_BYTES];

	if (!verb)
		return error(why, "unknown verb", text);
	if (name != text && letters[side] != text[0])
		return 0;
	snprintf(own, sizeof(own), "%c.%s", letters[side], verb->name);
	if (action_find(s, own) >= 0)
		return error(why, "comes twice:", text);
	if (s->action_count == ACTIONS_MAX)
		return error(why, "too many actions at", text);
	s->action[s->action_count++] = (struct action){end, side, verb};
	return 0;
}

/* Those of the first end stand first. */
static int add_actions(struct subject *s, char why[TEXT_MAX])
{
	for (int end = 0; end < ENDS; end++) {
		char list[TEXT_MAX];
		char *save = NULL;

		snprintf(list, sizeof(list), "%s", s->text);
		for (char *at = strtok_r(list, ",", &save); at;
		     at = strtok_r(NULL, ",", &save))
			if (add_action(s, at, end, why) < 0)
				return -1;
	}
	return s->action_count ? 0 : error(why, "no actions in", s->text);
}

int subject_init(struct subject *s, const char *kind, const char *family,
    bool edges, const char *actions, char out_why[TEXT_MAX])
{
	memset(s, 0, sizeof(*s));
	s->kind = s->family = -1;
	for (int i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, kind) == 0)
			s->kind = i;
	for (int i = 0; i < FAMILIES; i++)
		if (strcmp(families[i].name, family) == 0)
			s->family = i;
	if (s->kind < 0 || s->family < 0)
		return error(out_why, "unknown", s->kind < 0 ? kind : family);
	if (families[s->family].pair && !kinds[s->kind].connected)
		return error(out_why, "no listener in", family);
	s->edges = edges;
	snprintf(s->text, sizeof(s->text), "%s",
	    actions ? actions : kinds[s->kind].actions);
	/* Where messages have borders a receive takes one of them; how many
	 * wait would be part of the state. */
	if (!actions && families[s->family].type != SOCK_STREAM &&
	    strcmp(kinds[s->kind].name, "connection") == 0)
		snprintf(s->text, sizeof(s->text), "snd,drn,shw,shr,clo,rst");
	return add_actions(s, out_why);
}

unsigned subject_ends(const struct subject *s)
{
	unsigned ends = 0;

	for (int i = 0; i < s->action_count; i++)
		ends |= 1U << s->action[i].end;
	return ends;
}

const char *kind_name(const struct subject *s)
{
	return kinds[s->kind].name;
}

const char *family_name(const struct subject *s)
{
	return families[s->family].name;
}

const char *kind_names(void)
{
	static char text[TEXT_MAX];

	for (int i = 0; !i || i < KINDS; i++)
		snprintf(text + strlen(text), TEXT_MAX - strlen(text), " %s",
		    kinds[i].name);
	return text + 1;
}

const char *family_names(void)
{
	static char text[TEXT_MAX];

	for (int i = 0; i < FAMILIES; i++)
		snprintf(text + strlen(text), TEXT_MAX - strlen(text), " %s",
		    families[i].name);
	return text + 1;
}

const char *action_print(
    const struct subject *s, int action, char out_text[NAME_MAX_BYTES])
{
	snprintf(out_text, NAME_MAX_BYTES, "%c.%s",
	    "lcs"[s->action[action].side], s -> action[action].verb->name);
	return out_text;
}

int action_find(const struct subject *s, const char *text)
{
	char name[NAME_MAX_BYTES];

	for (int i = 0; i < s->action_count; i++)
		if (strcmp(action_print(s, i, name), text) == 0)
			return i;
	return -1;
}

/* Else a second small segment waits for the first one's acknowledgement, which
 * may come at once or 40 ms later: time would be part of the automaton. */
static void prepare_socket(const struct walk *w, int fd)
{
	const int one = 1;
	int buffer = kind_of(w)->buffer;

	if (families[w->subject->family].domain != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!buffer)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
}

static int bind_any(struct walk *w, int fd)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&w->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&w->addr;
	int domain = families[w->subject->family].domain;

	memset(&w->addr, 0, sizeof(w->addr));
	w->addr.ss_family = (sa_family_t)domain;
	w->addr_len = domain == AF_INET	   ? sizeof(*in)
		      : domain == AF_INET6 ? sizeof(*in6)
					   : sizeof(sa_family_t);
	if (domain == AF_INET)
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (domain == AF_INET6)
		in6->sin6_addr = in6addr_loopback;
	if (bind(fd, (struct sockaddr *)&w->addr, w->addr_len) < 0)
		return -1;
	w->addr_len = sizeof(w->addr);
	return getsockname(fd, (struct sockaddr *)&w->addr, &w->addr_len);
}

static int open_listener(struct walk *w)
{
	int fd = walk_socket(w);

	w->fd[SIDE_L] = fd;
	if (fd < 0)
		return -1;
	prepare_socket(w, fd); /* accepted sockets inherit it */
	if (bind_any(w, fd) < 0 || listen(fd, kind_of(w)->backlog) < 0)
		return -1;
	/* With a backlog of 0 one client fills the queue. */
	return kind_of(w)->backlog ? 0 : do_cli(w, SIDE_L);
}

int walk_open(struct walk *w, const struct subject *s)
{
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET((size_t)sched_getcpu(), &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	memset(w, 0, sizeof(*w));
	w->subject = s;
	w->fd[SIDE_L] = w->fd[SIDE_C] = w->fd[SIDE_S] = -1;
	w->epoll = s->edges ? epoll_create1(EPOLL_CLOEXEC) : -1;
	if (families[s->family].pair || kind_of(w)->own_listener)
		return 0;
	return open_listener(w) < 0 ? -errno : 0;
}

/* Closes the ends, by reset, and what they left; not a listener that stays. */
static void close_ends(struct walk *w, bool all)
{
	bool stays = !all && !kind_of(w)->own_listener;

	for (int side = stays ? SIDE_C : SIDE_L; side < SIDES; side++)
		if (w->fd[side] >= 0)
			do_rst(w, (enum side)side);
	/* The client that fills the queue stays with its listener. */
	for (int keep = stays && !kind_of(w)->backlog; w->extra_count > keep;)
		close(w->extra[--w->extra_count]);
}

void walk_close(struct walk *w)
{
	close_ends(w, true);
	if (w->epoll >= 0)
		close(w->epoll);
}

static int open_pair(struct walk *w)
{
	int f = w->subject->family;
	int fd[2];

	if (families[f].domain == AF_UNIX) {
		if (socketpair(families[f].domain, families[f].type, 0, fd) < 0)
			return -1;
		w->fd[SIDE_C] = fd[0];
		w->fd[SIDE_S] = fd[1];
		return 0;
	}
	w->fd[SIDE_S] = walk_socket(w);
	if (bind_any(w, w->fd[SIDE_S]) < 0)
		return -1;
	w->fd[SIDE_C] = walk_socket(w);
	if (connect(w->fd[SIDE_C], (struct sockaddr *)&w->addr, w->addr_len) <
	    0)
		return -1;
	getsockname(w->fd[SIDE_C], (struct sockaddr *)&w->addr, &w->addr_len);
	return connect(w->fd[SIDE_S], (struct sockaddr *)&w->addr, w->addr_len);
}

/* In edge mode both ends are registered, and their first edge is taken. */
static void watch_edges(struct walk *w)
{
	struct epoll_event ev[ENDS];

	for (int i = 0; i < ENDS; i++) {
		ev[0].events = MASK_ASKED | EPOLLET;
		ev[0].data.u32 = (unsigned)i;
		epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->fd[kind_of(w)->ends[i]],
		    &ev[0]);
	}
	epoll_wait(w->epoll, ev, ENDS, 0);
}

int walk_start(struct walk *w)
{
	bool moves = ++w->walked % LISTENER_SEQUENCES == 0;

	close_ends(w, moves);
	if (families[w->subject->family].pair) {
		if (open_pair(w) < 0)
			return -errno;
	} else {
		if (w->fd[SIDE_L] < 0 && open_listener(w) < 0)
			return -errno;
		w->fd[SIDE_C] = walk_socket(w);
		if (w->fd[SIDE_C] < 0)
			return -errno;
		prepare_socket(w, w->fd[SIDE_C]);
		if (kind_of(w)->connected) {
			if (connect(w->fd[SIDE_C], (struct sockaddr *)&w->addr,
				w->addr_len) < 0)
				return -errno;
			w->fd[SIDE_S] = accept(w->fd[SIDE_L], NULL, NULL);
			if (w->fd[SIDE_S] < 0)
				return -errno;
		}
	}
	if (w->epoll >= 0)
		watch_edges(w);
	return 0;
}

static uint8_t tcp_state(const struct walk *w, int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info.tcpi_state);

	/* Only the first byte is asked for. */
	if (families[w->subject->family].domain == AF_UNIX ||
	    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0;
	/* Which of the two it is depends on when the acknowledgement came. */
	return info.tcpi_state == TCP_FIN_WAIT2 ? TCP_FIN_WAIT1
						: info.tcpi_state;
}

static void look_edges(struct walk *w, struct seen *out)
{
	struct epoll_event ev[ENDS];
	int n = epoll_wait(w->epoll, ev, ENDS, 0);

	for (int i = 0; i < n; i++)
		out->edge[ev[i].data.u32] = (uint16_t)ev[i].events;
}

static void look(struct walk *w, struct seen *out)
{
	struct pollfd p[ENDS];

	memset(out->edge, 0, sizeof(out->edge));
	for (int i = 0; i < ENDS; i++) {
		p[i].fd = w->fd[kind_of(w)->ends[i]];
		p[i].events = MASK_ASKED;
	}
	poll(p, ENDS, 0);
	for (int i = 0; i < ENDS; i++) {
		out->mask[i] =
		    p[i].fd < 0 ? MASK_CLOSED : (uint16_t)p[i].revents;
		out->state[i] = p[i].fd < 0 ? 0 : tcp_state(w, p[i].fd);
	}
	if (w->epoll >= 0)
		look_edges(w, out);
}

int walk_sequence(struct walk *w, const uint8_t *sequence, int len, int from,
    struct seen *out_seen)
{
	int ret = walk_start(w);

	if (ret < 0)
		return ret;
	out_seen[0].result = 0;
	if (from == 0)
		look(w, &out_seen[0]);
	for (int i = 0; i < len; i++) {
		const struct action *a = &w->subject->action[sequence[i]];

		out_seen[i + 1].result = a->verb->run(w, a->side);
		if (out_seen[i + 1].result == -1)
			out_seen[i + 1].result = -errno;
		if (from <= i + 1)
			look(w, &out_seen[i + 1]);
	}
	return 0;
}
