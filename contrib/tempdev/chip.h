/*
 * chip.h: a W5500 (or W5100) as its host processor sees it.
 *
 * Up to eight sockets ("slots"), each with a mode, a command, a state and an
 * interrupt register and 2 KB of memory each way. The chip runs TCP by
 * itself: it accepts one connection for each slot that listens, answers every
 * other SYN with RST, and keeps on doing so when nobody reads its registers.
 * There is no backlog: the listening slot becomes the connection.
 *
 * The firmware uses chip_read, chip_write, chip_rx and chip_tx, nothing else.
 * What follows them belongs to the emulator: power, time, faults, counts.
 */
#ifndef TEMPDEV_CHIP_H
#define TEMPDEV_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "clock.h"
#include "poller.h"
#include "strikes.h"

enum {
	CHIP_LATE_MAX = 64,
	CHIP_SLOTS_MAX = 8,
	CHIP_BUF_BYTES = 2048,
	CHIP_ORPHANS_MAX = 256,
};

enum chip_reg {
	CHIP_MR,
	CHIP_CR,
	CHIP_IR, /* writing a bit clears it */
	CHIP_SR,
	CHIP_PORT,
	CHIP_TX_FSR, /* free room to send: at least so much */
	CHIP_RX_RSR, /* bytes received and waiting */
	CHIP_RX_RD,  /* read pointer: 0 at OPEN */
};

enum chip_mr { CHIP_MR_CLOSE, CHIP_MR_TCP };

enum chip_cr {
	CHIP_CR_OPEN = 0x01,
	CHIP_CR_LISTEN = 0x02,
	CHIP_CR_DISCON = 0x08,
	CHIP_CR_CLOSE = 0x10,
	CHIP_CR_SEND = 0x20,
	CHIP_CR_RECV = 0x40,
};

enum chip_sr {
	CHIP_CLOSED = 0x00,
	CHIP_INIT = 0x13,
	CHIP_LISTEN = 0x14,
	CHIP_SYNRECV = 0x16,
	CHIP_ESTABLISHED = 0x17,
	CHIP_FIN_WAIT = 0x18,
	CHIP_CLOSING = 0x1a,
	CHIP_TIME_WAIT = 0x1b,
	CHIP_CLOSE_WAIT = 0x1c,
	CHIP_LAST_ACK = 0x1d,
};

enum chip_ir {
	CHIP_IR_CON = 0x01,
	CHIP_IR_DISCON = 0x02,
	CHIP_IR_RECV = 0x04,
	CHIP_IR_TIMEOUT = 0x08,
	CHIP_IR_SEND_OK = 0x10,
};

/* What a connection meets when no slot listens. */
enum chip_overflow {
	CHIP_REFUSE, /* RST to the SYN: the kernel's own refusal */
	CHIP_ACCEPT_RST,
	CHIP_EVICT_OLDEST,
};

/* A handshake that never completes. */
struct chip_stuck {
	struct strikes which; /* of the connections */
	int64_t lasts_us;     /* CLOCK_NEVER: for ever */
	bool ends_established;
	bool is_silent; /* the peer's segments are not acknowledged */
};

struct chip_faults {
	bool reads_zero; /* MISO held low: every register reads 0 */
	bool send_ok_at_ack;
	struct strikes leak; /* connections whose end goes unseen */
	bool cut;	     /* the cable is pulled */
	bool quiet_off;	     /* no RST while off, and in boot */
	struct chip_stuck stuck;
	enum chip_overflow overflow;
};

struct chip_counts {
	uint64_t conns;
	uint64_t zero_byte_conns; /* ended without one byte received */
	uint64_t refused;	  /* accepted only to be reset */
	unsigned int max_active;  /* slots in 0x16 to 0x1d at one time */
	unsigned int orphans;
};

/* Sent, and still under way for the sake of the round trip. */
struct chip_late {
	unsigned int count;
	uint16_t bytes;
	struct {
		uint16_t len;
		int64_t due_us;
	} part[CHIP_LATE_MAX];
};

struct chip_slot {
	uint8_t sr, mr, ir;
	uint16_t port;
	uint16_t rx_rd;
	struct peer peer; /* the last one: it stays readable after the end */

	struct watch io;
	struct chip *chip;
	bool blind;	 /* fault: the peer's end is not seen */
	bool hang_up;	 /* both directions ended with our ring still full */
	bool fin_wanted; /* DISCON came while bytes were held */
	bool becomes_established; /* how SYNRECV ends */
	bool sending;
	int64_t deadline_us; /* of SYNRECV, FIN_WAIT, LAST_ACK */
	int64_t check_us;    /* when to ask the kernel about ACKs */
	int64_t progress_us; /* when the peer last acknowledged something */
	size_t unacked;	     /* as of then */
	size_t unacked_most; /* ACKs are missing for no more bytes than this */
	int64_t since_us;    /* when this state began */
	uint64_t rx_total;
	uint64_t number; /* of the connection, from 1 */

	uint16_t rx_head, rx_fill;
	uint16_t rx_taken;	     /* read, RECV still to come */
	uint16_t tx_staged, tx_held; /* before and after SEND */
	struct chip_late late;	     /* of those held */
	uint8_t rx[CHIP_BUF_BYTES];
	uint8_t tx[CHIP_BUF_BYTES];
};

struct chip_orphan {
	struct watch io;
	struct chip *chip;
};

/* Upward calls; `arg` is the owner's. */
struct chip_hooks {
	void *arg;
	void (*on_interrupt)(void *arg); /* some slot changed */
	void (*on_change)(void *arg, const struct chip *chip, unsigned int slot,
	    uint8_t from, const char *why);
};

struct chip {
	unsigned int slots;
	struct chip_slot slot[CHIP_SLOTS_MAX];
	struct chip_faults faults;
	int64_t rtt_us; /* what is sent leaves so much later */
	struct chip_counts counts;

	struct clock *clock;
	struct poller *poller;
	struct chip_hooks hooks;
	bool powered;
	bool has_opened; /* since power on: it has an address by then */
	bool is_silent;	 /* nothing crosses the wire */
	struct watch listener;
	int port_fd; /* holds the port while nothing listens */
	bool is_listening;
	unsigned int next_orphan;
	struct chip_orphan orphan[CHIP_ORPHANS_MAX];
};

/* ---- the bus ---- */

uint16_t chip_read(struct chip *c, unsigned int slot, enum chip_reg reg);
void chip_write(
    struct chip *c, unsigned int slot, enum chip_reg reg, uint16_t value);

/* Copies received bytes, at most RX_RSR of them; RECV then frees them. */
void chip_rx(struct chip *c, unsigned int slot, void *out_bytes, size_t len);

/* Places bytes for the next SEND; `len` is at most TX_FSR. */
void chip_tx(struct chip *c, unsigned int slot, const void *bytes, size_t len);

/* ---- around it ---- */

/* Takes the port of `where`, 0 included, without listening yet. 0 or -errno,
 * after which nothing can be done but to exit. */
int chip_init(struct chip *c, unsigned int slots, const struct addr *where,
    struct clock *clock, struct poller *poller);
void chip_fini(struct chip *c);

/* The address the kernel gave it. */
int chip_address(const struct chip *c, struct addr *out);

/* Power off or a reset: every connection falls silent, registers read 0. */
void chip_reset(struct chip *c, bool powered);

/* When it next has something to do by itself, and doing it. */
int64_t chip_due(const struct chip *c);
void chip_tick(struct chip *c);

/* Faults: ends a connection with RST; changes what full means. */
void chip_abort(struct chip *c, unsigned int slot);
void chip_set_overflow(struct chip *c, enum chip_overflow overflow);

/* The faults `cut` and `quiet_off` have changed. */
void chip_update_silence(struct chip *c);

/* Slots used since boot, one bit each; slots in 0x16 to 0x1d. */
unsigned int chip_touched(const struct chip *c);
unsigned int chip_active(const struct chip *c);

/* Connections that have not sent one byte yet. */
unsigned int chip_silent(const struct chip *c);

bool chip_is_active(uint8_t sr);

/* Free room to the byte, up to the peer's ACK. */
uint16_t chip_tx_free(const struct chip *c, unsigned int slot);

/* A state's name as JSON and `wait` use it: "Establ", "SynRecv", ... */
const char *chip_state_name(uint8_t sr);

#endif
