/*
 * Proves what of the socket verbs no script sees: which paths a listener
 * takes and removes, with which permission, and what tells of progress.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/sock.h"
#include "unit.h"

static char dir[32];
static struct addr addr;
static const char *const name = addr.u.un.sun_path;
static struct sock_listen_opts opts;
static struct sock_path path;
static struct stat st;

static void setup(void)
{
	strcpy(dir, "/tmp/sock_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	addr = (struct addr){.len = sizeof(addr.u.un)};
	addr.u.un.sun_family = AF_UNIX;
	snprintf(addr.u.un.sun_path, sizeof(addr.u.un.sun_path), "%s/s", dir);
}

static void teardown(void)
{
	unlink(name);
	ck_assert_int_eq(rmdir(dir), 0);
}

static int listen_on(int *out_fd)
{
	int err = sock_listen(&addr, &opts, out_fd);

	if (err == 0 && addr.u.sa.sa_family == AF_UNIX)
		ck_assert_int_eq(sock_path_find(&addr, &path), 0);
	return err;
}

static bool is_there(void)
{
	return lstat(name, &st) == 0;
}

/* What stands there is no socket: it is left, and then taken away. */
static void expect_left(mode_t type)
{
	int fd;

	ck_assert_int_eq(listen_on(&fd), -ENOTSOCK);
	ck_assert(is_there());
	ck_assert_uint_eq(st.st_mode & S_IFMT, type);
	unlink(name);
}

TEST(only_a_stale_socket_is_replaced)
{
	int fd, second;

	close(open(name, O_CREAT | O_WRONLY, 0600));
	expect_left(S_IFREG);
	ck_assert_int_eq(mkfifo(name, 0600), 0);
	expect_left(S_IFIFO);
	ck_assert_int_eq(symlink("elsewhere", name), 0);
	expect_left(S_IFLNK);
	for (int round = 0; round < 2; round++) {
		ck_assert_int_eq(listen_on(&fd), 0);
		ck_assert_int_eq(listen_on(&second), -EADDRINUSE);
		ck_assert(is_there() && S_ISSOCK(st.st_mode));
		close(fd);
	}
}

TEST(only_our_own_name_is_removed)
{
	struct sock_path other;
	int fd, second;

	ck_assert_int_eq(listen_on(&fd), 0);
	sock_path_remove(&addr, &path);
	ck_assert(!is_there());
	sock_path_remove(&addr, &path);
	/* Somebody else has put his there. */
	ck_assert_int_eq(sock_listen(&addr, &opts, &second), 0);
	ck_assert_int_eq(sock_path_find(&addr, &other), 0);
	sock_path_remove(&addr, &path);
	ck_assert(is_there());
	sock_path_remove(&addr, &other);
	ck_assert(!is_there());
	close(open(name, O_CREAT | O_WRONLY, 0600));
	sock_path_remove(&addr, &other);
	ck_assert(is_there());
}

static const struct {
	mode_t mask, mode, expected;
} permissions[] = {
    {022, 0, 0644},
    {077, 0, 0600},
    {0, 0, 0666},
    {022, 0660, 0660},
    {077, 0777, 0777},
    {0, 0600, 0600},
};

TEST_ROWS(the_name_has_its_permission, permissions)
{
	int fd;
	umask(row->mask);
	opts.path.mode = row->mode;
	ck_assert_int_eq(listen_on(&fd), 0);
	ck_assert(is_there());
	ck_assert_uint_eq(st.st_mode & 07777, row->expected);
	ck_assert_uint_eq(umask(022), row->mask);
}

TEST(the_name_has_its_group)
{
	int fd;

	opts.path.has_gid = true;
	opts.path.gid = getegid() == 0 ? 65534 : getegid();
	ck_assert_int_eq(listen_on(&fd), 0);
	ck_assert(is_there());
	ck_assert_uint_eq(st.st_gid, opts.path.gid);
	close(fd);
	if (geteuid() != 0)
		return;
	/* Refused: nothing is left behind. */
	unlink(addr.u.un.sun_path);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	opts.path.gid = 4;
	ck_assert_int_eq(listen_on(&fd), -EPERM);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert(!is_there());
}

/* Tries when `go` ends, reports the result, and keeps what it got until `stay`
 * ends. */
static void child(const int go[2], int report, const int stay[2])
{
	int fd, result;
	char byte;

	close(go[1]);
	close(stay[1]);
	(void)!read(go[0], &byte, 1);
	result = sock_listen(&addr, &opts, &fd);
	(void)!write(report, &result, sizeof(result));
	(void)!read(stay[0], &byte, 1);
	_exit(0);
}

/* Each of many finds the same stale socket: one gets it. */
TEST_LOOP(of_many_at_once_one_gets_the_name, 0, 50)
{
	enum { CHILDREN = 8 };
	int fd, go[2], report[2], stay[2], result, winners = 0;

	ck_assert_int_eq(listen_on(&fd), 0);
	close(fd);
	ck_assert_int_eq(pipe(go) + pipe(report) + pipe(stay), 0);
	for (int i = 0; i < CHILDREN; i++)
		if (fork() == 0)
			child(go, report[1], stay);
	close(go[1]);
	for (int i = 0; i < CHILDREN; i++) {
		ck_assert_int_eq(
		    read(report[0], &result, sizeof(result)), sizeof(result));
		ck_assert(result == 0 || result == -EADDRINUSE);
		winners += result == 0;
	}
	ck_assert_int_eq(winners, 1);
	close(stay[1]);
	for (int i = 0; i < CHILDREN; i++)
		wait(NULL);
}

/* ---- progress ---- */

static void expect_events(int fd, int wait_ms, int events)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLRDHUP};

	ck_assert_int_eq(poll(&p, 1, wait_ms), events != 0);
	ck_assert_int_eq(p.revents, events);
}

static void tcp_pair(int *out_ours, int *out_theirs)
{
	struct addr at = {.len = sizeof(at.u.in)};
	struct peer peer;
	int fd;

	at.u.in.sin_family = AF_INET;
	at.u.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(sock_listen(&at, &opts, &fd), 0);
	ck_assert_int_eq(sock_local_addr(fd, &at), 0);
	*out_theirs = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(*out_theirs, &at.u.sa, at.len), 0);
	expect_events(fd, 10000, POLLIN);
	ck_assert_int_eq(sock_accept(fd, out_ours, &peer), 0);
	close(fd);
}

TEST(acknowledgements_are_seen)
{
	static char bytes[1024 * 1024];
	struct pollfd more = {.events = POLLIN};
	int ours;
	size_t before;
	ssize_t n;

	tcp_pair(&ours, &more.fd);
	ck_assert_uint_eq(sock_unacked(ours), 0);
	while (sock_send(ours, bytes, sizeof(bytes)) > 0)
		;
	before = sock_unacked(ours);
	ck_assert_uint_gt(before, 0);
	ck_assert_int_ge(sock_last_ack_ms(ours), 0);
	for (int i = 0; i < 10000 && sock_unacked(ours) >= before; i++) {
		n = recv(more.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		ck_assert(n > 0 || errno == EAGAIN);
		poll(&more, 1, 1);
	}
	ck_assert_uint_lt(sock_unacked(ours), before);
}

TEST(a_unix_socket_knows_no_acknowledgements)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_lt(sock_last_ack_ms(fds[0]), 0);
	ck_assert_int_eq(sock_send_more(fds[0], "x", 1), 1);
	ck_assert_uint_gt(sock_unacked(fds[0]), 0);
	expect_events(fds[1], 10000, POLLIN);
}

/* Held back by MSG_MORE the byte goes with the FIN, in one segment. */
TEST_LOOP(the_fin_travels_with_the_last_byte, 0, 2)
{
	char byte = 'b', bytes[4];
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	int ours, theirs;

	tcp_pair(&ours, &theirs);
	sock_set_nodelay(ours);
	ck_assert_int_eq(_i == 0 ? sock_send_more(ours, &byte, 1)
				 : sock_sendv_more(ours, &iov, 1),
	    1);
	expect_events(theirs, 0, 0);
	ck_assert_int_eq(sock_shut_write(ours), 0);
	expect_events(theirs, 10000, POLLIN | POLLRDHUP);
	ck_assert_int_eq(recv(theirs, bytes, sizeof(bytes), 0), 1);
}

/* Why a short read and RDHUP are no end of a Unix socket. */
TEST(a_passed_descriptor_cuts_a_read_short)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	char middle[] = "cd";
	struct iovec iov = {.iov_base = middle, .iov_len = 2};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	char bytes[16];
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fds[0], sizeof(int));
	ck_assert_int_eq(sock_send(fds[0], "ab", 2), 2);
	ck_assert_int_eq(sendmsg(fds[0], &m, 0), 2);
	ck_assert_int_eq(sock_send(fds[0], "ef", 2), 2);
	ck_assert_int_eq(sock_shut_write(fds[0]), 0);
	ck_assert_int_lt(sock_recv(fds[1], bytes, sizeof(bytes)), 6);
	ck_assert_int_gt(sock_recv(fds[1], bytes, sizeof(bytes)), 0);
}

FIXTURE(setup, teardown)
