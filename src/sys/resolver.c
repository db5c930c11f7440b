/*
 * resolver.c: the child, and the two messages between it and its parent. Each
 * is a packet of fixed form: both ends are the same program.
 */
#include "sys/resolver.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/resolve.h"

enum { KEPT_FD = 3 };

struct question {
	uint16_t port;
	char name[RESOLVER_NAME_MAX];
};

static void look_up(const struct question *q, struct resolver_answer *out)
{
	const char *why = "";

	memset(out, 0, sizeof(*out));
	memcpy(out->name, q->name, sizeof(out->name));
	out->port = q->port;
	out->count = (uint16_t)resolve_name(
	    q->name, q->port, out->addrs, RESOLVER_ADDRS_MAX, &why);
	if (out->count == 0)
		snprintf(out->why, sizeof(out->why), "%s", why);
}

/* Until the parent's end of the socket is closed. Signals to the group are
 * the parent's business. */
static void answer_all(int fd)
{
	static const int ignored[] = {
	    SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE};
	struct resolver_answer answer;
	struct question q;
	ssize_t n;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	do {
		n = recv(fd, &q, sizeof(q), 0);
		if (n != (ssize_t)sizeof(q))
			continue;
		look_up(&q, &answer);
		n = send(fd, &answer, sizeof(answer), MSG_NOSIGNAL);
	} while (n > 0 || (n < 0 && errno == EINTR));
}

/* What else the parent has open would stay open with the child. An old kernel
 * does not know the call. */
static void keep_only(int fd)
{
	if (fd != KEPT_FD)
		(void)dup2(fd, KEPT_FD);
#ifdef SYS_close_range
	(void)syscall(SYS_close_range, KEPT_FD + 1, ~0U, 0);
#endif
}

static void run_child(int fd, pid_t parent)
{
	prctl(PR_SET_NAME, "resolver");
	keep_only(fd);
	fd = KEPT_FD;
	/* The parent may have gone before the call. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
		answer_all(fd);
	_exit(0);
}

int resolver_start(struct resolver *r)
{
	pid_t parent = getpid();
	int fds[2], err;

	*r = (struct resolver){.fd = -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	r->pid = fork();
	if (r->pid < 0) {
		err = -errno;
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (r->pid == 0) {
		close(fds[0]);
		run_child(fds[1], parent);
	}
	close(fds[1]);
	r->fd = fds[0];
	return 0;
}

void resolver_stop(struct resolver *r)
{
	if (r->fd < 0)
		return;
	close(r->fd);
	kill(r->pid, SIGKILL);
	while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*r = (struct resolver){.fd = -1};
}

int resolver_ask(struct resolver *r, const char *name, uint16_t port)
{
	struct question q = {.port = port};
	ssize_t n;

	if (strlen(name) >= sizeof(q.name))
		return -ENAMETOOLONG;
	strcpy(q.name, name);
	do
		n = send(r->fd, &q, sizeof(q), MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int resolver_read(struct resolver *r, struct resolver_answer *out)
{
	struct resolver_answer answer;
	ssize_t n;

	do
		n = recv(r->fd, &answer, sizeof(answer), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (n != (ssize_t)sizeof(answer))
		return -EPIPE;
	*out = answer;
	return 0;
}
