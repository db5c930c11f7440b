/*
 * Proves that traceform reads both of strace's dialects into one form, and
 * knows whose a descriptor is: through unfinished calls, fork, threads, exec,
 * copies and messages.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../contrib/trace/canon.h"
#include "unit.h"

/* In most traces: a client is accepted, a socket made. */
#define ACCEPT "accept4(3, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC)"
#define SOCKET "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)"

/* A machine's own number, as strace writes it. */
#define TEXT(x)	  #x
#define NUMBER(x) TEXT(x)

#define TRACE(what, form, ...)                                                 \
	{                                                                      \
		.name = what, .wanted = form, .lines = { __VA_ARGS__ }         \
	}

/* Lines of strace's, and the form they come to. */
static const struct {
	const char *name;
	const char *wanted;
	const char *ready; /* what the program says when its start is over */
	bool learn;	   /* the first reader names the bytes */
	const char *lines[16];
} traces[] = {
    /* ---- the form ---- */
    TRACE("one dialect of events",
	"E add U1 IN|RDHUP\nE wait T -> U1:IN|RDHUP\n",
	"epoll_ctl(3, EPOLL_CTL_ADD, 8, {EPOLLIN|EPOLLRDHUP, {u32=8, "
	"u64=8}}) = 0",
	"17:18:19.730654 epoll_wait(3, [{EPOLLIN|EPOLLRDHUP, {u32=8, "
	"u64=8}}], 200, 1000) = 1"),
    TRACE("the other dialect of events",
	"E add U1 IN|RDHUP\nE wait T -> U1:IN|RDHUP\n",
	"99 epoll_ctl(3, EPOLL_CTL_ADD, 8, {events=EPOLLIN|EPOLLRDHUP, "
	"data={u32=7, u64=4294967303}}) = 0",
	"99 epoll_wait(3, [{events=EPOLLIN|EPOLLRDHUP, data={u32=7, "
	"u64=4294967303}}], 64, 250) = 1"),
    TRACE("accept names what it made", "L accept -> C1\nL accept -> EAGAIN\n",
	"accept4(5, {sa_family=AF_INET, sin_port=htons(9), "
	"sin_addr=inet_addr(\"127.0.0.1\")}, [128->16], "
	"SOCK_CLOEXEC|SOCK_NONBLOCK) = 8",
	"accept4(5, 0x7ffc4a8bf330, [128], SOCK_NONBLOCK) = -1 EAGAIN "
	"(Resource temporarily unavailable)"),
    TRACE("the other dialect of accept", "L accept -> C1\nL accept -> EAGAIN\n",
	"accept4(5, {sa_family=AF_INET, sin_port=htons(9), "
	"sin_addr=inet_addr(\"127.0.0.1\")}, [128 => 16], "
	"SOCK_CLOEXEC|SOCK_NONBLOCK) = 8",
	"accept4(5, NULL, NULL, SOCK_NONBLOCK) = -1 EAGAIN (Resource "
	"temporarily unavailable)"),
    TRACE("a reused number is a new role",
	"S1 socket no-NONBLOCK no-CLOEXEC\nS1 close\n"
	"S2 socket no-NONBLOCK no-CLOEXEC\nS2 shut WR\n",
	SOCKET " = 9", "close(9) = 0", SOCKET " = 9",
	"shutdown(9, SHUT_WR) = 0"),
    {"start up is dropped and numbers begin after it",
	"E wait inf -> -\nS1 socket no-NONBLOCK no-CLOEXEC\n"
	"U1 shut WR\nL close\n",
	.ready = "ready on",
	.lines = {"socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3",
	    "socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 4",
	    "listen(4, 128) = 0", "epoll_create1(EPOLL_CLOEXEC) = 5",
	    "write(2, \"x: ready on 127.0.0.1:1\\n\", 24) = 24",
	    "epoll_wait(5, [], 64, -1) = 0", SOCKET " = 6",
	    "shutdown(3, SHUT_WR) = 0", "close(4) = 0"}},
    TRACE("payloads are ranges",
	"L accept -> C1\nC1 recv 15 -> req[0..15)\n"
	"C1 recv 15 -> req[15..19)\nC1 recv 15 -> EOF\n"
	"C1 recv 15 -> ECONNRESET\n",
	"accept4(5, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC) = 8",
	"recvfrom(8, \"GET /one two th\", 15, 0, NULL, NULL) = 15",
	"recvfrom(8, \"ree\\n\", 15, 0, NULL, NULL) = 4",
	"recvfrom(8, \"\", 15, 0, NULL, NULL) = 0",
	"recvfrom(8, 0xbda300, 15, 0, NULL, NULL) = -1 ECONNRESET "
	"(Connection reset by peer)"),
    TRACE("a misplaced payload names its true place",
	"U1 send rep[0..10) -> 4\nU1 send rep[10..32) -> 22\n"
	"U1 send \"\\0\\377\\40\\\"x\" no-NOSIGNAL -> 5\n",
	"sendto(9, \"0123456789\", 10, MSG_NOSIGNAL, NULL, 0) = 4",
	"sendto(9, \"abcdef\"..., 22, MSG_NOSIGNAL, NULL, 0) = 22",
	"sendto(9, \"\\0\\377 \\\"x\", 5, 0, NULL, 0) = 5"),
    TRACE("the own answers are named", "U1 send answer-503 -> 36\n",
	"sendto(9, \"HTTP/1.1 503 Service Unavailable\\r\\nX\", 36, "
	"MSG_NOSIGNAL, NULL, 0) = 36"),
    TRACE("a vector is one payload", "U1 send rep[0..6) MORE -> 6\n",
	"sendmsg(9, {msg_name=NULL, msg_namelen=0, "
	"msg_iov=[{iov_base=\"0123\", iov_len=4}, {iov_base=\"45\", "
	"iov_len=2}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, "
	"MSG_NOSIGNAL|MSG_MORE) = 6"),
    TRACE("a pipe carries its range",
	"P1 pipe\nU1 recv 4 -> rep[0..4)\n"
	"U1 splice P1w 65536 -> rep[4..24)\n"
	"P1r splice U2 20 -> rep[4..16)\nP1r splice U2 8 -> EAGAIN\n"
	"P1r splice U2 8 -> rep[16..24)\nU1 splice P1w 65536 -> EOF\n",
	"pipe2([6, 7], O_NONBLOCK) = 0",
	"recvfrom(9, \"0123\", 4, 0, NULL, NULL) = 4",
	"splice(9, NULL, 7, NULL, 65536, SPLICE_F_NONBLOCK) = 20",
	"splice(6, NULL, 8, NULL, 20, SPLICE_F_NONBLOCK) = 12",
	"splice(6, NULL, 8, NULL, 8, SPLICE_F_NONBLOCK) = -1 EAGAIN "
	"(Resource temporarily unavailable)",
	"splice(6, NULL, 8, NULL, 8, SPLICE_F_NONBLOCK) = 8",
	"splice(9, NULL, 7, NULL, 65536, SPLICE_F_NONBLOCK) = 0"),
    TRACE("addresses and options are named",
	"S1 connect back -> EINPROGRESS\nS1 connect [::1]:80\n"
	"S1 set TCP_NODELAY 1\nS1 set SO_LINGER 1,0\n"
	"S1 get SO_ERROR -> ECONNREFUSED\n"
	"S1 get SO_ERROR -> ECONNREFUSED\nS1 outq -> 42\n",
	"connect(9, {sa_family=AF_INET, sin_port=htons(8008), "
	"sin_addr=inet_addr(\"127.0.0.1\")}, 16) = -1 EINPROGRESS "
	"(Operation now in progress)",
	"connect(9, {sa_family=AF_INET6, sin6_port=htons(80), "
	"sin6_flowinfo=htonl(0), inet_pton(AF_INET6, \"::1\", &sin6_addr), "
	"sin6_scope_id=0}, 28) = 0",
	"setsockopt(9, SOL_TCP, TCP_NODELAY, [1], 4) = 0",
	"setsockopt(9, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=0}, 8) "
	"= 0",
	"getsockopt(9, SOL_SOCKET, SO_ERROR, [" NUMBER(
	    ECONNREFUSED) "], [4]) = 0",
	"getsockopt(9, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0",
	"ioctl(9, TIOCOUTQ, [42]) = 0"),
    TRACE("batches are sorted and stale events marked",
	"E add U1 IN\nE add U2 OUT\nU1 close\n"
	"E wait 0 -> U1:HUP(stale) U2:OUT\n",
	"epoll_ctl(3, EPOLL_CTL_ADD, 8, {events=EPOLLIN, data={u32=8, "
	"u64=8}}) = 0",
	"epoll_ctl(3, EPOLL_CTL_ADD, 9, {events=EPOLLOUT, data={u32=9, "
	"u64=9}}) = 0",
	"close(8) = 0",
	"epoll_wait(3, [{events=EPOLLOUT, data={u32=9, u64=9}}, "
	"{events=EPOLLHUP, data={u32=8, u64=8}}], 64, 0) = 2"),
    /* What -f -Y -ttt -n -i -yy -T -k add, and -xx hides. */
    TRACE("all options of strace give one form",
	"L accept no-NONBLOCK -> C1\n"
	"E add C1 IN|ET\nC1 recv 15 -> req[0..8)\n"
	"C1 shut WR\nS1 socket no-NONBLOCK\n"
	"S1 connect back\nC1 set SO_LINGER 1,0\n",
	"23107<py> 1795618675.387184 [ 288] [00007fa93a328f63] "
	"accept4(3<TCP:[127.0.0.1:35879]>, {sa_family=AF_INET, "
	"sin_port=htons(53754), sin_addr=inet_addr(\"127.0.0.1\")}, [16], "
	"SOCK_CLOEXEC) = 6<TCP:[127.0.0.1:1->127.0.0.1:2]> <0.000063>",
	" > /usr/lib/libc.so.6(accept4+0x13) [0x12af63]", "",
	"23107<py> 1795618675.397160 [ 233] [00007fa93a327c1a] "
	"epoll_ctl(4<anon_inode:[eventpoll]>, EPOLL_CTL_ADD, "
	"6<TCP:[127.0.0.1:1->127.0.0.1:2]>, {events=EPOLLIN|EPOLLET, "
	"data={u32=6, u64=1}}) = 0 <0.000058>",
	"23107<py> 1795618675.425465 "
	"recvfrom(6<TCP:[127.0.0.1:1->127.0.0.1:2]>, "
	"\"\\x47\\x45\\x54\\x20/one\", 15, 0, NULL, NULL) = 8 <0.000071>",
	"23107<py> 1795618675.431782 [  48] [????????????????] "
	"shutdown(6<TCP:[127.0.0.1:1->127.0.0.1:2]>, SHUT_WR) = 0",
	"[pid 23107] socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, "
	"IPPROTO_TCP) = 5</dev/pts/0<char 136:0>>",
	"23107 connect(5, {sa_family=AF_INET, sin_port=htons(8008), "
	"sin_addr=inet_addr("
	"\"\\x31\\x32\\x37\\x2e\\x30\\x2e\\x30\\x2e\\x31\")}, 16) = 0",
	"17:09:53 setsockopt(6, SOL_SOCKET, SO_LINGER, {l_onoff=1, "
	"l_linger=0}, 8) = 0"),
    /* What -X raw prints. */
    TRACE("the same form, printed raw",
	"L accept no-NONBLOCK -> C1\n"
	"E add C1 IN|ET\nC1 recv 15 -> req[0..8)\n"
	"C1 shut WR\nS1 socket no-NONBLOCK\n"
	"S1 connect back\nC1 set SO_LINGER 1,0\n",
	"     0.000384 accept4(3, NULL, NULL, 0x80000 /* SOCK_CLOEXEC */) "
	"= 6",
	"epoll_ctl(4, 0x1 /* EPOLL_CTL_ADD */, 6, {events=0x80000001 /* "
	"EPOLLIN|EPOLLET */, data={u32=6, u64=1}}) = 0",
	"recvfrom(6, \"GET /one\", 15, 0, NULL, NULL) = 8",
	"shutdown(6, 0x1) = 0", "socket(0x2, 0x1|0x80000, 0x6) = 5",
	"connect(5, {sa_family=0x2, sin_port=\"\\x1f\\x48\", "
	"sin_addr=\"\\x7f\\x00\\x00\\x01\"}, 16) = 0",
	"setsockopt(6, 0x1, 0xd, {l_onoff=1, l_linger=0}, 8) = 0"),
    TRACE("poll and select are waits",
	"L accept -> C1\n"
	"poll wait T L:IN C1:IN|RDHUP -> C1:IN|HUP\n"
	"poll wait inf C1:OUT -> -\npoll wait 0 C1:IN -> C1:IN\n"
	"select wait T L:IN C1:IN|OUT -> C1:IN|OUT\n"
	"select wait inf L:IN C1:IN -> L:IN\npoll wait T -> ?\n",
	ACCEPT " = 6",
	"poll([{fd=3, events=POLLIN}, {fd=6, events=POLLIN|POLLRDHUP}, "
	"{fd=-1}], 3, 100) = 1 ([{fd=6, revents=POLLIN|POLLHUP}])",
	"poll([{fd=6, events=0x4}], 1, -1) = 0 (Timeout)",
	"ppoll([{fd=6, events=POLLIN}], 1, {tv_sec=0, tv_nsec=0}, NULL, 8) "
	"= 1 ([{fd=6, revents=POLLIN}], left {tv_sec=0, tv_nsec=0})",
	"select(7, [3 6], [6], [], {tv_sec=1, tv_usec=0}) = 2 (in [6], out "
	"[6], left {tv_sec=0, tv_usec=9})",
	"pselect6(7, [3 6], NULL, NULL, NULL, NULL) = 1 (in [3])",
	"restart_syscall(<... resuming interrupted poll ...>) = 1"),
    TRACE("edge and one shot are said",
	"E add U1 IN|ONESHOT|ET\nE wait T -> U1:IN\n",
	"epoll_ctl(3, EPOLL_CTL_ADD, 8, "
	"{events=EPOLLIN|EPOLLONESHOT|EPOLLET, data={u32=8, u64=8}}) = 0",
	"epoll_pwait2(3, [{events=EPOLLIN, data={u32=8, u64=8}}], 9, "
	"{tv_sec=0, tv_nsec=1}, NULL, 8) = 1"),
    TRACE("sockets are named by kind",
	"S1 socket unix\nD1 socket datagram\nN1 socket netlink\n"
	"D1 sendto _ 1 0 _ _\nV1 eventfd2\nS1 bind @a_b\n"
	"S1 listen 5 -> L\nS2 socket\n",
	"socket(AF_UNIX, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0) = 3",
	"socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_UDP) = 4",
	"socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, 0) = 5",
	"sendto(4, \"x\", 1, 0, {sa_family=AF_INET}, 16) = 1",
	"eventfd2(0, EFD_CLOEXEC) = 6",
	"bind(3, {sa_family=AF_UNIX, sun_path=@\"a b\"}, 6) = 0",
	"listen(3, 5) = 0",
	"socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0) = 7"),
    TRACE("made up results are marked",
	"- socket -> EMFILE injected\nE wait inf -> -\n",
	SOCKET " = -1 EMFILE (Too many open files) (INJECTED)",
	"epoll_wait(3, [], 64, -1) = 0 (DELAYED)"),
    TRACE("log lines give their causes", "log done idle\n",
	"write(2, \"a=1 cause=done b=2\\nc cause=idle\\n\", 30) = 30"),
    TRACE("unknown calls keep their constants only",
	"- mmap NULL _ PROT_READ MAP_PRIVATE -1 0\nF1 openat\n"
	"F1 fcntl F_SETFL O_NONBLOCK\n",
	"mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) = 0x7f0000000000",
	"openat(AT_FDCWD, \"/x\", O_RDONLY) = 4",
	"fcntl(4, F_SETFL, O_RDONLY|O_NONBLOCK) = 0"),

    /* ---- whose a descriptor is ---- */
    TRACE("interrupted lines are joined",
	"E wait inf -> EINTR\nsignal SIGTERM\n- exit_group 0\n"
	"exit 0\n",
	"7 epoll_wait(3,  <unfinished ...>",
	"7 <... epoll_wait resumed>[], 64, -1) = -1 EINTR (Interrupted "
	"system call)",
	"--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER} ---",
	"exit_group(0) = ?", "+++ exited with 0 +++", "",
	"strace: Process 7 detached"),
    TRACE("interrupted for ever", "E wait T -> ?\nkilled SIGSYS\n",
	"epoll_wait(3,  <unfinished ...>) = ?",
	"+++ killed by SIGSYS (core dumped) +++"),
    TRACE("each task has its own unfinished call",
	"a.L accept -> C1\nb.- read 4 -> 1\n",
	"7 accept4(3, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC <unfinished "
	"...>",
	"8 read(5,  <unfinished ...>", "7 <... accept4 resumed>) = 9",
	"8 <... read resumed>\"x\", 4) = 1"),
    TRACE("a forked child has copies",
	"a.L accept -> C1\nb.L close copy\na.- clone process\n"
	"a.C1 close copy\nb.C1 shut WR\na.L accept -> C2\n"
	"b.C1 close at-exit\nb.exit 0\n",
	"7 " ACCEPT " = 4",
	"7 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>",
	"8 close(3) = 0", "7 <... clone resumed>, child_tidptr=0x7f) = 8",
	"7 close(4) = 0", "8 shutdown(4, SHUT_WR) = 0", "7 " ACCEPT " = 4",
	"8 +++ exited with 0 +++"),
    TRACE("threads share descriptors",
	"a.- clone thread\nb.L accept -> C1\na.C1 close\n",
	"7 clone3({flags=CLONE_VM|CLONE_FILES, exit_signal=0} => "
	"{parent_tid=[8]}, 88) = 8",
	"8 " ACCEPT " = 4", "7 close(4) = 0"),
    TRACE("letters follow the order of birth",
	"a.- clone process\na.- clone process\nc.- read 4 -> 1\nb.- "
	"read 4 -> 1\n",
	"7 fork() = 8", "7 fork() = 9", "9 read(5, \"x\", 4) = 1",
	"8 read(5, \"y\", 4) = 1"),
    TRACE("exec closes what is marked",
	"L accept no-NONBLOCK no-CLOEXEC -> C1\n"
	"L accept no-NONBLOCK no-CLOEXEC -> C2\n"
	"C1 fcntl F_SETFD FD_CLOEXEC\n- exec\n- close -> EBADF\n"
	"C2 close\n",
	"7 accept(3, NULL, NULL) = 4", "7 accept(3, NULL, NULL) = 5",
	"7 fcntl(4, F_SETFD, FD_CLOEXEC) = 0",
	"7 execve(\"/x\", [\"x\"], NULL) = 0",
	"7 close(4) = -1 EBADF (Bad file descriptor)", "7 close(5) = 0"),
    TRACE("copies are one role",
	"L accept -> C1\nC1 dup\nC1 dup\nC1 dup\nC1 close copy\n"
	"C1 close copy\nC1 close copy\nC1 close\n",
	ACCEPT " = 4", "dup(4) = 5", "fcntl(4, F_DUPFD_CLOEXEC, 10) = 10",
	"dup2(4, 11) = 11", "close(4) = 0", "close(11) = 0", "close(5) = 0",
	"close(10) = 0"),
    TRACE("descriptors travel in messages",
	"a.X1 socketpair\na.- clone process\na.L accept -> C1\n"
	"a.X1a send \"!\" pass:C1 -> 1\na.C1 close copy\n"
	"b.X1b recv 9 pass:C1 -> \"!\"\nb.C1 close\n",
	"7 socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [5, 6]) = 0",
	"7 clone(child_stack=NULL, flags=SIGCHLD) = 8", "7 " ACCEPT " = 4",
	"7 sendmsg(5, {msg_name=NULL, msg_iov=[{iov_base=\"!\", "
	"iov_len=1}], msg_iovlen=1, msg_control=[{cmsg_len=20, "
	"cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[4]}], "
	"msg_flags=0}, MSG_NOSIGNAL) = 1",
	"7 close(4) = 0",
	"8 recvmsg(6, {msg_name=NULL, msg_iov=[{iov_base=\"!\", "
	"iov_len=9}], msg_iovlen=1, msg_control=[{cmsg_len=20, "
	"cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[9]}], "
	"msg_flags=0}, 0) = 1",
	"8 close(9) = 0"),

    {.name = "the first reader names the bytes",
	.wanted = "L accept -> C1\nC1 recv 64 -> C1[0..16)\n"
		  "C1 recv 12 -> C1[16..21)\nS1 socket\n"
		  "S1 send C1[0..21) no-NOSIGNAL -> 18\n"
		  "S1 send C1[18..21) -> 3\nC1 send \"own\\n\" -> 4\n",
	.learn = true,
	.lines = {ACCEPT " = 4", "read(4, \"hello \"..., 64) = 16",
	    "readv(4, [{iov_base=\"wor\", iov_len=3}, {iov_base=\"ld\", "
	    "iov_len=9}], 2) = 5",
	    "socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0) = 5",
	    "writev(5, [{iov_base=\"hello \"..., iov_len=16}, "
	    "{iov_base=\"world\", iov_len=5}], 2) = 18",
	    "sendto(5, \"rld\", 3, MSG_NOSIGNAL, NULL, 0) = 3",
	    "sendto(4, \"own\\n\", 4, MSG_NOSIGNAL, NULL, 0) = 4"}},
};

static struct stream_set streams;

static void add_stream(const char *name, const char *bytes)
{
	stream_add(&streams, name, strdup(bytes), strlen(bytes));
}

static void setup(void)
{
	add_stream("req", "GET /one two three\n");
	add_stream("rep", "0123456789abcdefghijklmnopqrstuv");
}

static void teardown(void)
{
	stream_fini(&streams);
}

TEST_ROWS(a_trace_comes_to_its_form, traces)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct canon *c = canon_new(out, &streams);

	ck_assert_ptr_nonnull(c);
	c->ready = row->ready;
	c->learn = row->learn;
	c->addresses[0].key = "127.0.0.1:8008";
	c->addresses[0].name = "back";
	c->address_count = 1;
	for (const char *const *l = row->lines; *l; l++)
		canon_seed(c, *l, strlen(*l));
	for (const char *const *l = row->lines; *l; l++)
		ck_assert_msg(canon_line(c, *l, strlen(*l)) == 0,
		    "%s: refused: %s", row->name, *l);
	canon_flush(c);
	fclose(out);
	ck_assert_msg(
	    strcmp(text, row->wanted) == 0, "%s: it is:\n%s", row->name, text);
	free(text);
	canon_free(c);
}

static const char *const refused[] = {"hello", "recvfrom(8, \"x", "close(9)",
    "close(9) = x", "+++ gone +++", "<... close resumed>) = 0",
    "epoll_wait(3, [{", "= 0"};

TEST_ROWS(what_is_not_strace_is_refused, refused)
{
	struct canon *c = canon_new(stdout, &streams);

	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(canon_line(c, *row, strlen(*row)), -EINVAL);
	canon_free(c);
}

FIXTURE(setup, teardown)
