/*
 * options.h: the command line, from one table that is also --help.
 */
#ifndef TEMPDEV_OPTIONS_H
#define TEMPDEV_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "chip.h"
#include "device.h"
#include "era.h"
#include "firmware.h"
#include "server.h"

enum { OPTIONS_FAULTS_MAX = 32 };

struct options {
	struct addr listen;
	bool is_w5100;
	unsigned int sockets; /* 0: as the era had it */
	enum server_lib lib;
	bool lib_is_given;
	const struct era *era;
	enum chip_overflow refuse;
	bool is_site;
	int64_t rtt_us;
	uint16_t shown_port; /* 0: the real one */
	const char *temp;
	const char *console_path;
	const char *control_path;
	const char *events_path;
	bool crlf;
	double speed;
	struct fw_costs costs;
	struct device_past past;
	const char *fault[OPTIONS_FAULTS_MAX];
	unsigned int faults;
};

enum options_verdict { OPTIONS_RUN, OPTIONS_SHOWN, OPTIONS_WRONG };

/* Reads the whole command line; reports on standard error what is wrong and
 * what is allowed, or prints the help that was asked for. */
enum options_verdict options_read(struct options *o, int argc, char **argv);

#endif
