/* Proves that tracefmt reads both of strace's dialects into one form. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../strace/canon.h"
#include "unit.h"

static struct stream_set streams;

static void add_stream(const char *name, const char *bytes)
{
	ck_assert_int_eq(
	    stream_add(&streams, name, strdup(bytes), strlen(bytes)), 0);
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

static void both_passes(struct canon *c, const char *const *lines)
{
	for (size_t i = 0; lines[i]; i++)
		canon_seed(c, lines[i], strlen(lines[i]));
	for (size_t i = 0; lines[i]; i++)
		ck_assert_msg(canon_line(c, lines[i], strlen(lines[i])) == 0,
		    "refused: %s", lines[i]);
}

static void expect_after(const char *ready, const char *const *lines,
    const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct canon *c = canon_new(out, &streams);

	ck_assert_ptr_nonnull(c);
	c->ready = ready;
	c->names[0].address = "127.0.0.1:8008";
	c->names[0].name = "back";
	c->name_count = 1;
	both_passes(c, lines);
	fclose(out);
	ck_assert_str_eq(text, wanted);
	free(text);
	canon_free(c);
}

static void expect(const char *const *lines, const char *wanted)
{
	expect_after(NULL, lines, wanted);
}

/* A machine's own number, as strace writes it. */
#define TEXT(x) #x
#define NUMBER(x) TEXT(x)
#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(both_dialects_of_events_are_one)
{
	const char *wanted = "E add U1 IN|RDHUP\nE wait T -> U1:IN|RDHUP\n";

	expect(LINES("epoll_ctl(3, EPOLL_CTL_ADD, 8, {EPOLLIN|EPOLLRDHUP, "
		     "{u32=8, u64=8}}) = 0",
		   "17:18:19.730654 epoll_wait(3, [{EPOLLIN|EPOLLRDHUP, "
		   "{u32=8, u64=8}}], 200, 1000) = 1"),
	    wanted);
	expect(LINES("99 epoll_ctl(3, EPOLL_CTL_ADD, 8, "
		     "{events=EPOLLIN|EPOLLRDHUP, data={u32=7, "
		     "u64=4294967303}}) = 0",
		   "99 epoll_wait(3, [{events=EPOLLIN|EPOLLRDHUP, "
		   "data={u32=7, u64=4294967303}}], 64, 250) = 1"),
	    wanted);
}
END_TEST

START_TEST(accept_names_what_it_made)
{
	const char *wanted = "L accept -> C1\nL accept -> EAGAIN\n";

	expect(LINES("accept4(5, {sa_family=AF_INET, sin_port=htons(9), "
		     "sin_addr=inet_addr(\"127.0.0.1\")}, [128->16], "
		     "SOCK_NONBLOCK) = 8",
		   "accept4(5, 0x7ffc4a8bf330, [128], SOCK_NONBLOCK) = -1 "
		   "EAGAIN (Resource temporarily unavailable)"),
	    wanted);
	expect(LINES("accept4(5, {sa_family=AF_INET, sin_port=htons(9), "
		     "sin_addr=inet_addr(\"127.0.0.1\")}, [128 => 16], "
		     "SOCK_CLOEXEC|SOCK_NONBLOCK) = 8",
		   "accept4(5, NULL, NULL, SOCK_NONBLOCK) = -1 EAGAIN "
		   "(Resource temporarily unavailable)"),
	    wanted);
}
END_TEST

START_TEST(a_reused_number_is_a_new_role)
{
	expect(LINES("socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 9",
		   "close(9) = 0",
		   "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 9",
		   "shutdown(9, SHUT_WR) = 0"),
	    "S1 socket\nS1 close\nS2 socket\nS2 shut WR\n");
}
END_TEST

START_TEST(start_up_is_dropped_and_numbers_begin_after_it)
{
	expect_after("ready on",
	    LINES("socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3",
		"socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 4",
		"listen(4, 128) = 0", "epoll_create1(EPOLL_CLOEXEC) = 5",
		"write(2, \"x: ready on 127.0.0.1:1\\n\", 24) = 24",
		"epoll_wait(5, [], 64, -1) = 0",
		"socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 6",
		"shutdown(3, SHUT_WR) = 0", "close(4) = 0"),
	    "E wait inf -> -\nS1 socket\nU1 shut WR\nL close\n");
}
END_TEST

START_TEST(payloads_are_ranges)
{
	expect(LINES("accept4(5, NULL, NULL, SOCK_NONBLOCK) = 8",
		   "recvfrom(8, \"GET /one two th\", 15, 0, NULL, NULL) = 15",
		   "recvfrom(8, \"ree\\n\", 15, 0, NULL, NULL) = 4",
		   "recvfrom(8, \"\", 15, 0, NULL, NULL) = 0",
		   "recvfrom(8, 0xbda300, 15, 0, NULL, NULL) = -1 ECONNRESET "
		   "(Connection reset by peer)"),
	    "L accept -> C1\nC1 recv 15 -> req[0..15)\n"
	    "C1 recv 15 -> req[15..19)\nC1 recv 15 -> EOF\n"
	    "C1 recv 15 -> ECONNRESET\n");
}
END_TEST

START_TEST(a_misplaced_payload_names_its_true_place)
{
	expect(LINES("sendto(9, \"0123456789\", 10, MSG_NOSIGNAL, NULL, 0) = 4",
		   "sendto(9, \"abcdef\"..., 22, MSG_NOSIGNAL, NULL, 0) = 22",
		   "sendto(9, \"\\0\\377 \\\"x\", 5, 0, NULL, 0) = 5"),
	    "U1 send rep[0..10) -> 4\nU1 send rep[10..32) -> 22\n"
	    "U1 send \"\\0\\377 \\\"x\" no-NOSIGNAL -> 5\n");
}
END_TEST

START_TEST(the_doors_own_answers_are_named)
{
	expect(LINES("sendto(9, \"HTTP/1.1 503 Service Unavailable\\r\\nX\", "
		     "36, MSG_NOSIGNAL, NULL, 0) = 36"),
	    "U1 send answer-503 -> 36\n");
}
END_TEST

START_TEST(a_vector_is_one_payload)
{
	expect(LINES("sendmsg(9, {msg_name=NULL, msg_namelen=0, msg_iov=[{"
		     "iov_base=\"0123\", iov_len=4}, {iov_base=\"45\", "
		     "iov_len=2}], msg_iovlen=2, msg_controllen=0, "
		     "msg_flags=0}, MSG_NOSIGNAL|MSG_MORE) = 6"),
	    "U1 send rep[0..6) MORE -> 6\n");
}
END_TEST

START_TEST(a_pipe_carries_its_range)
{
	expect(LINES("pipe2([6, 7], O_NONBLOCK) = 0",
		   "recvfrom(9, \"0123\", 4, 0, NULL, NULL) = 4",
		   "splice(9, NULL, 7, NULL, 65536, SPLICE_F_NONBLOCK) = 20",
		   "splice(6, NULL, 8, NULL, 20, SPLICE_F_NONBLOCK) = 12",
		   "splice(6, NULL, 8, NULL, 8, SPLICE_F_NONBLOCK) = -1 EAGAIN "
		   "(Resource temporarily unavailable)",
		   "splice(6, NULL, 8, NULL, 8, SPLICE_F_NONBLOCK) = 8",
		   "splice(9, NULL, 7, NULL, 65536, SPLICE_F_NONBLOCK) = 0"),
	    "P1 pipe\nU1 recv 4 -> rep[0..4)\n"
	    "U1 splice P1w 65536 -> rep[4..24)\n"
	    "P1r splice U2 20 -> rep[4..16)\nP1r splice U2 8 -> EAGAIN\n"
	    "P1r splice U2 8 -> rep[16..24)\nU1 splice P1w 65536 -> EOF\n");
}
END_TEST

START_TEST(addresses_and_options_are_named)
{
	expect(LINES("connect(9, {sa_family=AF_INET, sin_port=htons(8008), "
		     "sin_addr=inet_addr(\"127.0.0.1\")}, 16) = -1 "
		     "EINPROGRESS (Operation now in progress)",
		   "connect(9, {sa_family=AF_INET6, sin6_port=htons(80), "
		   "sin6_flowinfo=htonl(0), inet_pton(AF_INET6, \"::1\", "
		   "&sin6_addr), sin6_scope_id=0}, 28) = 0",
		   "setsockopt(9, SOL_TCP, TCP_NODELAY, [1], 4) = 0",
		   "setsockopt(9, SOL_SOCKET, SO_LINGER, {l_onoff=1, "
		   "l_linger=0}, 8) = 0",
		   "getsockopt(9, SOL_SOCKET, SO_ERROR, [" NUMBER(
		       ECONNREFUSED) "], [4]) = 0",
		   "getsockopt(9, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4])"
		   " = 0",
		   "ioctl(9, TIOCOUTQ, [42]) = 0"),
	    "S1 connect back -> EINPROGRESS\nS1 connect [::1]:80\n"
	    "S1 set TCP_NODELAY 1\nS1 set SO_LINGER 1,0\n"
	    "S1 get SO_ERROR -> ECONNREFUSED\n"
	    "S1 get SO_ERROR -> ECONNREFUSED\nS1 outq -> 42\n");
}
END_TEST

START_TEST(batches_are_sorted_and_stale_events_marked)
{
	expect(LINES("epoll_ctl(3, EPOLL_CTL_ADD, 8, {events=EPOLLIN, "
		     "data={u32=8, u64=8}}) = 0",
		   "epoll_ctl(3, EPOLL_CTL_ADD, 9, {events=EPOLLOUT, "
		   "data={u32=9, u64=9}}) = 0",
		   "close(8) = 0",
		   "epoll_wait(3, [{events=EPOLLOUT, data={u32=9, u64=9}}, "
		   "{events=EPOLLHUP, data={u32=8, u64=8}}], 64, 0) = 2"),
	    "E add U1 IN\nE add U2 OUT\nU1 close\n"
	    "E wait 0 -> U1:HUP(stale) U2:OUT\n");
}
END_TEST

START_TEST(interrupted_lines_are_joined)
{
	expect(LINES("7 epoll_wait(3,  <unfinished ...>",
		   "7 <... epoll_wait resumed>[], 64, -1) = -1 EINTR "
		   "(Interrupted system call)",
		   "--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER} ---",
		   "exit_group(0) = ?", "+++ exited with 0 +++",
		   "+++ killed by SIGSYS (core dumped) +++", "",
		   "strace: Process 7 detached"),
	    "E wait inf -> EINTR\nsignal SIGTERM\n- exit_group 0\nexit 0\n"
	    "killed SIGSYS\n");
}
END_TEST

START_TEST(made_up_results_are_marked)
{
	expect(LINES("socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = -1 EMFILE "
		     "(Too many open files) (INJECTED)",
		   "epoll_wait(3, [], 64, -1) = 0 (DELAYED)"),
	    "- socket -> EMFILE injected\nE wait inf -> -\n");
}
END_TEST

START_TEST(log_lines_give_their_causes)
{
	expect(LINES("write(2, \"a=1 cause=done b=2\\nc cause=idle\\n\", 30)"
		     " = 30"),
	    "log done idle\n");
}
END_TEST

START_TEST(unknown_calls_keep_their_plain_arguments)
{
	expect(LINES("mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) = "
		     "0x7f0000000000",
		   "openat(AT_FDCWD, \"/x\", O_RDONLY) = 4",
		   "fcntl(4, F_SETFL, O_RDONLY|O_NONBLOCK) = 0"),
	    "- mmap NULL 4096 PROT_READ MAP_PRIVATE -1 0\nF1 openat\n"
	    "F1 fcntl F_SETFL O_RDONLY|O_NONBLOCK\n");
}
END_TEST

START_TEST(what_is_not_strace_is_refused)
{
	const char *bad[] = {"hello", "recvfrom(8, \"x", "close(9)",
	    "close(9) = x", "+++ gone +++", "<... close resumed>) = 0",
	    "epoll_wait(3, [{", "= 0"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct canon *c = canon_new(stdout, &streams);

		ck_assert_ptr_nonnull(c);
		ck_assert_int_eq(canon_line(c, bad[i], strlen(bad[i])),
		    -EINVAL);
		canon_free(c);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tracefmt");
	TCase *t = unit_case(suite, "tracefmt");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, both_dialects_of_events_are_one);
	tcase_add_test(t, accept_names_what_it_made);
	tcase_add_test(t, a_reused_number_is_a_new_role);
	tcase_add_test(t, start_up_is_dropped_and_numbers_begin_after_it);
	tcase_add_test(t, payloads_are_ranges);
	tcase_add_test(t, a_misplaced_payload_names_its_true_place);
	tcase_add_test(t, the_doors_own_answers_are_named);
	tcase_add_test(t, a_vector_is_one_payload);
	tcase_add_test(t, a_pipe_carries_its_range);
	tcase_add_test(t, addresses_and_options_are_named);
	tcase_add_test(t, batches_are_sorted_and_stale_events_marked);
	tcase_add_test(t, interrupted_lines_are_joined);
	tcase_add_test(t, made_up_results_are_marked);
	tcase_add_test(t, log_lines_give_their_causes);
	tcase_add_test(t, unknown_calls_keep_their_plain_arguments);
	tcase_add_test(t, what_is_not_strace_is_refused);
	return unit_run(suite);
}
