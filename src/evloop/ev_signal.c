/*
 * ev_signal.c: signals as readable events, so that no code of ours ever runs
 * inside a signal handler.
 */
#include "evloop/ev_loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_readable(
    struct ev_loop *loop, struct ev_io *io, unsigned int events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(io->fd, &info, sizeof(info)) == sizeof(info)) {
		loop->on_signal(loop->signal_arg, (int)info.ssi_signo);
	} else if (errno != EAGAIN && errno != EINTR) {
		/* It stays ready. Who cannot be told to end ends by himself. */
		ev_io_want(loop, io, 0);
		loop->on_signal(loop->signal_arg, SIGTERM);
	}
}

int ev_signal_start(struct ev_loop *loop, const int *signals,
    void (*on_signal)(void *arg, int signal), void *arg)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (; *signals != 0; signals++)
		sigaddset(&set, *signals);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	loop->on_signal = on_signal;
	loop->signal_arg = arg;
	ev_io_init(&loop->signal_io, fd, on_readable);
	ev_io_want(loop, &loop->signal_io, EV_IN);
	return 0;
}
