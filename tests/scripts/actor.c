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
 * Every step has a minute. The first that goes wrong is named, exit 1.
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

#include "wire.h"

enum { LULL_MS = 300, EX_USAGE = 64 };

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
	       wire_fail_errno(a, "setsockopt:");
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
		if (wire_ready(a->fd, POLLOUT, STEP_MS))
			getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
	if (want != NULL)
		return (error != 0 &&
			   strcmp(strerrorname_np(error), want) == 0) ||
		       wire_fail(a, "connect:", strerrorname_np(error));
	errno = error;
	return error == 0 || wire_leave_to_receiver(a, error) ||
	       wire_fail_errno(a, "connect:");
}

static bool do_lis(struct actor *a, const char *arg)
{
	(void)arg;
	return listen(a->listener, SOMAXCONN) == 0 ||
	       wire_fail_errno(a, "listen:");
}

static bool do_acc(struct actor *a, const char *arg)
{
	(void)arg;
	if (!wire_ready(a->listener, POLLIN, STEP_MS))
		return wire_fail(a, "nobody", "connected");
	a->fd = accept4(a->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	a->put = a->got = 0;
	return a->fd >= 0 || wire_fail_errno(a, "accept:");
}

static bool do_snd(struct actor *a, const char *arg)
{
	char bytes[CHUNK];

	return wire_send(a, bytes, unescape(arg, bytes, sizeof(bytes)));
}

static bool do_rcv(struct actor *a, const char *arg)
{
	char bytes[CHUNK];

	return wire_expect(a, bytes, unescape(arg, bytes, sizeof(bytes)));
}

static bool do_put(struct actor *a, const char *arg)
{
	size_t left = strtoul(arg, NULL, 10);
	char bytes[CHUNK];

	while (left > 0) {
		size_t len = left < CHUNK ? left : CHUNK;

		wire_pattern(bytes, a->put, len);
		if (!wire_send(a, bytes, len))
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

		wire_pattern(bytes, a->got, len);
		if (!wire_expect(a, bytes, len))
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
	while (wire_ready(a->fd, POLLOUT, LULL_MS)) {
		wire_pattern(bytes, a->put, sizeof(bytes));
		n = send(a->fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return wire_fail_errno(a, "send:");
		if (n > 0)
			a->put += (size_t)n;
	}
	printf("%zu\n", a->put);
	return true;
}

static bool expect_end(struct actor *a, const char *want)
{
	size_t bytes;
	const char *end = wire_drain(a, &bytes);

	if (bytes > 0)
		return wire_fail(a, "more bytes, then", end);
	return strcmp(end, want) == 0 || wire_fail(a, "instead:", end);
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
	const char *end = wire_drain(a, &bytes);

	printf("%zu %s\n", bytes, end);
	return strcmp(want, "any") == 0 || strcmp(end, want) == 0 ||
	       wire_fail(a, "instead:", end);
}

static bool do_quiet(struct actor *a, const char *arg)
{
	return !wire_ready(a->fd, POLLIN | POLLRDHUP, atoi(arg)) ||
	       wire_fail(a, "something", "came");
}

static bool do_shw(struct actor *a, const char *arg)
{
	(void)arg;
	return shutdown(a->fd, SHUT_WR) == 0 || wire_fail_errno(a, "shutdown:");
}

static bool do_shr(struct actor *a, const char *arg)
{
	(void)arg;
	return shutdown(a->fd, SHUT_RD) == 0 || wire_fail_errno(a, "shutdown:");
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
		return wire_fail_errno(a, "open:");
	close(fd);
	return true;
}

static bool do_wait(struct actor *a, const char *path)
{
	const struct timespec tick = {.tv_nsec = 2000000};
	int64_t left_ms = STEP_MS;

	for (; access(path, F_OK) != 0; left_ms -= 2) {
		if (left_ms <= 0)
			return wire_fail(a, "it never", "came");
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
