/* word.c: see word.h. The numbers are those of x86-64 and arm64 Linux. */
#include "word.h"

#include <string.h>

const struct word word_family[] = {{"AF_UNIX", 1}, {"AF_INET", 2},
    {"AF_INET6", 10}, {"AF_NETLINK", 16}, {"AF_PACKET", 17}, {"AF_VSOCK", 40},
    {NULL, 0}};

const struct word word_sock[] = {{"SOCK_STREAM", 1}, {"SOCK_DGRAM", 2},
    {"SOCK_RAW", 3}, {"SOCK_SEQPACKET", 5}, {"SOCK_NONBLOCK", 0x800},
    {"SOCK_CLOEXEC", 0x80000}, {NULL, 0}};

const struct word word_msg[] = {{"MSG_OOB", 1}, {"MSG_PEEK", 2},
    {"MSG_DONTWAIT", 0x40}, {"MSG_WAITALL", 0x100}, {"MSG_NOSIGNAL", 0x4000},
    {"MSG_MORE", 0x8000}, {"MSG_ERRQUEUE", 0x2000}, {"MSG_TRUNC", 0x20},
    {"MSG_ZEROCOPY", 0x4000000}, {NULL, 0}};

const struct word word_how[] = {
    {"SHUT_RD", 0}, {"SHUT_WR", 1}, {"SHUT_RDWR", 2}, {NULL, 0}};

const struct word word_poll[] = {{"POLLIN", 1}, {"POLLPRI", 2}, {"POLLOUT", 4},
    {"POLLRDNORM", 0x40}, {"POLLRDBAND", 0x80}, {"POLLWRNORM", 0x100},
    {"POLLWRBAND", 0x200}, {"POLLMSG", 0x400}, {"POLLERR", 8},
    {"POLLHUP", 0x10}, {"POLLNVAL", 0x20}, {"POLLRDHUP", 0x2000}, {NULL, 0}};

const struct word word_epoll[] = {{"EPOLLIN", 1}, {"EPOLLPRI", 2},
    {"EPOLLOUT", 4}, {"EPOLLRDNORM", 0x40}, {"EPOLLRDBAND", 0x80},
    {"EPOLLWRNORM", 0x100}, {"EPOLLWRBAND", 0x200}, {"EPOLLMSG", 0x400},
    {"EPOLLERR", 8}, {"EPOLLHUP", 0x10}, {"EPOLLRDHUP", 0x2000},
    {"EPOLLEXCLUSIVE", 1u << 28}, {"EPOLLWAKEUP", 1u << 29},
    {"EPOLLONESHOT", 1u << 30}, {"EPOLLET", 1u << 31}, {NULL, 0}};

const struct word word_epoll_op[] = {{"EPOLL_CTL_ADD", 1}, {"EPOLL_CTL_DEL", 2},
    {"EPOLL_CTL_MOD", 3}, {NULL, 0}};

const struct word word_fcntl[] = {{"F_DUPFD", 0}, {"F_GETFD", 1},
    {"F_SETFD", 2}, {"F_GETFL", 3}, {"F_SETFL", 4}, {"F_DUPFD_CLOEXEC", 1030},
    {"F_SETPIPE_SZ", 1031}, {"F_GETPIPE_SZ", 1032}, {NULL, 0}};

/* FD_CLOEXEC is here for F_SETFD, whose argument it is. */
const struct word word_open[] = {{"FD_CLOEXEC", 1}, {"O_NONBLOCK", 0x800},
    {"O_CLOEXEC", 0x80000}, {"EFD_NONBLOCK", 0x800}, {"EFD_CLOEXEC", 0x80000},
    {"SFD_NONBLOCK", 0x800}, {"SFD_CLOEXEC", 0x80000}, {"TFD_NONBLOCK", 0x800},
    {"TFD_CLOEXEC", 0x80000}, {"IN_NONBLOCK", 0x800}, {"IN_CLOEXEC", 0x80000},
    {"EPOLL_CLOEXEC", 0x80000}, {"MFD_CLOEXEC", 1}, {NULL, 0}};

/* SIOCOUTQ and TIOCOUTQ are one number, so are SIOCINQ and FIONREAD. */
const struct word word_ioctl[] = {{"TIOCOUTQ", 0x5411}, {"SIOCOUTQ", 0x5411},
    {"FIONREAD", 0x541b}, {"SIOCINQ", 0x541b}, {"FIONBIO", 0x5421},
    {"FIOCLEX", 0x5451}, {"FIONCLEX", 0x5450}, {"SIOCOUTQNSD", 0x894b},
    {NULL, 0}};

const struct word word_clone[] = {{"CLONE_FILES", 0x400}, {NULL, 0}};

const struct word word_level[] = {{"SOL_IP", 0}, {"SOL_SOCKET", 1},
    {"SOL_TCP", 6}, {"IPPROTO_TCP", 6}, {NULL, 0}};

const struct word word_opt_socket[] = {{"SO_REUSEADDR", 2}, {"SO_TYPE", 3},
    {"SO_ERROR", 4}, {"SO_BROADCAST", 6}, {"SO_SNDBUF", 7}, {"SO_RCVBUF", 8},
    {"SO_KEEPALIVE", 9}, {"SO_OOBINLINE", 10}, {"SO_LINGER", 13},
    {"SO_REUSEPORT", 15}, {"SO_PASSCRED", 16}, {"SO_PEERCRED", 17},
    {"SO_RCVLOWAT", 18}, {"SO_RCVTIMEO_OLD", 20}, {"SO_SNDTIMEO_OLD", 21},
    {"SO_BINDTODEVICE", 25}, {"SO_ACCEPTCONN", 30}, {"SO_MARK", 36},
    {"SO_PROTOCOL", 38}, {"SO_DOMAIN", 39}, {"SO_BUSY_POLL", 46}, {NULL, 0}};

const struct word word_opt_tcp[] = {{"TCP_NODELAY", 1}, {"TCP_MAXSEG", 2},
    {"TCP_CORK", 3}, {"TCP_KEEPIDLE", 4}, {"TCP_KEEPINTVL", 5},
    {"TCP_KEEPCNT", 6}, {"TCP_SYNCNT", 7}, {"TCP_LINGER2", 8},
    {"TCP_DEFER_ACCEPT", 9}, {"TCP_INFO", 11}, {"TCP_QUICKACK", 12},
    {"TCP_CONGESTION", 13}, {"TCP_USER_TIMEOUT", 18}, {"TCP_FASTOPEN", 23},
    {"TCP_NOTSENT_LOWAT", 25}, {NULL, 0}};

const struct word word_signal[] = {{"SIGPIPE", 13}, {NULL, 0}};

static uint64_t value_of(const struct word *words, struct slice name)
{
	for (; words->name; words++) {
		if (slice_is(name, words->name))
			return words->value;
	}
	return 0;
}

uint64_t word_value(const struct word *words, struct slice a)
{
	uint64_t value = 0;

	while (a.len > 0) {
		const char *bar = memchr(a.s, '|', a.len);
		size_t n = bar ? (size_t)(bar - a.s) : a.len;
		struct slice part = slice_trim((struct slice){a.s, n});
		int64_t number;

		if (slice_number(part, &number))
			value |= (uint64_t)number;
		else
			value |= value_of(words, part);
		a = slice_skip(a, bar ? n + 1 : n);
	}
	return value;
}

const char *word_name(const struct word *words, uint64_t value)
{
	for (; words->name; words++) {
		if (words->value == value)
			return words->name;
	}
	return NULL;
}
