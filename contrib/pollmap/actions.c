/*
 * actions.c: what can be done to an end. An action has no arguments, waits for
 * nothing, and returns what its call returned, errno set on -1.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pollmap.h"

enum { BACKLOG = 1000, BIGGEST = 1 << 20 };

static char scratch[BIGGEST];

static int do_snd(struct walk *w, enum side side)
{
	return (int)send(w->fd[side], "foo", 3, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int do_oob(struct walk *w, enum side side)
{
	return (int)send(
	    w->fd[side], "!", 1, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_OOB);
}

/* Until no more is taken. */
static int do_fil(struct walk *w, enum side side)
{
	int total = 0;
	ssize_t n;

	do {
		n = send(
		    w->fd[side], scratch, BIGGEST, MSG_NOSIGNAL | MSG_DONTWAIT);
		total += n > 0 ? (int)n : 0;
	} while (n > 0);
	return total ? total : -1;
}

static int do_rcv(struct walk *w, enum side side)
{
	return (int)recv(w->fd[side], scratch, 65536, MSG_DONTWAIT);
}

static int do_roob(struct walk *w, enum side side)
{
	return (int)recv(w->fd[side], scratch, 1, MSG_DONTWAIT | MSG_OOB);
}

/* Until nothing is left. */
static int do_drn(struct walk *w, enum side side)
{
	int total = 0;
	ssize_t n;

	do {
		n = recv(w->fd[side], scratch, BIGGEST, MSG_DONTWAIT);
		total += n > 0 ? (int)n : 0;
	} while (n > 0);
	return total ? total : (int)n;
}

static int do_shw(struct walk *w, enum side side)
{
	return shutdown(w->fd[side], SHUT_WR);
}

static int do_shr(struct walk *w, enum side side)
{
	return shutdown(w->fd[side], SHUT_RD);
}

static int do_shb(struct walk *w, enum side side)
{
	return shutdown(w->fd[side], SHUT_RDWR);
}

static int do_clo(struct walk *w, enum side side)
{
	int fd = w->fd[side];

	w->fd[side] = -1;
	return close(fd);
}

static void linger_0(int fd)
{
	const struct linger abort_it = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it));
}

int do_rst(struct walk *w, enum side side)
{
	linger_0(w->fd[side]);
	return do_clo(w, side);
}

static int do_err(struct walk *w, enum side side)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(w->fd[side], SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -1;
	return err;
}

static int do_inq(struct walk *w, enum side side)
{
	int bytes = 0;
	int ret = ioctl(w->fd[side], FIONREAD, &bytes);

	return ret < 0 ? ret : bytes;
}

static void no_wait(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int do_con(struct walk *w, enum side side)
{
	no_wait(w->fd[side]);
	return connect(w->fd[side], (struct sockaddr *)&w->addr, w->addr_len);
}

static int do_dis(struct walk *w, enum side side)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	return connect(w->fd[side], &none, sizeof(none));
}

static void keep_extra(struct walk *w, int fd)
{
	if (w->extra_count == EXTRA_MAX)
		close(fd);
	else
		w->extra[w->extra_count++] = fd;
}

/* All clients that wait; how many. */
static int do_acc(struct walk *w, enum side side)
{
	int count = 0;
	int fd;

	no_wait(w->fd[side]);
	while ((fd = accept(w->fd[side], NULL, NULL)) >= 0) {
		keep_extra(w, fd);
		count++;
	}
	return count ? count : -1;
}

/* One more client comes. */
int do_cli(struct walk *w, enum side side)
{
	int fd = walk_socket(w);

	(void)side;
	if (fd < 0)
		return -1;
	no_wait(fd);
	keep_extra(w, fd);
	connect(fd, (struct sockaddr *)&w->addr, w->addr_len);
	return 0;
}

static int do_lis(struct walk *w, enum side side)
{
	return listen(w->fd[side], BACKLOG);
}

static const struct verb verbs[] = {
    {"snd", do_snd, false, false},
    {"rcv", do_rcv, false, true},
    {"shw", do_shw, false, false},
    {"shr", do_shr, false, false},
    {"shb", do_shb, false, false},
    {"clo", do_clo, true, false},
    {"rst", do_rst, true, false},
    {"oob", do_oob, false, false},
    {"roob", do_roob, false, false},
    {"fil", do_fil, false, true},
    {"drn", do_drn, false, true},
    {"err", do_err, false, false},
    {"inq", do_inq, false, false},
    {"con", do_con, false, false},
    {"dis", do_dis, false, false},
    {"acc", do_acc, false, true},
    {"cli", do_cli, false, false},
    {"lis", do_lis, false, false},
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

const struct verb *verb_find(const char *name)
{
	for (int i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}
