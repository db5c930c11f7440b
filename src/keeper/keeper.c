/*
 * keeper.c: the start, and the loop in which the keeper sleeps.
 */
#include "keeper/keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "keeper/confine.h"
#include "keeper/events.h"
#include "keeper/inside.h"
#include "keeper/report.h"
#include "sys/exit_status.h"

static struct keeper keeper;

int64_t keeper_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void keeper_say_ready(const struct conf *conf, const struct sockets *sockets)
{
	char line[LOG_LINE_MAX], text[ADDR_TEXT_MAX];

	sockets_print(sockets, line, sizeof(line));
	fprintf(stderr, "sallyport: ready on %s, device %s, profile %s%s\n",
	    line,
	    conf->link.device_count > 0
		? addr_print(&conf->link.device[0], text)
		: conf->link.device_text,
	    conf->profile,
	    conf->slots.slots == 0 && conf->request.kind == GATE_NONE
		? ": the device is not protected, see sallyport(8)"
		: "");
}

/* ---- signals ---- */

static int take_signals(struct keeper *k)
{
	static const int signals[] = {
	    SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, &k->signals_before) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	k->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return k->signal_fd < 0 ? -errno : 0;
}

static void reopen_log(struct keeper *k)
{
	const struct line_message m = {.kind = LINE_LOG};
	int old_fd, err = log_reopen(&k->log, &old_fd);

	if (err < 0) {
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "the log could not be reopened: %s; the old file is kept",
		    strerror(-err));
		return;
	}
	if (old_fd >= 0) {
		close(old_fd);
		for_each_process (k, w)
			if (w->phase != PROCESS_NONE)
				(void)line_send(w->line, &m, log_fd(&k->log));
	}
	log_message(&k->log, LOG_LEVEL_INFO, "log reopened");
}

static void report_counters(struct keeper *k)
{
	struct stats_block sum;

	stats_sum(k->stats, k->newest ? k->newest->stats : NULL, &sum);
	stats_report(&sum, &k->log);
}

static void reap(struct keeper *k)
{
	int status;
	pid_t pid;

	do {
		pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED);
		if (pid > 0)
			process_changed(k, pid, status);
	} while (pid > 0 || (pid < 0 && errno == EINTR));
}

/* Of one that has let go every signal is for its successor. */
static void on_signal(struct keeper *k, int number)
{
	if (k->let_go && number != SIGCHLD) {
		if (k->newest)
			(void)kill(k->newest->pid, number);
		return;
	}
	switch (number) {
	case SIGCHLD:
		reap(k);
		break;
	case SIGUSR1:
		report_counters(k);
		break;
	case SIGUSR2:
		upgrade_ask(k);
		break;
	case SIGHUP:
		reopen_log(k);
		reload_ask(k);
		break;
	case SIGTERM:
	case SIGINT:
		process_end_all(k);
		break;
	default:
		break;
	}
}

static void read_signals(struct keeper *k)
{
	struct signalfd_siginfo info;

	while (read(k->signal_fd, &info, sizeof(info)) == sizeof(info))
		on_signal(k, (int)info.ssi_signo);
}

/* ---- the loop ---- */

enum {
	OWN_FDS = 3 + PROCESS_MAX,
	FDS_MAX = OWN_FDS + REPORT_FDS,
	FAILED_PAUSE_MS = 1000,
};

static int64_t run_clocks(struct keeper *k)
{
	int64_t now_ms = keeper_now_ms(), at_ms, next_ms = INT64_MAX;

	if (k->restart_ms > 0 && now_ms >= k->restart_ms)
		process_restart(k);
	if (k->restart_ms > 0)
		next_ms = k->restart_ms;
	reload_run(k);
	at_ms = process_check_all(k, now_ms);
	if (at_ms < next_ms)
		next_ms = at_ms;
	at_ms = names_run(k, now_ms);
	if (at_ms < next_ms)
		next_ms = at_ms;
	at_ms = report_run(k, now_ms);
	if (at_ms < next_ms)
		next_ms = at_ms;
	at_ms = service_run(k, now_ms);
	return at_ms < next_ms ? at_ms : next_ms;
}

static int timeout_until(int64_t at_ms)
{
	int64_t left_ms = at_ms - keeper_now_ms();

	if (at_ms == INT64_MAX)
		return -1;
	if (left_ms < 0)
		return 0;
	return left_ms > 60000 ? 60000 : (int)left_ms;
}

/* -1 is no descriptor to poll. What has hung up is reaped soon. */
static int heard(const struct process *w)
{
	return w->phase == PROCESS_NONE || w->hung_up ? -1 : w->line;
}

static void turn(struct keeper *k)
{
	nfds_t count = OWN_FDS;
	int64_t next_ms = run_clocks(k); /* may start the resolver */
	struct pollfd fds[FDS_MAX] = {
	    {.fd = k->signal_fd, .events = POLLIN},
	    {.fd = resolver_fd(&k->names.resolver), .events = POLLIN},
	    {.fd = k->report.events.fd},
	};

	(void)log_flush(&k->log);
	for (size_t i = 0; i < PROCESS_MAX; i++)
		fds[3 + i] = (struct pollfd){
		    .fd = heard(&k->processes[i]), .events = POLLIN};
	count += report_poll(k, fds + OWN_FDS);
	if (k->over)
		return;
	if (poll(fds, count, timeout_until(next_ms)) < 0) {
		/* Short of memory, or of descriptors to name: no spin. */
		if (errno != EINTR)
			(void)poll(NULL, 0, FAILED_PAUSE_MS);
		return;
	}
	for (size_t i = 0; i < PROCESS_MAX; i++)
		if (fds[3 + i].revents & POLLIN)
			process_listen(k, &k->processes[i]);
	if (fds[1].revents)
		names_answered(k);
	if (fds[2].revents)
		events_left(k);
	report_turn(k, fds + OWN_FDS);
	if (fds[0].revents)
		read_signals(k);
}

/* ---- the start ---- */

static int map_stats(struct keeper *k)
{
	int flags = MAP_SHARED;
	struct shared *s;

	k->stats_fd = memfd_create("sallyport", MFD_CLOEXEC);
	if (k->stats_fd < 0)
		flags |= MAP_ANONYMOUS;
	else if (ftruncate(k->stats_fd, sizeof(*s)) < 0)
		return -errno;
	s = mmap(
	    NULL, sizeof(*s), PROT_READ | PROT_WRITE, flags, k->stats_fd, 0);
	if (s == MAP_FAILED)
		return -errno;
	k->stats = &s->stats;
	k->report.history = &s->history;
	k->report.summary = &s->summary;
	k->stats->version = STATS_VERSION;
	k->stats->size = sizeof(*k->stats);
	k->stats->started_wall_ms = log_wall_ms();
	k->stats->slots = k->conf->slots.slots;
	return 0;
}

/* Sockets come from the service manager, as far as it has any for us. */
static int open_sockets(struct keeper *k)
{
	struct notify_socket got[2 * LISTEN_MAX];
	struct passed_sockets passed = {.count = 0};
	int count = notify_take_sockets(got, 2 * LISTEN_MAX), status;

	if (count < 0)
		return exit_status_fail(
		    "cannot take the sockets passed", "", count);
	for (int i = 0; i < count; i++)
		passed.at[passed.count++] =
		    (struct passed_socket){got[i].fd, got[i].name};
	status = sockets_open(
	    &k->settings->sockets, k->conf, &k->before, &passed, stderr);
	for (size_t i = 0; status == EX_OK && i < passed.count; i++)
		if (passed.at[i].fd >= 0) {
			fprintf(stderr,
			    "sallyport: socket %zu that was passed, \"%s\", "
			    "matches no listen: expected its address, or the "
			    "name of this proxy\n",
			    i + 1, passed.at[i].name);
			sockets_close(&k->settings->sockets, &k->before);
			return EX_CONFIG;
		}
	return status;
}

/* The log stands. */
static int open_all(struct keeper *k)
{
	int status, err = take_signals(k);

	if (err < 0)
		return exit_status_fail("cannot take over signals", "", err);
	status = upgrade_take(k);
	if (status != EX_OK)
		return status;
	err = k->stats ? 0 : map_stats(k);
	if (err < 0)
		return exit_status_fail("cannot start", "", err);
	err = notify_open(&k->notify);
	if (err < 0)
		return exit_status_fail(
		    "cannot reach the service manager", "", err);
	status = open_sockets(k);
	if (status != EX_OK)
		return status;
	status = report_open(k);
	if (status != EX_OK)
		return status;
	status = confine_keeper(k->conf, k->predecessor != NULL);
	if (status != EX_OK)
		return status;
	names_start(k);
	err = process_start(k, k->settings, &k->coming);
	return err < 0 ? exit_status_fail("cannot start a worker", "", err)
		       : EX_OK;
}

static int serve(struct keeper *k)
{
	int status = open_all(k);

	if (status == EX_OK) {
		while (!k->over)
			turn(k);
		status = k->exit_status;
	}
	names_stop(k);
	if (k->was_ready || !k->predecessor)
		report_close(k);
	sockets_close(&k->settings->sockets, k->was_ready ? NULL : &k->before);
	notify_close(&k->notify);
	return status;
}

int keeper_run(int argc, char **argv, struct conf *conf, keeper_work *work)
{
	struct keeper *k = &keeper;
	struct settings *settings;
	int status, err;

	settings = calloc(1, sizeof(*settings));
	if (!settings)
		return exit_status_fail("cannot start", "", -ENOMEM);
	settings->conf = conf;
	*k = (struct keeper){
	    .argc = argc,
	    .argv = argv,
	    .settings = settings,
	    .conf = conf,
	    .work = work,
	    .notify.fd = -1,
	    .names.resolver.fd = -1,
	    .signal_fd = -1,
	    .stats_fd = -1,
	    .report.control.fd = -1,
	    .report.admin.fd = -1,
	    .report.events.fd = -1,
	    .report.passed = {{.fd = -1}, {.fd = -1}},
	};
	err = log_open(&k->log, &conf->log);
	if (err < 0)
		return exit_status_fail(
		    "cannot open the log ", log_name(&conf->log), err);
	status = serve(k);
	log_close(&k->log);
	settings_free(k->settings);
	return status;
}
