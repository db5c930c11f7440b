/*
 * main.c: the start-up checklist of whoever serves, undone in reverse.
 *
 * With a keeper this is a worker, forked when the settings have been read and
 * the sockets are bound; with --single it is the whole program. Whatever fails
 * says what and where, and nothing stays half-started.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "keeper/confine.h"
#include "keeper/keeper.h"
#include "keeper/sockets.h"
#include "keeper/status_client.h"
#include "proxy/proxy.h"
#include "proxy/shutdown.h"
#include "proxy/worker.h"
#include "settings/conf.h"
#include "settings/conf_load.h"
#include "sys/exit_status.h"

enum { FD_LIMIT_MAX = 1 << 20 };

static struct conf conf;
static struct proxy proxy;
static struct shutdown process;
static struct worker worker;

/* Descriptors are places: the soft limit is raised to the hard. */
static size_t raise_fd_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 1024;
	if (r.rlim_max > FD_LIMIT_MAX)
		r.rlim_max = FD_LIMIT_MAX;
	if (r.rlim_cur != r.rlim_max) {
		rlim_t soft = r.rlim_cur;

		r.rlim_cur = r.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &r) < 0)
			r.rlim_cur = soft < r.rlim_max ? soft : r.rlim_max;
	}
	return r.rlim_cur;
}

static void take_sockets(struct proxy *px, const struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++)
		listener_init(&px->listeners[i], sockets->at[i].fd);
	px->listener_count = sockets->count;
}

static void on_drain(void *sockets)
{
	sockets_remove_names(sockets);
}

/* Everything that can fail once the shared parts stand. */
static int serve(struct proxy *px, const struct keeper_job *job)
{
	int status, err;

	shutdown_init(&process, px);
	if (job->line < 0) {
		/* Who is confined cannot: the next start replaces them. */
		if (job->conf->jail.sandbox == SANDBOX_OFF)
			process.on_drain = on_drain;
		process.arg = (void *)job->sockets;
		err = shutdown_take_signals(&process);
		if (err < 0)
			return exit_status_fail(
			    "cannot take over signals", "", err);
	}
	take_sockets(px, job->sockets);
	status = confine(job->conf, &px->log);
	if (status != EX_OK)
		return status;
	if (job->line >= 0) {
		worker = (struct worker){
		    .px = px, .shutdown = &process, .conf = job->conf};
		err = worker_start(&worker, job->line);
		if (err < 0)
			return exit_status_fail(
			    "cannot reach the keeper", "", err);
	} else {
		proxy_start(px);
		keeper_say_ready(job->conf, job->sockets);
	}
	err = ev_loop_run(px->loop);
	return err < 0 ? exit_status_fail("waiting for events failed", "", err)
		       : EX_OK;
}

/* Places are descriptors: what was asked for may be more than there is. */
static void report_fewer_places(struct proxy *px, size_t fd_limit)
{
	const struct conf *c = px->conf;

	if (px->places < c->conn.max_clients)
		log_message(&px->log, LOG_LEVEL_WARN,
		    "max-clients lowered to %zu: the limit is %zu "
		    "descriptors, two per connection",
		    px->places, fd_limit);
}

/* The log stands; the rest, in order, and undone in reverse. */
static int run(struct proxy *px, const struct keeper_job *job)
{
	size_t fd_limit = raise_fd_limit();
	char limit[64];
	int status, err;

	px->stats = job->stats;
	px->next_connect_ms = job->next_connect_ms;
	err = proxy_init(px, job->conf, fd_limit);
	if (err == -EMFILE) {
		snprintf(limit, sizeof(limit),
		    "with a limit of %zu descriptors (ulimit -n)", fd_limit);
		return exit_status_fail("cannot start ", limit, err);
	}
	if (err < 0)
		return exit_status_fail("cannot start", "", err);
	access_start(&px->access, &px->log, px->loop);
	report_fewer_places(px, fd_limit);
	status = serve(px, job);
	access_stop(&px->access);
	if (job->conf->jail.sandbox == SANDBOX_OFF)
		proxy_fini(px);
	else
		proxy_close(px);
	return status;
}

static int work(const struct keeper_job *job)
{
	const struct log_conf *c = &job->conf->log;
	int status, err = log_open(&proxy.log, c);

	if (err < 0)
		return exit_status_fail(
		    "cannot open the log ", log_name(c), err);
	status = run(&proxy, job);
	log_close(&proxy.log);
	return status;
}

static int work_alone(void)
{
	struct sockets sockets;
	struct stats_block stats = {0};
	struct keeper_job job = {
	    .conf = &conf, .sockets = &sockets, .stats = &stats, .line = -1};
	int status = sockets_open(&sockets, &conf, NULL, NULL, stderr);

	if (status != EX_OK)
		return status;
	status = work(&job);
	if (status != EX_OK)
		sockets_remove_names(&sockets);
	return status;
}

/* Reading the words cuts them; they are read again at a reload. */
static char **copy_words(int argc, char **argv)
{
	char **copy = calloc((size_t)argc + 1, sizeof(*copy));

	for (int i = 0; copy && i < argc; i++) {
		copy[i] = strdup(argv[i]);
		if (!copy[i])
			return NULL;
	}
	return copy;
}

static void free_words(char **words)
{
	for (char **word = words; *word; word++)
		free(*word);
	free(words);
}

int main(int argc, char **argv)
{
	char **words;
	int status;

	if (status_client_run(argc, argv, &status))
		return status;
	words = copy_words(argc, argv);

	if (!words)
		return exit_status_fail("cannot start", "", -ENOMEM);
	if (!conf_load(argc, argv, stderr, &conf, &status)) {
		free_words(words);
		return status;
	}
	if (conf.single &&
	    (conf.status.control_path || conf.status.admin ||
		conf.status.metrics_path || conf.health.events_path))
		fprintf(stderr,
		    "sallyport: --single: there is no keeper: control, admin, "
		    "metrics-file and events are not served\n");
	status =
	    conf.single ? work_alone() : keeper_run(argc, words, &conf, work);
	conf_free(&conf);
	free_words(words);
	return status;
}
