/*
 * log.c: one buffer, one write.
 *
 * stderr is opened anew through /proc where that works, so that making it
 * nonblocking does not change the descriptor that others share; a stderr that
 * is a socket (a journal's) cannot be reopened and is sent to with DONTWAIT.
 */
#include "sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	OPEN_FLAGS = O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
	LIMIT_MS = 1000,
	FACILITY_DAEMON = 3 << 3,
};

static int open_stderr(struct log *log)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) < 0)
		return -errno;
	log->is_socket = S_ISSOCK(st.st_mode);
	log->fd = -1;
	if (!log->is_socket)
		log->fd = open("/proc/self/fd/2", OPEN_FLAGS);
	if (log->fd < 0)
		log->fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return log->fd < 0 ? -errno : 0;
}

/* Also after the daemon has restarted: a datagram socket may be connected
 * again. */
static int connect_syslog(int fd)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	return connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
}

static int open_syslog(struct log *log)
{
	int err;

	log->is_socket = true;
	log->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (log->fd < 0)
		return -errno;
	err = connect_syslog(log->fd);
	if (err < 0)
		close(log->fd);
	return err;
}

int log_open(struct log *log, const struct log_conf *conf)
{
	log->target = conf->target;
	log->level = conf->level;
	log->is_socket = false;
	log->start = 0;
	log->end = 0;
	log->dropped = 0;
	log->saying = 0;
	if (conf->target == LOG_TO_STDERR)
		return open_stderr(log);
	if (conf->target == LOG_TO_SYSLOG)
		return open_syslog(log);
	log->fd = open(conf->path, OPEN_FLAGS | O_CREAT, 0640);
	return log->fd < 0 ? -errno : 0;
}

void log_close(struct log *log)
{
	log_flush(log);
	close(log->fd);
	log->fd = -1;
}

/* Room for `len` bytes at the end of what waits. */
static bool make_room(struct log *log, size_t len)
{
	if (log->start == log->end)
		log->start = log->end = 0;
	if (log->end + len <= LOG_BUFFER_BYTES)
		return true;
	if (log->start == 0 ||
	    log->end - log->start + len > LOG_BUFFER_BYTES)
		return false;
	memmove(log->buffer, log->buffer + log->start, log->end - log->start);
	log->end -= log->start;
	log->start = 0;
	return log->end + len <= LOG_BUFFER_BYTES;
}

/* For syslog a line waits behind its priority, one digit. */
static bool append(struct log *log, enum log_level level, const char *line,
    size_t len)
{
	static const char priority[] = {
	    [LOG_LEVEL_ERROR] = '3',
	    [LOG_LEVEL_WARN] = '4',
	    [LOG_LEVEL_INFO] = '6',
	    [LOG_LEVEL_DEBUG] = '7',
	};
	bool first = !log_waits(log);

	if (!make_room(log, len + 2))
		return false;
	if (log->target == LOG_TO_SYSLOG)
		log->buffer[log->end++] = priority[level];
	memcpy(log->buffer + log->end, line, len);
	log->buffer[log->end + len] = '\n';
	log->end += len + 1;
	if (first && log->on_waits)
		log->on_waits(log->on_waits_arg);
	return true;
}

static void say_dropped(struct log *log)
{
	char line[96];
	int len;

	len = snprintf(line, sizeof(line),
	    "sallyport: the log could not be written: %llu lines lost",
	    (unsigned long long)log->dropped);
	if (!append(log, LOG_LEVEL_WARN, line, (size_t)len))
		return;
	log->saying = log->dropped;
	log->dropped = 0;
}

/* What waits is lost; if that says of earlier losses, they are still to be
 * said. */
static void drop_waiting(struct log *log)
{
	for (; log->start < log->end; log->start++)
		log->dropped += log->buffer[log->start] == '\n';
	if (log->saying > 0)
		log->dropped += log->saying - 1;
	log->saying = 0;
}

void log_line(struct log *log, enum log_level level, const char *line,
    size_t len)
{
	if (!log_wanted(log, level))
		return;
	if (log->dropped > 0)
		say_dropped(log);
	if (log->dropped > 0 || !append(log, level, line, len))
		log->dropped++;
}

void log_say(struct log *log, enum log_level level, const char *format, ...)
{
	static const char name[] = "sallyport: ";
	const size_t name_len = sizeof(name) - 1;
	char line[LOG_LINE_MAX];
	va_list args;
	int len;

	memcpy(line, name, name_len);
	va_start(args, format);
	len = vsnprintf(line + name_len, sizeof(line) - name_len, format, args);
	va_end(args);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(line) - name_len)
		len = (int)(sizeof(line) - name_len - 1);
	log_line(log, level, line, name_len + (size_t)len);
}

static ssize_t put(struct log *log, const char *bytes, size_t len)
{
	ssize_t n;

	do
		n = log->is_socket
		    ? send(log->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL)
		    : write(log->fd, bytes, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* syslog takes one line a datagram, with its priority in front. */
static ssize_t put_syslog(struct log *log)
{
	const char *priority = log->buffer + log->start;
	const char *line = priority + 1;
	const char *newline = memchr(line, '\n', log->end - log->start - 1);
	char packet[LOG_LINE_MAX + 64];
	size_t len = (size_t)(newline - line);
	ssize_t n;
	int packed;

	packed = snprintf(packet, sizeof(packet), "<%d>sallyport[%d]: %.*s",
	    FACILITY_DAEMON | (*priority - '0'), (int)getpid(), (int)len, line);
	n = put(log, packet, (size_t)packed);
	if (n < 0 && n != -EAGAIN && connect_syslog(log->fd) == 0)
		n = put(log, packet, (size_t)packed);
	return n < 0 ? n : (ssize_t)len + 2;
}

int log_flush(struct log *log)
{
	ssize_t n;

	while (log_waits(log)) {
		n = log->target == LOG_TO_SYSLOG
		    ? put_syslog(log)
		    : put(log, log->buffer + log->start,
			  log->end - log->start);
		if (n == -EAGAIN)
			return -EAGAIN;
		if (n < 0)
			drop_waiting(log);
		else
			log->start += (size_t)n;
	}
	log->saying = 0;
	return 0;
}

bool log_may_say(struct log_limit *limit, int64_t now_ms,
    uint64_t *out_held_back)
{
	if (now_ms < limit->next_ms) {
		limit->held_back++;
		return false;
	}
	*out_held_back = limit->held_back;
	limit->held_back = 0;
	limit->next_ms = now_ms + LIMIT_MS;
	return true;
}
