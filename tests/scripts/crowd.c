/*
 * crowd: thousands of clients and the device behind them, in one process.
 *
 *   crowd < COMMANDS        listens as the device, says where on stderr
 *
 *   proxy ADDRESS   where the clients connect
 *   open N         N more pairs: each client sends its number, the device
 *                  answers with it
 *   fill           pairs until a client is sent away
 *   refused N      N clients that connect and are sent away without a byte
 *   ask            the newest client and its device speak again
 *   speak          every client sends one number more
 *   hear           every device has got it
 *   leave N        the N newest clients end, and their devices see it
 *   churn N        N times: open 1, leave 1
 *
 * Each command is answered on stdout by "pairs: N", or by "failed: ..." and
 * exit 1. Connections end with a reset, so that no TIME_WAIT is left behind.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"

enum { STEP_MS = 20000, BATCH = 64, PAIRS_MAX = 32768 };

struct crowd {
	int listener;
	struct addr proxy;
	int client[PAIRS_MAX];
	int device[PAIRS_MAX];
	uint32_t count;
};

static void fail(const char *what)
{
	printf("failed: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void wait_input(int fd, const char *what)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	errno = ETIMEDOUT;
	if (poll(&p, 1, STEP_MS) != 1)
		fail(what);
}

static void send_number(int fd, uint32_t number)
{
	if (send(fd, &number, sizeof(number), MSG_NOSIGNAL) != sizeof(number))
		fail("send");
}

static uint32_t receive_number(int fd, const char *who)
{
	uint32_t number;

	wait_input(fd, who);
	errno = EPROTO;
	if (recv(fd, &number, sizeof(number), MSG_WAITALL) != sizeof(number))
		fail(who);
	return number;
}

static void reset(int fd)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

/* A reset or an end must be the next thing on `fd`, which is closed. */
static void expect_end(int fd, const char *who)
{
	char byte;

	wait_input(fd, who);
	errno = EPROTO;
	if (recv(fd, &byte, 1, 0) > 0)
		fail(who);
	close(fd);
}

static int connect_to_proxy(const struct crowd *c)
{
	int fd = socket(c->proxy.u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, &c->proxy.u.sa, c->proxy.len) < 0)
		fail("connect to the proxy");
	return fd;
}

/* The proxy may connect in any order: the number says whose device this is. */
static void accept_as_device(struct crowd *c)
{
	uint32_t number;
	int fd;

	wait_input(c->listener, "no connect");
	fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		fail("accept");
	number = receive_number(fd, "device");
	errno = ERANGE;
	if (number >= PAIRS_MAX)
		fail("device: number");
	c->device[number] = fd;
	send_number(fd, number);
}

static void open_batch(struct crowd *c, uint32_t n)
{
	uint32_t first = c->count;

	for (; c->count < first + n; c->count++) {
		c->client[c->count] = connect_to_proxy(c);
		send_number(c->client[c->count], c->count);
	}
	for (uint32_t i = 0; i < n; i++)
		accept_as_device(c);
	errno = EBADMSG;
	for (uint32_t i = first; i < c->count; i++)
		if (receive_number(c->client[i], "client") != i)
			fail("client: another's number");
}

static void do_open(struct crowd *c, uint32_t n)
{
	uint32_t batch;

	if (c->count + n > PAIRS_MAX)
		fail("open: too many");
	for (; n > 0; n -= batch) {
		batch = n < BATCH ? n : BATCH;
		open_batch(c, batch);
	}
}

/* Does the proxy connect, or send the client away? */
static bool is_dialled(const struct crowd *c, int client)
{
	struct pollfd p[] = {
	    {.fd = c->listener, .events = POLLIN},
	    {.fd = client, .events = POLLIN},
	};

	errno = ETIMEDOUT;
	if (poll(p, 2, STEP_MS) < 1)
		fail("fill: nothing happens");
	return p[0].revents != 0;
}

static void do_fill(struct crowd *c, uint32_t n)
{
	int fd;

	(void)n;
	for (;;) {
		fd = connect_to_proxy(c);
		if (!is_dialled(c, fd) || c->count == PAIRS_MAX)
			break;
		c->client[c->count] = fd;
		send_number(fd, c->count);
		accept_as_device(c);
		receive_number(fd, "client");
		c->count++;
	}
	expect_end(fd, "refused client");
}

static void do_refused(struct crowd *c, uint32_t n)
{
	while (n-- > 0)
		expect_end(connect_to_proxy(c), "refused client");
}

static void do_leave(struct crowd *c, uint32_t n)
{
	while (n-- > 0 && c->count > 0) {
		c->count--;
		reset(c->client[c->count]);
		expect_end(c->device[c->count], "device of one who left");
	}
}

static void do_churn(struct crowd *c, uint32_t n)
{
	while (n-- > 0) {
		open_batch(c, 1);
		do_leave(c, 1);
	}
}

static void do_ask(struct crowd *c, uint32_t n)
{
	(void)n;
	errno = EBADMSG;
	send_number(c->client[c->count - 1], 77);
	if (receive_number(c->device[c->count - 1], "device") != 77)
		fail("device: other bytes");
	send_number(c->device[c->count - 1], 78);
	if (receive_number(c->client[c->count - 1], "client") != 78)
		fail("client: other bytes");
}

static void do_speak(struct crowd *c, uint32_t n)
{
	(void)n;
	for (uint32_t i = 0; i < c->count; i++)
		send_number(c->client[i], i);
}

static void do_hear(struct crowd *c, uint32_t n)
{
	(void)n;
	errno = EBADMSG;
	for (uint32_t i = 0; i < c->count; i++)
		if (receive_number(c->device[i], "device") != i)
			fail("device: another's number");
}

static void set_proxy(struct crowd *c, const char *text)
{
	const char *why = "";

	errno = EINVAL;
	if (addr_parse(text, "127.0.0.1", &c->proxy, &why) < 0)
		fail(why);
}

static void obey(struct crowd *c, const char *verb, const char *arg)
{
	static const struct {
		const char *verb;
		void (*run)(struct crowd *c, uint32_t n);
	} commands[] = {
	    {"open", do_open},
	    {"fill", do_fill},
	    {"refused", do_refused},
	    {"ask", do_ask},
	    {"speak", do_speak},
	    {"hear", do_hear},
	    {"leave", do_leave},
	    {"churn", do_churn},
	};

	if (strcmp(verb, "proxy") == 0) {
		set_proxy(c, arg);
		return;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].verb, verb) == 0) {
			commands[i].run(c, (uint32_t)strtoul(arg, NULL, 10));
			return;
		}
	errno = EINVAL;
	fail(verb);
}

static void listen_as_device(struct crowd *c)
{
	struct addr a = {.len = sizeof(a.u.in), .u.in.sin_family = AF_INET};
	char shown[ADDR_TEXT_MAX];

	a.u.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(c->listener, &a.u.sa, a.len) < 0 ||
	    listen(c->listener, SOMAXCONN) < 0)
		fail("listen");
	getsockname(c->listener, &a.u.sa, &a.len);
	fprintf(stderr, "crowd: ready on %s\n", addr_print(&a, shown));
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(void)
{
	static struct crowd crowd;
	char line[256], verb[16], arg[128];

	raise_descriptor_limit();
	listen_as_device(&crowd);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		arg[0] = '\0';
		if (sscanf(line, "%15s %127s", verb, arg) < 1)
			continue;
		obey(&crowd, verb, arg);
		printf("pairs: %u\n", crowd.count);
		fflush(stdout);
	}
	return 0;
}
