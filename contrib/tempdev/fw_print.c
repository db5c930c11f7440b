/*
 * fw_print.c: the firmware's own lines, as the log shows them. Line formats
 * are data here: goldens compare them byte for byte.
 */
#include <string.h>

#include "fw_impl.h"

/* At boot the later sketch still thinks of four. */
enum { BOOT_ROWS = 4 };

static double celsius(const struct firmware *fw)
{
	return (double)fw->temp / COUNTS_PER_DEGREE;
}

void fw_print_banner(struct firmware *fw)
{
	struct console *c = fw->console;

	console_printf(c,
	    "Teensy Temperature Server\r\n"
	    "Build %s %s\r\n"
	    "689 msec to start serial\r\n",
	    fw->era->build_time, fw->era->build_date);
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

/* ---- tables ---- */

/* The peer's address, and its port behind it as a text of its own. */
static const char *split_peer(
    const struct peer *p, char out_text[ADDR_TEXT_MAX])
{
	char *colon = strrchr((char *)peer_print(p, out_text), ':');

	if (colon == NULL)
		return "0";
	*colon = '\0';
	return colon + 1;
}

/* The later sketch knows who was in a slot last, but not his hardware. */
static void print_later_row(struct firmware *fw, unsigned int slot)
{
	uint16_t sr = chip_read(fw->chip, slot, CHIP_SR);
	uint16_t mr = chip_read(fw->chip, slot, CHIP_MR);
	const struct peer *peer = &fw->chip->slot[slot].peer;
	char text[ERA_STATE_TEXT], ip[ADDR_TEXT_MAX];
	const char *port;

	console_printf(fw->console, "    Socket(%u) SnSr=%s SnMR=%s", slot,
	    era_state(fw->era, sr, text), era_mode(mr));
	if (sr == CHIP_LISTEN) {
		console_printf(fw->console, "\r\n");
	} else if (peer->family == 0) {
		console_printf(fw->console,
		    " IP=0.0.0.0 Port=0 MAC=FF:FF:FF:FF:FF:FF\r\n");
	} else {
		port = split_peer(peer, ip);
		console_printf(fw->console,
		    " IP=%s Port=%s MAC=20:CF:30:B8:3D:ED\r\n", ip, port);
	}
}

static void print_row(struct firmware *fw, unsigned int slot)
{
	bool there = slot < fw->chip->slots;
	uint16_t sr = there ? chip_read(fw->chip, slot, CHIP_SR) : 0;
	uint16_t mr = there ? chip_read(fw->chip, slot, CHIP_MR) : 0;
	char text[ERA_STATE_TEXT];

	console_printf(fw->console, "    Socket(%u) SnSr = %s SnMR = %s\n",
	    slot, era_state(fw->era, sr, text), era_mode(mr));
}

void fw_print_table(struct firmware *fw)
{
	unsigned int rows =
	    fw->era->first_build ? CHIP_SLOTS_MAX : fw->chip->slots;

	if (fw->state == FW_BOOT && rows > BOOT_ROWS && !fw->era->first_build)
		rows = BOOT_ROWS;
	for (unsigned int i = 0; i < rows; i++) {
		if (fw->era->later_sketch)
			print_later_row(fw, i);
		else
			print_row(fw, i);
	}
}

void fw_print_own_table(struct firmware *fw)
{
	if (fw->has_tables)
		fw_print_table(fw);
}

/* ---- a client ---- */

void fw_print_detail(struct firmware *fw, const char *line)
{
	if (fw->verbose)
		console_printf(fw->console, "%s", line);
}

void fw_print_client(struct firmware *fw)
{
	char ip[ADDR_TEXT_MAX];
	const char *port;

	if (fw->era->first_build && !fw->era->no_tables)
		console_printf(
		    fw->console, "\r\nGot a new client connection\r\n");
	else if (!fw->era->first_build)
		console_printf(fw->console,
		    "@ %u sec, Got new client, Temp is %.3f C\r\n", fw->second,
		    celsius(fw));
	if (fw->era->later_sketch) {
		port = split_peer(&fw->chip->slot[fw->slot].peer, ip);
		console_printf(fw->console, "From %s, port %s\r\n", ip, port);
	}
	fw_print_own_table(fw);
}

/* The log shows these lines, not the writes between which they stand: the
 * page's own parts are taken for them. */
void fw_print_progress(struct firmware *fw, unsigned int writes)
{
	static const struct {
		unsigned int writes;
		const char *line;
	} steps[] = {{14, "Sent 48\r\n"}, {22, "Sent head\r\n"},
	    {31, "Sent body header and build\r\n"},
	    {48, "Sent temperature\r\n"}};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i].writes == writes)
			fw_print_detail(fw, steps[i].line);
}

void fw_print_counters(struct firmware *fw)
{
	const struct fw_counts *n = &fw->counts;
	uint32_t s = fw->second;

	console_printf(fw->console,
	    "%u http requests, %.2f per sec, %u timeouts\r\n"
	    "%u sec max w/o client\r\n",
	    n->requests, s > 0 ? (double)n->requests / s : 0.0, n->timeouts,
	    n->idle_max_s);
}

void fw_print_end(struct firmware *fw)
{
	struct console *c = fw->console;

	if (fw->era->first_build) {
		fw_print_detail(fw, "client disconnected\r\n");
		console_printf(
		    c, "@ %u sec, Temp is %.3f C\r\n", fw->second, celsius(fw));
	} else {
		fw_print_detail(fw, "client stopped\r\n");
		fw_print_own_table(fw);
	}
	if (fw->verbose)
		fw_print_counters(fw);
	console_printf(c, fw->era->first_build ? "\r\n" : "--------\r\n\r\n");
}
