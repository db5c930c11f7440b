/* Proves that traceform knows whose a descriptor is: through unfinished calls,
 * fork, threads, exec, copies and messages. */
#include "traceform_fixture.h"

TEST(interrupted_lines_are_joined)
{
	expect(LINES("7 epoll_wait(3,  <unfinished ...>",
		   "7 <... epoll_wait resumed>[], 64, -1) = -1 EINTR "
		   "(Interrupted system call)",
		   "--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER} ---",
		   "exit_group(0) = ?", "+++ exited with 0 +++", "",
		   "strace: Process 7 detached"),
	    "E wait inf -> EINTR\nsignal SIGTERM\n- exit_group 0\n"
	    "exit 0\n");
	expect(LINES("epoll_wait(3,  <unfinished ...>) = ?",
		   "+++ killed by SIGSYS (core dumped) +++"),
	    "E wait T -> ?\nkilled SIGSYS\n");
}

TEST(each_task_has_its_own_unfinished_call)
{
	expect(
	    LINES("7 accept4(3, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC "
		  "<unfinished ...>",
		"8 read(5,  <unfinished ...>", "7 <... accept4 resumed>) = 9",
		"8 <... read resumed>\"x\", 4) = 1"),
	    "a.L accept -> C1\nb.- read 4 -> 1\n");
}

TEST(a_forked_child_has_copies)
{
	expect(LINES("7 accept4(3, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC) = 4",
		   "7 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>",
		   "8 close(3) = 0",
		   "7 <... clone resumed>, child_tidptr=0x7f) = 8",
		   "7 close(4) = 0", "8 shutdown(4, SHUT_WR) = 0",
		   "7 accept4(3, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC) = 4",
		   "8 +++ exited with 0 +++"),
	    "a.L accept -> C1\nb.L close copy\na.- clone process\n"
	    "a.C1 close copy\nb.C1 shut WR\na.L accept -> C2\n"
	    "b.C1 close at-exit\nb.exit 0\n");
}

TEST(threads_share_descriptors)
{
	expect(LINES("7 clone3({flags=CLONE_VM|CLONE_FILES, exit_signal=0} => "
		     "{parent_tid=[8]}, 88) = 8",
		   "8 accept4(3, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC) = 4",
		   "7 close(4) = 0"),
	    "a.- clone thread\nb.L accept -> C1\na.C1 close\n");
}

TEST(letters_follow_the_order_of_birth)
{
	expect(LINES("7 fork() = 8", "7 fork() = 9", "9 read(5, \"x\", 4) = 1",
		   "8 read(5, \"y\", 4) = 1"),
	    "a.- clone process\na.- clone process\nc.- read 4 -> 1\nb.- read 4 "
	    "-> 1\n");
}

TEST(exec_closes_what_is_marked)
{
	expect(
	    LINES("7 accept(3, NULL, NULL) = 4", "7 accept(3, NULL, NULL) = 5",
		"7 fcntl(4, F_SETFD, FD_CLOEXEC) = 0",
		"7 execve(\"/x\", [\"x\"], NULL) = 0",
		"7 close(4) = -1 EBADF (Bad file descriptor)",
		"7 close(5) = 0"),
	    "L accept no-NONBLOCK no-CLOEXEC -> C1\n"
	    "L accept no-NONBLOCK no-CLOEXEC -> C2\n"
	    "C1 fcntl F_SETFD FD_CLOEXEC\n- exec\n- close -> EBADF\n"
	    "C2 close\n");
}

TEST(copies_are_one_role)
{
	expect(LINES("accept4(3, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC) = 4",
		   "dup(4) = 5", "fcntl(4, F_DUPFD_CLOEXEC, 10) = 10",
		   "dup2(4, 11) = 11", "close(4) = 0", "close(11) = 0",
		   "close(5) = 0", "close(10) = 0"),
	    "L accept -> C1\nC1 dup\nC1 dup\nC1 dup\nC1 close copy\n"
	    "C1 close copy\nC1 close copy\nC1 close\n");
}

TEST(descriptors_travel_in_messages)
{
	expect(LINES("7 socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [5, "
		     "6]) = 0",
		   "7 clone(child_stack=NULL, flags=SIGCHLD) = 8",
		   "7 accept4(3, NULL, NULL, SOCK_NONBLOCK|SOCK_CLOEXEC) = 4",
		   "7 sendmsg(5, {msg_name=NULL, msg_iov=[{iov_base=\"!\", "
		   "iov_len=1}], msg_iovlen=1, msg_control=[{cmsg_len=20, "
		   "cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data="
		   "[4]}], msg_flags=0}, MSG_NOSIGNAL) = 1",
		   "7 close(4) = 0",
		   "8 recvmsg(6, {msg_name=NULL, msg_iov=[{iov_base=\"!\", "
		   "iov_len=9}], msg_iovlen=1, msg_control=[{cmsg_len=20, "
		   "cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data="
		   "[9]}], msg_flags=0}, 0) = 1",
		   "8 close(9) = 0"),
	    "a.X1 socketpair\na.- clone process\na.L accept -> C1\n"
	    "a.X1a send \"!\" pass:C1 -> 1\na.C1 close copy\n"
	    "b.X1b recv 9 pass:C1 -> \"!\"\nb.C1 close\n");
}
