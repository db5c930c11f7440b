/*
 * main.c: the start-up checklist, undone in reverse.
 *
 * parse, bind, open the log, limits, shared parts, signals, ready, run.
 * Whatever fails says what and where, and nothing stays half-started.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "settings/conf.h"
#include "proxy/shutdown.h"
#include "proxy/proxy.h"
#include "sys/exit_status.h"

enum { FD_LIMIT_MAX = 1 << 20 };

static struct conf conf;
static struct proxy proxy;
static struct shutdown process;

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

/* `name` is the file or address in question, "" where there is none. */
static int fail(const char *what, const char *name, int err)
{
	fprintf(stderr, "sallyport: %s%s: %s\n", what, name, strerror(-err));
	return exit_status_of(err);
}

/* Returns an exit status. */
static int open_listeners(struct proxy *px)
{
	const struct listener_conf *c = &conf.listener;
	char text[ADDR_TEXT_MAX];
	int err;

	for (size_t i = 0; i < c->listen_count; i++) {
		err = listener_open(&px->listeners[i], &c->listen[i], c);
		if (err < 0)
			return fail("cannot listen on ",
			    addr_print(&c->listen[i], text), err);
		px->listener_count++;
	}
	return EX_OK;
}

static void report_ready(struct proxy *px)
{
	char line[LOG_LINE_MAX], text[ADDR_TEXT_MAX];
	size_t len = 0;

	for (size_t i = 0; i < px->listener_count && len < sizeof(line); i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s",
		    i > 0 ? ", " : "",
		    addr_print(&px->listeners[i].bound, text));
	fprintf(stderr, "sallyport: ready on %s, device %s, profile %s%s\n",
	    line, addr_print(&conf.link.device[0], text), conf.profile,
	    strcmp(conf.profile, "raw") == 0
		? ": the device is not protected, see sallyport(8)"
		: "");
}

/* Everything that can fail once the shared parts stand. */
static int serve(struct proxy *px)
{
	int status, err = shutdown_start(&process, px);

	if (err < 0)
		return fail("cannot take over signals", "", err);
	status = open_listeners(px);
	if (status != EX_OK)
		return status;
	err = proxy_start(px);
	if (err < 0)
		return fail("cannot open events ", conf.health.events_path,
		    err);
	report_ready(px);
	err = ev_loop_run(px->loop);
	return err < 0 ? fail("waiting for events failed", "", err) : EX_OK;
}

/* Places are descriptors: what was asked for may be more than there is. */
static void report_fewer_places(struct proxy *px, size_t fd_limit)
{
	if (px->places < conf.conn.max_clients)
		log_say(&px->log, LOG_LEVEL_WARN,
		    "max-clients lowered to %zu: the limit is %zu "
		    "descriptors, two per connection",
		    px->places, fd_limit);
}

/* The log stands; the rest, in order, and undone in reverse. */
static int run(struct proxy *px)
{
	size_t fd_limit = raise_fd_limit();
	int status, err = proxy_init(px, &conf, fd_limit);

	if (err < 0)
		return fail("cannot start", "", err);
	access_start(&px->access, &px->log, px->loop);
	report_fewer_places(px, fd_limit);
	status = serve(px);
	proxy_fini(px);
	return status;
}

int main(int argc, char **argv)
{
	int status, err;

	if (!conf_load(argc, argv, stderr, &conf, &status))
		return status;
	err = log_open(&proxy.log, &conf.log);
	if (err < 0) {
		status = fail("cannot open the log ",
		    conf.log.target == LOG_TO_FILE ? conf.log.path
			: conf.log.target == LOG_TO_SYSLOG
			? "/dev/log"
			: "on stderr",
		    err);
	} else {
		status = run(&proxy);
		log_close(&proxy.log);
	}
	conf_free(&conf);
	return status;
}
