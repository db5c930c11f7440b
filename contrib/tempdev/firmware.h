/*
 * firmware.h: the temperature server's program, as a machine that can stop
 * anywhere.
 *
 * Every wait of the real program is a step that names its successor and when
 * it is due; between steps the chip goes on by itself, and a hang is simply a
 * step that never comes. It touches the chip through chip_read, chip_write,
 * chip_rx and chip_tx only (rst-reply, which no real chip can do, excepted).
 *
 * firmware.c boots and runs the main loop, fw_session.c serves one client,
 * fw_print.c writes what the log shows, fw_site.c is a second program for the
 * same chip, server.c is the Ethernet library.
 */
#ifndef TEMPDEV_FIRMWARE_H
#define TEMPDEV_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "chip.h"
#include "clock.h"
#include "console.h"
#include "era.h"
#include "page.h"
#include "server.h"
#include "site.h"

enum fw_state {
	FW_OFF,
	FW_BOOT,
	FW_LOOP,
	FW_READ,
	FW_SEND,
	FW_STOP,
	FW_HUNG,
};

/* What steps cost, in device time. Estimates, hence settings. */
struct fw_costs {
	int64_t poll_us;  /* an idle pass of the loop */
	int64_t byte_us;  /* reading one byte */
	int64_t write_us; /* one SEND */
	int64_t stall_us; /* once a second: redraw of the screen */
	int64_t pause_us; /* between reply and stop() */
};

struct fw_faults {
	struct strikes hang; /* of the requests, as all `struct strikes` here */
	unsigned int hang_write;
	bool ignores_clients;
	struct strikes no_close;
	struct strikes no_fin;
	struct strikes slow_reply;
	int64_t slow_reply_us;
	struct strikes short_reply;
	unsigned int short_writes; /* ends after that many */
	struct strikes rst_reply;
	unsigned int rst_writes;
	unsigned int reply_bytes; /* the page is padded to that size */
};

/* Which of them strike the request under way. */
struct fw_struck {
	bool hangs, no_close, no_fin, is_short, is_reset;
	int64_t slow_us;
};

/* What the firmware counts since boot, and what is counted about it. */
struct fw_counts {
	uint32_t requests;
	uint32_t timeouts;
	uint32_t idle_s;
	uint32_t idle_max_s;
};

enum { STOP_MS_LIMIT = 1000 };

struct fw_totals {
	uint64_t requests; /* over all boots */
	uint64_t forced_closes;
	uint64_t commands;
	uint64_t stale_commands; /* of clients that had left by then */
	uint64_t bodies;	 /* read to their end */
	uint64_t cut_bodies;
	uint64_t body_bytes;
	uint64_t events;
	uint64_t stops;
	uint32_t stop_ms[STOP_MS_LIMIT + 1]; /* how many took so long */
};

/* A slot whose connection outlives its reply. */
struct fw_kept {
	bool is_kept;
	int64_t idle_at_us;
	int64_t event_at_us, every_us;
};

enum { FW_IDS = 1024 }; /* clients that commands can name */

struct firmware {
	struct chip *chip;
	struct clock *clock;
	struct console *console;
	const struct era *era;
	struct server server;
	struct fw_costs costs;
	struct fw_faults faults;
	struct fw_counts counts;
	struct fw_totals totals;
	const char *shown_ip;
	int fixed_temp; /* in 1/16 C, as the sensor counts */
	bool temp_is_fixed;

	enum fw_state state;
	void (*step)(struct firmware *fw);
	int64_t due_us;
	bool wakes; /* a chip interrupt brings the step forward */

	int64_t boot_us;
	int64_t checked_us; /* the clock, for a new second */
	uint32_t second;
	int temp;
	bool ten_tick, minute_tick;
	bool verbose;	 /* key v: more than the client and the table */
	bool has_tables; /* key s */
	char key;	 /* one typed character, 0: none */

	/* the client being served */
	unsigned int slot;
	bool in_reply;
	struct fw_struck struck;
	bool blank_line;
	int64_t pass_us; /* when the pass began: the 1000 ms count from here */
	int64_t waited_us; /* when '!' was last printed */
	int64_t stop_us;
	unsigned int write;
	unsigned int sent; /* bytes of the line that is reported */
	struct page page;

	/* the second program */
	bool is_site;
	struct site site;
	uint64_t body_read;
	int64_t body_due_us;
	bool pushing;  /* an event, not a reply */
	bool reclaims; /* the library's own stop(), without a word */
	bool left[FW_IDS];
	struct fw_kept kept[CHIP_SLOTS_MAX];
};

/* Starts from reset: the boot messages, then the loop after 3.25 s. */
void fw_boot(struct firmware *fw);

/* Starts in the loop, as if `uptime_s` had passed. */
void fw_resume(struct firmware *fw, uint32_t uptime_s);

void fw_off(struct firmware *fw);
void fw_hang(struct firmware *fw);

/* Runs the due step. */
void fw_step(struct firmware *fw);

/* The chip's interrupt line. */
void fw_interrupt(struct firmware *fw);

/* A key typed at the serial console. */
void fw_type(struct firmware *fw, char key);

/* The status table and the two counter lines, even while hushed. */
void fw_print_status(struct firmware *fw);

uint32_t fw_uptime_s(const struct firmware *fw);

/* Degrees Celsius, or "walk". 0 or -EINVAL. */
enum { FW_TEMP_MIN = -40, FW_TEMP_MAX = 125 };
int fw_set_temp(struct firmware *fw, const char *text);

#endif
