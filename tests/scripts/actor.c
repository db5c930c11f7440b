/*
 * actor: plays one end of a TCP or Unix connection from a list of actions,
 * and checks what it meets. A test runs one as the client, one as the device.
 *
 *   actor ADDRESS ACTION...             connects
 *   actor --listen ADDRESS ACTION...    listens, says where on stderr
 *   actor --bind ADDRESS ACTION...      the same, but refuses until "lis"
 *
 *   rbuf=N           a receive buffer of this size, set before con
 *   con, con=ERRNO   connect; it must fail with ERRNO if one is given
 *   lis              listen
 *   acc              accept one connection; the actions after it are about it
 *   snd=TEXT         send; \n and \r as in C
 *   put=N            send the next N bytes of an endless pattern
 *   fill             send the pattern until the other side takes no more
 *   rcv=TEXT         the next bytes are exactly these
 *   get=N            the next N bytes are the pattern
 *   eof, reset       the next thing to arrive is the end, or a reset
 *   drain=END        whatever arrives, it ends with END: eof, reset or any
 *   quiet=MS         nothing arrives for so long
 *   shw, shr, clo, rst   shutdown, close, close with a reset
 *   mark=FILE, wait=FILE  makes FILE; waits until FILE is there
 *
 * Every step has ten seconds. The first that goes wrong is named, exit 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"

enum { STEP_MS = 10000, LULL_MS = 300, CHUNK = 16384, EX_USAGE = 64 };

struct actor {
	struct addr addr;
	int listener;
	int fd;
	size_t put; /* pattern bytes sent so far */
	size_t got; /* pattern bytes received so far */
	int met;    /* the error a connect or a send met instead of a receive */
	char why[256];
};

static bool fail(struct actor *a, const char *what, const char *detail)
{
	snprintf(a->why, sizeof(a->why), "%s %.200s", what, detail);
	return false;
}

static bool fail_errno(struct actor *a, const char *what)
{
	return fail(a, what, strerrorname_np(errno));
}

static bool ready(int fd, short events, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do {
		n = poll(&p, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

/* A period that is no power of two: a shifted buffer does not look right. */
static void pattern(char *out_bytes, size_t offset, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out_bytes[i] = (char)((offset + i) % 251);
}

static size_t unescape(const char *text, char *out_bytes, size_t size)
{
	size_t len = 0;

	for (; *text != '\0' && len < size; text++) {
		if (text[0] == '\\' && (text[1] == 'n' || text[1] == 'r'))
			out_bytes[len++] = *++text == 'n' ? '\n' : '\r';
		else
			out_bytes[len++] = *text;
	}
	return len;
}

/* A sender need not know that the connection is gone: the next receive will
 * be told, for the kernel has told the sender and will not say it again. */
static bool leave_to_receiver(struct actor *a, int error)
{
	if (error != ECONNRESET && error != EPIPE)
		return false;
	if (a->met == 0)
		a->met = error;
	return true;
}

static bool send_all(struct actor *a, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(a->fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			if (!ready(a->fd, POLLOUT, STEP_MS))
				return fail(a, "the other side", "is stuck");
			continue;
		}
		if (n < 0)
			return leave_to_receiver(a, errno) ||
			       fail_errno(a, "send:");
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* Bytes received, 0 at the end, -1 with errno; ETIMEDOUT: nothing came. */
static ssize_t receive(struct actor *a, char *out_bytes, size_t len)
{
	ssize_t n;

	if (!ready(a->fd, POLLIN | POLLRDHUP, STEP_MS)) {
		errno = ETIMEDOUT;
		return -1;
	}
	n = recv(a->fd, out_bytes, len, 0);
	if (n > 0 || a->met == 0)
		return n;
	errno = a->met;
	return -1;
}

static bool expect_bytes(struct actor *a, const char *bytes, size_t len)
{
	char got[CHUNK + 1];
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = receive(a, got, len - done);
		if (n < 0)
			return fail_errno(a, "instead of bytes:");
		if (n == 0)
			return fail(a, "instead of bytes:", "the end");
		if (memcmp(got, bytes + done, (size_t)n) != 0) {
			got[n] = '\0';
			return fail(a, "other bytes:", got);
		}
		done += (size_t)n;
	}
	return true;
}

static void make_socket(struct actor *a)
{
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

	if (a->fd < 0)
		a->fd = socket(a->addr.u.sa.sa_family, type, 0);
}

static bool do_rbuf(struct actor *a, const char *arg)
{
	int bytes = atoi(arg);

	make_socket(a);
	return setsockopt(
		   a->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) == 0 ||
	       fail_errno(a, "setsockopt:");
}

static bool do_con(struct actor *a, const char *want)
{
	socklen_t len = sizeof(int);
	int error = 0;

	make_socket(a);
	if (connect(a->fd, &a->addr.u.sa, a->addr.len) < 0)
		error = errno;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (ready(a->fd, POLLOUT, STEP_MS))
			getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
	if (want != NULL)
		return (error != 0 &&
			   strcmp(strerrorname_np(error), want) == 0) ||
		       fail(a, "connect:", strerrorname_np(error));
	errno = error;
	return error == 0 || leave_to_receiver(a, error) ||
	       fail_errno(a, "connect:");
}

static bool do_lis(struct actor *a, const char *arg)
{
	(void)arg;
	return listen(a->listener, SOMAXCONN) == 0 || fail_errno(a, "listen:");
}

static bool do_acc(struct actor *a, const char *arg)
{
	(void)arg;
	if (!ready(a->listener, POLLIN, STEP_MS))
		return fail(a, "nobody", "connected");
	a->fd = accept4(a->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	a->put = a->got = 0;
	return a->fd >= 0 || fail_errno(a, "accept:");
}

static bool do_snd(struct actor *a, const char *arg)
{
	char bytes[CHUNK];

	return send_all(a, bytes, unescape(arg, bytes, sizeof(bytes)));
}

static bool do_rcv(struct actor *a, const char *arg)
{
	char bytes[CHUNK];

	return expect_bytes(a, bytes, unescape(arg, bytes, sizeof(bytes)));
}

static bool do_put(struct actor *a, const char *arg)
{
	size_t left = strtoul(arg, NULL, 10);
	char bytes[CHUNK];

	while (left > 0) {
		size_t len = left < CHUNK ? left : CHUNK;

		pattern(bytes, a->put, len);
		if (!send_all(a, bytes, len))
			return false;
		a->put += len;
		left -= len;
	}
	return true;
}

static bool do_get(struct actor *a, const char *arg)
{
	size_t left = strtoul(arg, NULL, 10);
	char bytes[CHUNK];

	while (left > 0) {
		size_t len = left < CHUNK ? left : CHUNK;

		pattern(bytes, a->got, len);
		if (!expect_bytes(a, bytes, len))
			return false;
		a->got += len;
		left -= len;
	}
	return true;
}

static bool do_fill(struct actor *a, const char *arg)
{
	char bytes[CHUNK];
	ssize_t n;

	(void)arg;
	while (ready(a->fd, POLLOUT, LULL_MS)) {
		pattern(bytes, a->put, sizeof(bytes));
		n = send(a->fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return fail_errno(a, "send:");
		if (n > 0)
			a->put += (size_t)n;
	}
	printf("%zu\n", a->put);
	return true;
}

/* Reads on until the connection ends; "eof", "reset", or an errno's name. */
static const char *read_to_end(struct actor *a, size_t *out_bytes)
{
	char bytes[CHUNK];
	ssize_t n;

	*out_bytes = 0;
	while ((n = receive(a, bytes, sizeof(bytes))) > 0)
		*out_bytes += (size_t)n;
	if (n == 0)
		return "eof";
	return errno == ECONNRESET ? "reset" : strerrorname_np(errno);
}

static bool expect_end(struct actor *a, const char *want)
{
	size_t bytes;
	const char *end = read_to_end(a, &bytes);

	if (bytes > 0)
		return fail(a, "more bytes, then", end);
	return strcmp(end, want) == 0 || fail(a, "instead:", end);
}

static bool do_eof(struct actor *a, const char *arg)
{
	(void)arg;
	return expect_end(a, "eof");
}

static bool do_reset(struct actor *a, const char *arg)
{
	(void)arg;
	return expect_end(a, "reset");
}

static bool do_drain(struct actor *a, const char *want)
{
	size_t bytes;
	const char *end = read_to_end(a, &bytes);

	printf("%zu %s\n", bytes, end);
	return strcmp(want, "any") == 0 || strcmp(end, want) == 0 ||
	       fail(a, "instead:", end);
}

static bool do_quiet(struct actor *a, const char *arg)
{
	return !ready(a->fd, POLLIN | POLLRDHUP, atoi(arg)) ||
	       fail(a, "something", "came");
}

static bool do_shw(struct actor *a, const char *arg)
{
	(void)arg;
	return shutdown(a->fd, SHUT_WR) == 0 || fail_errno(a, "shutdown:");
}

static bool do_shr(struct actor *a, const char *arg)
{
	(void)arg;
	return shutdown(a->fd, SHUT_RD) == 0 || fail_errno(a, "shutdown:");
}

static bool do_clo(struct actor *a, const char *arg)
{
	(void)arg;
	close(a->fd);
	a->fd = -1;
	return true;
}

static bool do_rst(struct actor *a, const char *arg)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(a->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return do_clo(a, arg);
}

static bool do_mark(struct actor *a, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail_errno(a, "open:");
	close(fd);
	return true;
}

static bool do_wait(struct actor *a, const char *path)
{
	const struct timespec tick = {.tv_nsec = 2000000};
	int64_t left_ms = STEP_MS;

	for (; access(path, F_OK) != 0; left_ms -= 2) {
		if (left_ms <= 0)
			return fail(a, "it never", "came");
		nanosleep(&tick, NULL);
	}
	return true;
}

struct action {
	const char *verb;
	bool (*run)(struct actor *a, const char *arg);
	enum { ARG_NONE, ARG_ANY, ARG_MUST } arg;
};

static const struct action actions[] = {
    {"rbuf", do_rbuf, ARG_MUST},
    {"con", do_con, ARG_ANY},
    {"lis", do_lis, ARG_NONE},
    {"acc", do_acc, ARG_NONE},
    {"snd", do_snd, ARG_MUST},
    {"put", do_put, ARG_MUST},
    {"fill", do_fill, ARG_NONE},
    {"rcv", do_rcv, ARG_MUST},
    {"get", do_get, ARG_MUST},
    {"eof", do_eof, ARG_NONE},
    {"reset", do_reset, ARG_NONE},
    {"drain", do_drain, ARG_MUST},
    {"quiet", do_quiet, ARG_MUST},
    {"shw", do_shw, ARG_NONE},
    {"shr", do_shr, ARG_NONE},
    {"clo", do_clo, ARG_NONE},
    {"rst", do_rst, ARG_NONE},
    {"mark", do_mark, ARG_MUST},
    {"wait", do_wait, ARG_MUST},
};

static void usage(const char *word)
{
	fprintf(stderr,
	    "actor: not understood: %s\n"
	    "usage: actor [--listen | --bind] ADDRESS ACTION...\n",
	    word);
	exit(EX_USAGE);
}

/* The action `word` names; `*out_arg` is what follows its '=', or NULL. */
static const struct action *find_action(const char *word, const char **out_arg)
{
	size_t len = strcspn(word, "=");
	const struct action *found = NULL;

	*out_arg = word[len] == '=' ? word + len + 1 : NULL;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strlen(actions[i].verb) == len &&
		    memcmp(actions[i].verb, word, len) == 0)
			found = &actions[i];
	if (found == NULL || (found->arg == ARG_NONE && *out_arg != NULL) ||
	    (found->arg == ARG_MUST && *out_arg == NULL))
		usage(word);
	return found;
}

static void bind_address(struct actor *a, bool listening)
{
	char shown[ADDR_TEXT_MAX];
	int one = 1;

	a->listener =
	    socket(a->addr.u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(a->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(a->listener, &a->addr.u.sa, a->addr.len) < 0) {
		perror("actor: bind");
		exit(1);
	}
	a->addr.len = sizeof(a->addr.u);
	getsockname(a->listener, &a->addr.u.sa, &a->addr.len);
	if (listening)
		do_lis(a, NULL);
	fprintf(stderr, "actor: ready on %s\n", addr_print(&a->addr, shown));
}

static void play(struct actor *a, char **words)
{
	const struct action *action;
	const char *arg;

	for (int i = 0; words[i] != NULL; i++) {
		action = find_action(words[i], &arg);
		if (action->run(a, arg))
			continue;
		fprintf(stderr, "actor: %s: step %d, %s: %s\n",
		    a->listener < 0 ? "client" : "device", i + 1, words[i],
		    a->why);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct actor a = {.listener = -1, .fd = -1};
	bool listening = argc > 1 && strcmp(argv[1], "--listen") == 0;
	bool binding = argc > 1 && strcmp(argv[1], "--bind") == 0;
	char **words = argv + (listening || binding ? 2 : 1);
	const char *why, *arg;

	if (*words == NULL)
		usage("no address");
	if (addr_parse(*words, "127.0.0.1", &a.addr, &why) < 0)
		usage(*words);
	for (char **word = ++words; *word != NULL; word++)
		find_action(*word, &arg);
	if (listening || binding)
		bind_address(&a, listening);
	play(&a, words);
	return 0;
}
