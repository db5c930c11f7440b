/*
 * fw_print.c: the firmware's own lines, as the log shows them. Line formats
 * are data here: goldens compare them byte for byte.
 */
#include "fw_impl.h"

static double celsius(const struct firmware *fw)
{
	return (double)fw->temp / COUNTS_PER_DEGREE;
}

void fw_print_banner(struct firmware *fw)
{
	struct console *c = fw->console;

	console_printf(c, "Teensy Temperature Server\r\n"
			  "Build 16:57:58 Jul 29 2017\r\n"
			  "689 msec to start serial\r\n");
	console_printf(c, "Teensy3 128-bit UniqueID int array: "
			  "E4A10000-8E620024-003A300B-32624E45\n"
			  "USB Serialnumber: 1772780 \n"
			  "Teensy MAC Address: 04:E9:E5:02:B4:7E \n");
}

void fw_print_sensor(struct firmware *fw)
{
	console_printf(fw->console,
	    "TMP102 Sensor at 0x48\r\nSetCFG=0x80 SetCFG=0x150 \r\n");
}

void fw_print_table(struct firmware *fw)
{
	char text[ERA_STATE_TEXT];
	unsigned int rows =
	    fw->era->first_build ? CHIP_SLOTS_MAX : fw->chip->slots;

	for (unsigned int i = 0; i < rows; i++) {
		bool there = i < fw->chip->slots;
		uint16_t sr = there ? chip_read(fw->chip, i, CHIP_SR) : 0;
		uint16_t mr = there ? chip_read(fw->chip, i, CHIP_MR) : 0;

		console_printf(fw->console,
		    "    Socket(%u) SnSr = %s SnMR = %s\n", i,
		    era_state(fw->era, sr, text), era_mode(mr));
	}
}

static void print_table_if_verbose(struct firmware *fw)
{
	if (fw->verbose)
		fw_print_table(fw);
}

void fw_print_client(struct firmware *fw)
{
	if (fw->era->first_build)
		console_printf(
		    fw->console, "\r\nGot a new client connection\r\n");
	else
		console_printf(fw->console,
		    "@ %u sec, Got new client, Temp is %.3f C\r\n",
		    fw_uptime_s(fw), celsius(fw));
	print_table_if_verbose(fw);
}

void fw_print_counters(struct firmware *fw)
{
	const struct fw_counts *n = &fw->counts;
	uint32_t uptime = fw_uptime_s(fw);

	console_printf(fw->console,
	    "%u http requests, %.2f per sec, %u timeouts\r\n"
	    "%u sec max w/o client\r\n",
	    n->requests, uptime > 0 ? (double)n->requests / uptime : 0.0,
	    n->timeouts, n->idle_max_s);
}

void fw_print_end(struct firmware *fw)
{
	struct console *c = fw->console;

	if (fw->era->first_build) {
		console_printf(c, "client disconnected\r\n");
		console_printf(c, "@ %u sec, Temp is %.3f C\r\n",
		    fw_uptime_s(fw), celsius(fw));
	} else {
		console_printf(c, "client stopped\r\n");
		print_table_if_verbose(fw);
	}
	fw_print_counters(fw);
	console_printf(c, fw->era->first_build ? "\r\n" : "--------\r\n\r\n");
}
