/*
 * main.c: puts the device together and lets time run.
 *
 * Device time catches up with ours (or with `advance`), then the process
 * sleeps until the next step is due or a socket is ready.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bug.h"
#include "control.h"
#include "device.h"
#include "events.h"
#include "faults.h"
#include "options.h"

enum { LOOKS_MAX = 64 };

struct program {
	struct options options;
	struct device device;
	struct control control;
	struct watch signals;
	FILE *events;
};

static void die(const char *what, int err)
{
	fprintf(stderr, "tempdev: %s: %s\n", what, strerror(-err));
	exit(EX_OSERR);
}

static void on_interrupt(void *arg)
{
	struct program *p = arg;

	fw_interrupt(&p->device.fw);
}

static void on_change(void *arg, const struct chip *chip, unsigned int slot,
    uint8_t from, const char *why)
{
	struct program *p = arg;

	if (p->events != NULL)
		events_write(p->events, chip, slot, from, why);
}

static void on_signal(struct watch *w, uint32_t events)
{
	struct program *p = container_of(w, struct program, signals);
	struct signalfd_siginfo info;

	(void)events;
	if (read(w->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1)
		device_print_table(&p->device);
	else
		p->control.quits = true;
}

static void watch_signals(struct program *p)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	watch_init(&p->signals, on_signal);
	p->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->signals.fd < 0)
		die("signals", -errno);
	watch_set(&p->device.poller, &p->signals, EPOLLIN);
}

/* Wires chip, library and firmware together as the options say. */
static void assemble(struct program *p)
{
	const struct options *o = &p->options;
	struct device *d = &p->device;
	struct addr where;
	int err;

	err =
	    chip_init(&d->chip, o->sockets, &o->listen, &d->clock, &d->poller);
	if (err == 0)
		err = chip_address(&d->chip, &where);
	if (err < 0) {
		char text[ADDR_TEXT_MAX];

		die(addr_print(&o->listen, text), err);
	}
	d->chip.hooks = (struct chip_hooks){
	    .arg = p, .on_interrupt = on_interrupt, .on_change = on_change};
	d->chip.faults.overflow = o->refuse;
	d->chip.rtt_us = o->rtt_us;
	d->fw = (struct firmware){.chip = &d->chip,
	    .clock = &d->clock,
	    .console = &d->console,
	    .era = o->era,
	    .is_site = o->is_site,
	    .costs = o->costs,
	    .shown_ip = "192.168.1.10",
	    .server = {.chip = &d->chip,
		.console = &d->console,
		.lib = o->lib,
		.quiet = o->era->quiet_library || o->lib == LIB_ETHERNET2,
		.slots = o->sockets,
		.shown_port =
		    o->shown_port != 0 ? o->shown_port : addr_port(&where)}};
	fw_set_temp(&d->fw, o->temp);
	d->cycle_at_us = CLOCK_NEVER;
}

static void open_all(struct program *p)
{
	const struct options *o = &p->options;
	struct device *d = &p->device;
	int err;

	clock_init(&d->clock, o->speed);
	err = poller_init(&d->poller);
	if (err < 0)
		die("epoll", err);
	watch_signals(p);
	err = console_open(&d->console, o->console_path, o->crlf);
	if (err < 0)
		die(o->console_path, err);
	if (o->events_path != NULL &&
	    (err = events_open(&p->events, o->events_path)) < 0)
		die(o->events_path, err);
	control_init(&p->control, d);
	if (o->control_path != NULL &&
	    (err = control_open(&p->control, o->control_path)) < 0)
		die(o->control_path, err);
	assemble(p);
}

static void close_all(struct program *p)
{
	struct device *d = &p->device;

	control_close(&p->control);
	chip_fini(&d->chip);
	console_close(&d->console);
	if (p->events != NULL)
		fclose(p->events);
	watch_close(&d->poller, &p->signals);
	poller_fini(&d->poller);
}

static void start(struct program *p)
{
	const struct options *o = &p->options;
	char text[ADDR_TEXT_MAX], why[FAULT_WHY];
	struct addr where;

	if (o->past.any)
		device_resume(&p->device, &o->past);
	else
		device_power_on(&p->device);
	for (unsigned int i = 0; i < o->faults; i++) {
		if (fault_parse(&p->device, o->fault[i], why) < 0) {
			fprintf(stderr, "tempdev: %s\n", why);
			close_all(p);
			exit(EX_USAGE);
		}
	}
	chip_address(&p->device.chip, &where);
	fprintf(stderr, "tempdev: ready on %s\n", addr_print(&where, text));
}

/* The nearer of two waits, -1 being none. */
static int64_t nearer(int64_t a, int64_t b)
{
	if (a < 0 || (b >= 0 && b < a))
		return b;
	return a;
}

static void run(struct program *p)
{
	struct device *d = &p->device;

	while (!p->control.quits) {
		int64_t sleep_ns;
		int looks = LOOKS_MAX;

		device_run_to(
		    d, clock_target(&d->clock), control_is_enough, &p->control);
		control_finish(&p->control);
		console_flush(&d->console);
		sleep_ns = nearer(clock_sleep_ns(&d->clock, device_due(d)),
		    control_sleep_ns(&p->control));
		/* Whatever has arrived is seen before time goes on. */
		while (poller_look(&d->poller, sleep_ns) > 0 && looks-- > 0)
			sleep_ns = 0;
	}
}

int main(int argc, char **argv)
{
	static struct program p;

	switch (options_read(&p.options, argc, argv)) {
	case OPTIONS_SHOWN:
		return 0;
	case OPTIONS_WRONG:
		return EX_USAGE;
	case OPTIONS_RUN:
		break;
	}
	open_all(&p);
	start(&p);
	run(&p);
	close_all(&p);
	return 0;
}
