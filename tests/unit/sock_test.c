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

static char dir[] = "/tmp/sock_test.XXXXXX";
static struct addr addr;
static struct sock_listen_opts opts;
static struct sock_path path;
static struct stat st;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	addr = (struct addr){.len = sizeof(addr.u.un)};
	addr.u.un.sun_family = AF_UNIX;
	snprintf(addr.u.un.sun_path, sizeof(addr.u.un.sun_path), "%s/s", dir);
	opts = (struct sock_listen_opts){0};
	path = (struct sock_path){0};
}

static void teardown(void)
{
	unlink(addr.u.un.sun_path);
	ck_assert_int_eq(rmdir(dir), 0);
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
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
	return lstat(addr.u.un.sun_path, &st) == 0;
}

TEST(only_a_stale_socket_is_replaced)
{
	const char *name = addr.u.un.sun_path;
	int fd, second;

	close(open(name, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(listen_on(&fd), -ENOTSOCK);
	ck_assert(is_there() && S_ISREG(st.st_mode));
	unlink(name);
	ck_assert_int_eq(mkfifo(name, 0600), 0);
	ck_assert_int_eq(listen_on(&fd), -ENOTSOCK);
	ck_assert(is_there() && S_ISFIFO(st.st_mode));
	unlink(name);
	ck_assert_int_eq(symlink("elsewhere", name), 0);
	ck_assert_int_eq(listen_on(&fd), -ENOTSOCK);
	ck_assert(is_there() && S_ISLNK(st.st_mode));
	unlink(name);
	ck_assert_int_eq(listen_on(&fd), 0);
	ck_assert_int_eq(listen_on(&second), -EADDRINUSE);
	ck_assert(is_there() && S_ISSOCK(st.st_mode));
	close(fd);
	ck_assert_int_eq(listen_on(&fd), 0);
	ck_assert_int_eq(listen_on(&second), -EADDRINUSE);
	close(fd);
}

TEST(only_our_own_name_is_removed)
{
	const char *name = addr.u.un.sun_path;
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
	close(fd);
	close(second);
}

TEST(the_name_has_its_permission)
{
	static const struct {
		mode_t mask, mode, expected;
	} rows[] = {
	    {022, 0, 0644},
	    {077, 0, 0600},
	    {0, 0, 0666},
	    {022, 0660, 0660},
	    {077, 0777, 0777},
	    {0, 0600, 0600},
	};
	int fd;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		umask(rows[i].mask);
		opts.path.mode = rows[i].mode;
		ck_assert_int_eq(listen_on(&fd), 0);
		ck_assert(is_there());
		ck_assert_uint_eq(st.st_mode & 07777, rows[i].expected);
		ck_assert_uint_eq(umask(022), rows[i].mask);
		close(fd);
	}
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
static void child(int go, int report, int stay)
{
	int fd, result;
	char byte;

	(void)!read(go, &byte, 1);
	result = sock_listen(&addr, &opts, &fd);
	(void)!write(report, &result, sizeof(result));
	(void)!read(stay, &byte, 1);
	_exit(0);
}

/* Each of many finds the same stale socket: one gets it. */
TEST(of_many_at_once_one_gets_the_name)
{
	enum { CHILDREN = 8, ROUNDS = 50 };
	int fd, go[2], report[2], stay[2], result, winners;

	for (int round = 0; round < ROUNDS; round++) {
		ck_assert_int_eq(listen_on(&fd), 0);
		close(fd);
		ck_assert_int_eq(pipe(go) + pipe(report) + pipe(stay), 0);
		for (int i = 0; i < CHILDREN; i++)
			if (fork() == 0) {
				close(go[1]);
				close(stay[1]);
				child(go[0], report[1], stay[0]);
			}
		close(go[0]);
		close(go[1]);
		winners = 0;
		for (int i = 0; i < CHILDREN; i++) {
			ck_assert_int_eq(
			    read(report[0], &result, sizeof(result)),
			    sizeof(result));
			ck_assert(result == 0 || result == -EADDRINUSE);
			winners += result == 0;
		}
		ck_assert_int_eq(winners, 1);
		close(report[0]);
		close(report[1]);
		close(stay[0]);
		close(stay[1]);
		for (int i = 0; i < CHILDREN; i++)
			wait(NULL);
	}
}

/* ---- progress ---- */

static void wait_for_input(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	ck_assert_int_eq(poll(&p, 1, 10000), 1);
}

static void tcp_pair(int *out_ours, int *out_theirs)
{
	struct addr unix_addr = addr;
	struct peer peer;
	int fd;

	addr = (struct addr){.len = sizeof(addr.u.in)};
	addr.u.in.sin_family = AF_INET;
	addr.u.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(listen_on(&fd), 0);
	ck_assert_int_eq(sock_local_addr(fd, &addr), 0);
	*out_theirs = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(*out_theirs, &addr.u.sa, addr.len), 0);
	wait_for_input(fd);
	ck_assert_int_eq(sock_accept(fd, out_ours, &peer), 0);
	close(fd);
	addr = unix_addr;
}

TEST(acknowledgements_are_seen)
{
	static char bytes[1024 * 1024];
	int ours, theirs;
	size_t before;
	ssize_t n;

	tcp_pair(&ours, &theirs);
	ck_assert_uint_eq(sock_unacked(ours), 0);
	while (sock_send(ours, bytes, sizeof(bytes)) > 0)
		;
	before = sock_unacked(ours);
	ck_assert_uint_gt(before, 0);
	ck_assert_int_ge(sock_last_ack_ms(ours), 0);
	for (int i = 0; i < 10000 && sock_unacked(ours) >= before; i++) {
		n = recv(theirs, bytes, sizeof(bytes), MSG_DONTWAIT);
		ck_assert(n > 0 || errno == EAGAIN);
		usleep(1000);
	}
	ck_assert_uint_lt(sock_unacked(ours), before);
	close(ours);
	close(theirs);
}

TEST(a_unix_socket_knows_no_acknowledgements)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_lt(sock_last_ack_ms(fds[0]), 0);
	ck_assert_int_eq(sock_send_more(fds[0], "x", 1), 1);
	ck_assert_uint_gt(sock_unacked(fds[0]), 0);
	wait_for_input(fds[1]);
	close(fds[0]);
	close(fds[1]);
}

/* Held back by MSG_MORE the byte goes with the FIN, in one segment. */
TEST(the_fin_travels_with_the_last_byte)
{
	char byte = 'b';
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct pollfd p = {.events = POLLIN | POLLRDHUP};
	int ours, theirs;
	char bytes[4];

	for (int vector = 0; vector < 2; vector++) {
		tcp_pair(&ours, &theirs);
		sock_set_nodelay(ours);
		ck_assert_int_eq(vector ? sock_sendv_more(ours, &iov, 1)
					: sock_send_more(ours, &byte, 1),
		    1);
		p.fd = theirs;
		ck_assert_int_eq(poll(&p, 1, 0), 0);
		ck_assert_int_eq(sock_shut_write(ours), 0);
		ck_assert_int_eq(poll(&p, 1, 10000), 1);
		ck_assert_int_eq(p.revents, POLLIN | POLLRDHUP);
		ck_assert_int_eq(recv(theirs, bytes, sizeof(bytes), 0), 1);
		close(ours);
		close(theirs);
	}
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
	close(fds[0]);
	close(fds[1]);
}

FIXTURE(setup, teardown)
