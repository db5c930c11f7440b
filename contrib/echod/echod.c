/*
 * echod: an echo server that serves one client at a time, or forks for each.
 *
 * A test peer that behaves as simple servers do: a sequential one makes the
 * second client wait, a forking one that does not reap its children collects
 * zombies, and a write to a client that has gone raises SIGPIPE, which each
 * process counts and prints.
 *
 * Signals are blocked except while waiting in ppoll(), so that handlers run
 * at one known place and may print.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/addr.h"

enum { BACKLOG = 128, EX_USAGE = 64, EX_OSERR = 71 };

static sigset_t mask_in_poll;

static void die(const char *what)
{
	fprintf(stderr, "echod: %s: %s\n", what, strerror(errno));
	exit(EX_OSERR);
}

static void on_sigpipe(int signo)
{
	static unsigned int failures;

	(void)signo;
	fprintf(stderr, "echod: process %d: pipe failure %u\n", (int)getpid(),
	    ++failures);
}

/* Several children may have ended by the time one SIGCHLD arrives. */
static void on_sigchld(int signo)
{
	int saved = errno;

	(void)signo;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static void handle_signals(bool reap)
{
	struct sigaction sa = {.sa_handler = on_sigpipe};
	sigset_t ours;

	sigaction(SIGPIPE, &sa, NULL);
	sa.sa_handler = on_sigchld;
	if (reap)
		sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&ours);
	sigaddset(&ours, SIGPIPE);
	sigaddset(&ours, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ours, &mask_in_poll);
	sigdelset(&mask_in_poll, SIGPIPE);
	sigdelset(&mask_in_poll, SIGCHLD);
}

/* Waits until `fd` has input; delivers pending signals on the way. */
static void wait_input(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (ppoll(&p, 1, NULL, &mask_in_poll) < 0)
		if (errno != EINTR)
			die("ppoll");
}

/* The SIGPIPE of a last write would otherwise wait for the next client. */
static void deliver_pending(void)
{
	struct timespec now = {0};

	ppoll(NULL, 0, &now, &mask_in_poll);
}

/* write(), not send(MSG_NOSIGNAL): here SIGPIPE is wanted. */
static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* Echoes until the client ends or fails, closes `fd`, prints how it ended. */
static void echo_client(int fd, const char *client)
{
	char buf[4096];
	unsigned long long total = 0;
	const char *end = "eof";
	ssize_t n;

	fprintf(
	    stderr, "echod: process %d: serves %s\n", (int)getpid(), client);
	for (;;) {
		wait_input(fd);
		n = read(fd, buf, sizeof(buf));
		if (n > 0 && write_all(fd, buf, (size_t)n)) {
			total += (unsigned long long)n;
			continue;
		}
		if (n != 0)
			end = strerrorname_np(errno);
		break;
	}
	deliver_pending();
	close(fd);
	fprintf(stderr, "echod: process %d: done with %s, %llu bytes, %s\n",
	    (int)getpid(), client, total, end);
}

static void echo_in_child(int listener, int fd, const char *client)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0) {
		close(fd);
		return;
	}
	/* Children end with the parent, even one that is killed. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(0);
	close(listener);
	echo_client(fd, client);
	_exit(0);
}

static int listen_on(const char *text)
{
	char shown[ADDR_TEXT_MAX];
	struct addr a;
	const char *why;
	int one = 1;
	int fd;

	if (addr_parse(text, "127.0.0.1", &a, &why)) {
		fprintf(stderr, "echod: '%s': expected %s\n", text, why);
		exit(EX_USAGE);
	}
	fd = socket(a.u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &a.u.sa, a.len) || listen(fd, BACKLOG))
		die(text);
	a.len = sizeof(a.u);
	getsockname(fd, &a.u.sa, &a.len);
	fprintf(stderr, "echod: ready on %s\n", addr_print(&a, shown));
	return fd;
}

static void run(int listener, bool forking)
{
	char client[ADDR_TEXT_MAX];
	struct peer peer;
	struct addr a;
	int fd;

	for (;;) {
		wait_input(listener);
		a.len = sizeof(a.u);
		fd = accept(listener, &a.u.sa, &a.len);
		if (fd < 0)
			continue;
		peer = addr_to_peer(&a);
		peer_print(&peer, client);
		if (forking)
			echo_in_child(listener, fd, client);
		else
			echo_client(fd, client);
	}
}

static void usage(FILE *f)
{
	fputs("usage: echod [--sequential | --fork [--no-reap]] [ADDRESS]\n"
	      "Sends back what each client sends.\n"
	      "  --sequential  serve one client at a time (the default)\n"
	      "  --fork        serve each in a process of its own\n"
	      "  --no-reap     leave those processes as zombies at their end\n"
	      "ADDRESS is PORT, HOST:PORT, [HOST]:PORT or a path;"
	      " 127.0.0.1:0 when absent\n",
	    f);
	exit(f == stdout ? 0 : EX_USAGE);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"sequential", no_argument, NULL, 's'},
	    {"fork", no_argument, NULL, 'f'},
	    {"no-reap", no_argument, NULL, 'n'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	bool forking = false;
	bool reap = true;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == '?' || opt == 'h')
			usage(opt == 'h' ? stdout : stderr);
		if (opt == 'n')
			reap = false;
		else
			forking = opt == 'f';
	}
	if (argc - optind > 1)
		usage(stderr);
	handle_signals(reap);
	run(listen_on(optind < argc ? argv[optind] : "127.0.0.1:0"), forking);
}
