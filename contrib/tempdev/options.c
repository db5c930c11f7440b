/* options.c: one row for each switch: its group, its values, its reading. */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "value.h"

enum { COUNT_MAX = 2000000000, COST_MAX_US = 10000000, SPEED_MAX = 100000 };

struct option {
	const char *name;
	const char *values; /* NULL: takes none */
	const char *help;
	int (*set)(struct options *o, const char *value);
};

static int set_listen(struct options *o, const char *value)
{
	const char *why;
	struct addr a;

	if (addr_parse(value, "127.0.0.1", &a, &why) < 0 ||
	    a.u.sa.sa_family == AF_UNIX)
		return -EINVAL;
	o->listen = a;
	return 0;
}

static int set_chip(struct options *o, const char *value)
{
	int word = value_word(value, "w5500|w5100");

	o->is_w5100 = word == 1;
	return word < 0 ? word : 0;
}

static int set_sockets(struct options *o, const char *value)
{
	int64_t n;

	if (value_whole(value, 1, CHIP_SLOTS_MAX, &n) < 0)
		return -EINVAL;
	o->sockets = (unsigned int)n;
	return 0;
}

static int set_lib(struct options *o, const char *value)
{
	int word = value_word(value, "stock2017|systronix|v2|ethernet2");

	if (word < 0)
		return word;
	o->lib = (enum server_lib)word;
	o->lib_is_given = true;
	return 0;
}

static int set_era(struct options *o, const char *value)
{
	o->era = era_find(value);
	return o->era == NULL ? -EINVAL : 0;
}

static int set_firmware(struct options *o, const char *value)
{
	int word = value_word(value, "temperature|site");

	o->is_site = word == 1;
	return word < 0 ? word : 0;
}

static int set_refuse(struct options *o, const char *value)
{
	int word = value_word(value, "pause|accept-rst");

	o->refuse = word == 1 ? CHIP_ACCEPT_RST : CHIP_REFUSE;
	return word < 0 ? word : 0;
}

static int set_port_shown(struct options *o, const char *value)
{
	return addr_parse_port(value, &o->shown_port);
}

static int set_temp(struct options *o, const char *value)
{
	double c;

	o->temp = value;
	if (strcmp(value, "walk") == 0)
		return 0;
	if (strncmp(value, "fixed:", 6) != 0)
		return -EINVAL;
	o->temp = value + 6;
	return value_decimal(o->temp, FW_TEMP_MIN, FW_TEMP_MAX, &c);
}

static int set_console(struct options *o, const char *value)
{
	o->console_path = value;
	return 0;
}

static int set_crlf(struct options *o, const char *value)
{
	(void)value;
	o->crlf = true;
	return 0;
}

static int set_events(struct options *o, const char *value)
{
	o->events_path = value;
	return 0;
}

static int set_control(struct options *o, const char *value)
{
	o->control_path = value;
	return 0;
}

static int set_speed(struct options *o, const char *value)
{
	return value_decimal(value, 0, SPEED_MAX, &o->speed);
}

static int set_poll(struct options *o, const char *value)
{
	int64_t ms;

	if (value_whole(value, 0, COST_MAX_US / US_PER_MS, &ms) < 0)
		return -EINVAL;
	o->costs.poll_us = ms * US_PER_MS;
	return 0;
}

static int set_rtt(struct options *o, const char *value)
{
	int64_t ms;

	if (value_whole(value, 0, COST_MAX_US / US_PER_MS, &ms) < 0)
		return -EINVAL;
	o->rtt_us = ms * US_PER_MS;
	return 0;
}

static int set_byte(struct options *o, const char *value)
{
	return value_whole(value, 0, COST_MAX_US, &o->costs.byte_us);
}

static int set_write(struct options *o, const char *value)
{
	return value_whole(value, 0, COST_MAX_US, &o->costs.write_us);
}

static int set_instant(struct options *o, const char *value)
{
	(void)value;
	o->costs = (struct fw_costs){0};
	return 0;
}

static int set_count(struct options *o, const char *value, uint32_t *out)
{
	int64_t n;

	if (value_whole(value, 0, COUNT_MAX, &n) < 0)
		return -EINVAL;
	*out = (uint32_t)n;
	o->past.any = true;
	return 0;
}

static int set_uptime(struct options *o, const char *value)
{
	return set_count(o, value, &o->past.uptime_s);
}

static int set_requests(struct options *o, const char *value)
{
	return set_count(o, value, &o->past.counts.requests);
}

static int set_timeouts(struct options *o, const char *value)
{
	return set_count(o, value, &o->past.counts.timeouts);
}

static int set_maxidle(struct options *o, const char *value)
{
	return set_count(o, value, &o->past.counts.idle_max_s);
}

static int set_listen_slot(struct options *o, const char *value)
{
	return set_count(o, value, &o->past.listen_slot);
}

static int set_touched(struct options *o, const char *value)
{
	unsigned int mask = 0;

	for (const char *p = value;; p += 2) {
		if (*p < '0' || *p >= '0' + CHIP_SLOTS_MAX)
			return -EINVAL;
		mask |= 1u << (*p - '0');
		if (p[1] == '\0')
			break;
		if (p[1] != ',')
			return -EINVAL;
	}
	o->past.touched = mask;
	o->past.any = true;
	return 0;
}

static int set_fault(struct options *o, const char *value)
{
	if (o->faults < OPTIONS_FAULTS_MAX)
		o->fault[o->faults] = value;
	o->faults++;
	return 0;
}

/* A row without a reading opens a group. */
static const struct option table[] = {
    {.help = "The device"},
    {"listen", "[ADDRESS:]PORT",
	"Listen here (127.0.0.1:8008); port 0 takes any", set_listen},
    {"chip", "w5500|w5100", "Emulate this network chip (w5500)", set_chip},
    {"sockets", "1..8",
	"Give the library so many slots (4; E5: 8; w5100: at most 4)",
	set_sockets},
    {"lib", "stock2017|systronix|v2|ethernet2",
	"Use this library (E0: stock2017, E5: ethernet2, else systronix)",
	set_lib},
    {"era", "E0|E1|E2|E3|E4|E5|DATE",
	"Run the firmware of this era, or of a log date (E4)", set_era},
    {"firmware", "temperature|site",
	"Serve temperatures, or a site that reads paths (temperature)",
	set_firmware},
    {"refuse", "pause|accept-rst",
	"Answer beyond the slots RST to the SYN, or accept and reset (pause)",
	set_refuse},
    {"port-shown", "PORT", "Name this port on the console (the real one)",
	set_port_shown},
    {"temp", "walk|fixed:C", "Set the temperature (walk)", set_temp},

    {.help = "Time"},
    {"speed", "0..100000",
	"Let so many device seconds pass in one (1); 0: only by `advance`",
	set_speed},
    {"poll-ms", "0..10000", "Take so long for one idle pass of the loop (1)",
	set_poll},
    {"byte-us", "0..10000000", "Take so long to read one byte (20)", set_byte},
    {"write-us", "0..10000000", "Take so long for one write (250)", set_write},
    {"rtt-ms", "0..10000", "Delay what the device sends (0)", set_rtt},
    {"instant", NULL, "Set all of these to 0, and do not stall each second",
	set_instant},

    {.help = "Output"},
    {"console", "FILE|-", "Write the serial line here (-)", set_console},
    {"crlf", NULL, "End the firmware's lines in CRLF, as it did", set_crlf},
    {"control", "PATH", "Take commands on this Unix socket", set_control},
    {"events", "FILE", "Write one JSON line for each change of a slot",
	set_events},

    {.help = "State at start (any of these skips the boot)"},
    {"uptime", "0..2000000000", "Set the seconds since boot", set_uptime},
    {"requests", "0..2000000000", "Set the count of requests served",
	set_requests},
    {"timeouts", "0..2000000000", "Set the count of timeouts", set_timeouts},
    {"maxidle", "0..2000000000",
	"Set the longest time without a client, in seconds", set_maxidle},
    {"touched", "0,1,..", "Name the slots used since boot", set_touched},
    {"listen-slot", "0..7", "Name the slot that listens (0)", set_listen_slot},

    {.help = "Faults"},
    {"fault", "NAME[=ARGUMENTS]", "Switch a fault on; may be repeated",
	set_fault},
};

enum { ROWS = sizeof(table) / sizeof(table[0]) };

static void print_help(void)
{
	char text[FAULT_WHY];

	printf("Usage: tempdev [SWITCH]...\n"
	       "Emulates a W5500 temperature server on ordinary sockets.\n");
	for (size_t i = 0; i < ROWS; i++) {
		const struct option *o = &table[i];

		if (o->set == NULL)
			printf("\n%s:\n", o->help);
		else
			printf("  --%s%s%s\n        %s\n", o->name,
			    o->values == NULL ? "" : " ",
			    o->values == NULL ? "" : o->values, o->help);
	}
	for (size_t i = 0; fault_help(i, text) != NULL; i++)
		printf("    %s\n", text);
	printf("\nOther:\n  --help\n        Print this and exit\n"
	       "  --version\n        Print the version and exit\n");
}

static enum options_verdict unknown(const char *word)
{
	fprintf(stderr, "tempdev: unknown switch '%s'; allowed:", word);
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].set != NULL)
			fprintf(stderr, " --%s", table[i].name);
	fprintf(stderr, " --help --version\n");
	return OPTIONS_WRONG;
}

static enum options_verdict wrong(const struct option *t, const char *value)
{
	const char *allowed = t->set == set_era ? era_allowed() : t->values;

	if (t->values == NULL)
		fprintf(stderr, "tempdev: --%s takes no value\n", t->name);
	else if (value == NULL)
		fprintf(stderr, "tempdev: --%s needs a value; allowed: %s\n",
		    t->name, allowed);
	else
		fprintf(stderr,
		    "tempdev: --%s: '%s' not understood; allowed: "
		    "%s\n",
		    t->name, value, allowed);
	return OPTIONS_WRONG;
}

/* The row of `word`, which is "--NAME" or "--NAME=VALUE". */
static const struct option *find(const char *word, const char **out_value)
{
	size_t len = strcspn(word, "=");

	*out_value = word[len] == '=' ? word + len + 1 : NULL;
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].set != NULL && strncmp(word, "--", 2) == 0 &&
		    strlen(table[i].name) == len - 2 &&
		    strncmp(table[i].name, word + 2, len - 2) == 0)
			return &table[i];
	return NULL;
}

/* What the era decides unless it was said. */
static void fill_in(struct options *o)
{
	if (o->sockets == 0)
		o->sockets = o->era->slots;
	if (!o->lib_is_given)
		o->lib = o->era->lib;
}

/* What no single switch can see. */
static enum options_verdict check(const struct options *o)
{
	const char *why = NULL;

	if (o->is_w5100 && o->sockets > 4)
		why = "--chip w5100 has 4 sockets at most";
	else if (o->past.listen_slot >= o->sockets)
		why = "--listen-slot must be below --sockets";
	else if (o->past.touched >> o->sockets)
		why = "--touched must name slots below --sockets";
	else if (o->faults > OPTIONS_FAULTS_MAX)
		why = "--fault may be given 32 times at most";
	if (why == NULL)
		return OPTIONS_RUN;
	fprintf(stderr, "tempdev: %s\n", why);
	return OPTIONS_WRONG;
}

enum options_verdict options_read(struct options *o, int argc, char **argv)
{
	*o = (struct options){.era = era_find("E4"),
	    .temp = "walk",
	    .console_path = "-",
	    .speed = 1,
	    .costs = {.poll_us = 1000,
		.byte_us = 20,
		.write_us = 250,
		.stall_us = 30 * US_PER_MS,
		.pause_us = US_PER_MS}};
	set_listen(o, "127.0.0.1:8008");
	for (int i = 1; i < argc; i++) {
		const char *value;
		const struct option *t = find(argv[i], &value);

		if (strcmp(argv[i], "--help") == 0) {
			print_help();
			return OPTIONS_SHOWN;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("tempdev %s\n", SALLYPORT_VERSION);
			return OPTIONS_SHOWN;
		}
		if (t == NULL)
			return unknown(argv[i]);
		if (value == NULL && t->values != NULL && i + 1 < argc)
			value = argv[++i];
		if ((value == NULL) != (t->values == NULL) ||
		    t->set(o, value) < 0)
			return wrong(t, value);
	}
	fill_in(o);
	return check(o);
}
