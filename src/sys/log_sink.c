/*
 * log_sink.c: opening what the log goes to, and writing to each kind.
 */
#include "sys/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	OPEN_FLAGS = O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
	STAGE_BYTES = 16 * 1024,
	/* A terminal that polls as writable has room for so much at least:
	 * tty(4) reports POLLOUT from a free buffer of 256 bytes on. */
	TERMINAL_BYTES = 128,
};

static int open_stage(struct log_sink *s)
{
	return pipe2(s->stage, O_NONBLOCK | O_CLOEXEC) < 0 ? -errno : 0;
}

/* stderr itself, which must not be made nonblocking. */
static int share_stderr(struct log_sink *s, mode_t mode)
{
	int err = 0;

	if (S_ISSOCK(mode)) {
		s->kind = LOG_SINK_SOCKET;
	} else if (S_ISFIFO(mode)) {
		s->kind = LOG_SINK_PIPE;
		err = open_stage(s);
	} else if (S_ISCHR(mode)) {
		s->kind = LOG_SINK_TERMINAL;
	}
	if (err < 0)
		return err;
	s->fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return s->fd < 0 ? -errno : 0;
}

static const struct log_sink closed = {.fd = -1, .stage = {-1, -1}};

int log_sink_open_stderr(struct log_sink *s)
{
	struct stat st;
	int err;

	*s = closed;
	if (fstat(STDERR_FILENO, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		s->fd = open("/proc/self/fd/2", OPEN_FLAGS);
	if (s->fd >= 0)
		return 0;
	err = share_stderr(s, st.st_mode);
	if (err < 0)
		log_sink_close(s);
	return err;
}

int log_sink_open_file(struct log_sink *s, const char *path)
{
	*s = closed;
	s->fd = open(path, OPEN_FLAGS | O_CREAT, 0640);
	return s->fd < 0 ? -errno : 0;
}

/* A datagram socket may be connected again. */
int log_sink_reconnect_syslog(struct log_sink *s)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	return connect(s->fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno
								    : 0;
}

int log_sink_open_syslog(struct log_sink *s)
{
	int err;

	*s = closed;
	s->kind = LOG_SINK_SOCKET;
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -errno;
	err = log_sink_reconnect_syslog(s);
	if (err < 0)
		log_sink_close(s);
	return err;
}

void log_sink_close(struct log_sink *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->stage[0] >= 0) {
		close(s->stage[0]);
		close(s->stage[1]);
	}
	*s = closed;
}

bool log_sink_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;
	char *end;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	device = strtoumax(stream, &end, 10);
	if (*end != ':')
		return false;
	inode = strtoumax(end + 1, &end, 10);
	return *end == '\0' && st.st_dev == device && st.st_ino == inode;
}

/* The kernel moves what fits from one pipe to the other, or says EAGAIN,
 * however the descriptors are shared. */
static ssize_t put_spliced(struct log_sink *s, const char *bytes, size_t len)
{
	ssize_t n;

	if (s->staged == 0) {
		n = write(
		    s->stage[1], bytes, len < STAGE_BYTES ? len : STAGE_BYTES);
		if (n < 0)
			return n;
		s->staged = (size_t)n;
	}
	n = splice(
	    s->stage[0], NULL, s->fd, NULL, s->staged, SPLICE_F_NONBLOCK);
	if (n > 0)
		s->staged -= (size_t)n;
	return n;
}

static ssize_t put_polled(struct log_sink *s, const char *bytes, size_t len)
{
	if (!log_sink_wait(s, 0)) {
		errno = EAGAIN;
		return -1;
	}
	return write(s->fd, bytes, len < TERMINAL_BYTES ? len : TERMINAL_BYTES);
}

static ssize_t put(struct log_sink *s, const char *bytes, size_t len)
{
	switch (s->kind) {
	case LOG_SINK_SOCKET:
		return send(s->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	case LOG_SINK_PIPE:
		return put_spliced(s, bytes, len);
	case LOG_SINK_TERMINAL:
		return put_polled(s, bytes, len);
	default:
		return write(s->fd, bytes, len);
	}
}

ssize_t log_sink_put(struct log_sink *s, const char *bytes, size_t len)
{
	ssize_t n;

	do
		n = put(s, bytes, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

void log_sink_forget(struct log_sink *s)
{
	char unwanted[4096];
	ssize_t n;

	while (s->staged > 0) {
		n = read(s->stage[0], unwanted, sizeof(unwanted));
		if (n <= 0)
			break;
		s->staged -= (size_t)n;
	}
}

int log_sink_widen(struct log_sink *s, size_t bytes)
{
	int size = fcntl(s->fd, F_GETPIPE_SZ);

	if (size < 0 || fcntl(s->fd, F_SETPIPE_SZ, size + (int)bytes) < 0)
		return -errno;
	return 0;
}

bool log_sink_wait(struct log_sink *s, int timeout_ms)
{
	struct pollfd p = {.fd = s->fd, .events = POLLOUT};

	const struct timespec t = {.tv_sec = timeout_ms / 1000,
	    .tv_nsec = timeout_ms % 1000 * 1000000};

	/* After SIGSTOP and SIGCONT poll(2) goes on by restart_syscall(2). */
	return ppoll(&p, 1, &t, NULL) == 1;
}
