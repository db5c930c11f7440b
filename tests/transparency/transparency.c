/*
 * transparency: can two endpoints tell that a proxy stands between them?
 *
 *   transparency --proxy 'COMMAND with {listen} and {device}' [OPTION...]
 *
 * Every sequence of actions of both endpoints is played once over a direct
 * TCP connection and once through the proxy; returns, errors, bytes, their
 * order, end or reset, and poll masks must be the same. It ends with 0 if
 * they are, 1 if not, 77 if this machine refuses what the mode needs.
 *
 * A turn is atomic only if the proxy cannot run within it: driver and proxy
 * share one processor, and the driver is the SCHED_FIFO process of higher
 * priority. The proxy is one too, so that a busy machine delays nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proxy.h"
#include "run.h"
#include "show.h"

enum {
	EXIT_SKIP = 77,
	EX_USAGE = 64,
	DRIVER_PRIORITY = 2,
	PROXY_PRIORITY = 1,
	START_S = 20,
	START_EVERY_MS = 10,
	PLAYS = 5,	     /* a difference stays in all of them */
	PROVEN_ENOUGH = 200, /* differences; more are not played again */
};

static const char *const mode_name[MODES] = {"settled", "turns"};

struct driver {
	const char *command;
	const char *only; /* one sequence, NULL: all */
	enum mode mode;
	unsigned int depth;
	size_t batch;
	size_t show_max; /* so many differences are printed */
	pid_t proxy;
	struct way direct;
	struct way proxied;
	size_t count[DIFFERENT + 1];
	size_t late; /* different at first, not when played again */
};

static const char usage[] =
    "usage: transparency --proxy COMMAND [--mode settled|turns] [--depth N]\n"
    "    [--letter BYTES] [--only SEQUENCE] [--show N] [--batch N]\n"
    "COMMAND has {listen} and {device} where the two addresses go.\n"
    "BYTES are what each letter of the tables stands for, at first 1.\n"
    "SEQUENCE is a list such as c:snd,s:clo,c:rcv.\n";

static _Noreturn void die(int status, const char *what, int err)
{
	printf("transparency: %s%s%s\n", what, err < 0 ? ": " : "",
	    err < 0 ? strerror(-err) : "");
	exit(status);
}

/* A network of our own keeps other programs' ports and packets out of it.
 * Where that is refused, the machine's own loopback serves as well. */
static void enter_own_network(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		die(EXIT_FAILURE, "own network", -errno);
	close(fd);
}

/* The proxy's priority, 0 if it is an ordinary process. */
static int become_real_time(enum mode mode)
{
	struct sched_param param = {.sched_priority = DRIVER_PRIORITY};

	if (sched_setscheduler(0, SCHED_FIFO, &param) == 0)
		return PROXY_PRIORITY;
	if (mode == TURNS)
		die(EXIT_SKIP, "no right to use SCHED_FIFO", -errno);
	return 0;
}

static bool carries(struct driver *d)
{
	struct pair pair;

	if (pair_open(&d->proxied.to, d->proxied.listener, 1, &pair) < 0)
		return false;
	pair_drop(&pair);
	return true;
}

static void start_proxy(struct driver *d, int priority)
{
	static const struct timespec pause = {
	    .tv_nsec = START_EVERY_MS * 1000000};
	struct sockaddr_in device;
	time_t give_up = time(NULL) + START_S;
	int err;

	err = d->proxied.listener = pair_listen(&device);
	if (err < 0)
		die(EXIT_FAILURE, "device", err);
	err = d->proxy =
	    proxy_start(d->command, &device, priority, &d->proxied.to);
	if (err < 0)
		die(EXIT_FAILURE, "proxy", err);
	while (!carries(d)) {
		if (proxy_has_ended(d->proxy) || time(NULL) > give_up) {
			proxy_stop(d->proxy);
			die(EXIT_FAILURE, "the proxy does not serve", 0);
		}
		nanosleep(&pause, NULL);
	}
	d->proxied.rest = d->direct.rest;
	err = rest_watch(&d->proxied.rest, d->proxy);
	if (err < 0) {
		proxy_stop(d->proxy);
		die(EXIT_SKIP, "cannot see whether the proxy rests", err);
	}
}

static void set_up(struct driver *d)
{
	int priority, err;

	signal(SIGPIPE, SIG_IGN);
	enter_own_network();
	err = rest_init(&d->direct.rest);
	if (err < 0)
		die(EXIT_FAILURE, "rest", err);
	priority = become_real_time(d->mode);
	err = d->direct.listener = pair_listen(&d->direct.to);
	if (err < 0)
		die(EXIT_FAILURE, "listener", err);
	start_proxy(d, priority);
}

static void report(struct driver *d, const struct sequence *s, enum verdict v,
    const struct seen *direct, const struct seen *proxied)
{
	char text[SEQUENCE_TEXT_MAX];

	d->count[v]++;
	if (d->only == NULL &&
	    (v != DIFFERENT || d->count[DIFFERENT] > d->show_max))
		return;
	printf("%s %s\n", mode_name[d->mode], sequence_print(s, text));
	show(d->mode, s, direct, proxied);
	if (d->only == NULL)
		printf("replay: transparency --mode %s --letter %zu --only %s "
		       "--proxy '%s'\n\n",
		    mode_name[d->mode], d->direct.letter_bytes, text,
		    d->command);
}

static void must_run(struct driver *d, const struct way *way,
    const struct sequence *s, size_t count, struct seen *out)
{
	static const char *const why[] = {
	    [RUN_NO_PAIR] = "cannot connect",
	    [RUN_NO_REST] = "something does not come to rest",
	};
	enum run_result result = run_batch(way, d->mode, s, count, out);
	char text[SEQUENCE_TEXT_MAX];

	if (result == RUN_DONE)
		return;
	printf("%s: %s, among %zu sequences from %s (--batch 1 tells which)\n",
	    way == &d->direct ? "direct" : "proxy", why[result], count,
	    sequence_print(s, text));
	proxy_stop(d->proxy);
	exit(EXIT_FAILURE);
}

/* On a busy machine something comes later than it is waited for now and then;
 * what the proxy does otherwise, it does each time. */
static enum verdict judge(struct driver *d, const struct sequence *s,
    const struct seen *direct, const struct seen *proxied)
{
	static struct seen again[2];
	enum verdict v = compare(d->mode, s, direct, proxied);

	if (v != DIFFERENT || d->count[DIFFERENT] >= PROVEN_ENOUGH)
		return v;
	for (int i = 1; i < PLAYS && v == DIFFERENT; i++) {
		must_run(d, &d->direct, s, 1, &again[0]);
		must_run(d, &d->proxied, s, 1, &again[1]);
		v = compare(d->mode, s, &again[0], &again[1]);
	}
	d->late += v != DIFFERENT;
	return v;
}

static void run_all(struct driver *d, const struct sequence *s, size_t count)
{
	static struct seen direct[BATCH_MAX], proxied[BATCH_MAX];
	size_t n;

	for (size_t i = 0; i < count; i += n) {
		n = count - i < d->batch ? count - i : d->batch;
		must_run(d, &d->direct, s + i, n, direct);
		must_run(d, &d->proxied, s + i, n, proxied);
		for (size_t j = 0; j < n; j++)
			report(d, s + i + j,
			    judge(d, s + i + j, &direct[j], &proxied[j]),
			    &direct[j], &proxied[j]);
	}
	printf("%s: %zu sequences: %zu equal (%.1f %%), %zu excused, "
	       "%zu late, %zu different\n",
	    mode_name[d->mode], count, d->count[EQUAL],
	    100.0 * (double)d->count[EQUAL] / (double)count, d->count[EXCUSED],
	    d->late, d->count[DIFFERENT]);
}

static enum mode parse_mode(const char *text)
{
	for (int m = 0; m < MODES; m++)
		if (strcmp(text, mode_name[m]) == 0)
			return (enum mode)m;
	die(EX_USAGE, "--mode is settled or turns", 0);
}

static size_t parse_number(const char *text, size_t min, size_t max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < min || n > max)
		die(EX_USAGE, text, -ERANGE);
	return n;
}

static void parse_options(int argc, char **argv, struct driver *d)
{
	static const struct option options[] = {
	    {"proxy", required_argument, NULL, 'p'},
	    {"mode", required_argument, NULL, 'm'},
	    {"depth", required_argument, NULL, 'd'},
	    {"only", required_argument, NULL, 'o'},
	    {"show", required_argument, NULL, 's'},
	    {"letter", required_argument, NULL, 'l'},
	    {"batch", required_argument, NULL, 'b'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p')
			d->command = optarg;
		else if (c == 'm')
			d->mode = parse_mode(optarg);
		else if (c == 'd')
			d->depth = (unsigned int)parse_number(
			    optarg, 1, DEPTH_MAX - 1);
		else if (c == 'o')
			d->only = optarg;
		else if (c == 's')
			d->show_max = parse_number(optarg, 0, SIZE_MAX);
		else if (c == 'l')
			d->direct.letter_bytes = d->proxied.letter_bytes =
			    parse_number(optarg, 1, LETTER_BYTES_MAX);
		else if (c == 'b')
			d->batch = parse_number(optarg, 1, BATCH_MAX);
		else
			die(EX_USAGE, usage, 0);
	}
	if (d->command == NULL || optind != argc)
		die(EX_USAGE, usage, 0);
}

int main(int argc, char **argv)
{
	struct driver d = {.depth = 4,
	    .batch = BATCH_MAX,
	    .show_max = 5,
	    .direct.letter_bytes = 1,
	    .proxied.letter_bytes = 1};
	struct sequence *list;
	size_t count = 1;

	parse_options(argc, argv, &d);
	if (d.only == NULL)
		count = sequence_list(d.depth, NULL);
	list = calloc(count, sizeof(*list));
	if (list == NULL)
		die(EXIT_FAILURE, "sequences", -ENOMEM);
	if (d.only == NULL)
		sequence_list(d.depth, list);
	else if (!sequence_parse(d.only, list))
		die(EX_USAGE, usage, 0);
	set_up(&d);
	run_all(&d, list, count);
	proxy_stop(d.proxy);
	free(list);
	return d.count[DIFFERENT] > 0;
}
